// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/forwarded.h"

#include "wire/httptext.h"

#include <algorithm>
#include <string>

namespace gatehouse::wire {

namespace {

enum class Brackets : std::uint8_t { Optional, Required };

/// 0 is taken too: proxies that do not know the port say so.
bool isPortNumber(std::string_view text)
{
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, isDigit);
}

/// RFC 7239 §6.3.
bool isObfuscatedPort(std::string_view text)
{
    return text.size() > 1 && text.front() == '_' && std::ranges::all_of(text.substr(1), [](char c) {
               return isAlphanumeric(c) || c == '.' || c == '_' || c == '-';
           });
}

bool isPortSuffix(std::string_view text, Brackets brackets)
{
    if (text.empty())
        return true;
    if (text.front() != ':')
        return false;
    text.remove_prefix(1);
    return isPortNumber(text) || (brackets == Brackets::Required && isObfuscatedPort(text));
}

std::optional<IpAddress> readNode(std::string_view node, Brackets brackets)
{
    if (node.starts_with('[')) {
        const std::size_t end = node.find(']');
        const std::string_view inner = node.substr(1, end == std::string_view::npos ? end : end - 1);
        if (end == std::string_view::npos || inner.find(':') == std::string_view::npos ||
            !isPortSuffix(node.substr(end + 1), brackets))
            return std::nullopt;
        return IpAddress::parse(inner);
    }
    const std::size_t colon = node.find(':');
    if (colon != std::string_view::npos && node.find(':', colon + 1) != std::string_view::npos)
        return brackets == Brackets::Optional ? IpAddress::parse(node) : std::nullopt;
    if (colon != std::string_view::npos && !isPortSuffix(node.substr(colon), brackets))
        return std::nullopt;
    return IpAddress::parse(node.substr(0, colon));
}

/// Walks over one line of Forwarded (RFC 7239 §4).
class ForwardedLine {
public:
    explicit ForwardedLine(std::string_view line)
        : m_rest(line)
    {
    }

    /// False where the syntax is broken.
    bool read(ForwardedChain& into)
    {
        do {
            skipBlanks();
            if (!readElement(into))
                return false;
            skipBlanks();
        } while (take(','));
        return m_rest.empty();
    }

private:
    bool readElement(ForwardedChain& into)
    {
        bool named = false;
        std::optional<IpAddress> address;
        do {
            const std::string_view name = readToken();
            std::string value;
            if (name.empty() || !take('=') || !readValue(value))
                return false;
            if (!equalsIgnoringCase(name, "for"))
                continue;
            if (named) // each parameter once
                return false;
            named = true;
            address = readNode(value, Brackets::Required);
        } while (take(';'));
        into.push_back(address);
        return true;
    }

    bool readValue(std::string& value)
    {
        if (!take('"')) {
            value = readToken();
            return !value.empty();
        }
        while (!m_rest.empty() && m_rest.front() != '"') {
            if (m_rest.front() == '\\')
                m_rest.remove_prefix(1);
            if (m_rest.empty())
                return false;
            value.push_back(m_rest.front());
            m_rest.remove_prefix(1);
        }
        return take('"');
    }

    std::string_view readToken()
    {
        const auto end = std::ranges::find_if_not(m_rest, isTokenChar);
        const std::string_view token = m_rest.substr(0, static_cast<std::size_t>(end - m_rest.begin()));
        m_rest.remove_prefix(token.size());
        return token;
    }

    bool take(char c)
    {
        if (m_rest.empty() || m_rest.front() != c)
            return false;
        m_rest.remove_prefix(1);
        return true;
    }

    void skipBlanks()
    {
        while (take(' ') || take('\t')) {
        }
    }

    std::string_view m_rest;
};

} // namespace

ForwardedChain readForwardedFor(std::span<const std::string_view> lines)
{
    ForwardedChain chain;
    for (const std::string_view line : lines) {
        ListReader list(line);
        while (const auto element = list.next())
            chain.push_back(readNode(*element, Brackets::Optional));
    }
    return chain;
}

ForwardedChain readForwarded(std::span<const std::string_view> lines)
{
    ForwardedChain chain;
    for (const std::string_view line : lines) {
        const std::size_t before = chain.size();
        if (!ForwardedLine(line).read(chain)) {
            chain.resize(before);
            chain.emplace_back(std::nullopt);
        }
    }
    return chain;
}

} // namespace gatehouse::wire
