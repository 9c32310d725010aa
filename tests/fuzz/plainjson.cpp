// SPDX-License-Identifier: GPL-3.0-or-later
#include "plainjson.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

namespace gatehouse::fuzz {

namespace {

/// Thrown where the text is not JSON.
struct NotJson {};

class Reader {
public:
    explicit Reader(std::string_view text)
        : m_text(text)
    {
    }

    PlainJson read()
    {
        value(0);
        blanks();
        require(m_at == m_text.size());
        return m_found;
    }

private:
    static void require(bool holds)
    {
        if (!holds)
            throw NotJson{};
    }
    [[nodiscard]] int peek() const { return m_at < m_text.size() ? static_cast<unsigned char>(m_text[m_at]) : -1; }
    int take()
    {
        const int byte = peek();
        require(byte >= 0);
        ++m_at;
        return byte;
    }
    bool skip(char expected)
    {
        if (peek() != expected)
            return false;
        ++m_at;
        return true;
    }
    void blanks()
    {
        while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')
            ++m_at;
    }
    void word(std::string_view expected)
    {
        require(m_text.substr(m_at, expected.size()) == expected);
        m_at += expected.size();
    }

    void value(std::size_t open)
    {
        blanks();
        m_found.depth = std::max(m_found.depth, open);
        switch (peek()) {
        case '{':
            return object(open + 1);
        case '[':
            return list(open + 1);
        case '"':
            static_cast<void>(string());
            return;
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
        }
    }

    void object(std::size_t open)
    {
        m_found.depth = std::max(m_found.depth, open);
        take();
        blanks();
        if (skip('}'))
            return;
        std::set<std::string> keys;
        do {
            blanks();
            require(peek() == '"');
            if (!keys.insert(string()).second)
                ++m_found.duplicates;
            blanks();
            require(skip(':'));
            value(open);
            blanks();
        } while (skip(','));
        require(skip('}'));
    }

    void list(std::size_t open)
    {
        m_found.depth = std::max(m_found.depth, open);
        take();
        blanks();
        if (skip(']'))
            return;
        do {
            value(open);
            blanks();
        } while (skip(','));
        require(skip(']'));
    }

    bool digits()
    {
        const std::size_t before = m_at;
        while (peek() >= '0' && peek() <= '9')
            ++m_at;
        return m_at > before;
    }

    void number()
    {
        const std::size_t start = m_at;
        skip('-');
        if (!skip('0'))
            require(peek() >= '1' && digits());
        if (skip('.'))
            require(digits());
        if (peek() == 'e' || peek() == 'E') {
            ++m_at;
            if (!skip('+'))
                skip('-');
            require(digits());
        }
        const std::string written(m_text.substr(start, m_at - start));
        require(std::isfinite(std::strtod(written.c_str(), nullptr)));
    }

    unsigned hex()
    {
        unsigned code = 0;
        for (int i = 0; i < 4; ++i) {
            const int c = take();
            require((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
            code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return code;
    }

    void escape(std::string& into)
    {
        static constexpr std::string_view letters = "\"\\/bfnrt";
        static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        const int c = take();
        if (const std::size_t at = letters.find(static_cast<char>(c)); at != std::string_view::npos) {
            into.push_back(meant[at]);
            return;
        }
        require(c == 'u');
        unsigned code = hex();
        require(code < 0xdc00 || code > 0xdfff);
        if (code >= 0xd800 && code <= 0xdbff) {
            require(skip('\\') && skip('u'));
            const unsigned low = hex();
            require(low >= 0xdc00 && low <= 0xdfff);
            code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
        }
        encode(code, into);
    }

    static void encode(unsigned code, std::string& into)
    {
        const auto push = [&](unsigned byte) { into.push_back(static_cast<char>(byte)); };
        if (code < 0x80)
            return push(code);
        if (code < 0x800)
            push(0xc0U | code >> 6U);
        else if (code < 0x10000)
            push(0xe0U | code >> 12U);
        else
            push(0xf0U | code >> 18U);
        if (code >= 0x10000)
            push(0x80U | (code >> 12U & 0x3fU));
        if (code >= 0x800)
            push(0x80U | (code >> 6U & 0x3fU));
        push(0x80U | (code & 0x3fU));
    }

    /// One code point of RFC 3629 §4 whose first byte is over 0x7f.
    void codePoint(int first, std::string& into)
    {
        const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        require(first >= 0xc2 && first <= 0xf4);
        into.push_back(static_cast<char>(first));
        std::uint32_t code = static_cast<std::uint32_t>(first) & (0x3fU >> static_cast<unsigned>(more));
        for (int i = 0; i < more; ++i) {
            const int next = take();
            require((next & 0xc0) == 0x80);
            code = code << 6U | (static_cast<std::uint32_t>(next) & 0x3fU);
            into.push_back(static_cast<char>(next));
        }
        require(more != 2 || (code >= 0x800 && (code < 0xd800 || code > 0xdfff)));
        require(more != 3 || (code >= 0x10000 && code <= 0x10ffff));
    }

    std::string string()
    {
        std::string text;
        take();
        for (;;) {
            const int c = take();
            if (c == '"')
                return text;
            require(c >= 0x20);
            if (c == '\\')
                escape(text);
            else if (c < 0x80)
                text.push_back(static_cast<char>(c));
            else
                codePoint(c, text);
        }
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    PlainJson m_found;
};

} // namespace

std::optional<PlainJson> readPlainJson(std::string_view text)
{
    try {
        return Reader(text).read();
    } catch (const NotJson&) {
        return std::nullopt;
    }
}

} // namespace gatehouse::fuzz
