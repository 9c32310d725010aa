// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/apiserver.h"
#include "audit/auditlog.h"
#include "audit/auditreader.h"
#include "audit/policyversions.h"
#include "feed/authfailuretable.h"
#include "feed/collector.h"
#include "gateway/upstreamwatch.h"
#include "runtime/bankeeper.h"
#include "runtime/certificatekeeper.h"
#include "runtime/clockwatch.h"
#include "runtime/gate.h"
#include "runtime/hubcalls.h"
#include "runtime/keykeeper.h"
#include "runtime/limitkeeper.h"
#include "runtime/onetimekeeper.h"
#include "runtime/policyfile.h"
#include "runtime/policykeeper.h"
#include "runtime/policystep.h"
#include "runtime/processmeter.h"
#include "runtime/revocationkeeper.h"
#include "runtime/serverruntime.h"
#include "runtime/statelock.h"
#include "runtime/taskqueue.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace gatehouse {

/// Owner of all members: the runtime thread, but for those marked otherwise.
struct ServerRuntime::Private final : EventSink, GateEvents, ApiEvents, CertificateEvents, KeyEvents, UpstreamEvents {
    static constexpr std::chrono::milliseconds tickEvery{250};
    static constexpr std::size_t commandLimit = 4096; ///< operators' commands that may wait
    static constexpr std::size_t stepLimit = 64;      ///< changes of the policy that may wait
    /// How long after its time a provisional policy runs on for a change that is under way.
    static constexpr std::chrono::seconds longestHold{10};
    static constexpr std::size_t feedLimit = 200'000; ///< rows that may wait for a tick

    Private(std::shared_ptr<const Policy> policy, const Clock& clock)
        : m_clock(clock)
        , m_policy(std::move(policy))
        , m_store(m_policy->stateDir / "gatehouse.sqlite")
        , m_policyFile(m_policy->file, clock)
    {
    }
    ~Private() override;

    /// `control`: for whom the API calls.
    [[nodiscard]] Result<Done, std::string> start(unsigned spareCores, ServerControl& control);

    // On any thread.
    void call(Actor actor, Command command, ReplyCallback done);
    [[nodiscard]] std::unique_ptr<FeedWatch> watch(std::function<void()> wake);
    void unwatch(const std::shared_ptr<Mailbox>& mailbox);
    void requestSnapshot(const std::shared_ptr<Mailbox>& mailbox);

    // On the runtime thread, one for each command.
    void run(const Actor& actor, const InfoQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const SessionsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const SessionQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const KickCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const BanCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const UnbanCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const BansQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const AuditQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const AuthFailuresQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const DrainCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const ReloadCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const CertificateStatusQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const CertificateRenewCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const RevokeTokenCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const InvalidateUserTokensCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const RevocationsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const UnrevokeCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyGetQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyCheckCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyWhatIfCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyApplyCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyConfirmCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyHistoryQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const PolicyRollbackCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const LockdownCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const LimitCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const LimitsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const UnlimitCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const QuarantineCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const UpstreamsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const UpstreamDrainCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PublishCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const BroadcastCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const PresenceQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const PresenceStatsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const ChannelHistoryQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const HistoryRemoveCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const ChannelsQuery& query, const ReplyCallback& done);
    void run(const Actor& actor, const SubscribeCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const UnsubscribeCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const DisconnectCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const RefreshCommand& command, const ReplyCallback& done);
    void run(const Actor& actor, const BatchCommand& command, const ReplyCallback& done);
    template <class C> void runAtHub(const Actor& actor, const C& command, const ReplyCallback& done);

