// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/schemadocument.h"

#include "schema/format.h"
#include "schema/messagevalidator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace gatehouse {

namespace {

using Json = nlohmann::json;

constexpr std::size_t mostErrors = 100;
constexpr std::size_t mostParts = 20'000;

bool isOneOf(std::string_view key, std::initializer_list<std::string_view> keys)
{
    return std::ranges::find(keys, key) != keys.end();
}

std::string inQuotes(std::string_view text)
{
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A count may be written 2.0 (draft 6 and later).
std::optional<std::uint64_t> countOf(const Json& value)
{
    constexpr double most = 9007199254740992.0;
    if (value.is_number_unsigned())
        return value.get<std::uint64_t>();
    if (!value.is_number_float())
        return std::nullopt;
    const auto number = value.get<double>();
    if (number < 0 || number > most || std::trunc(number) != number)
        return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

std::optional<std::string> percentDecoded(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        int value = 0;
        for (int digit = 0; digit < 2; ++digit) {
            const char c = ++i < text.size() ? text[i] : '\0';
            const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            if (!letter && (c < '0' || c > '9'))
                return std::nullopt;
            value = value * 16 + (letter ? (c & 0x1f) + 9 : c - '0');
        }
        result += static_cast<char>(value);
    }
    return result;
}

} // namespace

std::string escapedToken(std::string_view key)
{
    std::string result;
    for (const char c : key) {
        if (c == '~')
            result += "~0";
        else if (c == '/')
            result += "~1";
        else
            result += c;
    }
    return result;
}

SchemaDocument::SchemaDocument(std::string_view text)
{
    MessageValidator validator;
    if (const auto fault = validator.read(std::as_bytes(std::span(text)))) {
        error("", "the schema cannot be read: " + std::string(jsonFaultText(*fault)));
        return;
    }
    m_root = Json::parse(text, nullptr, false);
    if (m_root.is_discarded()) {
        error("", "the schema cannot be read: not JSON");
        return;
    }
    findAnchors(m_root, "");
    m_wanted.emplace_back();
    while (!m_wanted.empty() && m_errors.size() < mostErrors) {
        const std::string pointer = std::move(m_wanted.back());
        m_wanted.pop_back();
        if (m_parts.contains(pointer))
            continue;
        if (m_parts.size() >= mostParts) {
            error(pointer, "the schema refers to more than " + std::to_string(mostParts) + " places");
            break;
        }
        m_parts.emplace(pointer, Json()); // before it is made: it may refer to itself
        m_parts[pointer] = part(at(pointer), pointer);
    }
    std::ranges::sort(m_errors, {}, &SchemaError::pointer);
    m_errors.erase(std::unique(m_errors.begin(), m_errors.end()), m_errors.end());
}

const nlohmann::json& SchemaDocument::at(const std::string& pointer) const
{
    return m_root.at(Json::json_pointer(pointer));
}

void SchemaDocument::error(const std::string& pointer, std::string detail)
{
    if (m_errors.size() < mostErrors)
        m_errors.push_back({pointer, std::move(detail)});
}

/// `$id: "#name"` names a place that `$ref: "#name"` may refer to (draft 7 §8.2.3). Not looked for inside of values
/// that are no schemas.
void SchemaDocument::findAnchors(const Json& value, const std::string& pointer)
{
    if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i)
            findAnchors(value[i], pointer + '/' + std::to_string(i));
        return;
    }
    if (!value.is_object())
        return;
    if (const auto id = value.find("$id"); id != value.end() && id->is_string()) {
        const auto text = id->get<std::string>();
        if (pointer.empty())
            m_id = text.substr(0, text.find('#'));
        if (text.size() > 1 && text.front() == '#')
            m_anchors.emplace(text.substr(1), pointer);
    }
    for (const auto& [key, child] : value.items())
        if (!isOneOf(key, {"const", "enum", "default", "examples"}))
            findAnchors(child, pointer + '/' + escapedToken(key));
}

Json SchemaDocument::part(const Json& schema, const std::string& pointer)
{
    if (schema.is_boolean())
        return {{"description", (schema.get<bool>() ? 'S' : 'F') + pointer}};
    if (!schema.is_object()) {
        error(pointer, "expected a schema: an object, true or false");
        return Json::object();
    }
    if (const auto target = schema.find("$ref"); target != schema.end()) {
        if (const auto definitions = schema.find("definitions"); definitions != schema.end()) {
            Json ignored;
            keyword("definitions", *definitions, pointer + "/definitions", ignored);
        }
        return reference(*target, pointer + "/$ref"); // beside it nothing counts (draft 7 §8.3)
    }
    checkDialect(schema, pointer);
    Json result{{"description", 'S' + pointer}};
    for (const auto& [key, value] : schema.items())
        keyword(key, value, pointer + '/' + escapedToken(key), result);
    return result;
}

