// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/bankeeper.h"

#include "policy/identity.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool outlasts(const Ban& ban, const std::optional<std::chrono::milliseconds>& duration, WallTime now)
{
    return !ban.until || (duration && *ban.until >= now + *duration);
}

/// The value in its one form, or what is wrong with it.
Result<std::string, ControlError> canonical(const BanCommand& command)
{
    const auto bad = [](std::string message) {
        return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}};
    };
    switch (command.subject) {
    case BanSubject::User:
    case BanSubject::Token:
        // What no token can claim cannot be met either, and the store would not keep it as it is.
        if (command.value.empty() || command.value.size() > longestUserName || !isPlainText(command.value) ||
            !isPlainText(command.issuer))
            return bad("a ban of a user or token needs its name or jti of 1 to 192 bytes without control characters");
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
    const bool byRule = actor.via == ruleActor;
    const auto same = std::ranges::find_if(m_bans, [&](const Ban& old) {
        return old.subject == command.subject && old.value == *value && old.issuer == command.issuer;
    });
    const bool stands = same != m_bans.end();
    if (byRule && stands && outlasts(*same, command.duration, now))
        return Failure{ControlError{ControlErrorCode::Rejected, "a longer ban of " + *value + " stands already"}};
    const std::size_t places = m_places - (byRule ? m_places / 10 : 0);
    if (!stands && m_bans.size() >= places)
        return Failure{
            ControlError{ControlErrorCode::Rejected, "there are " + std::to_string(m_bans.size()) +
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
    ban = m_store.addBan(std::move(ban)); // before the old one goes, so that a crash in between lets nobody in
    if (stands) {
        m_store.removeBan(same->id);
        m_bans.erase(same);
    }
    m_bans.push_back(ban);
    if (byRule)
        ++m_byRule;
    m_set.reset();
    return ban;
}

std::optional<Ban> BanKeeper::remove(BanId id)
{
    const auto found = std::ranges::find(m_bans, id, &Ban::id);
    if (found == m_bans.end())
        return std::nullopt;
    Ban lifted = std::move(*found);
    m_bans.erase(found);
    m_set.reset();
    m_store.removeBan(id);
    return lifted;
}

bool BanKeeper::expire(TimePoint now, WallTime wall, std::vector<Ban>& ended)
{
    const std::size_t cooldowns =
        std::erase_if(m_cooldowns, [now](const auto& cooldown) { return now >= cooldown.until; });
    if (cooldowns > 0)
        m_set.reset();
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
    m_set.reset();
}

std::shared_ptr<const BanSet> BanKeeper::set() const
{
    if (!m_set)
        m_set = std::make_shared<const BanSet>(m_bans, m_cooldowns);
    return m_set;
}

} // namespace gatehouse
