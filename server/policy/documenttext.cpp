// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/documenttext.h"

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t widest = 80; // columns, a comma at the end included
constexpr std::size_t indentation = 2;

bool isContainer(const JsonValue& value)
{
    return value.is(Kind::Array) || value.is(Kind::Object);
}

bool holdsScalars(const JsonValue& value)
{
    return std::none_of(value.items.begin(), value.items.end(), isContainer) &&
           std::none_of(value.members.begin(), value.members.end(),
                        [](const JsonMember& member) { return isContainer(member.value); });
}

std::size_t columns(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string scalar(const JsonValue& value, std::string_view source)
{
    switch (value.kind) {
    case Kind::Bool:
        return value.boolean ? "true" : "false";
    case Kind::Number:
        return std::string(jsonNumberText(source, value));
    case Kind::String:
        return jsonQuoted(value.text);
    case Kind::Null:
    case Kind::Array:
    case Kind::Object:
        break;
    }
    return "null";
}

void appendLine(std::string& line, const JsonValue& value, std::string_view source)
{
    if (!isContainer(value)) {
        line += scalar(value, source);
        return;
    }
    const bool list = value.is(Kind::Array);
    line += list ? "[" : value.members.empty() ? "{" : "{ ";
    for (const JsonValue& item : value.items) {
        line += &item == value.items.data() ? "" : ", ";
        appendLine(line, item, source);
    }
    for (const JsonMember& member : value.members) {
        line.append(&member == value.members.data() ? "" : ", ").append(jsonQuoted(member.key)).append(": ");
        appendLine(line, member.value, source);
    }
    line += list ? "]" : value.members.empty() ? "}" : " }";
}

class Writer {
public:
    Writer(std::string_view source, std::size_t most)
        : m_source(source)
        , m_most(most)
    {
    }

    void write(const JsonValue& value, std::size_t level, std::size_t column)
    {
        if (!isContainer(value) || holdsScalars(value)) {
            const std::string line = jsonLine(value, m_source);
            if (!isContainer(value) || line.size() == 2 || column + columns(line) + 1 <= widest) {
                m_text += line;
                return;
            }
        }
        m_text += value.is(Kind::Array) ? "[" : "{";
        for (const JsonValue& item : value.items)
            entry({}, item, level + 1, &item == &value.items.back());
        for (const JsonMember& member : value.members)
            entry(jsonQuoted(member.key) + ": ", member.value, level + 1, &member == &value.members.back());
        m_text.append("\n").append(level * indentation, ' ').append(value.is(Kind::Array) ? "]" : "}");
    }

    [[nodiscard]] std::string take() { return std::move(m_text) + "\n"; }

private:
    void entry(const std::string& key, const JsonValue& value, std::size_t level, bool last)
    {
        if (m_text.size() > m_most)
            return;
        m_text.append("\n").append(level * indentation, ' ').append(key);
        write(value, level, level * indentation + columns(key));
        m_text += last ? "" : ",";
    }

    std::string_view m_source;
    std::size_t m_most;
    std::string m_text;
};

std::size_t rank(const DocumentObject& object, const JsonMember& member)
{
    const bool isText = member.value.is(Kind::String) || member.value.is(Kind::Null);
    if (member.key == noteKey && (object.entries.empty() || isText))
        return 0;
    const DocumentKey* key = object.find(member.key);
    return key ? static_cast<std::size_t>(key - object.keys.data()) + 1 : std::numeric_limits<std::size_t>::max();
}

} // namespace

void arrangeDocument(JsonValue& value, std::string_view object)
{
    for (JsonValue& item : value.items)
        arrangeDocument(item, object);
    const DocumentObject* known = documentObject(object);
    if (!known || !value.is(Kind::Object))
        return;
    const bool named = !known->entries.empty(); // by their owner, in no order that would mean something
    std::stable_sort(value.members.begin(), value.members.end(), [&](const JsonMember& a, const JsonMember& b) {
        const std::size_t first = rank(*known, a);
        const std::size_t second = rank(*known, b);
        return first < second || (first == second && named && a.key < b.key);
    });
    for (JsonMember& member : value.members) {
        const DocumentKey* key = known->find(member.key);
        arrangeDocument(member.value, key ? key->object : known->entries);
    }
}

std::string jsonLine(const JsonValue& value, std::string_view source)
{
    std::string line;
    appendLine(line, value, source);
    return line;
}

std::string jsonLines(const JsonValue& value, std::string_view source, std::size_t most)
{
    Writer writer(source, most);
    writer.write(value, 0, 0);
    return writer.take();
}

} // namespace gatehouse
