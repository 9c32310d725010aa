// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/ban.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// Who is kept out: bans, and the cooldowns of kicks. Immutable; the runtime makes a new one and hands it to every
/// worker.
class BanSet {
public:
    static constexpr std::size_t maxBans = 10'000;
    static constexpr std::size_t maxCooldowns = 50'000;

    struct Cooldown {
        std::string key; ///< userKey(), or visitorKey() of an anonymous session
        TimePoint until{};
    };

    BanSet() = default;
    BanSet(std::vector<Ban> bans, std::vector<Cooldown> cooldowns);

    /// The ban that keeps an address out now.
    [[nodiscard]] const Ban* matchAddress(const IpAddress& address, WallTime now) const;
    /// The ban that keeps a user out now.
    [[nodiscard]] const Ban* matchUser(std::string_view issuer, std::string_view user, WallTime now) const;
    /// How long a kick still keeps this key out; zero: not at all.
    [[nodiscard]] std::chrono::nanoseconds cooldown(const std::string& key, TimePoint now) const;

    [[nodiscard]] const std::vector<Ban>& bans() const { return m_bans; }

private:
    std::vector<Ban> m_bans;
    std::unordered_map<IpAddress, std::size_t> m_byAddress;
    std::vector<std::pair<Network, std::size_t>> m_byNetwork;
    std::unordered_map<std::string, std::size_t> m_byUser; ///< userKey(); with an empty issuer: whoever vouches
    std::unordered_map<std::string, TimePoint> m_cooldowns;
};

/// True where the ban's time is not over.
[[nodiscard]] bool banHolds(const Ban& ban, WallTime now);

} // namespace gatehouse