    using SessionInfos = std::vector<std::shared_ptr<const SessionInfo>>;
    void endKicked(const Actor& actor, const KickCommand& command, const ReplyCallback& done);
    void finishKick(const Actor& actor, const KickCommand& command, const SessionInfos& ended,
                    const ReplyCallback& done);
    void tick();
    void checkClock(TimePoint now, WallTime wall);
    void checkDrained();
    void drained(bool all);
    void publishBans();
    void endBanned(const Ban& ban, const ReplyCallback& done);
    void answerOnceStored(Answer answer, const std::string& what, const ReplyCallback& done);
    void revoked(const Actor& actor, const Result<Revocation, ControlError>& made, const ReplyCallback& done);
    void endRevoked(const Revocation& revocation, const ReplyCallback& done);
    void publishRevocations();
    void expireRevocations();
    void forgetOldUses();
    [[nodiscard]] AuditRecord revocationRecord(AuditKind kind, const Actor& actor, const Revocation& revocation) const;
    void publishLockdown(std::function<void()> then);
    void endLockedOut(const LockdownResult& result, const ReplyCallback& done);
    void endLockdown(const Actor& actor, const std::string& why, const ReplyCallback& done);
    void expireLockdown();
    void limitUser(const Actor& actor, const SharedLimit& limit, const ReplyCallback& done);
    void limitSessions(const Actor& actor, const std::vector<SharedLimit>& limits, const ReplyCallback& done);
    void sessionsLimited(const Actor& actor, const std::vector<SharedLimit>& limits, const SessionInfos& here,
                         const ReplyCallback& done);
    void expireLimits();
    [[nodiscard]] AuditRecord limitRecord(const Actor& actor, const TemporaryLimit& limit, std::string detail) const;
    [[nodiscard]] GateStats stats();
    [[nodiscard]] std::vector<AuthFailureGroup> marked(std::vector<AuthFailureGroup> groups) const;
    [[nodiscard]] AuditRecord commandRecord(AuditKind kind, const Actor& actor, std::string detail) const;
    void setGeneration(std::shared_ptr<const PolicyGeneration> next);
    void adoptGeneration(std::shared_ptr<const PolicyGeneration> next);

    // Changes of the policy, one at a time (policychanges.cpp, reloading.cpp).
    using Step = std::shared_ptr<PolicyStep>;
    using Answering = std::function<void(PolicyApplied)>; ///< on a worker's thread, once all sessions have met it
    [[nodiscard]] Result<Done, std::string> readPolicy();
    [[nodiscard]] Result<Done, std::string> takeFirstVersion();
    void startStep(const Step& step);
    void startChange(const Step& step, std::function<PolicyStep::Refusal(PolicyStep&)> find);
    void runStep();
    void prepareStep(const Step& step);
    void finishStep(const Step& step, PolicyStep::Refusal refusal);
    void refuseStep(const Step& step, ControlError error);
    void endStep();
    [[nodiscard]] PolicyStep::Refusal fileConflict(const PolicyStep& step, const std::string& also = {}) const;
    [[nodiscard]] PolicyStep::Refusal baseConflict(const PolicyStep& step) const;
    [[nodiscard]] PolicyStep::Refusal findRestored(PolicyStep& step, std::uint64_t wanted) const;
    [[nodiscard]] PolicyStep::Refusal prepareChange(PolicyStep& step);
    [[nodiscard]] PolicyStep::Refusal prepareReload(PolicyStep& step);
    [[nodiscard]] PolicyStep::Refusal writeFile(PolicyStep& step, const std::string& document, const std::string& hash);
    void restoreFile(const PolicyStep& step);
    [[nodiscard]] PolicyStep::Refusal finishChange(PolicyStep& step, const Answering& answering);
    [[nodiscard]] PolicyStep::Refusal finishReload(PolicyStep& step);
    [[nodiscard]] PolicyStep::Refusal finishConfirm(PolicyStep& step);
    [[nodiscard]] PolicyVersion versionOf(const PolicyStep& step) const;
    void takeVersion(PolicyVersion version, const std::shared_ptr<const PolicyGeneration>& next,
                     const std::optional<std::chrono::milliseconds>& provisional);
    void storeVersion();
    void checkProvisional(TimePoint now);
    void reloadPolicy(const Actor& actor, const ReplyCallback& done);
    void reloadRefused(const PolicyStep& step, const ControlError& error);
    void policyFileChanged();
    void ask(const ReplyCallback& done, std::function<Reply()> question);
    void askSessions(const PolicyWhatIfResult& result, const std::shared_ptr<const PolicyGeneration>& next,
                     std::chrono::milliseconds within, const ReplyCallback& done);
    void askKeeper(const ReplyCallback& done, std::function<Reply()> question);

