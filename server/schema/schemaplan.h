// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "schema/pattern.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gatehouse {

/// Exact for every number that a message may hold: 64 bits of mantissa.
using ExactNumber = long double;

enum class FormatKind : std::uint8_t {
    DateTime,
    Date,
    Time,
    Email,
    Hostname,
    Ipv4,
    Ipv6,
    Uri,
    UriReference,
    Uuid,
    JsonPointer,
    RelativeJsonPointer,
    Regex
};

/// The keyed digest of a JSON value; two values that JSON Schema calls equal have the same one.
struct Digest {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// Secret of a schema, so that nobody can make two values of one digest.
using DigestKey = std::array<std::uint64_t, 4>;

enum TypeBit : std::uint8_t {
    NullType = 1,
    BooleanType = 2,
    ObjectType = 4,
    ArrayType = 8,
    NumberType = 16,
    StringType = 32,
    IntegerType = 64
};

struct SchemaNode;
using NodeRef = const SchemaNode*;

struct NumberRules {
    std::optional<ExactNumber> minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf;
};

struct StringRules {
    std::optional<std::uint64_t> minLength, maxLength; ///< code points
    std::unique_ptr<const Pattern> pattern;
    std::optional<FormatKind> format;
    std::unique_ptr<const Pattern> formatPattern; ///< null where the format has none
};

struct ArrayRules {
    std::optional<std::uint64_t> minItems, maxItems;
    bool unique = false;
    NodeRef items = nullptr;      ///< of all
    std::vector<NodeRef> tuple;   ///< of the first ones
    NodeRef additional = nullptr; ///< of those behind the tuple
    NodeRef contains = nullptr;
};

struct PropertyRules {
    NodeRef schema = nullptr;
    bool required = false;
    std::size_t requiredIndex = 0; ///< in the schema's own list
};

struct ObjectRules {
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::optional<std::uint64_t> minProperties, maxProperties;
    std::size_t required = 0;
    std::unordered_map<std::string, PropertyRules, Hash, std::equal_to<>> properties;
    std::vector<std::pair<std::unique_ptr<const Pattern>, NodeRef>> patterns;
    NodeRef additional = nullptr;
    NodeRef names = nullptr;
    std::vector<std::pair<std::string, std::vector<std::string>>> dependencies;
    std::vector<std::pair<std::string, NodeRef>> schemaDependencies;
};

/// Schemas of the same value.
struct CombinedRules {
    std::vector<NodeRef> allOf, anyOf, oneOf;
    NodeRef negated = nullptr;
    NodeRef condition = nullptr, then = nullptr, otherwise = nullptr;
};

/// A subschema as it is run. `alias` is set where it is nothing but a reference.
struct SchemaNode {
    std::string pointer; ///< into the schema's text
    NodeRef alias = nullptr;
    bool never = false;     ///< `false`
    std::uint8_t types = 0; ///< of TypeBit; 0: any
    std::optional<Digest> constant;
    std::optional<std::vector<Digest>> choices; ///< sorted
    std::unique_ptr<NumberRules> number;
    std::unique_ptr<StringRules> string;
    std::unique_ptr<ArrayRules> array;
    std::unique_ptr<ObjectRules> object;
    std::unique_ptr<CombinedRules> combined;
};

struct SchemaPlan {
    DigestKey key{};
    std::vector<std::unique_ptr<SchemaNode>> nodes;
    NodeRef root = nullptr;
};

/// A key as one token of a JSON pointer (RFC 6901 §3).
[[nodiscard]] std::string escapedToken(std::string_view key);

} // namespace gatehouse
