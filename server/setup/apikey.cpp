// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/apikey.h"

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "policy/documenttext.h"
#include "policy/load.h"
#include "policy/text.h"

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <optional>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t secretBytes = 32;
constexpr std::size_t idBytes = 4;
constexpr std::size_t longestName = 64;
constexpr std::size_t longestChannel = 255;
constexpr std::size_t longestEntry = 1U << 20;
constexpr std::string_view listKey = "api_keys";

std::string hexadecimal(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text += digits[value >> 4U];
        text += digits[value & 0xfU];
    }
    return text;
}

std::optional<std::string> sha256(std::string_view text)
{
    std::string digest(32, '\0');
    unsigned size = 0;
    auto* out = static_cast<unsigned char*>(static_cast<void*>(digest.data()));
    if (EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr) != 1 || size != digest.size())
        return std::nullopt;
    return digest;
}

std::string problemOf(const ApiKeyRequest& request)
{
    const auto good = [](const std::string& text, std::size_t longest) {
        return !text.empty() && text.size() <= longest && isPlainText(text);
    };
    if (!good(request.name, longestName))
        return "the name is expected to be 1 to 64 bytes without control characters";
    if (!request.id.empty() && !isApiKeyId(request.id))
        return "the id is expected to be 1 to 64 of A–Z a–z 0–9 _ - .";
    if (!request.channels.empty() && request.role != ApiRole::Publisher)
        return "channels belong to the role publisher alone";
    if (!std::ranges::all_of(request.channels, [&](const std::string& one) { return good(one, longestChannel); }))
        return "channels are expected to be 1 to 255 bytes without control characters";
    return {};
}

std::string entryOf(const ApiKeyRequest& request, const std::string& id, std::string_view digest)
{
    std::string text = "{ \"id\": " + jsonQuoted(id) + ", \"name\": " + jsonQuoted(request.name) +
                       ", \"role\": " + jsonQuoted(apiRoleWord(request.role));
    for (const std::string& channel : request.channels)
        text += (&channel == request.channels.data() ? ", \"channels\": [" : ", ") + jsonQuoted(channel);
    text +=
        std::string(request.channels.empty() ? "" : "]") + ", \"sha256\": " + jsonQuoted(hexadecimal(digest)) + " }";
    const auto value = parseJson(text, deepestDocument);
    return value ? jsonLines(value->root, text, longestEntry) : std::string();
}

} // namespace

Result<NewApiKey, std::string> makeApiKey(const ApiKeyRequest& request)
{
    if (std::string problem = problemOf(request); !problem.empty())
        return Failure{std::move(problem)};
    const auto bytes = randomBytes(secretBytes + idBytes);
    const std::string secret =
        bytes ? base64urlEncoded(std::string_view(*bytes).substr(0, secretBytes)) : std::string();
    const auto digest = sha256(secret);
    if (!bytes || !digest)
        return Failure{std::string("the system's random generator, or OpenSSL, failed")};
    NewApiKey made;
    made.id = request.id.empty() ? hexadecimal(std::string_view(*bytes).substr(secretBytes)) : request.id;
    made.key = "gh_" + made.id + "_" + secret;
    made.entry = entryOf(request, made.id, *digest);
    return made;
}

Result<std::string, std::string> withApiKey(std::string_view document, const NewApiKey& key)
{
    auto whole = parseJson(document, deepestDocument);
    auto entry = parseJson(key.entry, deepestDocument);
    if (!whole || !whole->root.is(Kind::Object) || !entry)
        return Failure{std::string("the policy is no JSON object")};
    JsonValue& root = whole->root;
    auto list = std::ranges::find(root.members, listKey, &JsonMember::key);
    if (list == root.members.end())
        list = root.members.insert(list, JsonMember{std::string(listKey), 0, {}});
    if (!list->value.is(Kind::Array))
        list->value = JsonValue{};
    list->value.kind = Kind::Array;
    for (const JsonValue& one : list->value.items)
        if (const JsonValue* id = one.find("id"); id && id->text == key.id)
            return Failure{"the policy has an API key " + key.id + " already; choose another --id"};
    list->value.items.push_back(std::move(entry->root)); // texts alone: it needs nothing of the text it came from
    arrangeDocument(root, rootObject);
    std::string text = jsonLines(root, document, largestDocument);
    if (text.size() > largestDocument)
        return Failure{std::string("the policy would be larger than 4 MiB")};
    return text;
}

} // namespace gatehouse
