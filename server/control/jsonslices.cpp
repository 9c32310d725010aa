// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/jsonslices.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace gatehouse {

namespace {

class Slicer {
public:
    explicit Slicer(std::string_view text)
        : m_text(text)
    {
    }

    /// Past blanks; true where that character stands there, which is passed too.
    bool take(char wanted)
    {
        skipBlanks();
        if (m_at == m_text.size() || m_text[m_at] != wanted)
            return false;
        ++m_at;
        return true;
    }

    std::string_view value()
    {
        skipBlanks();
        const std::size_t begin = m_at;
        std::size_t depth = 0;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (c == '"') {
                skipString();
            } else if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']' || isBlank(c))) {
                break;
            } else {
                depth += c == '{' || c == '[' ? 1U : 0U;
                depth -= c == '}' || c == ']' ? 1U : 0U;
                ++m_at;
            }
        }
        return m_text.substr(begin, m_at - begin);
    }

private:
    static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    void skipBlanks()
    {
        while (m_at < m_text.size() && isBlank(m_text[m_at]))
            ++m_at;
    }
    void skipString()
    {
        for (++m_at; m_at < m_text.size() && m_text[m_at] != '"'; ++m_at)
            if (m_text[m_at] == '\\' && m_at + 1 < m_text.size())
                ++m_at;
        m_at = std::min(m_at + 1, m_text.size());
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

std::string nameIn(std::string_view quoted)
{
    if (quoted.size() >= 2 && quoted.find('\\') == std::string_view::npos)
        return std::string(quoted.substr(1, quoted.size() - 2));
    const auto name = nlohmann::json::parse(quoted, nullptr, false);
    return name.is_string() ? name.get<std::string>() : std::string();
}

} // namespace

std::vector<JsonSlice> jsonMembers(std::string_view object)
{
    std::vector<JsonSlice> members;
    Slicer slicer(object);
    if (!slicer.take('{') || slicer.take('}'))
        return members;
    do {
        const std::string_view name = slicer.value();
        if (!slicer.take(':'))
            break;
        members.push_back({nameIn(name), slicer.value()});
    } while (slicer.take(','));
    return members;
}

std::vector<std::string_view> jsonElements(std::string_view array)
{
    std::vector<std::string_view> elements;
    Slicer slicer(array);
    if (!slicer.take('[') || slicer.take(']'))
        return elements;
    do
        elements.push_back(slicer.value());
    while (slicer.take(','));
    return elements;
}

} // namespace gatehouse
