// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/address.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gatehouse {

namespace {

constexpr std::array<std::uint8_t, 12> mappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t longestText = 45;

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text)
{
    if (text.empty() || text.size() > longestText || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    const std::string terminated(text);
    IpAddress result;
    if (inet_pton(AF_INET, terminated.c_str(), result.m_bytes.data() + mappedPrefix.size()) == 1) {
        std::copy(mappedPrefix.begin(), mappedPrefix.end(), result.m_bytes.begin());
        return result;
    }
    if (inet_pton(AF_INET6, terminated.c_str(), result.m_bytes.data()) == 1)
        return result;
    return std::nullopt;
}

IpAddress IpAddress::fromV4(std::span<const std::uint8_t, 4> bytes)
{
    IpAddress result;
    std::copy(mappedPrefix.begin(), mappedPrefix.end(), result.m_bytes.begin());
    std::copy(bytes.begin(), bytes.end(), result.m_bytes.begin() + mappedPrefix.size());
    return result;
}

IpAddress IpAddress::fromV6(std::span<const std::uint8_t, 16> bytes)
{
    IpAddress result;
    std::copy(bytes.begin(), bytes.end(), result.m_bytes.begin());
    return result;
}

IpAddress IpAddress::fromSockaddr(const sockaddr& address)
{
    IpAddress result;
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        std::copy(mappedPrefix.begin(), mappedPrefix.end(), result.m_bytes.begin());
        std::memcpy(result.m_bytes.data() + mappedPrefix.size(), &v4.sin_addr, sizeof v4.sin_addr);
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        std::memcpy(result.m_bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return result;
}

bool IpAddress::isV4() const
{
    return std::memcmp(m_bytes.data(), mappedPrefix.data(), mappedPrefix.size()) == 0;
}

bool IpAddress::isLoopback() const
{
    if (isV4())
        return m_bytes[12] == 127;
    for (std::size_t i = 0; i < 15; ++i)
        if (m_bytes[i] != 0)
            return false;
    return m_bytes[15] == 1;
}

bool IpAddress::isUnspecified() const
{
    const std::size_t first = isV4() ? mappedPrefix.size() : 0;
    for (std::size_t i = first; i < m_bytes.size(); ++i)
        if (m_bytes[i] != 0)
            return false;
    return true;
}

IpAddress IpAddress::limitKey() const
{
    IpAddress key = *this;
    if (!isV4())
        std::fill(key.m_bytes.begin() + 8, key.m_bytes.end(), std::uint8_t{0});
    return key;
}

IpAddress IpAddress::masked(unsigned bits) const
{
    IpAddress result = *this;
    const std::size_t whole = bits / 8;
    if (whole >= result.m_bytes.size())
        return result;
    const unsigned mask = 0xff00U >> (bits % 8);
    result.m_bytes[whole] = static_cast<std::uint8_t>(result.m_bytes[whole] & mask);
    std::fill(result.m_bytes.begin() + static_cast<std::ptrdiff_t>(whole) + 1, result.m_bytes.end(), std::uint8_t{0});
    return result;
}

std::string IpAddress::toString() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (isV4())
        inet_ntop(AF_INET, m_bytes.data() + mappedPrefix.size(), text.data(), text.size());
    else
        inet_ntop(AF_INET6, m_bytes.data(), text.data(), text.size());
    return text.data();
}

std::optional<Network> Network::parse(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base)
        return std::nullopt;
    Network result{*base, 128};
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
        unsigned bits = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc{} || end != digits.data() + digits.size() || bits > (dotted ? 32U : 128U))
            return std::nullopt;
        result.prefix = dotted ? bits + 96 : bits;
    }
    for (unsigned bit = result.prefix; bit < 128; ++bit)
        if ((base->bytes()[bit / 8] & (0x80U >> (bit % 8))) != 0)
            return std::nullopt;
    return result;
}

bool Network::contains(const IpAddress& address) const
{
    const auto& a = address.bytes();
    const auto& b = base.bytes();
    const std::size_t whole = prefix / 8;
    if (std::memcmp(a.data(), b.data(), whole) != 0)
        return false;
    const unsigned rest = prefix % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

std::string Network::toString() const
{
    return base.toString() + '/' + std::to_string(base.isV4() && prefix >= 96 ? prefix - 96 : prefix);
}

} // namespace gatehouse

std::size_t std::hash<gatehouse::IpAddress>::operator()(const gatehouse::IpAddress& address) const noexcept
{
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.bytes().data(), 8);
    std::memcpy(&low, address.bytes().data() + 8, 8);
    // Mixed to the last bit (the finaliser of SplitMix64), since tables take a shard from the lowest ones: there all
    // IPv4 addresses are alike, and so are the networks of one provider.
    std::uint64_t mixed = high * 0x9e3779b97f4a7c15ULL + low;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<std::size_t>(mixed ^ (mixed >> 31));
}
