// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/digest.h"

#include "domain/siphash.h"

#include <bit>
#include <cmath>

namespace gatehouse {

namespace {

enum Tag : std::uint64_t {
    NullTag,
    FalseTag,
    TrueTag,
    PositiveTag,
    NegativeTag,
    DoubleTag,
    StringTag,
    ArrayTag,
    ObjectTag,
    MemberTag
};

class Hasher {
public:
    explicit Hasher(const DigestKey& key)
        : m_low(key[0], key[1])
        , m_high(key[2], key[3])
    {
    }
    template <class Value> Hasher& add(Value value)
    {
        m_low.add(value);
        m_high.add(value);
        return *this;
    }
    [[nodiscard]] Digest finish() { return {m_low.finish(), m_high.finish()}; }

private:
    SipHash m_low, m_high;
};

constexpr std::size_t bytesPerStep = 16;

void addDouble(Hasher& hasher, double value)
{
    constexpr double least = -9223372036854775808.0;
    constexpr double above = 18446744073709551616.0;
    if (std::trunc(value) != value || value < least || value >= above)
        hasher.add(std::uint64_t{DoubleTag}).add(std::bit_cast<std::uint64_t>(value));
    else if (value >= 0)
        hasher.add(std::uint64_t{PositiveTag}).add(static_cast<std::uint64_t>(value));
    else
        hasher.add(std::uint64_t{NegativeTag}).add(std::bit_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
}

} // namespace

Digest digestOf(std::string_view text, const DigestKey& key, std::uint64_t& steps)
{
    steps += text.size() / bytesPerStep;
    return Hasher(key).add(std::uint64_t{StringTag}).add(text).finish();
}

Digest digestOf(const simdjson::dom::element& value, const DigestKey& key, std::uint64_t& steps)
{
    using Type = simdjson::dom::element_type;
    ++steps;
    Hasher hasher(key);
    switch (value.type()) {
    case Type::NULL_VALUE:
        hasher.add(std::uint64_t{NullTag});
        break;
    case Type::BOOL:
        hasher.add(std::uint64_t{value.get_bool().value_unsafe() ? TrueTag : FalseTag});
        break;
    case Type::INT64: {
        const std::int64_t number = value.get_int64().value_unsafe();
        hasher.add(std::uint64_t{number < 0 ? NegativeTag : PositiveTag}).add(std::bit_cast<std::uint64_t>(number));
        break;
    }
    case Type::UINT64:
        hasher.add(std::uint64_t{PositiveTag}).add(value.get_uint64().value_unsafe());
        break;
    case Type::DOUBLE:
        addDouble(hasher, value.get_double().value_unsafe());
        break;
    case Type::STRING:
        return digestOf(value.get_string().value_unsafe(), key, steps);
    case Type::ARRAY: {
        hasher.add(std::uint64_t{ArrayTag});
        const simdjson::dom::array items = value.get_array().value_unsafe();
        for (const simdjson::dom::element item : items) {
            const Digest digest = digestOf(item, key, steps);
            hasher.add(digest.low).add(digest.high);
        }
        break;
    }
    case Type::OBJECT: {
        Digest sum; // of keyed digests: the order does not matter, and nobody can choose what they add up to
        std::uint64_t count = 0;
        const simdjson::dom::object members = value.get_object().value_unsafe();
        for (const auto member : members) {
            const Digest digest = digestOf(member.value, key, steps);
            steps += member.key.size() / bytesPerStep;
            const Digest one =
                Hasher(key).add(std::uint64_t{MemberTag}).add(member.key).add(digest.low).add(digest.high).finish();
            sum.low += one.low;
            sum.high += one.high;
            ++count;
        }
        hasher.add(std::uint64_t{ObjectTag}).add(count).add(sum.low).add(sum.high);
        break;
    }
    }
    return hasher.finish();
}

} // namespace gatehouse