void SchemaDocument::checkDialect(const Json& schema, const std::string& pointer)
{
    const auto dialect = schema.find("$schema");
    if (dialect == schema.end())
        return;
    if (!dialect->is_string())
        return error(pointer + "/$schema", "expected a text");
    auto text = dialect->get<std::string>();
    if (text.ends_with('#'))
        text.pop_back();
    if (text != "http://json-schema.org/draft-07/schema" && text != "https://json-schema.org/draft-07/schema")
        error(pointer + "/$schema", "expected http://json-schema.org/draft-07/schema#: this is another draft");
}

void SchemaDocument::checkId(const Json& value, const std::string& pointer, bool root)
{
    if (!value.is_string())
        return error(pointer, "expected a text");
    const auto text = value.get<std::string>();
    if (!root && !text.starts_with('#'))
        error(pointer, "a second document within the first is not supported; only #NAME may stand here");
}

Json SchemaDocument::reference(const Json& target, const std::string& pointer)
{
    if (!target.is_string()) {
        error(pointer, "expected a text");
        return Json::object();
    }
    const std::string place = targetOf(target.get<std::string>(), pointer);
    if (!m_parts.contains(place))
        m_wanted.push_back(place);
    return {{"description", 'R' + place}};
}

/// The pointer that a reference stands for; "" with an error where there is none.
std::string SchemaDocument::targetOf(std::string text, const std::string& pointer)
{
    if (!m_id.empty() && text.starts_with(m_id) && (text.size() == m_id.size() || text[m_id.size()] == '#'))
        text.erase(0, m_id.size());
    if (!text.empty() && text.front() != '#') {
        error(pointer, "only references within the document are supported, not " + inQuotes(text));
        return {};
    }
    const auto fragment = percentDecoded(text.empty() ? text : text.substr(1));
    std::string place = fragment.value_or("?");
    if (!place.empty() && place.front() != '/') {
        const auto anchor = m_anchors.find(place);
        if (anchor == m_anchors.end()) {
            error(pointer, "no subschema has the $id " + inQuotes(text));
            return {};
        }
        return anchor->second;
    }
    try {
        if (m_root.contains(Json::json_pointer(place)))
            return Json::json_pointer(place).to_string();
    } catch (const Json::exception&) { // no pointer at all
    }
    error(pointer, "nothing stands at " + inQuotes(text));
    return {};
}

void SchemaDocument::keyword(const std::string& key, const Json& value, const std::string& pointer, Json& result)
{
    if (key == "$id")
        return checkId(value, pointer, pointer == "/$id");
    if (annotation(key, value, pointer) || plainKeyword(key, value, pointer, result))
        return;
    if (isOneOf(key,
                {"additionalItems", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "not"}))
        result[key] = part(value, pointer);
    else if (isOneOf(key, {"allOf", "anyOf", "oneOf"}) || (key == "items" && value.is_array()))
        schemas(key, value, pointer, result);
    else if (key == "items")
        result[key] = part(value, pointer);
    else if (isOneOf(key, {"properties", "patternProperties", "definitions"}))
        schemaMap(key, value, pointer, result);
    else if (key == "dependencies")
        dependencies(value, pointer, result);
}

/// What says nothing about a message. Its type is still the draft's.
bool SchemaDocument::annotation(const std::string& key, const Json& value, const std::string& pointer)
{
    if (isOneOf(key, {"$comment", "title", "description", "contentMediaType", "contentEncoding"})) {
        if (!value.is_string())
            error(pointer, "expected a text");
        return true;
    }
    if (isOneOf(key, {"readOnly", "writeOnly"})) {
        if (!value.is_boolean())
            error(pointer, "expected true or false");
        return true;
    }
    if (key == "examples" && !value.is_array())
        error(pointer, "expected a list");
    return isOneOf(key, {"$schema", "default", "examples"});
}

