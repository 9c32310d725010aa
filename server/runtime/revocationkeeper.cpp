// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/revocationkeeper.h"

#include "policy/identity.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::chrono::days furthestAhead{1}; // that tokens may be said to have been issued: clocks differ

Failure<ControlError> bad(std::string message)
{
    return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}};
}

/// Unset within: until it is taken back.
Result<std::optional<WallTime>, ControlError> endOf(const std::optional<std::chrono::sys_seconds>& expireAt,
                                                    const std::optional<std::chrono::milliseconds>& duration,
                                                    WallTime now)
{
    if (expireAt && duration)
        return bad("expire_at and duration exclude each other");
    if (duration && duration->count() <= 0)
        return bad("the duration of a revocation must be over 0");
    if (expireAt && *expireAt <= now)
        return bad("expire_at lies in the past");
    if (duration)
        return std::optional<WallTime>(now + *duration);
    return expireAt ? std::optional<WallTime>(*expireAt) : std::nullopt;
}

/// What no token can carry cannot be met either, and the store would not keep it as it is.
bool canBeMet(const std::string& value, const std::string& issuer)
{
    return !value.empty() && value.size() <= longestUserName && isPlainText(value) && isPlainText(issuer);
}

} // namespace

RevocationKeeper::RevocationKeeper(AuditLog& store, std::size_t places)
    : m_store(store)
    , m_places(places)
{
    const auto stored = store.takeRevocations();
    for (const Revocation& revocation : stored)
        list(revocation);
    m_set = std::make_shared<const RevocationSet>(stored);
}

Result<Revocation, ControlError> RevocationKeeper::add(const Actor& actor, const RevokeTokenCommand& command,
                                                       WallTime now)
{
    if (!canBeMet(command.tokenId, command.issuer))
        return bad("jti must have 1 to 192 bytes without control characters");
    const auto until = endOf(command.expireAt, command.duration, now);
    if (!until)
        return Failure{until.error()};
    return insert(
        {{}, RevocationSubject::Token, command.tokenId, command.issuer, {}, actor.name, command.reason, now, *until});
}

Result<Revocation, ControlError> RevocationKeeper::add(const Actor& actor, const InvalidateUserTokensCommand& command,
                                                       WallTime now)
{
    if (!canBeMet(command.user, command.issuer))
        return bad("user must be a name of 1 to 192 bytes without control characters");
    const auto until = endOf(command.expireAt, command.duration, now);
    if (!until)
        return Failure{until.error()};
    const WallTime before = command.issuedBefore ? WallTime(*command.issuedBefore) : now;
    if (before > now + furthestAhead)
        return bad("issued_before lies in the future; it is in seconds since 1970. To keep a user out, ban them");
    return insert(
        {{}, RevocationSubject::User, command.user, command.issuer, before, actor.name, command.reason, now, *until});
}

Result<Revocation, ControlError> RevocationKeeper::insert(Revocation revocation)
{
    std::optional<Revocation> same;
    if (const Revocation* stands = m_set->find(revocation))
        same = *stands;
    if (!same && m_byId.size() >= m_places)
        return Failure{ControlError{ControlErrorCode::Rejected,
                                    "there are " + std::to_string(m_byId.size()) +
                                        " revocations already; take some back with unrevoke, and give new ones a "
                                        "duration: the longest lifetime of a token is enough"}};
    if (same) {
        revocation.issuedBefore = std::max(revocation.issuedBefore, same->issuedBefore);
        if (!same->until || (revocation.until && *same->until > *revocation.until))
            revocation.until = same->until;
    }
    revocation = m_store.addRevocation(std::move(revocation)); // before the old one goes, as a crash may come between
    if (same) {
        m_store.removeRevocation(same->id);
        leave(*same);
    }
    list(revocation);
    m_set = m_set->with(revocation);
    return revocation;
}

std::optional<Revocation> RevocationKeeper::remove(RevocationId id)
{
    const auto found = m_byId.find(id);
    if (found == m_byId.end())
        return std::nullopt;
    Revocation taken = found->second;
    m_store.removeRevocation(id);
    leave(taken);
    return taken;
}

std::vector<Revocation> RevocationKeeper::expire(WallTime now)
{
    std::vector<Revocation> ended;
    while (!m_ends.empty() && m_ends.begin()->first <= now)
        ended.push_back(*remove(m_ends.begin()->second));
    return ended;
}

std::vector<Revocation> RevocationKeeper::revocations() const
{
    std::vector<Revocation> all;
    all.reserve(m_byId.size());
    for (const auto& [id, revocation] : m_byId)
        all.push_back(revocation);
    return all;
}

void RevocationKeeper::list(const Revocation& revocation)
{
    m_byId.emplace(revocation.id, revocation);
    if (revocation.until)
        m_ends.emplace(*revocation.until, revocation.id);
}

void RevocationKeeper::leave(const Revocation& revocation)
{
    if (revocation.until)
        m_ends.erase({*revocation.until, revocation.id});
    m_set = m_set->without(revocation);
    m_byId.erase(revocation.id);
}

} // namespace gatehouse
