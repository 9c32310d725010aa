// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/schemarun.h"

#include "schema/digest.h"
#include "schema/format.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

using Type = simdjson::dom::element_type;

constexpr unsigned deepestRun = 1024; ///< subschemas within each other: depth of the message times that of the schema
constexpr std::size_t bytesPerStep = 16;
constexpr std::uint64_t stepsOfRegex = 1000; ///< compiling one

bool isIntegral(double value)
{
    return std::trunc(value) == value;
}

std::uint8_t typesOf(const simdjson::dom::element* value)
{
    if (!value)
        return StringType;
    switch (value->type()) {
    case Type::NULL_VALUE:
        return NullType;
    case Type::BOOL:
        return BooleanType;
    case Type::OBJECT:
        return ObjectType;
    case Type::ARRAY:
        return ArrayType;
    case Type::STRING:
        return StringType;
    case Type::INT64:
    case Type::UINT64:
        return NumberType | IntegerType;
    case Type::DOUBLE: // draft 6 §6.25: 1.0 is an integer
        return isIntegral(value->get_double().value_unsafe()) ? NumberType | IntegerType : NumberType;
    }
    return 0;
}

ExactNumber numberOf(const simdjson::dom::element& value)
{
    switch (value.type()) {
    case Type::INT64:
        return static_cast<ExactNumber>(value.get_int64().value_unsafe());
    case Type::UINT64:
        return static_cast<ExactNumber>(value.get_uint64().value_unsafe());
    default:
        return static_cast<ExactNumber>(value.get_double().value_unsafe());
    }
}

/// Fractions such as 0.01 have no exact double: a quotient that is whole but for their rounding counts as whole.
bool isMultiple(ExactNumber value, ExactNumber of)
{
    constexpr ExactNumber exact = 1125899906842624.0L; // 2⁵⁰: beyond it a quotient has no room for a fraction
    constexpr ExactNumber rounding = 1.0L / exact;
    if (std::trunc(value) == value && std::trunc(of) == of)
        return std::fmod(value, of) == 0;
    const ExactNumber quotient = value / of;
    if (std::fabs(quotient) >= exact)
        return std::fmod(value, of) == 0;
    return std::fabs(quotient - std::rint(quotient)) <= std::fabs(quotient) * rounding;
}

/// Of valid UTF-8.
std::uint64_t codePoints(std::string_view text)
{
    return static_cast<std::uint64_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

} // namespace

std::optional<SchemaMismatch> SchemaRun::check(const Element& message)
{
    const bool good = fits(m_plan.root, message);
    if (m_tooMuch)
        return SchemaMismatch{m_plan.root->pointer, true};
    if (good)
        return std::nullopt;
    return m_mismatch ? m_mismatch : SchemaMismatch{m_plan.root->pointer};
}

bool SchemaRun::spent(std::uint64_t steps)
{
    m_steps += steps;
    m_tooMuch = m_tooMuch || m_steps > MessageValidator::mostSteps;
    return m_tooMuch;
}

bool SchemaRun::fail(const SchemaNode& node, std::string_view keyword)
{
    if (m_probing == 0 && !m_mismatch) {
        m_mismatch.emplace();
        m_mismatch->pointer = node.pointer;
        if (!keyword.empty())
            m_mismatch->pointer.append("/").append(keyword);
    }
    return false;
}

bool SchemaRun::fits(NodeRef node, const Value& value)
{
    while (node->alias)
        node = node->alias;
    if (m_depth >= deepestRun)
        m_tooMuch = true;
    if (spent(1))
        return false;
    ++m_depth;
    const bool good = node->never ? fail(*node, {}) : fitsRules(*node, value);
    --m_depth;
    return good && !m_tooMuch;
}

bool SchemaRun::fitsRules(const SchemaNode& node, const Value& value)
{
    const std::uint8_t types = typesOf(value.element);
    if (node.types != 0 && (node.types & types) == 0)
        return fail(node, "type");
    if (!fitsConstants(node, value))
        return false;
    if (node.number && (types & NumberType) != 0 && !number(node, numberOf(*value.element)))
        return false;
    if (node.string && types == StringType &&
        !string(node, value.element ? value.element->get_string().value_unsafe() : value.key))
        return false;
    if (node.array && types == ArrayType && !array(node, value.element->get_array().value_unsafe()))
        return false;
    if (node.object && types == ObjectType && !object(node, *value.element))
        return false;
    return !node.combined || combined(node, value);
}

bool SchemaRun::fitsConstants(const SchemaNode& node, const Value& value)
{
    if (!node.constant && !node.choices)
        return true;
    const Digest digest =
        value.element ? digestOf(*value.element, m_plan.key, m_steps) : digestOf(value.key, m_plan.key, m_steps);
    if (node.constant && *node.constant != digest)
        return fail(node, "const");
    return !node.choices || std::ranges::binary_search(*node.choices, digest) || fail(node, "enum");
}

bool SchemaRun::number(const SchemaNode& node, ExactNumber value)
{
    const NumberRules& rules = *node.number;
    if (rules.minimum && value < *rules.minimum)
        return fail(node, "minimum");
    if (rules.maximum && value > *rules.maximum)
        return fail(node, "maximum");
    if (rules.exclusiveMinimum && value <= *rules.exclusiveMinimum)
        return fail(node, "exclusiveMinimum");
    if (rules.exclusiveMaximum && value >= *rules.exclusiveMaximum)
        return fail(node, "exclusiveMaximum");
    return !rules.multipleOf || isMultiple(value, *rules.multipleOf) || fail(node, "multipleOf");
}

