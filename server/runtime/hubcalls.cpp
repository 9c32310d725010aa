// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/hubcalls.h"

#include "control/json.h"
#include "policy/text.h"
#include "runtime/sessioncalls.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace gatehouse {

namespace {

constexpr std::size_t publicationsPerRequest = 10'000;
constexpr std::size_t jobsPerTurn = 64; // of a worker, so that a large batch does not keep its sessions waiting
constexpr std::size_t shownName = 80;   // bytes of a name in the audit log

template <class C>
concept AtHome = requires(const CallContext& at, const C& command)
{
    callAtHome(at, command);
};

bool atHomes(const HubCommand& command)
{
    return std::visit([]<class C>(const C&) { return AtHome<C> || std::same_as<C, BroadcastCommand>; }, command);
}

std::size_t publicationsIn(const HubCommand& command)
{
    if (const auto* broadcast = std::get_if<BroadcastCommand>(&command))
        return broadcast->channels.size();
    return std::holds_alternative<PublishCommand>(command) ? 1 : 0;
}

std::string describe(const SessionSelector& who)
{
    return (who.user.empty() ? "" : " user " + clipped(who.user, shownName)) +
           (who.client.empty() ? "" : " client " + clipped(who.client, shownName)) +
           (who.session.empty() ? "" : " session " + clipped(who.session, shownName));
}

/// For the audit log; empty: it asks, and does nothing.
std::string describe(const HubCommand& command)
{
    return std::visit(
        []<class C>(const C& one) -> std::string {
            if constexpr (std::same_as<C, HistoryRemoveCommand>)
                return " " + clipped(one.channel, shownName);
            else if constexpr (std::same_as<C, SubscribeCommand> || std::same_as<C, UnsubscribeCommand>)
                return describe(one.who) + " channel " + clipped(one.channel, shownName);
            else if constexpr (std::same_as<C, DisconnectCommand> || std::same_as<C, RefreshCommand>)
                return describe(one.who);
            else
                return {};
        },
        command);
}

} // namespace

/// One request's way through its commands. All that stand beside each other and concern channels alone are spread over
/// the homes at once; what concerns every worker waits for those before it, and those behind it wait for it.
class HubCalls::Request : public std::enable_shared_from_this<Request> {
public:
    Request(HubCalls& calls, Actor actor, std::vector<HubCommand> commands, std::uint64_t policyVersion,
            Answered answered)
        : m_gate(calls.m_gate)
        , m_clock(calls.m_clock)
        , m_audit(calls.m_audit)
        , m_actor(std::move(actor))
        , m_commands(std::move(commands))
        , m_policyVersion(policyVersion)
        , m_answered(std::move(answered))
    {
        for (const HubCommand& command : m_commands)
            m_replies.push_back({std::string(commandMethod(command)),
                                 Failure{ControlError{ControlErrorCode::Internal, "it was not carried out"}}});
    }

    /// Goes on with what comes next. At one time on one thread alone.
    void step()
    {
        while (m_next < m_commands.size()) {
            m_first = m_next == 0;
            if (atHomes(m_commands[m_next]) ? stepAtHomes() : stepEverywhere())
                return;
        }
        record();
        std::exchange(m_answered, nullptr)(std::move(m_replies));
    }

private:
    /// What one worker has to do, in its order.
    using Jobs = std::vector<std::function<void(const CallContext&)>>;

    /// True: workers go on.
    bool stepAtHomes()
    {
        std::vector<Jobs> jobs(m_gate.size());
        for (; m_next < m_commands.size() && atHomes(m_commands[m_next]); ++m_next)
            plan(m_commands[m_next], m_replies[m_next].reply, jobs);
        const auto busy =
            static_cast<std::size_t>(std::ranges::count_if(jobs, [](const Jobs& list) { return !list.empty(); }));
        m_missing.store(busy);
        for (std::size_t worker = 0; worker < jobs.size(); ++worker)
            if (!jobs[worker].empty())
                postJobs(worker, std::make_shared<const Jobs>(std::move(jobs[worker])), 0);
        return busy > 0;
    }

    void plan(const HubCommand& command, HubReply& reply, std::vector<Jobs>& jobs)
    {
        std::visit(
            [&]<class C>(const C& one) {
                if constexpr (AtHome<C>)
                    jobs[m_gate.homeOf(one.channel)].push_back(
                        [&one, &reply](const CallContext& at) { reply = callAtHome(at, one); });
                else if constexpr (std::same_as<C, BroadcastCommand>)
                    planBroadcast(one, reply, jobs);
            },
            command);
    }

    void planBroadcast(const BroadcastCommand& broadcast, HubReply& reply, std::vector<Jobs>& jobs)
    {
        if (broadcast.channels.empty()) {
            reply = Failure{ControlError{ControlErrorCode::BadRequest, "channels is empty"}};
            return;
        }
        BroadcastResult result;
        result.responses.assign(broadcast.channels.size(), Result<PublishResult, ControlError>(PublishResult{}));
        reply = HubAnswer(std::move(result));
        auto& responses = std::get<BroadcastResult>(*reply).responses;
        for (std::size_t i = 0; i < broadcast.channels.size(); ++i)
            jobs[m_gate.homeOf(broadcast.channels[i])].push_back([&broadcast, &responses, i](const CallContext& at) {
                responses[i] = publishAtHome(at, broadcast.channels[i], broadcast.publication);
            });
    }

