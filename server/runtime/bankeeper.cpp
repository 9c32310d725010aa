// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/bankeeper.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// The value in its one form, or what is wrong with it.
Result<std::string, ControlError> canonical(const BanCommand& command)
{
    const auto bad = [](std::string message) { return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}}; };
    switch (command.subject) {
    case BanSubject::User:
        if (command.value.empty() || command.value.size() > 128)
            return bad("a ban of a user needs a name of 1 to 128 bytes");
        return command.value;
    case BanSubject::Address:
        if (const auto address = IpAddress::parse(command.value))
            return address->toString();
        return bad("'" + command.value + "' is not an IP address");
    case BanSubject::Network:
        if (const auto network = Network::parse(command.value))
            return network->toString();
        return bad("'" + command.value + "' is not a network in CIDR form, such as 10.20.9.0/24");
    }
    return bad("unknown subject");
}

} // namespace

Result<Ban, ControlError> BanKeeper::add(const Actor& actor, const BanCommand& command, WallTime now)
{
    auto value = canonical(command);
    if (!value)
        return Failure{value.error()};
    if (command.duration && command.duration->count() <= 0)
        return Failure{ControlError{ControlErrorCode::BadRequest, "the duration of a ban must be over 0"}};
    std::erase_if(m_bans, [&](const Ban& old) {
        const bool same = old.subject == command.subject && old.value == *value && old.issuer == command.issuer;
        if (same)
            m_store.removeBan(old.id);
        return same;
    });
    if (m_bans.size() >= BanSet::maxBans)
        return Failure{ControlError{ControlErrorCode::Rejected, "there are " + std::to_string(BanSet::maxBans) +
                                                                    " bans already; lift some first, or ban a network"}};
    Ban ban;
    ban.subject = command.subject;
    ban.value = std::move(*value);
    ban.issuer = command.issuer;
    ban.actor = actor.name;
    ban.reason = command.reason;
    ban.since = now;
    if (command.duration)
        ban.until = now + *command.duration;
    ban = m_store.addBan(std::move(ban));
    m_bans.push_back(ban);
    return ban;
}

std::optional<Ban> BanKeeper::remove(BanId id)
{
    const auto found = std::ranges::find(m_bans, id, &Ban::id);
    if (found == m_bans.end())
        return std::nullopt;
    Ban lifted = std::move(*found);
    m_bans.erase(found);
    m_store.removeBan(id);
    return lifted;
}

bool BanKeeper::expire(TimePoint now, WallTime wall, std::vector<Ban>& ended)
{
    const std::size_t cooldowns = std::erase_if(m_cooldowns, [now](const auto& cooldown) { return now >= cooldown.until; });
    for (const Ban& ban : m_bans)
        if (!banHolds(ban, wall))
            ended.push_back(ban);
    for (const Ban& ban : ended)
        (void)remove(ban.id);
    return cooldowns > 0 || !ended.empty();
}

void BanKeeper::addCooldown(std::string key, TimePoint until)
{
    std::erase_if(m_cooldowns, [&](const auto& cooldown) { return cooldown.key == key; });
    if (m_cooldowns.size() >= BanSet::maxCooldowns) // the one that ends first gives way
        m_cooldowns.erase(std::ranges::min_element(m_cooldowns, {}, &BanSet::Cooldown::until));
    m_cooldowns.push_back({std::move(key), until});
}

std::shared_ptr<const BanSet> BanKeeper::set() const
{
    return std::make_shared<const BanSet>(m_bans, m_cooldowns);
}

} // namespace gatehouse
