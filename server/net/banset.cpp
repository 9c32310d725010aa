// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/banset.h"

#include "net/gatetables.h"

namespace gatehouse {

bool banHolds(const Ban& ban, WallTime now)
{
    return !ban.until || now < *ban.until;
}

BanSet::BanSet(std::vector<Ban> bans, std::vector<Cooldown> cooldowns)
    : m_bans(std::move(bans))
{
    for (std::size_t i = 0; i < m_bans.size(); ++i) {
        const Ban& ban = m_bans[i];
        switch (ban.subject) {
        case BanSubject::Address:
            if (const auto address = IpAddress::parse(ban.value))
                m_byAddress[*address] = i;
            break;
        case BanSubject::Network:
            if (const auto network = Network::parse(ban.value))
                m_byNetwork.emplace_back(*network, i);
            break;
        case BanSubject::User:
            m_byUser[userKey(ban.issuer, ban.value)] = i;
            break;
        case BanSubject::Token:
            m_byToken[userKey(ban.issuer, ban.value)] = i;
            break;
        }
    }
    for (Cooldown& cooldown : cooldowns)
        m_cooldowns[std::move(cooldown.key)] = cooldown.until;
}

const Ban* BanSet::matchAddress(const IpAddress& address, WallTime now) const
{
    if (const auto found = m_byAddress.find(address);
        found != m_byAddress.end() && banHolds(m_bans[found->second], now))
        return &m_bans[found->second];
    for (const auto& [network, index] : m_byNetwork)
        if (network.contains(address) && banHolds(m_bans[index], now))
            return &m_bans[index];
    return nullptr;
}

const Ban* BanSet::matchUser(std::string_view issuer, std::string_view user, WallTime now) const
{
    return match(m_byUser, issuer, user, now);
}

const Ban* BanSet::matchToken(std::string_view issuer, std::string_view tokenId, WallTime now) const
{
    return tokenId.empty() ? nullptr : match(m_byToken, issuer, tokenId, now);
}

const Ban* BanSet::match(const ByName& bans, std::string_view issuer, std::string_view name, WallTime now) const
{
    if (bans.empty())
        return nullptr;
    for (const std::string& key : {userKey(issuer, name), userKey({}, name)})
        if (const auto found = bans.find(key); found != bans.end() && banHolds(m_bans[found->second], now))
            return &m_bans[found->second];
    return nullptr;
}

std::chrono::nanoseconds BanSet::cooldown(const std::string& key, TimePoint now) const
{
    const auto found = m_cooldowns.find(key);
    return found != m_cooldowns.end() && now < found->second ? found->second - now : std::chrono::nanoseconds(0);
}

} // namespace gatehouse