    // EventSink and GateEvents: on workers' threads.
    void record(AuditRecord record) noexcept override;
    void authFailed(AuthFailure failure) override;
    void banByRule(const IpAddress& address, std::chrono::milliseconds duration, const Decision& why) override; // both
    void claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done) override;
    void publish(std::uint32_t worker, WorkerBatch batch) override;
    void keyUnknown(const std::string& issuer) override;
    void adminArrived(AdminArrival arrival) override;

    // ApiEvents: on the api thread.
    void apiRefused(ApiRefusal refusal) override;

    // CertificateEvents: on the jobs thread.
    void certificateChanged(std::shared_ptr<const PolicyGeneration> base,
                            std::shared_ptr<const PolicyGeneration> next) override;
    void certificateRecord(AuditKind kind, Reason reason, const std::string& actor, std::string detail) override;
    void certificatesStand(CertificateState state, std::optional<WallTime> soonestEnd) override;
    [[nodiscard]] bool wasRecorded(const std::string& text) override;

    // KeyEvents: on the keys thread.
    void keySetChanged(Issuer issuer, std::shared_ptr<const KeySet> set) override;
    void keySetFailed(std::string detail) override;
    void keySetsStand(KeySetState state, std::string problem) override;

    // UpstreamEvents: on the upstreams thread.
    [[nodiscard]] bool upstreamChanged(UpstreamChange change) override;
    /// What the policy has by this URL, of one route or of all.
    [[nodiscard]] std::vector<std::shared_ptr<Upstream>> upstreamsNamed(const std::string& url,
                                                                        const std::string& route) const;
    [[nodiscard]] ControlError unknownUpstream(const UpstreamDrainCommand& command) const;
    void endDrained(const std::vector<std::shared_ptr<Upstream>>& drained, const Actor& actor,
                    const UpstreamDrainCommand& command, const ReplyCallback& done);

    const Clock& m_clock;
    std::shared_ptr<const Policy> m_policy;
    const std::filesystem::path m_store;                  ///< any thread
    std::shared_ptr<const PolicyGeneration> m_generation; ///< m_policy, and the certificates that are served
    std::string m_policyDocument;                         ///< canonical, as the file held it at the start
    std::vector<PolicyProblem> m_policyWarnings;          ///< of m_policy
    PolicyFile m_policyFile;                              ///< the jobs thread's
    std::optional<PolicyKeeper> m_policies;               ///< set once the store is open
    std::shared_ptr<const PolicyGeneration> m_returning;  ///< while a policy is provisional: the one that comes back
    std::vector<PolicyProblem> m_returningWarnings;
    std::string m_policyProblem; ///< why the file's policy does not run; empty: it does, or would return
    std::string m_returnProblem; ///< why a version whose time has come cannot return, while it cannot
    TimePoint m_nextReturn{};
    std::deque<Step> m_steps; ///< the first is under way
    std::optional<StateLock> m_lock;
    std::unique_ptr<AuditLog> m_audit; ///< thread-safe
    std::unique_ptr<BanKeeper> m_bans;
    std::unique_ptr<RevocationKeeper> m_revocations;
    std::unique_ptr<OneTimeKeeper> m_oneTime; ///< thread-safe
    std::unique_ptr<LimitKeeper> m_limits;
    std::shared_ptr<const Lockdown> m_lockdown; ///< null: none was ordered
    AuthFailureTable m_failures;                ///< thread-safe
    Collector m_collector;
    StatsSampler m_sampler;
    ProcessMeter m_process;
    GateStats m_stats;
    ClockWatch m_clockWatch;
    std::optional<WallTime> m_clockStepped;
    std::chrono::milliseconds m_clockStep{0}; ///< the last one; negative: back
    ReasonCounters m_refused;                 ///< what the runtime itself refused
    CertificateState m_certificates = CertificateState::Good;
    std::optional<WallTime> m_certificatesEnd;
    CertificateKeeper m_keeper{m_clock, *this}; ///< the jobs thread's
    KeySetState m_keySets = KeySetState::Good;
    std::string m_keySetProblem;
    KeyKeeper m_keyKeeper{m_clock, *this}; ///< the keys thread's
    UpstreamTable m_upstreams{m_clock};    ///< thread-safe
    UpstreamWatch m_upstreamWatch{m_clock, *this};
    WallTime m_started{};
    TimePoint m_nextSecond{};
    TimePoint m_drainUntil{};     ///< while draining: when the rest is cut off
    WallTime m_drainShownUntil{}; ///< the same, for people
    std::atomic<std::uint64_t> m_feedDropped{0};

    std::mutex m_feedMutex; ///< guards the next four
    std::vector<SessionRow> m_feedRows;
    std::vector<ClosedSession> m_feedClosed;
    std::vector<std::uint32_t> m_feedWhole; ///< workers whose rows among m_feedRows are all that they have
    bool m_feedLost = false;

    std::mutex m_stateMutex; ///< guards m_state where another thread waits for it
    std::condition_variable m_stateChanged;
    GateState m_state = GateState::Starting;
    bool m_drainCheckPending = false;

    std::unique_ptr<ApiServer> m_api; ///< thread-safe; outlives whoever hands over to it, and stops before us
    std::unique_ptr<Gate> m_gate;
    std::optional<HubCalls> m_hubCalls; ///< of m_gate
    TaskQueue m_runtime{"runtime", commandLimit};
    TaskQueue m_jobs{"jobs", 256};
    TaskQueue m_keys{"keys", 64};
};

} // namespace gatehouse
