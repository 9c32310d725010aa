// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/servercontrol.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace gatehouse::test {

/// A server that keeps what it was asked, answers from `answer`, and pushes what the test gives it. It answers and
/// wakes on the thread that calls it, as a server is free to do.
class FakeControl final : public ServerControl {
public:
    struct Call {
        Actor actor;
        Command command;
        std::function<void(Reply)> done;
    };

    /// What a command gets; unset: an answer of the right kind that is empty, with every session of a kick kicked.
    std::function<Reply(const Command&)> answer;
    /// While true, commands wait for release().
    bool holdsAnswers = false;
    std::vector<Call> calls;
    int snapshotsAsked = 0;

    void call(Actor actor, Command command, std::function<void(Reply)> done) override
    {
        calls.push_back({std::move(actor), std::move(command), std::move(done)});
        if (!holdsAnswers)
            finish(calls.size() - 1);
    }

    /// Answers what waits, oldest first.
    void release()
    {
        for (std::size_t i = 0; i < calls.size(); ++i)
            finish(i);
    }

    [[nodiscard]] std::unique_ptr<FeedWatch> watch(std::function<void()> wake) override
    {
        return std::make_unique<Watch>(*this, std::move(wake));
    }

    /// Gives every watcher a batch, with the next number unless it has one.
    void push(FeedBatch batch)
    {
        if (batch.sequence == 0)
            batch.sequence = m_sequence + 1;
        m_sequence = batch.sequence;
        const std::vector<Watch*> watches = m_watches;
        for (Watch* watch : watches)
            watch->batches.push_back(batch);
        for (Watch* watch : watches)
            watch->wake();
    }

    template <class C> [[nodiscard]] std::vector<C> commands() const
    {
        std::vector<C> found;
        for (const Call& call : calls) {
            if (const C* command = std::get_if<C>(&call.command))
                found.push_back(*command);
        }
        return found;
    }

    [[nodiscard]] std::size_t watchers() const { return m_watches.size(); }

private:
    struct Watch final : FeedWatch {
        Watch(FakeControl& owner, std::function<void()> onWake)
            : wake(std::move(onWake))
            , control(owner)
        {
            control.m_watches.push_back(this);
        }
        ~Watch() override { std::erase(control.m_watches, this); }
        std::optional<FeedBatch> take() override
        {
            if (batches.empty())
                return std::nullopt;
            FeedBatch batch = std::move(batches.front());
            batches.pop_front();
            return batch;
        }
        void requestSnapshot() override { ++control.snapshotsAsked; }

        std::function<void()> wake;
        std::deque<FeedBatch> batches;
        FakeControl& control;
    };

    void finish(std::size_t index)
    {
        const auto done = std::exchange(calls[index].done, nullptr);
        if (!done)
            return;
        const Command command = calls[index].command;
        done(answer ? answer(command) : defaultAnswer(command));
    }

