// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse::ui {

/// What a group of failed authentications looks like, where its figures say so.
enum class AuthHint : std::uint8_t {
    None,
    BruteForce,   ///< many guessed or forged tokens from one address
    WholeNetwork, ///< guessed or forged tokens from several addresses of one network
    ClockSkew,    ///< tokens out of their time from several addresses: a clock, not one client
    UnknownKey,   ///< tokens signed with a key that nobody here knows: a key set is out of date
};

/// The network that a ban of an address may widen to: its /24 (IPv4) or /64; empty where `address` is not one.
[[nodiscard]] std::string networkOf(const std::string& address);

/// Failures in the last 15 minutes.
[[nodiscard]] std::uint64_t recentFailures(const AuthFailureGroup& group);
/// Failures in the current minute.
[[nodiscard]] std::uint32_t ratePerMinute(const AuthFailureGroup& group);
/// Moves the minutes of a group on by `minutes`, filling up with zeros.
void ageMinutes(std::vector<std::uint32_t>& perMinute, std::size_t minutes);

/// Sees all groups at once, since some hints lie in how many addresses do the same.
class AuthHints {
public:
    explicit AuthHints(const std::vector<const AuthFailureGroup*>& groups);

    [[nodiscard]] AuthHint of(const AuthFailureGroup& group) const;

private:
    [[nodiscard]] std::uint32_t forging(const std::string& network) const;

    std::unordered_map<std::string, std::uint32_t> m_forgersByNetwork;
    std::uint32_t m_outOfTime = 0; ///< addresses with tokens out of their time
};

} // namespace gatehouse::ui
