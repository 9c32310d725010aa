// SPDX-License-Identifier: GPL-3.0-or-later
#include "apirequests.h"

#include "check.h"
#include "control/json.h"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

namespace gatehouse::fuzz {

namespace {

constexpr std::array<std::string_view, 4> shown{"gh_k_sesame-viewer", "gh_k_2_sesame-publisher",
                                                "gh_k_2_x_sesame-operator", "gh_a.d-m_sesame-admin"};
constexpr std::array<std::string_view, 4> ids{"k", "k_2", "k_2_x", "a.d-m"};

std::string lower(std::string_view text)
{
    std::string small(text);
    for (char& c : small)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return small;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

template <std::size_t... Index> std::vector<std::string> targetsOf(std::index_sequence<Index...>)
{
    std::vector<std::string> all{"/livez",    "/readyz", "/healthz",     "/metrics",
                                 "/metrics?", "/api/",   "/api/explode", "http://gate.example/api/info"};
    (all.push_back("/api/" + std::string(commandMethod(Command(std::in_place_index<Index>)))), ...);
    return all;
}

void addKey(std::string& head, unsigned key, bool asCentrifugo)
{
    if (key == 0)
        return;
    std::string text(shown[key % shown.size()]);
    if (key == 5)
        text.back() = 'X';
    if (key == 6)
        text = "gh_none" + text.substr(text.rfind('_'));
    const std::string line = (asCentrifugo ? "Authorization: apikey " : "X-API-Key: ") + text + "\r\n";
    head += line;
    if (key == 7)
        head += line;
}

/// Bytes as they stand, or behind them others many times, as many again, and an end.
std::string buildBody(Input& input, unsigned how)
{
    std::string body(asText(input.take(input.byte())));
    if ((how & 8U) == 0)
        return body;
    const std::string open(asText(input.take(input.byte() % 16U)));
    const std::string close(asText(input.take(input.byte() % 16U)));
    const std::size_t times = input.word() % 32768U;
    std::string nested;
    for (std::size_t i = 0; i < times; ++i)
        nested += open;
    nested += '1';
    for (std::size_t i = 0; i < times; ++i)
        nested += close;
    return body + nested + std::string(asText(input.take(input.byte() % 16U)));
}

} // namespace

const std::vector<ApiKey>& apiKeys()
{
    static const std::vector<ApiKey> keys = [] {
        std::vector<ApiKey> made(shown.size());
        for (std::size_t i = 0; i < made.size(); ++i) {
            made[i].id = ids[i];
            made[i].name = "holder of " + made[i].id;
            made[i].role = static_cast<ApiRole>(i);
            const std::string_view secret = shown[i].substr(4 + ids[i].size());
            unsigned size = 0;
            auto* digest = static_cast<unsigned char*>(static_cast<void*>(made[i].sha256.data()));
            CHECK(EVP_Digest(secret.data(), secret.size(), digest, &size, EVP_sha256(), nullptr) == 1);
        }
        return made;
    }();
    return keys;
}

std::string buildRequests(Input& input)
{
    static const std::vector<std::string> targets = targetsOf(std::make_index_sequence<std::variant_size_v<Command>>());
    constexpr std::array<std::string_view, 4> verbs{"POST ", "GET ", "HEAD ", "post "};
    std::string stream;
    while (!input.empty() && stream.size() < 131072) {
        const std::string& target = targets[input.byte() % targets.size()];
        const std::uint8_t who = input.byte();
        const std::uint8_t how = input.byte();
        std::string head = std::string(verbs[who & 3U]) + target + " HTTP/1.1\r\n";
        if ((who & 0x40U) == 0)
            head += "Host: gate.example:8443\r\n";
        else if ((who & 0x80U) != 0)
            head += "Host: other.example\r\n";
        addKey(head, who >> 2U & 7U, (who & 0x20U) != 0);
        const std::string body = buildBody(input, how);
        const std::size_t announced = body.size() + ((how & 0x10U) != 0 ? 1 : 0);
        if ((how & 1U) == 0 || !body.empty())
            head += "Content-Length: " + std::to_string(announced) + "\r\n";
        if ((how & 2U) != 0)
            head += "Connection: close\r\n";
        if ((how & 0xe0U) == 0xe0U)
            head += "Transfer-Encoding: chunked\r\n";
        stream += head + "\r\n" + body;
    }
    return stream;
}

std::size_t PlainRequest::count(std::string_view name) const
{
    return static_cast<std::size_t>(std::ranges::count(headers, name, &std::pair<std::string, std::string>::first));
}

PlainRequest readPlainly(std::string_view text)
{
    PlainRequest request;
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return request;
    request.headSize = end + 4;
    std::string_view head = text.substr(0, end);
    const std::size_t line = std::min(head.find("\r\n"), head.size());
    const std::string_view first = head.substr(0, line);
    head.remove_prefix(line);
    request.method = first.substr(0, first.find(' '));
    std::string_view target = first.substr(std::min(first.size(), request.method.size() + 1));
    target = target.substr(0, target.find(' '));
    if (const std::size_t authority = target.find("://");
        authority != std::string_view::npos && target.front() != '/') {
        target.remove_prefix(authority + 3);
        target.remove_prefix(std::min(target.size(), target.find_first_of("/?")));
    }
    request.path = target.substr(0, target.find('?'));
    while (!head.empty()) {
        head.remove_prefix(2);
        const std::string_view each = head.substr(0, head.find("\r\n"));
        head.remove_prefix(each.size());
        const std::size_t colon = std::min(each.find(':'), each.size());
        request.headers.emplace_back(lower(each.substr(0, colon)),
                                     trimmed(each.substr(std::min(each.size(), colon + 1))));
    }
    std::size_t length = 0;
    for (const auto& [name, value] : request.headers) {
        if (name == "transfer-encoding")
            return request;
        if (name != "content-length")
            continue;
        if (request.count(name) != 1 || value.empty() || value.size() > 18 ||
            value.find_first_not_of("0123456789") != std::string::npos)
            return request;
        length = std::stoull(value);
    }
    if (text.size() - request.headSize < length)
        return request;
    request.body = text.substr(request.headSize, length);
    request.bodyEnd = request.headSize + length;
    return request;
}

const ApiKey* shownIn(const PlainRequest& request)
{
    std::vector<std::string> found;
    for (const auto& [name, value] : request.headers) {
        if (name == "x-api-key")
            found.push_back(value);
        if (name == "authorization" && lower(value).starts_with("apikey "))
            found.push_back(value.substr(7));
    }
    if (found.size() != 1)
        return nullptr;
    const auto key = std::ranges::find(shown, found.front());
    return key == shown.end() ? nullptr : &apiKeys()[static_cast<std::size_t>(key - shown.begin())];
}

bool serves(const PlainRequest& request, std::string_view name)
{
    for (const auto& [header, value] : request.headers) {
        const std::string host = lower(value.substr(0, value.rfind(':')));
        if (header == "host")
            return host == name || host == std::string(name) + '.';
    }
    return false;
}

} // namespace gatehouse::fuzz
