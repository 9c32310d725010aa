// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/keyset.h"
#include "check.h"
#include "input.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <span>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using Json = nlohmann::json;

namespace {

void checkKey(const Json& keys, const KeySetKey& key)
{
    CHECK(key.algorithms.any());
    CHECK(!key.algorithms[static_cast<std::size_t>(JwtAlgorithm::HS256)]);
    const bool named = std::ranges::any_of(
        keys, [&](const Json& one) { return one.value("kid", std::string()) == key.id && one.contains("kty"); });
    CHECK(named);
    for (std::size_t i = 0; i < jwtAlgorithmCount; ++i) {
        const auto algorithm = static_cast<JwtAlgorithm>(i);
        CHECK(!key.algorithms[i] || PublicKey::fits(key.key.type(), algorithm));
        if (!PublicKey::fits(key.key.type(), algorithm)) {
            CHECK(!key.key.verifies(algorithm, "text", std::string(64, 'x')));
        }
    }
    const auto first = static_cast<JwtAlgorithm>(std::countr_zero(key.algorithms.to_ulong()));
    CHECK(!key.key.verifies(first, "text", ""));
}

} // namespace

/// The bytes are a key set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(asText(std::as_bytes(std::span(data, size))));
    const auto set = KeySet::parse(text);
    CHECK(set.ok() == KeySet::parse(text).ok());
    if (!set) {
        CHECK(!set.error().empty());
        return 0;
    }
    CHECK(text.size() <= largestKeySet);
    const Json document = Json::parse(text, nullptr, false);
    CHECK(document.is_object() && document["keys"].is_array());
    const Json& keys = document["keys"];
    CHECK(keys.size() <= mostKeys && keys.size() == (*set)->keys().size() + (*set)->leftOut().size());
    for (const Json& key : keys)
        for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
            CHECK(!key.contains(name));
    for (const KeySetKey& key : (*set)->keys())
        checkKey(keys, key);
    for (std::size_t i = 0; i < (*set)->keys().size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const KeySetKey& a = (*set)->keys()[i];
            const KeySetKey& b = (*set)->keys()[j];
            CHECK(a.id.empty() || a.id != b.id || a.key.type() != b.key.type() || a.algorithms != b.algorithms);
        }
    return 0;
}
