// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sockaddr;

namespace gatehouse {

/// An IPv4 or IPv6 address in 16 bytes of network order. IPv4 is kept in its mapped form (::ffff:a.b.c.d, RFC 4291
/// §2.5.5.2), so that an address has one form however it came in.
class IpAddress {
public:
    IpAddress() = default;

    /// Dotted quad or RFC 4291 text, without brackets, zone or port.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
    /// In network order; an IPv6 address that maps an IPv4 one is that.
    [[nodiscard]] static IpAddress fromV4(std::span<const std::uint8_t, 4> bytes);
    [[nodiscard]] static IpAddress fromV6(std::span<const std::uint8_t, 16> bytes);
    /// AF_INET or AF_INET6; the unspecified address for any other family.
    [[nodiscard]] static IpAddress fromSockaddr(const sockaddr& address);

    [[nodiscard]] bool isV4() const;
    [[nodiscard]] bool isLoopback() const;
    [[nodiscard]] bool isUnspecified() const;
    /// What limits count by: an IPv4 address whole, an IPv6 address by its /64.
    [[nodiscard]] IpAddress limitKey() const;
    /// Its first bits, counted within the 128 of the mapped form; the rest are zeros.
    [[nodiscard]] IpAddress masked(unsigned bits) const;
    [[nodiscard]] std::string toString() const;
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return m_bytes; }

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> m_bytes{};
};

/// A CIDR block (RFC 4632). `prefix` counts within the 128 bits of the mapped form.
struct Network {
    IpAddress base;
    unsigned prefix = 128;

    /// "10.0.0.0/8", "fd00::/8" or a bare address. Bits beyond the prefix must be zero.
    [[nodiscard]] static std::optional<Network> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string toString() const;

    friend bool operator==(const Network&, const Network&) = default;
};

} // namespace gatehouse

namespace std {
template <> struct hash<gatehouse::IpAddress> {
    std::size_t operator()(const gatehouse::IpAddress& address) const noexcept;
};
} // namespace std