    /// Behind what the steps before caused: a task overtakes what is under way between workers, and what it posts does
    /// not.
    void postBehind(std::size_t worker, Gate::HubTask task)
    {
        if (m_first)
            return m_gate.postHub(worker, std::move(task));
        m_gate.postHub(worker, [self = shared_from_this(), worker, task = std::move(task)](Gate::Hub&, Worker&) {
            self->m_gate.postHub(worker, task);
        });
    }

    void postJobs(std::size_t worker, std::shared_ptr<const Jobs> jobs, std::size_t from)
    {
        postBehind(worker, [self = shared_from_this(), worker, jobs, from](Gate::Hub& hub, Worker&) {
            const std::size_t end = std::min(jobs->size(), from + jobsPerTurn);
            for (std::size_t i = from; i < end; ++i)
                (*jobs)[i]({hub, self->m_actor, self->m_audit, self->m_room});
            if (end < jobs->size())
                self->postJobs(worker, jobs, end); // in a turn of its own
            else if (self->m_missing.fetch_sub(1, std::memory_order_acq_rel) == 1)
                self->step();
        });
    }

    bool stepEverywhere()
    {
        const HubCommand& command = m_commands[m_next];
        HubReply& reply = m_replies[m_next].reply;
        ++m_next;
        return std::visit(
            [&]<class C>(const C& one) {
                if constexpr (requires { faultOf(one); }) {
                    if (auto fault = faultOf(one)) {
                        reply = Failure{std::move(*fault)};
                        return false;
                    }
                    askEveryWorker(one, reply);
                    return true;
                } else {
                    return false;
                }
            },
            command);
    }

    template <class C> void askEveryWorker(const C& command, HubReply& reply)
    {
        m_missing.store(m_gate.size());
        auto parts = std::make_shared<std::vector<PartReply>>(m_gate.size(), PartReply(HubAnswer(SessionsMet{})));
        for (std::size_t worker = 0; worker < m_gate.size(); ++worker)
            postBehind(
                worker, [self = shared_from_this(), parts, worker, &command, &reply](Gate::Hub& hub, Worker& at) {
                    (*parts)[worker] = callAtWorker({hub, self->m_actor, self->m_audit, self->m_room}, at, command);
                    if (self->m_missing.fetch_sub(1, std::memory_order_acq_rel) != 1)
                        return;
                    reply = joined(std::move(*parts));
                    self->step();
                });
    }

    /// One record of all that was published, and one of each command that acts on sessions or takes something away.
    void record()
    {
        std::size_t published = 0;
        std::string first;
        for (std::size_t i = 0; i < m_commands.size(); ++i) {
            const HubReply& reply = m_replies[i].reply;
            if (const auto* publish = std::get_if<PublishCommand>(&m_commands[i]); publish && reply) {
                ++published;
                first = first.empty() ? publish->channel : first;
            }
            if (const auto* broadcast = std::get_if<BroadcastCommand>(&m_commands[i]); broadcast && reply)
                for (std::size_t k = 0; k < broadcast->channels.size(); ++k)
                    if (std::get<BroadcastResult>(*reply).responses[k]) {
                        ++published;
                        first = first.empty() ? broadcast->channels[k] : first;
                    }
            if (const std::string what = describe(m_commands[i]); !what.empty())
                write(AuditKind::Command, m_replies[i].method + what + outcome(reply));
        }
        if (published > 0)
            write(AuditKind::Publish,
                  clipped(first, shownName) +
                      (published > 1 ? " and " + std::to_string(published - 1) + " more publications" : ""));
    }

    static std::string outcome(const HubReply& reply)
    {
        if (!reply)
            return ": refused, " + reply.error().message;
        const auto* met = std::get_if<SessionsMet>(&*reply);
        return met ? ": " + std::to_string(met->sessions) + " sessions" : std::string();
    }

    void write(AuditKind kind, std::string detail)
    {
        AuditRecord record;
        record.time = m_clock.wall();
        record.kind = kind;
        record.actor = m_actor.name;
        record.detail = std::move(detail);
        record.policyVersion = m_policyVersion;
        m_audit.record(std::move(record));
    }

    Gate& m_gate;
    const Clock& m_clock;
    EventSink& m_audit;
    const Actor m_actor;
    AnswerRoom m_room;
    const std::vector<HubCommand> m_commands;
    const std::uint64_t m_policyVersion;
    std::vector<BatchReply> m_replies;
    std::size_t m_next = 0;
    bool m_first = true;                   ///< no step came before; workers read it while no other step begins
    std::atomic<std::size_t> m_missing{0}; ///< workers that are not done with what they were last given
    Answered m_answered;
};

HubCalls::HubCalls(Gate& gate, const Clock& clock, EventSink& audit)
    : m_gate(gate)
    , m_clock(clock)
    , m_audit(audit)
{
}

void HubCalls::run(const Actor& actor, std::vector<HubCommand> commands, std::uint64_t policyVersion, Answered answered)
{
    std::size_t publications = 0;
    for (const HubCommand& command : commands)
        publications += publicationsIn(command);
    if (publications > publicationsPerRequest) {
        std::vector<BatchReply> replies;
        for (const HubCommand& command : commands)
            replies.push_back({std::string(commandMethod(command)),
                               Failure{ControlError{ControlErrorCode::LimitExceeded,
                                                    "over " + std::to_string(publicationsPerRequest) +
                                                        " publications in one request; nothing was done"}}});
        answered(std::move(replies));
        return;
    }
    std::make_shared<Request>(*this, actor, std::move(commands), policyVersion, std::move(answered))->step();
}

} // namespace gatehouse
