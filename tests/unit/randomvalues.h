// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "randomhubvalues.h"

#include <memory>

namespace gatehouse::test {

/// Values of every type that crosses the control socket, with each field filled at random. Fields are written out in
/// the order of their declarations, so that one which the JSON forgets differs after a round trip.
class RandomValues : public RandomHubValues {
public:
    using RandomHubValues::RandomHubValues;

    AuditRecord auditRecord()
    {
        return AuditRecord{time(),     oneOf(AuditKind::Upstream),
                           decision(), SessionId{u64()},
                           text(),     text(),
                           text(),     text(),
                           text(),     text(),
                           text(),     u16(),
                           u32(),      u64()};
    }
    AuditQuery auditQuery()
    {
        return AuditQuery{maybeU64(),
                          static_cast<std::uint32_t>(1 + upTo(999)),
                          maybe([this] { return oneOf(AuditKind::Upstream); }),
                          maybe([this] { return reason(); }),
                          maybe([this] { return SessionId{u64()}; }),
                          text(),
                          text(),
                          text(),
                          maybeTime(),
                          maybeTime()};
    }
    AuditPage auditPage()
    {
        return AuditPage{list([this] { return AuditEntry{u64(), auditRecord()}; }), flag()};
    }
    Ban ban()
    {
        return Ban{BanId{u64()}, oneOf(BanSubject::Token), text(), text(), text(), text(), time(), maybeTime()};
    }
    Revocation revocation()
    {
        return Revocation{
            RevocationId{u64()}, oneOf(RevocationSubject::User), text(), text(), time(), text(), text(), time(),
            maybeTime()};
    }
    SessionInfo sessionInfo()
    {
        return SessionInfo{SessionId{u64()}, text(), text(),      text(), text(), texts(), text(), u16(),  text(),
                           text(),           text(), texts(),     text(), text(), text(),  text(), text(), text(),
                           text(),           time(), maybeTime(), u64(),  real(), u64(),   u64(),  u32(),  maybeU64()};
    }
    SessionActivity sessionActivity()
    {
        return SessionActivity{oneOf(SessionPhase::Quarantined),
                               u64(),
                               u64(),
                               u64(),
                               u64(),
                               real(),
                               real(),
                               real(),
                               real(),
                               maybeU64(),
                               u64(),
                               u64(),
                               u32(),
                               maybeTime(),
                               maybe([this] { return explanation(); }),
                               u32(),
                               u64(),
                               u64(),
                               maybeTime(),
                               maybe([this] { return temporaryLimit(); })};
    }
    SessionRow sessionRow() { return SessionRow{std::make_shared<SessionInfo>(sessionInfo()), sessionActivity()}; }
    ClosedSession closedSession() { return ClosedSession{SessionId{u64()}, u16(), text(), explanation()}; }
    AuthFailureGroup authFailureGroup()
    {
        return AuthFailureGroup{
            text(), reason(),     u64(), time(), time(), text(), text(), text(), list([this] { return u32(); }),
            flag(), explanation()};
    }
    std::vector<std::pair<Reason, std::uint64_t>> counts()
    {
        std::vector<std::pair<Reason, std::uint64_t>> result;
        for (std::size_t i = 1; i < reasonCount; ++i)
            if (upTo(9) == 0)
                result.emplace_back(static_cast<Reason>(i), 1 + upTo(1'000'000));
        return result;
    }
    GateStats gateStats()
    {
        return GateStats{time(),
                         oneOf(GateState::Stopped),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         counts(),
                         u64(),
                         counts(),
                         u64(),
                         u64(),
                         u64(),
                         real(),
                         oneOf(AuditState::Failing),
                         u64(),
                         u64(),
                         u64(),
                         oneOf(CertificateState::ReloadFailed),
                         maybeTime(),
                         oneOf(KeySetState::Failing),
                         text(),
                         maybeTime(),
                         maybe([this] { return duration(); }),
                         flag(),
                         u64(),
                         u64(),
                         u64(),
                         u64(),
                         maybeTime(),
                         text(),
                         maybe([this] { return lockdown(); }),
                         maybeTime(),
                         list([this] { return upstreamStatus(); })};
    }
    CertificateStatus certificateStatus()
    {
        const CertificateFacts facts{text(), list([this] { return text(); }), text(), text(), text(), time(), time(),
                                     text()};
        return CertificateStatus{text(),     text(), text(),      facts,       static_cast<std::int64_t>(u64()),
                                 flag(),     text(), maybeTime(), maybeTime(), text(),
                                 maybeTime()};
    }
    FeedBatch feedBatch()
    {
        return FeedBatch{u64(),
                         flag(),
                         gateStats(),
                         list([this] { return sessionRow(); }),
                         list([this] { return closedSession(); }),
                         list([this] { return authFailureGroup(); }),
                         list([this] { return gateStats(); })};
    }
    Histogram histogram()
    {
        return Histogram{list([this] { return real(); }), list([this] { return u64(); }), real()};
    }
    ProcessFigures processFigures()
    {
        return ProcessFigures{maybe([this] { return real(); }),
                              maybe([this] { return u64(); }),
                              maybe([this] { return u64(); }),
                              maybe([this] { return u64(); }),
                              maybe([this] { return u64(); }),
                              maybe([this] { return u64(); }),
                              maybeTime()};
    }
    Info info()
    {
        return Info{text(),
                    text(),
                    u64(),
                    u32(),
                    u64(),
                    text(),
                    text(),
                    time(),
                    list([this] {
                        return ListenerInfo{text(), text(), text(), maybeTime()};
                    }),
                    gateStats(),
                    Latencies{histogram(), histogram(), histogram(), histogram(), histogram()},
                    BanFigures{u64(), u64()},
                    processFigures(),
                    HubFigures{u64(), u64(), u64(), u64(), u64(), u64()},
                    list([this] { return NodeInfo{text(), text(), u64(), u64(), u64(), u64()}; })};
    }

