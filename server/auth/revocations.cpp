// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/revocations.h"

#include "domain/isotime.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t longestReason = 120; // bytes of the operator's words that a rule's name holds

/// An issuer's name has no NUL, so that no two keys are one.
std::string keyOf(RevocationSubject subject, std::string_view issuer, std::string_view value)
{
    std::string key(1, subject == RevocationSubject::Token ? 't' : 'u');
    key.append(issuer).push_back('\0');
    return key.append(value);
}

std::string keyOf(const Revocation& revocation)
{
    return keyOf(revocation.subject, revocation.issuer, revocation.value);
}

} // namespace

bool revocationHolds(const Revocation& revocation, WallTime now)
{
    return !revocation.until || now < *revocation.until;
}

bool revokes(const Revocation& revocation, const Identity& who)
{
    if (who.anonymous() || (!revocation.issuer.empty() && revocation.issuer != who.issuer))
        return false;
    if (revocation.subject == RevocationSubject::Token)
        return !who.tokenId.empty() && who.tokenId == revocation.value;
    using std::chrono::floor;
    using std::chrono::seconds;
    return who.user == revocation.value &&
           (!who.issuedAt || floor<seconds>(*who.issuedAt) <= floor<seconds>(revocation.issuedBefore));
}

Decision revokedBy(const Revocation& revocation, const Identity& who)
{
    Decision decision{Reason::Revoked, {}, {}, {}};
    decision.rule.name = "revocation " + std::to_string(revocation.id.value) + " by " + revocation.actor;
    if (!revocation.reason.empty())
        decision.rule.name += ": " + clipped(revocation.reason, longestReason);
    if (revocation.subject == RevocationSubject::Token) {
        decision.met = "token " + who.tokenId;
    } else {
        decision.met =
            "user " + who.user + ", token issued " + (who.issuedAt ? formatTime(*who.issuedAt) : "no one knows when");
        decision.limit =
            "a token issued after " + formatTime(std::chrono::floor<std::chrono::seconds>(revocation.issuedBefore));
    }
    return decision;
}

Decision decideRevocation(const RevocationSet& revocations, const Identity& who, WallTime now)
{
    const Revocation* revocation = revocations.match(who, now);
    return revocation ? revokedBy(*revocation, who) : Decision::allow();
}

RevocationSet::RevocationSet(const std::vector<Revocation>& revocations)
{
    std::array<std::shared_ptr<Part>, parts> made{};
    for (const Revocation& revocation : revocations) {
        std::string key = keyOf(revocation);
        auto& part = made[std::hash<std::string>{}(key) % parts];
        if (!part)
            part = std::make_shared<Part>();
        if (part->insert_or_assign(std::move(key), std::make_shared<const Revocation>(revocation)).second)
            ++m_size;
    }
    std::ranges::move(made, m_parts.begin());
}

std::shared_ptr<const RevocationSet> RevocationSet::with(const Revocation& revocation) const
{
    auto next = std::make_shared<RevocationSet>(*this);
    const std::string key = keyOf(revocation);
    auto& part = next->m_parts[std::hash<std::string>{}(key) % parts];
    auto changed = part ? std::make_shared<Part>(*part) : std::make_shared<Part>();
    if (changed->insert_or_assign(key, std::make_shared<const Revocation>(revocation)).second)
        ++next->m_size;
    part = std::move(changed);
    return next;
}

std::shared_ptr<const RevocationSet> RevocationSet::without(const Revocation& revocation) const
{
    auto next = std::make_shared<RevocationSet>(*this);
    const std::string key = keyOf(revocation);
    auto& part = next->m_parts[std::hash<std::string>{}(key) % parts];
    if (!part || !part->contains(key))
        return next;
    auto changed = std::make_shared<Part>(*part);
    changed->erase(key);
    --next->m_size;
    if (changed->empty())
        part.reset();
    else
        part = std::move(changed);
    return next;
}

const Revocation* RevocationSet::at(const std::string& key) const
{
    const auto& part = m_parts[std::hash<std::string>{}(key) % parts];
    if (!part)
        return nullptr;
    const auto found = part->find(key);
    return found == part->end() ? nullptr : found->second.get();
}

const Revocation* RevocationSet::find(const Revocation& like) const
{
    return at(keyOf(like));
}

const Revocation* RevocationSet::match(const Identity& who, WallTime now) const
{
    if (m_size == 0 || who.anonymous())
        return nullptr;
    const auto meets = [&](RevocationSubject subject, std::string_view issuer,
                           const std::string& value) -> const Revocation* {
        const Revocation* found = value.empty() ? nullptr : at(keyOf(subject, issuer, value));
        return found && revocationHolds(*found, now) && revokes(*found, who) ? found : nullptr;
    };
    for (const auto& [subject, value] :
         {std::pair{RevocationSubject::Token, &who.tokenId}, std::pair{RevocationSubject::User, &who.user}})
        for (const std::string_view issuer : {std::string_view(who.issuer), std::string_view()})
            if (const Revocation* found = meets(subject, issuer, *value))
                return found;
    return nullptr;
}

} // namespace gatehouse
