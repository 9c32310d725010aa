// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/keysources.h"

#include "policy/json.h"
#include "policy/privatefile.h"
#include "setup/newfile.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr std::string_view keptPrefix = "jwks-";
constexpr std::string_view keptSuffix = ".json";
constexpr mode_t keptMode = 0600;
/// Every byte of a set may take six as a part of a JSON text.
constexpr std::size_t largestKept = 6 * largestKeySet + 8192;

/// What was read for the same issuer and place, by another policy.
std::shared_ptr<const KeySet> servedBefore(const PolicyGeneration* previous, const Issuer& issuer)
{
    if (!previous)
        return nullptr;
    const auto& issuers = previous->policy->issuers;
    for (std::size_t i = 0; i < issuers.size(); ++i)
        if (issuers[i].jwksUrl == issuer.jwksUrl && issuers[i].jwksCa == issuer.jwksCa)
            if (auto set = previous->keys->set(i); set && keySetProblem(*set, issuer).empty())
                return set;
    return nullptr;
}

std::string hexadecimal(std::string_view bytes)
{
    std::string text;
    for (const char byte : bytes) {
        std::array<char, 3> two{};
        std::snprintf(two.data(), two.size(), "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
        text += two.data();
    }
    return text;
}

} // namespace

Result<std::shared_ptr<const KeySet>, std::string> usableKeySet(std::string_view text, const Issuer& issuer)
{
    auto set = KeySet::parse(text);
    if (!set)
        return set;
    if (std::string problem = keySetProblem(**set, issuer); !problem.empty())
        return Failure{std::move(problem)};
    return set;
}

Result<std::shared_ptr<const KeySet>, std::string> readKeySetFile(const Issuer& issuer)
{
    const std::string name = "issuer " + issuer.name + ": ";
    const auto text = readWholeFile(issuer.jwksFile, largestKeySet);
    if (!text)
        return Failure{name + text.error()};
    auto set = usableKeySet(*text, issuer);
    if (!set)
        return Failure{name + issuer.jwksFile.string() + ": " + set.error()};
    return set;
}

Result<std::shared_ptr<const IssuerKeys>, std::string> loadIssuerKeys(const Policy& policy,
                                                                      const PolicyGeneration* previous)
{
    std::vector<std::shared_ptr<const KeySet>> sets;
    std::string problems;
    for (const Issuer& issuer : policy.issuers) {
        auto& set = sets.emplace_back();
        if (!issuer.jwksFile.empty()) {
            auto read = readKeySetFile(issuer);
            if (read)
                set = std::move(*read);
            else
                problems += (problems.empty() ? "" : "\n") + read.error();
        } else if (!issuer.jwksUrl.empty()) {
            set = servedBefore(previous, issuer);
            if (!set)
                set = readKeptKeySet(policy.stateDir, issuer);
        }
    }
    if (!problems.empty())
        return Failure{std::move(problems)};
    return IssuerKeys::make(policy, std::move(sets));
}

std::filesystem::path keptKeySetFile(const std::filesystem::path& stateDir, const std::string& url)
{
    const auto digest = hmacSha256("gatehouse key set", url);
    return stateDir / (std::string(keptPrefix) + hexadecimal(digest.value_or("")) + std::string(keptSuffix));
}

std::shared_ptr<const KeySet> readKeptKeySet(const std::filesystem::path& stateDir, const Issuer& issuer)
{
    const auto file = keptKeySetFile(stateDir, issuer.jwksUrl);
    if (checkPrivateFile(file)) // absent, or others could have written it
        return nullptr;
    const auto text = readWholeFile(file, largestKept);
    const auto document = text ? parseJson(*text, 4) : Failure{JsonError{}};
    if (!document || !document->duplicates.empty())
        return nullptr;
    const JsonValue* url = document->root.find("url");
    const JsonValue* set = document->root.find("set");
    if (!url || !set || url->text != issuer.jwksUrl)
        return nullptr;
    auto usable = usableKeySet(set->text, issuer);
    return usable ? std::move(*usable) : nullptr;
}

Result<Done, std::string> keepKeySet(const std::filesystem::path& stateDir, const std::string& url, const KeySet& set)
{
    const auto file = keptKeySetFile(stateDir, url);
    std::filesystem::path fresh = file;
    fresh += ".new";
    std::error_code ignored;
    std::filesystem::remove(fresh, ignored); // of a write that was cut short
    const std::string text = "{\"url\":" + jsonQuoted(url) + ",\"set\":" + jsonQuoted(set.text()) + "}\n";
    if (auto written = writeNewFile(fresh, text, keptMode); !written)
        return written;
    return moveInto(fresh, file);
}

void dropKeptKeySets(const Policy& policy)
{
    std::error_code error;
    std::vector<std::filesystem::path> gone;
    for (const auto& entry : std::filesystem::directory_iterator(policy.stateDir, error)) {
        const std::string name = entry.path().filename().string();
        const auto isKept = [&](const Issuer& issuer) {
            return !issuer.jwksUrl.empty() && keptKeySetFile(policy.stateDir, issuer.jwksUrl).filename() == name;
        };
        if (name.starts_with(keptPrefix) && name.ends_with(keptSuffix) && std::ranges::none_of(policy.issuers, isKept))
            gone.push_back(entry.path());
    }
    for (const auto& file : gone)
        std::filesystem::remove(file, error);
}

} // namespace gatehouse