    static Reply defaultAnswer(const Command& command)
    {
        struct Visitor {
            Reply operator()(const InfoQuery&) const { return Answer(Info{}); }
            Reply operator()(const SessionsQuery&) const { return Answer(SessionList{}); }
            Reply operator()(const SessionQuery&) const
            {
                return Failure{ControlError{ControlErrorCode::NotFound, "no such session"}};
            }
            Reply operator()(const KickCommand& kick) const { return Answer(KickResult{kick.sessions, {}}); }
            Reply operator()(const BanCommand& ban) const
            {
                BanResult result;
                result.ban = {BanId{1}, ban.subject, ban.value, ban.issuer, "tester", ban.reason, {}, std::nullopt};
                return Answer(result);
            }
            Reply operator()(const UnbanCommand& unban) const
            {
                UnbanResult result;
                result.ban.id = unban.id;
                return Answer(result);
            }
            Reply operator()(const BansQuery&) const { return Answer(BanList{}); }
            Reply operator()(const AuditQuery&) const { return Answer(AuditPage{}); }
            Reply operator()(const AuthFailuresQuery&) const { return Answer(AuthFailureList{}); }
            Reply operator()(const DrainCommand&) const { return Answer(Accepted{}); }
            Reply operator()(const ReloadCommand&) const { return Answer(Accepted{}); }
            Reply operator()(const CertificateStatusQuery&) const { return Answer(CertificateList{}); }
            Reply operator()(const CertificateRenewCommand&) const { return Answer(CertificateList{}); }
            Reply operator()(const RevokeTokenCommand& revoke) const
            {
                RevocationResult result;
                result.revocation.id = RevocationId{1};
                result.revocation.value = revoke.tokenId;
                return Answer(result);
            }
            Reply operator()(const InvalidateUserTokensCommand& invalidate) const
            {
                RevocationResult result;
                result.revocation.id = RevocationId{1};
                result.revocation.subject = RevocationSubject::User;
                result.revocation.value = invalidate.user;
                return Answer(result);
            }
            Reply operator()(const RevocationsQuery&) const { return Answer(RevocationList{}); }
            Reply operator()(const UnrevokeCommand& unrevoke) const
            {
                UnrevokeResult result;
                result.revocation.id = unrevoke.id;
                return Answer(result);
            }
            Reply operator()(const PolicyGetQuery&) const { return Answer(PolicyDocument{}); }
            Reply operator()(const PolicyCheckCommand& check) const
            {
                PolicyCheckResult result;
                result.valid = true;
                result.document = check.policy;
                return Answer(result);
            }
            Reply operator()(const PolicyWhatIfCommand&) const { return Answer(PolicyWhatIfResult{}); }
            Reply operator()(const PolicyApplyCommand&) const { return Answer(PolicyApplied{}); }
            Reply operator()(const PolicyConfirmCommand&) const { return Answer(PolicyApplied{}); }
            Reply operator()(const PolicyHistoryQuery&) const { return Answer(PolicyHistory{}); }
            Reply operator()(const PolicyRollbackCommand&) const { return Answer(PolicyApplied{}); }
            Reply operator()(const LockdownCommand& lockdown) const
            {
                LockdownResult result;
                if (lockdown.on)
                    result.lockdown = Lockdown{std::nullopt, "tester", lockdown.reason, {}, std::nullopt};
                return Answer(result);
            }
            Reply operator()(const LimitCommand&) const { return Answer(LimitResult{}); }
            Reply operator()(const LimitsQuery&) const { return Answer(LimitList{}); }
            Reply operator()(const UnlimitCommand&) const { return Answer(Accepted{}); }
            Reply operator()(const QuarantineCommand& quarantine) const
            {
                return Answer(QuarantineResult{quarantine.sessions, {}});
            }
            Reply operator()(const UpstreamsQuery&) const { return Answer(UpstreamList{}); }
            Reply operator()(const UpstreamDrainCommand&) const { return Answer(UpstreamDrainResult{}); }
            Reply operator()(const PublishCommand&) const { return Answer(PublishResult{}); }
            Reply operator()(const BroadcastCommand&) const { return Answer(BroadcastResult{}); }
            Reply operator()(const PresenceQuery&) const { return Answer(ChannelPresence{}); }
            Reply operator()(const PresenceStatsQuery&) const { return Answer(ChannelPresenceStats{}); }
            Reply operator()(const ChannelHistoryQuery&) const { return Answer(ChannelHistory{}); }
            Reply operator()(const HistoryRemoveCommand&) const { return Answer(HistoryRemoved{}); }
            Reply operator()(const ChannelsQuery&) const { return Answer(ChannelList{}); }
            Reply operator()(const SubscribeCommand&) const { return Answer(SessionsMet{}); }
            Reply operator()(const UnsubscribeCommand&) const { return Answer(SessionsMet{}); }
            Reply operator()(const DisconnectCommand&) const { return Answer(SessionsMet{}); }
            Reply operator()(const RefreshCommand&) const { return Answer(SessionsMet{}); }
            Reply operator()(const BatchCommand&) const { return Answer(BatchResult{}); }
        };
        return std::visit(Visitor{}, command);
    }

    std::vector<Watch*> m_watches;
    std::uint64_t m_sequence = 0;
};

} // namespace gatehouse::test