    /// A command by its index in Command.
    Command command(std::size_t index)
    {
        switch (index) {
        case 0:
            return InfoQuery{};
        case 1:
            return SessionsQuery{};
        case 2:
            return SessionQuery{SessionId{u64()}};
        case 3:
            return KickCommand{sessionIds(), text(), maybe([this] { return duration(); })};
        case 4:
            return BanCommand{oneOf(BanSubject::Token), text(), text(), maybe([this] { return duration(); }), text()};
        case 5:
            return UnbanCommand{BanId{u64()}};
        case 6:
            return BansQuery{};
        case 7:
            return auditQuery();
        case 8:
            return AuthFailuresQuery{};
        case 9:
            return DrainCommand{maybeDuration(), maybeDuration()};
        case 10:
            return ReloadCommand{};
        case 11:
            return CertificateStatusQuery{};
        case 12:
            return CertificateRenewCommand{text(), flag()};
        case 13:
            return RevokeTokenCommand{text(), text(), maybeSeconds(), maybe([this] { return duration(); }), text()};
        case 14:
            return InvalidateUserTokensCommand{
                text(), text(), maybeSeconds(), maybeSeconds(), maybe([this] { return duration(); }), text()};
        case 15:
            return RevocationsQuery{};
        case 16:
            return UnrevokeCommand{RevocationId{u64()}};
        default:
            return index < firstHubCommand ? policyCommand(index) : anyHubCommand(index);
        }
    }
    /// An answer to the command of this index.
    Answer answer(std::size_t index)
    {
        switch (index) {
        case 0:
            return info();
        case 1:
            return SessionList{list([this] { return sessionRow(); })};
        case 2:
            return sessionRow();
        case 3:
            return KickResult{sessionIds(), sessionIds()};
        case 4:
            return BanResult{ban(), sessionIds()};
        case 5:
            return UnbanResult{ban()};
        case 6:
            return BanList{list([this] { return ban(); })};
        case 7:
            return auditPage();
        case 8:
            return AuthFailureList{list([this] { return authFailureGroup(); })};
        case 11:
        case 12:
            return CertificateList{list([this] { return certificateStatus(); })};
        case 13:
        case 14:
            return RevocationResult{revocation(), sessionIds()};
        case 15:
            return RevocationList{list([this] { return revocation(); })};
        case 16:
            return UnrevokeResult{revocation()};
        case 9:
        case 10:
            return Accepted{};
        default:
            return index < firstHubCommand ? policyAnswer(index) : anyHubAnswer(index);
        }
    }
};

} // namespace gatehouse::test
