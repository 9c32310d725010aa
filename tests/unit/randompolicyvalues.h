// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "randombasics.h"

namespace gatehouse::test {

/// What crosses the control socket about policies and about what operators do in an incident.
class RandomPolicyValues : public RandomBasics {
public:
    using RandomBasics::RandomBasics;

    PolicyProblem problem() { return PolicyProblem{text(), u32(), u32(), text(), text()}; }
    std::vector<PolicyProblem> problems()
    {
        return list([this] { return problem(); });
    }
    PolicyChange change() { return PolicyChange{oneOf(PolicyChange::Kind::Changed), text(), text(), text(), text()}; }
    std::vector<PolicyChange> changes()
    {
        return list([this] { return change(); });
    }
    PolicyVersion version()
    {
        return PolicyVersion{u64(),       oneOf(PolicyOrigin::Returned),
                             time(),      text(),
                             text(),      text(),
                             text(),      u64(),
                             maybeTime(), maybeTime(),
                             text(),      text()};
    }
    AffectedSession affected() { return AffectedSession{SessionId{u64()}, text(), text(), text(), decision(), u16()}; }
    std::vector<AffectedSession> affectedSessions()
    {
        return list([this] { return affected(); });
    }
    PolicyImpact impact() { return PolicyImpact{u64(), u64(), affectedSessions(), affectedSessions()}; }
    PolicyApplied applied()
    {
        return PolicyApplied{version(), changes(), texts(), problems(), u64(), affectedSessions()};
    }
    PolicyHistoryEntry historyEntry() { return PolicyHistoryEntry{version(), changes(), text()}; }
    Network network()
    {
        static const std::vector<std::string> some{"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::/0"};
        return *Network::parse(some.at(upTo(some.size() - 1)));
    }
    std::vector<Network> networks()
    {
        return list([this] { return network(); });
    }
    LockdownLists lists() { return LockdownLists{texts(), networks()}; }
    Lockdown lockdown()
    {
        return Lockdown{maybe([this] { return lists(); }), text(), text(), time(), maybeTime()};
    }
    Rate rate()
    {
        return Rate{1 + upTo(1'000'000), std::chrono::milliseconds(1 + upTo(86'399'999)), 1 + upTo(1'000'000)};
    }
    TemporaryLimit temporaryLimit()
    {
        return TemporaryLimit{LimitId{u64()}, SessionId{u64()}, text(), text(),     rate(),
                              text(),         text(),           time(), maybeTime()};
    }

    Command policyCommand(std::size_t index)
    {
        switch (index) {
        case 17:
            return PolicyGetQuery{u64()};
        case 18:
            return PolicyCheckCommand{text()};
        case 19:
            return PolicyWhatIfCommand{text(), maybeDuration()};
        case 20:
            return PolicyApplyCommand{text(), text(), text(), maybeDuration(), flag()};
        case 21:
            return PolicyConfirmCommand{u64()};
        case 22:
            return PolicyHistoryQuery{u64(), u32()};
        case 23:
            return PolicyRollbackCommand{u64(), text(), text(), maybeDuration(), flag()};
        case 24:
            return LockdownCommand{flag(), maybe([this] { return texts(); }), maybe([this] { return networks(); }),
                                   maybeDuration(), text()};
        case 25:
            return LimitCommand{sessionIds(), text(), text(), rate(), maybeDuration(), text()};
        case 26:
            return LimitsQuery{};
        case 27:
            return UnlimitCommand{LimitId{u64()}};
        case 28:
            return QuarantineCommand{sessionIds(), flag(), maybeDuration(), text()};
        case 29:
            return UpstreamsQuery{};
        default:
            return UpstreamDrainCommand{text(), text(), flag(), maybeDuration(), text()};
        }
    }
    UpstreamStatus upstreamStatus()
    {
        return UpstreamStatus{text(), text(), oneOf(UpstreamState::Draining), time(), maybeTime(), u64(), u64(),
                              u64(),  u64(),  oneOf(Reason::Internal),        text()};
    }
    Answer policyAnswer(std::size_t index)
    {
        switch (index) {
        case 17:
            return PolicyDocument{version(), text(), u64(), u64(), text(), problems()};
        case 18:
            return PolicyCheckResult{flag(), problems(), problems(), text(), text(), changes(), text(), texts()};
        case 19:
            return PolicyWhatIfResult{text(), changes(), texts(), impact()};
        case 20:
        case 21:
        case 23:
            return applied();
        case 22:
            return PolicyHistory{list([this] { return historyEntry(); }), flag()};
        case 24:
            return LockdownResult{maybe([this] { return lockdown(); }), lists(), sessionIds()};
        case 25:
            return LimitResult{list([this] { return temporaryLimit(); }), sessionIds()};
        case 26:
            return LimitList{list([this] { return temporaryLimit(); })};
        case 27:
            return Accepted{};
        case 28:
            return QuarantineResult{sessionIds(), sessionIds()};
        case 29:
            return UpstreamList{list([this] { return upstreamStatus(); })};
        default:
            return UpstreamDrainResult{list([this] { return upstreamStatus(); }), u64()};
        }
    }
};

} // namespace gatehouse::test
