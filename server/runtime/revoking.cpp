// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"
#include "runtime/serverruntime_p.h"

#include <variant>

// How tokens are revoked, and how those that are good once are used up.
namespace gatehouse {

namespace {

std::string describe(const Revocation& revocation)
{
    return revocation.subject == RevocationSubject::Token ? "token " + revocation.value
                                                          : "tokens of user " + revocation.value;
}

} // namespace

void ServerRuntime::Private::run(const Actor& actor, const RevokeTokenCommand& command, const ReplyCallback& done)
{
    revoked(actor, m_revocations->add(actor, command, m_clock.wall()), done);
}

void ServerRuntime::Private::run(const Actor& actor, const InvalidateUserTokensCommand& command,
                                 const ReplyCallback& done)
{
    revoked(actor, m_revocations->add(actor, command, m_clock.wall()), done);
}

/// It stands at every worker before the sessions end at one, so that nobody slips back in between.
void ServerRuntime::Private::revoked(const Actor& actor, const Result<Revocation, ControlError>& made,
                                     const ReplyCallback& done)
{
    if (!made)
        return done(Failure{made.error()});
    AuditRecord entry = revocationRecord(AuditKind::Revoke, actor, *made);
    entry.decision.reason = Reason::Revoked;
    if (made->until)
        entry.detail += ", until " + formatTime(*made->until);
    if (!made->reason.empty())
        entry.detail += ": " + made->reason;
    record(std::move(entry));
    m_gate->gather<std::monostate>(
        [set = m_revocations->set()](Worker& worker) {
            worker.setRevocations(set);
            return std::monostate();
        },
        [this, revocation = *made, done](const auto&) { endRevoked(revocation, done); });
}

void ServerRuntime::Private::endRevoked(const Revocation& revocation, const ReplyCallback& done)
{
    m_gate->gather<SessionInfos>([revocation](Worker& worker) { return worker.endRevoked(revocation); },
                                 [this, revocation, done](const std::vector<SessionInfos>& parts) {
                                     RevocationResult result{revocation, {}};
                                     for (const SessionInfos& part : parts)
                                         for (const auto& info : part)
                                             result.ended.push_back(info->id);
                                     answerOnceStored(std::move(result), "the revocation", done);
                                 });
}

void ServerRuntime::Private::run(const Actor&, const RevocationsQuery&, const ReplyCallback& done)
{
    done(Answer(RevocationList{m_revocations->revocations()}));
}

void ServerRuntime::Private::run(const Actor& actor, const UnrevokeCommand& command, const ReplyCallback& done)
{
    const auto taken = m_revocations->remove(command.id);
    if (!taken)
        return done(Failure{
            ControlError{ControlErrorCode::NotFound, "there is no revocation " + std::to_string(command.id.value)}});
    publishRevocations();
    record(revocationRecord(AuditKind::Unrevoke, actor, *taken));
    done(Answer(UnrevokeResult{*taken}));
}

void ServerRuntime::Private::publishRevocations()
{
    m_gate->post([set = m_revocations->set()](Worker& worker) { worker.setRevocations(set); });
}

AuditRecord ServerRuntime::Private::revocationRecord(AuditKind kind, const Actor& actor,
                                                     const Revocation& revocation) const
{
    AuditRecord made =
        commandRecord(kind, actor, "revocation " + std::to_string(revocation.id.value) + ", " + describe(revocation));
    made.issuer = revocation.issuer;
    if (revocation.subject == RevocationSubject::User) {
        made.user = revocation.value;
        if (kind == AuditKind::Revoke)
            made.detail += " issued up to " + formatTime(revocation.issuedBefore);
    }
    return made;
}

/// What is over goes by itself.
void ServerRuntime::Private::expireRevocations()
{
    const auto ended = m_revocations->expire(m_clock.wall());
    if (!ended.empty())
        publishRevocations();
    for (const Revocation& revocation : ended) {
        AuditRecord made = revocationRecord(AuditKind::Unrevoke, {}, revocation);
        made.detail += ": its time is over";
        record(std::move(made));
    }
}

void ServerRuntime::Private::forgetOldUses()
{
    if (m_oneTime->expire() > 0)
        m_audit->forgetTokenUses(m_clock.wall());
}

void ServerRuntime::Private::claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done)
{
    m_oneTime->claim(claim, done);
}

} // namespace gatehouse
