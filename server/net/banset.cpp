// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/banset.h"

#include "net/gatetables.h"
#include "policy/text.h"

namespace gatehouse {

namespace {

constexpr std::size_t longestReason = 120; // bytes of the operator's words that a rule's name holds

} // namespace

Rule banRule(const Ban& ban)
{
    return {{},
            "ban " + std::to_string(ban.id.value) + " by " + ban.actor +
                (ban.reason.empty() ? "" : ": " + clipped(ban.reason, longestReason))};
}

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
                insert(m_byAddress, *address, i);
            break;
        case BanSubject::Network:
            if (const auto network = Network::parse(ban.value))
                insert(m_byNetwork[network->prefix], network->base, i);
            break;
        case BanSubject::User:
            insert(m_byUser, userKey(ban.issuer, ban.value), i);
            break;
        case BanSubject::Token:
            insert(m_byToken, userKey(ban.issuer, ban.value), i);
            break;
        }
    }
    for (Cooldown& cooldown : cooldowns)
        m_cooldowns[std::move(cooldown.key)] = cooldown.until;
}

template <class Index, class Key> void BanSet::insert(Index& index, const Key& key, std::size_t ban)
{
    const auto [place, fresh] = index.try_emplace(key, ban);
    const auto& stands = m_bans[place->second].until;
    const auto& other = m_bans[ban].until;
    if (!fresh && stands && (!other || *other > *stands))
        place->second = ban;
}

const Ban* BanSet::matchAddress(const IpAddress& address, WallTime now) const
{
    if (const auto found = m_byAddress.find(address);
        found != m_byAddress.end() && banHolds(m_bans[found->second], now))
        return &m_bans[found->second];
    for (const auto& [prefix, networks] : m_byNetwork)
        if (const auto found = networks.find(address.masked(prefix));
            found != networks.end() && banHolds(m_bans[found->second], now))
            return &m_bans[found->second];
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
