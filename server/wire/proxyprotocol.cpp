// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/proxyprotocol.h"

#include "wire/httptext.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace gatehouse::wire {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view textSignature = "PROXY ";
constexpr std::string_view binarySignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t binaryHead = 16;
constexpr std::size_t v4Size = 12; // two addresses and two ports
constexpr std::size_t v6Size = 36;

unsigned byteAt(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

unsigned wordAt(std::string_view text, std::size_t at)
{
    return byteAt(text, at) << 8U | byteAt(text, at + 1);
}

/// What a text may still begin with.
bool couldBe(std::string_view text, std::string_view signature)
{
    const std::size_t size = std::min(text.size(), signature.size());
    return text.substr(0, size) == signature.substr(0, size);
}

/// Decimal, 0 to 65535, without a leading zero.
std::optional<std::uint16_t> readPort(std::string_view text)
{
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0') ||
        !std::ranges::all_of(text, isDigit))
        return std::nullopt;
    unsigned port = 0;
    for (const char c : text)
        port = port * 10 + static_cast<unsigned>(c - '0');
    return port <= 65535 ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

/// An address of the family that the line names.
std::optional<IpAddress> readAddress(std::string_view text, bool v6)
{
    return (text.find(':') != std::string_view::npos) == v6 ? IpAddress::parse(text) : std::nullopt;
}

IpAddress addressOf(std::string_view bytes)
{
    const std::span octets(static_cast<const std::uint8_t*>(static_cast<const void*>(bytes.data())), bytes.size());
    return octets.size() == 4 ? IpAddress::fromV4(octets.first<4>()) : IpAddress::fromV6(octets.first<16>());
}

} // namespace

std::size_t ProxyProtocol::take(std::span<const std::byte> bytes)
{
    std::size_t taken = 0;
    while (m_state == State::NeedMore && taken < bytes.size()) {
        const auto rest = bytes.subspan(taken);
        const std::size_t size = std::min(wanted(rest), rest.size());
        m_header.append(static_cast<const char*>(static_cast<const void*>(rest.data())), size);
        taken += size;
        check();
    }
    return taken;
}

/// How many of the bytes are surely the header's, at least one.
std::size_t ProxyProtocol::wanted(std::span<const std::byte> bytes) const
{
    if (m_header.size() < binarySignature.size()) // no header of either version is shorter
        return binarySignature.size() - m_header.size();
    if (m_header.starts_with(textSignature)) {
        const auto end = std::ranges::find(bytes, std::byte{'\n'});
        const auto size = static_cast<std::size_t>(end - bytes.begin()) + (end == bytes.end() ? 0 : 1);
        return std::min(size, longestText - m_header.size());
    }
    if (m_header.size() < binaryHead)
        return binaryHead - m_header.size();
    return binaryHead + wordAt(m_header, 14) - m_header.size();
}

void ProxyProtocol::check()
{
    const std::string_view header = m_header;
    if (couldBe(header, textSignature))
        checkText();
    else if (couldBe(header, binarySignature))
        checkBinary();
    else
        m_state = State::Broken;
}

void ProxyProtocol::checkText()
{
    std::string_view line = m_header;
    if (!line.ends_with('\n')) {
        if (line.size() >= longestText || line.find('\n') != std::string_view::npos)
            m_state = State::Broken;
        return;
    }
    m_state = State::Broken;
    if (line.find('\n') + 1 != line.size() || !line.ends_with("\r\n"))
        return;
    line.remove_suffix(2);
    line.remove_prefix(textSignature.size());
    if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) { // whatever follows is to be ignored
        m_state = State::Done;
        return;
    }
    std::array<std::string_view, 5> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t end = i + 1 < parts.size() ? line.find(' ') : line.size();
        if (end == std::string_view::npos)
            return;
        parts[i] = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    const bool v6 = parts[0] == "TCP6";
    const auto source = readAddress(parts[1], v6);
    const auto target = readAddress(parts[2], v6);
    const auto port = readPort(parts[3]);
    if ((!v6 && parts[0] != "TCP4") || !source || !target || !port || !readPort(parts[4]) || source->isUnspecified())
        return;
    m_source = Source{*source, *port};
    m_state = State::Done;
}

void ProxyProtocol::checkBinary()
{
    constexpr unsigned local = 0x20, proxied = 0x21; // version 2 and the command
    constexpr unsigned unspecified = 0x00, tcp4 = 0x11, tcp6 = 0x21;
    if (m_header.size() < binaryHead)
        return;
    const std::string_view header = m_header;
    const unsigned command = byteAt(header, 12);
    const unsigned family = byteAt(header, 13);
    const std::size_t size = wordAt(header, 14);
    const bool own = command == local || (command == proxied && family == unspecified);
    const std::size_t least = family == tcp4 ? v4Size : v6Size;
    const bool known = own || (command == proxied && (family == tcp4 || family == tcp6) && size >= least);
    if (!known || binaryHead + size > longestBinary) {
        m_state = State::Broken;
        return;
    }
    if (header.size() < binaryHead + size)
        return;
    m_state = State::Done;
    if (own)
        return;
    const std::size_t width = family == tcp4 ? 4 : 16;
    m_source = Source{addressOf(header.substr(binaryHead, width)),
                      static_cast<std::uint16_t>(wordAt(header, binaryHead + 2 * width))};
    if (m_source->address.isUnspecified()) {
        m_source.reset();
        m_state = State::Broken;
    }
}

} // namespace gatehouse::wire