bool SchemaDocument::plainKeyword(const std::string& key, const Json& value, const std::string& pointer, Json& result)
{
    if (isOneOf(key, {"maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"})) {
        if (!value.is_number())
            error(pointer, "expected a number");
        else if (key == "multipleOf" && value.get<double>() <= 0)
            error(pointer, "expected a number above 0");
    } else if (isOneOf(key, {"maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"})) {
        count(key, value, pointer, result);
        return true;
    } else if (key == "type") {
        type(value, pointer);
    } else if (key == "enum") {
        if (!value.is_array() || value.empty())
            error(pointer, "expected a list of at least one value");
    } else if (key == "uniqueItems") {
        if (!value.is_boolean())
            error(pointer, "expected true or false");
        else if (!value.get<bool>())
            return true;
    } else if (key == "required") {
        if (names(value, pointer) && value.empty())
            return true;
    } else if (key == "pattern") {
        if (value.is_string())
            pattern(value.get<std::string>(), pointer);
        else
            error(pointer, "expected a text");
    } else if (key == "format") {
        if (!value.is_string())
            error(pointer, "expected a text");
        else if (!formatFromWord(value.get<std::string>()))
            error(pointer, "the format " + inQuotes(value.get<std::string>()) + " is not known here");
    } else if (key != "const") {
        return false;
    }
    result[key] = value;
    return true;
}

void SchemaDocument::type(const Json& value, const std::string& pointer)
{
    std::set<std::string> seen;
    const auto one = [&](const Json& word, const std::string& place) {
        const auto text = word.is_string() ? word.get<std::string>() : std::string();
        if (!isOneOf(text, {"array", "boolean", "integer", "null", "number", "object", "string"}))
            error(place, "expected array, boolean, integer, null, number, object or string");
        else if (!seen.insert(text).second)
            error(place, inQuotes(text) + " stands here a second time");
    };
    if (!value.is_array())
        return one(value, pointer);
    if (value.empty())
        error(pointer, "expected at least one type");
    for (std::size_t i = 0; i < value.size(); ++i)
        one(value[i], pointer + '/' + std::to_string(i));
}

void SchemaDocument::count(const std::string& key, const Json& value, const std::string& pointer, Json& result)
{
    if (const auto number = countOf(value))
        result[key] = std::min<std::uint64_t>(*number, 1ULL << 53); // valijson reads it as a signed number
    else
        error(pointer, "expected a whole number of at least 0");
}

void SchemaDocument::pattern(const std::string& text, const std::string& pointer)
{
    if (text.find('\0') != std::string::npos)
        return error(pointer, "U+0000 is not supported here");
    if (const auto compiled = Pattern::compile(text); !compiled)
        error(pointer, compiled.error());
}

void SchemaDocument::name(const std::string& text, const std::string& pointer)
{
    if (text.find('\0') != std::string::npos) // valijson would end the name there
        error(pointer, "U+0000 is not supported in a name");
}

bool SchemaDocument::names(const Json& value, const std::string& pointer)
{
    if (!value.is_array()) {
        error(pointer, "expected a list of names");
        return false;
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string place = pointer + '/' + std::to_string(i);
        if (!value[i].is_string()) {
            error(place, "expected a text");
            continue;
        }
        name(value[i].get<std::string>(), place);
        if (!seen.insert(value[i].get<std::string>()).second)
            error(place, "this name stands here a second time");
    }
    return true;
}

void SchemaDocument::schemas(const std::string& key, const Json& value, const std::string& pointer, Json& result)
{
    if (!value.is_array() || (value.empty() && key != "items"))
        return error(pointer, "expected a list of at least one schema");
    Json list = Json::array();
    for (std::size_t i = 0; i < value.size(); ++i)
        list.push_back(part(value[i], pointer + '/' + std::to_string(i)));
    result[key] = std::move(list);
}

void SchemaDocument::schemaMap(const std::string& key, const Json& value, const std::string& pointer, Json& result)
{
    if (!value.is_object())
        return error(pointer, "expected an object of schemas");
    Json map = Json::object();
    for (const auto& [word, schema] : value.items()) {
        const std::string place = pointer + '/' + escapedToken(word);
        if (key == "patternProperties")
            pattern(word, place);
        else
            name(word, place);
        map[word] = part(schema, place);
    }
    if (key != "definitions") // of those only what is referred to is run
        result[key] = std::move(map);
}

void SchemaDocument::dependencies(const Json& value, const std::string& pointer, Json& result)
{
    if (!value.is_object())
        return error(pointer, "expected an object");
    Json map = Json::object();
    for (const auto& [word, needed] : value.items()) {
        const std::string place = pointer + '/' + escapedToken(word);
        name(word, place);
        if (!needed.is_array())
            map[word] = part(needed, place);
        else if (names(needed, place) && !needed.empty())
            map[word] = needed;
    }
    result["dependencies"] = std::move(map);
}

} // namespace gatehouse
