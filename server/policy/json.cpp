// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_set>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;

/// Builds the tree from the parser's events. The parser does not say where a token stands, so the builder walks the
/// text beside it: between two tokens there are only blanks, commas and colons.
class TreeBuilder {
public:
    TreeBuilder(std::string_view text, std::size_t depth)
        : m_text(text)
        , m_depth(depth)
    {
    }

    bool null() { return scalar({}); }
    bool boolean(bool value)
    {
        JsonValue made;
        made.kind = Kind::Bool;
        made.boolean = value;
        return scalar(std::move(made));
    }
    bool number_integer(std::int64_t value) { return numeric(static_cast<double>(value), std::nullopt); }
    bool number_unsigned(std::uint64_t value) { return numeric(static_cast<double>(value), value); }
    bool number_float(double value, const std::string& /*written*/) { return numeric(value, std::nullopt); }
    bool string(std::string& value)
    {
        JsonValue made;
        made.kind = Kind::String;
        made.text = std::move(value);
        return scalar(std::move(made));
    }
    bool binary(std::vector<std::uint8_t>& /*value*/) { return false; } // no such thing in JSON text
    bool start_object(std::size_t /*size*/) { return open(Kind::Object); }
    bool start_array(std::size_t /*size*/) { return open(Kind::Array); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name)
    {
        skipToToken();
        m_keyOffset = m_cursor;
        m_key = std::move(name);
        skipToken();
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::json::exception& error)
    {
        m_error = JsonError{JsonError::Kind::Syntax, pointer(),
                            std::min(position > 0 ? position - 1 : 0, m_text.size()), plain(error.what())};
        return false;
    }

    std::optional<JsonError> m_error;
    JsonDocument m_document;

private:
    struct Level {
        JsonValue* value;
        std::string step; ///< pointer step that leads here from the level above
        bool repeated;    ///< value of a repeated key: parsed for its syntax, then dropped
        std::unordered_set<std::string> keys{};
    };

    /// "…: syntax error while parsing value - unexpected end of input; expected …" without the library's own prefix and
    /// without what it read last, which may be a part of a code point or of a secret.
    static std::string plain(std::string_view what)
    {
        const std::size_t end = what.find(": ");
        if (end != std::string_view::npos)
            what.remove_prefix(end + 2);
        return std::string(what.substr(0, what.find("; last read")));
    }

    void skipToToken() { m_cursor = std::min(m_text.find_first_not_of(" \t\r\n,:", m_cursor), m_text.size()); }

    void skipToken()
    {
        if (m_text[m_cursor] != '"') {
            m_cursor = std::min(m_text.find_first_of(" \t\r\n,:]}", m_cursor), m_text.size());
            return;
        }
        for (++m_cursor; m_text[m_cursor] != '"'; ++m_cursor)
            if (m_text[m_cursor] == '\\')
                ++m_cursor;
        ++m_cursor;
    }

    [[nodiscard]] std::string pointer() const
    {
        std::string result;
        for (std::size_t i = 1; i < m_levels.size(); ++i)
            result.append("/").append(m_levels[i].step);
        return result;
    }

    [[nodiscard]] std::string nextStep() const
    {
        const JsonValue& parent = *m_levels.back().value;
        return parent.is(Kind::Object) ? pointerStep(m_key) : std::to_string(parent.items.size());
    }

    bool numeric(double value, std::optional<std::uint64_t> whole)
    {
        JsonValue made;
        made.kind = Kind::Number;
        made.number = value;
        made.whole = whole;
        return scalar(std::move(made));
    }

    bool scalar(JsonValue value)
    {
        skipToToken();
        value.offset = m_cursor;
        skipToken();
        bool repeated = false;
        place(std::move(value), repeated);
        return true;
    }

    bool open(Kind kind)
    {
        skipToToken();
        if (m_levels.size() >= m_depth) {
            m_error = JsonError{JsonError::Kind::TooDeep, pointer(), m_cursor,
                                "more than " + std::to_string(m_depth) + " levels of nesting"};
            return false;
        }
        JsonValue value;
        value.kind = kind;
        value.offset = m_cursor++;
        std::string step = m_levels.empty() ? std::string() : nextStep();
        bool repeated = false;
        JsonValue* placed = place(std::move(value), repeated);
        m_levels.push_back({placed, std::move(step), repeated});
        return true;
    }

    bool close()
    {
        skipToToken();
        ++m_cursor;
        const bool repeated = m_levels.back().repeated;
        m_levels.pop_back();
        if (repeated)
            m_levels.back().value->members.pop_back();
        return true;
    }

    JsonValue* place(JsonValue value, bool& repeated)
    {
        if (m_levels.empty()) {
            m_document.root = std::move(value);
            return &m_document.root;
        }
        JsonValue& parent = *m_levels.back().value;
        if (parent.is(Kind::Array))
            return &parent.items.emplace_back(std::move(value));
        repeated = !m_levels.back().keys.insert(m_key).second;
        const bool container = value.is(Kind::Array) || value.is(Kind::Object);
        if (repeated)
            m_document.duplicates.push_back({JsonError::Kind::DuplicateKey, pointer() + "/" + pointerStep(m_key),
                                             m_keyOffset, "the key stands here a second time"});
        if (repeated && !container)
            return nullptr;
        parent.members.push_back({m_key, m_keyOffset, std::move(value)});
        return &parent.members.back().value;
    }

    std::string_view m_text;
    std::size_t m_depth;
    std::size_t m_cursor = 0;
    std::size_t m_keyOffset = 0;
    std::string m_key;
    std::vector<Level> m_levels;
};

} // namespace

const JsonValue* JsonValue::find(std::string_view key) const
{
    const auto found = std::find_if(members.begin(), members.end(), [&](const JsonMember& m) { return m.key == key; });
    return found == members.end() ? nullptr : &found->value;
}

Result<JsonDocument, JsonError> parseJson(std::string_view text, std::size_t depth)
{
    if (text.starts_with("\xef\xbb\xbf"))
        return Failure{JsonError{JsonError::Kind::Syntax, {}, 0, "a byte order mark is not JSON"}};
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) // the library takes it for the end
        return Failure{JsonError{JsonError::Kind::Syntax, {}, nul, "a NUL byte is not JSON"}};
    TreeBuilder builder(text, depth);
    const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
    if (builder.m_error)
        return Failure{std::move(*builder.m_error)};
    if (!parsed)
        return Failure{JsonError{JsonError::Kind::Syntax, {}, 0, "not JSON"}};
    return std::move(builder.m_document);
}

std::string pointerStep(std::string_view key)
{
    std::string step;
    for (const char c : key) {
        if (c == '~')
            step.append("~0");
        else if (c == '/')
            step.append("~1");
        else
            step.push_back(c);
    }
    return step;
}

std::string_view jsonNumberText(std::string_view text, const JsonValue& number)
{
    const std::size_t begin = std::min(number.offset, text.size());
    const std::size_t end = std::min(text.find_first_of(" \t\r\n,]}", begin), text.size());
    return text.substr(begin, end - begin);
}

std::string jsonQuoted(std::string_view text)
{
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace gatehouse