bool SchemaRun::string(const SchemaNode& node, std::string_view text)
{
    const StringRules& rules = *node.string;
    const std::uint64_t steps = 1 + text.size() / bytesPerStep;
    if (rules.minLength || rules.maxLength) {
        (void)spent(steps);
        const std::uint64_t length = codePoints(text);
        if (rules.minLength && length < *rules.minLength)
            return fail(node, "minLength");
        if (rules.maxLength && length > *rules.maxLength)
            return fail(node, "maxLength");
    }
    if (rules.pattern && (spent(steps) || !rules.pattern->matches(text)))
        return fail(node, "pattern");
    if (!rules.format)
        return true;
    if (spent(*rules.format == FormatKind::Regex ? stepsOfRegex : steps))
        return false;
    const bool good = (!rules.formatPattern || rules.formatPattern->matches(text)) && formatHolds(*rules.format, text);
    return good || fail(node, "format");
}

bool SchemaRun::array(const SchemaNode& node, simdjson::dom::array items)
{
    const ArrayRules& rules = *node.array;
    std::size_t count = 0;
    bool contained = !rules.contains;
    for (const Element item : items) {
        NodeRef schema = rules.items;
        if (!rules.tuple.empty() || rules.additional)
            schema = count < rules.tuple.size() ? rules.tuple[count] : rules.additional;
        if (schema && !fits(schema, item))
            return false;
        contained = contained || probe(rules.contains, Value{&item});
        ++count;
    }
    if (!contained)
        return fail(node, "contains");
    if (rules.minItems && count < *rules.minItems)
        return fail(node, "minItems");
    if (rules.maxItems && count > *rules.maxItems)
        return fail(node, "maxItems");
    return !rules.unique || unique(node, items);
}

bool SchemaRun::unique(const SchemaNode& node, simdjson::dom::array items)
{
    m_scratch.clear();
    for (const Element item : items)
        m_scratch.push_back(digestOf(item, m_plan.key, m_steps));
    if (spent(m_scratch.size()))
        return false;
    std::ranges::sort(m_scratch);
    return std::ranges::adjacent_find(m_scratch) == m_scratch.end() || fail(node, "uniqueItems");
}

bool SchemaRun::object(const SchemaNode& node, const Element& whole)
{
    const simdjson::dom::object value = whole.get_object().value_unsafe();
    const ObjectRules& rules = *node.object;
    std::size_t count = 0;
    std::size_t required = 0;
    for (const auto one : value) {
        if (!member(node, one.key, one.value, required))
            return false;
        ++count;
    }
    if (required < rules.required) {
        for (const auto& [name, property] : rules.properties)
            if (property.required && !has(value, name))
                return fail(node, "required/" + std::to_string(property.requiredIndex));
        return fail(node, "required");
    }
    if (rules.minProperties && count < *rules.minProperties)
        return fail(node, "minProperties");
    if (rules.maxProperties && count > *rules.maxProperties)
        return fail(node, "maxProperties");
    return dependencies(node, whole);
}

bool SchemaRun::member(const SchemaNode& node, std::string_view key, const Element& value, std::size_t& required)
{
    const ObjectRules& rules = *node.object;
    if (spent(1) || (rules.names && !fits(rules.names, Value{nullptr, key})))
        return false;
    bool known = false;
    if (const auto found = rules.properties.find(key); found != rules.properties.end()) {
        required += found->second.required ? 1U : 0U;
        known = found->second.schema != nullptr;
        if (known && !fits(found->second.schema, value))
            return false;
    }
    for (const auto& [pattern, schema] : rules.patterns) {
        if (spent(1 + key.size() / bytesPerStep))
            return false;
        if (!pattern->matches(key))
            continue;
        known = true;
        if (!fits(schema, value))
            return false;
    }
    return known || !rules.additional || fits(rules.additional, value);
}

bool SchemaRun::has(simdjson::dom::object value, std::string_view key)
{
    (void)spent(value.size());
    return !m_tooMuch && value.at_key(key).error() == simdjson::SUCCESS;
}

bool SchemaRun::dependencies(const SchemaNode& node, const Element& whole)
{
    const simdjson::dom::object value = whole.get_object().value_unsafe();
    for (const auto& [name, needed] : node.object->dependencies)
        if (has(value, name) && !std::ranges::all_of(needed, [&](const auto& key) { return has(value, key); }))
            return fail(node, "dependencies/" + escapedToken(name));
    for (const auto& [name, schema] : node.object->schemaDependencies)
        if (has(value, name) && !fits(schema, whole))
            return false;
    return true;
}

bool SchemaRun::probe(NodeRef node, const Value& value)
{
    ++m_probing;
    const bool good = fits(node, value);
    --m_probing;
    return good;
}

bool SchemaRun::combined(const SchemaNode& node, const Value& value)
{
    const CombinedRules& rules = *node.combined;
    for (const NodeRef each : rules.allOf)
        if (!fits(each, value))
            return false;
    const auto probed = [&](NodeRef each) { return probe(each, value); };
    if (!rules.anyOf.empty() && std::ranges::none_of(rules.anyOf, probed))
        return fail(node, "anyOf");
    if (!rules.oneOf.empty() && std::ranges::count_if(rules.oneOf, probed) != 1)
        return fail(node, "oneOf");
    if (rules.negated && probe(rules.negated, value))
        return fail(node, "not");
    if (!rules.condition)
        return true;
    const NodeRef branch = probe(rules.condition, value) ? rules.then : rules.otherwise;
    return !branch || fits(branch, value);
}

} // namespace gatehouse
