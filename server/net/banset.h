// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/ban.h"
#include "domain/decision.h"

#include <map>
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
    /// The ban that keeps out whoever shows the token with this `jti` now.
    [[nodiscard]] const Ban* matchToken(std::string_view issuer, std::string_view tokenId, WallTime now) const;
    /// How long a kick still keeps this key out; zero: not at all.
    [[nodiscard]] std::chrono::nanoseconds cooldown(const std::string& key, TimePoint now) const;

    [[nodiscard]] const std::vector<Ban>& bans() const { return m_bans; }

private:
    using ByName = std::unordered_map<std::string, std::size_t>; ///< userKey(); with an empty issuer: whoever vouches

    [[nodiscard]] const Ban* match(const ByName& bans, std::string_view issuer, std::string_view name,
                                   WallTime now) const;

    using ByAddress = std::unordered_map<IpAddress, std::size_t>;

    /// Of two that name the same, the one that lasts longer.
    template <class Index, class Key> void insert(Index& index, const Key& key, std::size_t ban);

    std::vector<Ban> m_bans;
    ByAddress m_byAddress;
    std::map<unsigned, ByAddress> m_byNetwork; ///< by the length of the prefix, and in it by the base
    ByName m_byUser, m_byToken;
    std::unordered_map<std::string, TimePoint> m_cooldowns;
};

/// Names a ban: for the operator's eyes, since it holds the operator's words.
[[nodiscard]] Rule banRule(const Ban& ban);

/// True where the ban's time is not over.
[[nodiscard]] bool banHolds(const Ban& ban, WallTime now);

} // namespace gatehouse
