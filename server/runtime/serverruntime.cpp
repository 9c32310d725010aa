// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime.h"

#include "control/policyproblems.h"
#include "policy/decidelockdown.h"
#include "policy/document.h"
#include "policy/load.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <csignal>
#include <sys/resource.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr std::chrono::seconds longestFirstLookUp{2}; ///< of the names of upstreams, before anybody is let in

/// A watcher's end of its mailbox. The runtime must outlive it.
class MailboxWatch final : public FeedWatch {
public:
    using Request = std::function<void(const std::shared_ptr<Mailbox>&)>;

    MailboxWatch(std::shared_ptr<Mailbox> mailbox, Request request, Request leave)
        : m_mailbox(std::move(mailbox))
        , m_request(std::move(request))
        , m_leave(std::move(leave))
    {
    }
    ~MailboxWatch() override
    {
        m_mailbox->close();
        m_leave(m_mailbox);
    }
    std::optional<FeedBatch> take() override { return m_mailbox->take(); }
    void requestSnapshot() override { m_request(m_mailbox); }

private:
    std::shared_ptr<Mailbox> m_mailbox;
    Request m_request;
    Request m_leave;
};

} // namespace

void raiseDescriptorLimit()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

ServerRuntime::ServerRuntime() = default;
ServerRuntime::~ServerRuntime() = default;

Result<std::unique_ptr<ServerRuntime>, std::string> ServerRuntime::start(std::shared_ptr<const Policy> policy,
                                                                         const Clock& clock, unsigned spareCores)
{
    std::unique_ptr<ServerRuntime> runtime(new ServerRuntime);
    runtime->d = std::make_unique<Private>(std::move(policy), clock);
    if (auto started = runtime->d->start(spareCores, *runtime); !started)
        return Failure{started.error()};
    return runtime;
}

void ServerRuntime::call(Actor actor, Command command, std::function<void(Reply)> done)
{
    d->call(std::move(actor), std::move(command), std::move(done));
}

std::unique_ptr<FeedWatch> ServerRuntime::watch(std::function<void()> wake)
{
    return d->watch(std::move(wake));
}

std::vector<ListenerInfo> ServerRuntime::listeners() const
{
    return d->m_gate->listeners();
}

bool ServerRuntime::waitUntilStopped(std::chrono::milliseconds atMost)
{
    std::unique_lock lock(d->m_stateMutex);
    return d->m_stateChanged.wait_for(lock, atMost, [this] { return d->m_state == GateState::Stopped; });
}

Result<Done, std::string> ServerRuntime::Private::start(unsigned spareCores, ServerControl& control)
{
    raiseDescriptorLimit();
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to sockets whose peer may be gone
    auto lock = StateLock::take(m_policy->stateDir);
    if (!lock)
        return Failure{lock.error()};
    m_lock = std::move(*lock);
    if (auto read = readPolicy(); !read)
        return read;
    for (const Listener& listener : m_policy->listeners)
        if (listener.tls)
            finishRenewal(listener.tls->certificate, listener.tls->key);
    auto generation = makeGeneration(m_policy, m_clock, nullptr, &m_upstreams);
    if (!generation)
        return Failure{generation.error()};
    m_generation = *generation;
    auto audit = AuditLog::open({m_store}, m_clock);
    if (!audit)
        return Failure{audit.error()};
    m_audit = std::move(*audit);
    if (auto taken = takeFirstVersion(); !taken)
        return taken;
    m_keeper.setGeneration(m_generation);
    m_keyKeeper.setGeneration(m_generation);
    m_upstreamWatch.watch(watchedUpstreams(*m_generation));
    m_bans = std::make_unique<BanKeeper>(*m_audit);
    m_revocations = std::make_unique<RevocationKeeper>(*m_audit);
    m_oneTime = std::make_unique<OneTimeKeeper>(
        m_clock,
        [this](const TokenUse& use, std::function<void(bool)> done) { m_audit->useToken(use, std::move(done)); },
        m_audit->takeTokenUses());
    m_started = m_clock.wall();
    m_gate = std::make_unique<Gate>(m_clock, *this, *this);
    m_hubCalls.emplace(*m_gate, m_clock, *this);
    if (const auto lockdown = m_audit->takeLockdown())
        m_lockdown = std::make_shared<const Lockdown>(*lockdown);
    m_limits = std::make_unique<LimitKeeper>(*m_audit);
    m_gate->prepare([this](Worker& worker) {
        worker.setLockdown(m_lockdown);
        for (const SharedLimit& limit : m_limits->standing())
            worker.limitUser(limit);
    });
    ApiServerOptions options; // before the first who comes in at an admin listener; its commands wait for the start
    options.path = m_policy->controlSocket;
    options.group = m_policy->controlGroup;
    auto api = ApiServer::open(std::move(options), control, *this, m_clock);
    if (!api)
        return Failure{api.error()};
    m_api = std::move(*api);
    m_api->setBans(m_bans->set());
    m_api->setPolicy(m_policy);
    m_upstreamWatch.start();
    (void)m_upstreamWatch.waitUntilLookedUp(longestFirstLookUp); // the first client finds names resolved
    if (auto started = m_gate->start(m_generation, m_bans->set(), m_revocations->set(), spareCores); !started)
        return Failure{started.error()};
    m_state = GateState::Serving;
    m_runtime.start(tickEvery, [this] { tick(); });
    m_policyFile.watch([this] { policyFileChanged(); });
    m_jobs.start(tickEvery, [this] {
        m_keeper.tick();
        m_policyFile.tick();
    });
    m_keys.start(tickEvery, [this] { m_keyKeeper.tick(); });
    std::string urls;
    for (const ListenerInfo& listener : m_gate->listeners())
        urls += (urls.empty() ? "" : ", ") + listener.url;
    record(commandRecord(AuditKind::Start, {}, urls));
    return Done{};
}

/// What was checked before the start may have changed since: what runs is what the history will hold.
Result<Done, std::string> ServerRuntime::Private::readPolicy()
{
    const auto text = m_policyFile.read();
    if (!text)
        return Failure{text.error()};
    auto loaded = parsePolicy(*text, m_policyFile.path());
    auto document = canonicalDocument(*text);
    if (!loaded || !document) {
        std::string all;
        for (const PolicyError& error : loaded ? document.error() : loaded.error())
            all += (all.empty() ? "" : "\n") + formatPolicyError(error, m_policyFile.path());
        return Failure{all};
    }
    m_policy = std::make_shared<const Policy>(std::move(loaded->policy));
    m_policyWarnings = problemsOf(loaded->warnings);
    m_policyDocument = std::move(*document);
    return Done{};
}

/// The number that the store has for the document of the start, or a new one.
Result<Done, std::string> ServerRuntime::Private::takeFirstVersion()
{
    const PolicyVersionReader history(m_store);
    const auto newest = history.newest();
    const auto definitive = history.newestDefinitive();
    if (!newest || !definitive)
        return Failure{newest ? definitive.error() : newest.error()};
    std::string hash = policyHash(m_policyDocument);
    m_policies.emplace(
        PolicyKeeper::atStart(*newest, *definitive, std::move(m_policyDocument), std::move(hash), m_clock.wall()));
    const std::uint64_t version = m_policies->running().version;
    auto policy = std::make_shared<Policy>(*m_policy);
    policy->version = version;
    m_policy = std::move(policy);
    auto generation = std::make_shared<PolicyGeneration>(*m_generation);
    generation->policy = m_policy;
    m_generation = std::move(generation);
    if (*newest && (*newest)->version == version)
        return Done{};
    storeVersion();
    if (m_policies->running().origin == PolicyOrigin::Returned)
        record(commandRecord(AuditKind::Policy, {ruleActor, ruleActor},
                             "version " + std::to_string(version) + " restores version " +
                                 std::to_string(m_policies->running().restores) + ": " + m_policies->running().reason));
    return Done{};
}

ServerRuntime::Private::~Private()
{
    if (m_api)
        m_api->stop(); // it stands until nobody hands anybody over to it or asks what it refused
    m_upstreamWatch.stop();
    m_keyKeeper.stop();
    m_keys.stop();
    m_jobs.stop();
    m_runtime.stop();
    if (m_oneTime) { // claims are answered while there are workers to take the answer
        m_oneTime->close();
        (void)m_audit->flush();
    }
    if (m_gate)
        m_gate->stop(); // workers ask the gate until they have ended, so that it goes after them
    m_gate.reset();
    if (!m_audit)
        return;
    if (m_state != GateState::Starting)
        record(commandRecord(AuditKind::Stop, {}, {}));
    m_audit.reset();
}

void ServerRuntime::Private::call(Actor actor, Command command, ReplyCallback done)
{
    const auto shared = std::make_shared<ReplyCallback>(std::move(done));
    const bool queued = m_runtime.post([this, actor = std::move(actor), command = std::move(command), shared] {
        std::visit([&](const auto& one) { run(actor, one, *shared); }, command);
    });
    if (!queued)
        (*shared)(Failure{ControlError{ControlErrorCode::Unavailable,
                                       "the server is stopping, or too many commands wait; try again"}});
}

std::unique_ptr<FeedWatch> ServerRuntime::Private::watch(std::function<void()> wake)
{
    auto mailbox = std::make_shared<Mailbox>(std::move(wake));
    (void)m_runtime.post(
        [this, mailbox] {
            if (!m_collector.watched()) {
                m_collector.expectAll(static_cast<std::uint32_t>(m_gate->size()));
                m_gate->post([](Worker& worker) { worker.setWatched(true); });
            }
            m_collector.addWatcher(mailbox);
        },
        true);
    return std::make_unique<MailboxWatch>(
        std::move(mailbox), [this](const auto& which) { requestSnapshot(which); },
        [this](const auto& which) { unwatch(which); });
}

void ServerRuntime::Private::unwatch(const std::shared_ptr<Mailbox>& mailbox)
{
    (void)m_runtime.post(
        [this, mailbox] {
            m_collector.removeWatcher(mailbox);
            if (!m_collector.watched())
                m_gate->post([](Worker& worker) { worker.setWatched(false); });
        },
        true);
}

void ServerRuntime::Private::requestSnapshot(const std::shared_ptr<Mailbox>& mailbox)
{
    (void)m_runtime.post([this, mailbox] { m_collector.askForSnapshot(*mailbox); }, true);
}

GateStats ServerRuntime::Private::stats()
{
    GateStats stats =
        m_sampler.sample(m_gate->counters(), {&m_refused, &m_api->refused()}, m_clock.now(), m_clock.wall());
    stats.state = m_state;
    stats.audit = m_audit->failing() ? AuditState::Failing : AuditState::Good;
    stats.certificates = m_certificates;
    stats.certificatesEnd = m_certificatesEnd;
    stats.keySets = m_keySets;
    stats.keySetProblem = m_keySetProblem;
    stats.policyVersion = m_policy->version;
    stats.upstreams = m_upstreams.statuses(*m_policy);
    stats.provisionalUntil =
        m_policies->provisional() ? m_policies->running().provisionalUntil : std::optional<WallTime>();
    stats.policyProblem = m_returnProblem.empty() ? m_policyProblem : m_returnProblem;
    if (m_lockdown) {
        stats.lockdown = *m_lockdown;
        stats.lockdown->lists = listsOf(*m_policy, *m_lockdown);
    }
    if (m_state == GateState::Draining)
        stats.drainUntil = m_drainShownUntil;
    stats.auditRecords = m_audit->newest();
    stats.auditDropped = m_audit->dropped();
    if (m_clockStepped) {
        stats.clockStepped = m_clockStepped;
        stats.clockStep = std::chrono::abs(m_clockStep);
        stats.clockSteppedBack = m_clockStep.count() < 0;
    }
    stats.feedDropped = m_feedDropped.load(std::memory_order_relaxed) + m_collector.dropped();
    return stats;
}

std::vector<AuthFailureGroup> ServerRuntime::Private::marked(std::vector<AuthFailureGroup> groups) const
{
    if (groups.empty())
        return groups;
    const auto bans = m_bans->set();
    const WallTime now = m_clock.wall();
    for (AuthFailureGroup& group : groups)
        if (const auto address = IpAddress::parse(group.address))
            group.banned = bans->matchAddress(*address, now) != nullptr;
    return groups;
}

/// Idle times, pings, rates and the end of a session go on as they were: the steady clock measures them.
void ServerRuntime::Private::checkClock(TimePoint now, WallTime wall)
{
    const auto step = m_clockWatch.look(now, wall);
    if (!step)
        return;
    m_clockStepped = wall;
    m_clockStep = *step;
    m_refused[static_cast<std::size_t>(Reason::ClockStep)].add();
    const std::string size = std::to_string(std::chrono::abs(*step).count()) + " ms";
    AuditRecord record = commandRecord(AuditKind::Limit, {},
                                       "the wall clock moved " + size + (step->count() < 0 ? " back" : " ahead") +
                                           "; tokens are judged by it as it is now");
    record.decision = {Reason::ClockStep, {}, size, std::to_string(ClockWatch::least.count()) + " s"};
    this->record(std::move(record));
}

void ServerRuntime::Private::tick()
{
    const TimePoint now = m_clock.now();
    checkClock(now, m_clock.wall());
    checkProvisional(now);
    std::vector<Ban> ended;
    if (m_bans->expire(now, m_clock.wall(), ended))
        publishBans();
    for (const Ban& ban : ended) {
        record(commandRecord(AuditKind::Unban, {},
                             std::string(banSubjectWord(ban.subject)) + ' ' + ban.value + ": its time is over"));
        if (const auto address = IpAddress::parse(ban.value))
            m_failures.touch(*address);
    }
    expireRevocations();
    expireLockdown();
    expireLimits();
    m_stats = stats();
    if (now >= m_nextSecond) {
        m_nextSecond = now + std::chrono::seconds(1);
        m_collector.keepHistory(m_stats);
        forgetOldUses();
    }
    std::vector<SessionRow> rows;
    std::vector<ClosedSession> closed;
    std::vector<std::uint32_t> whole;
    bool lost = false;
    {
        const std::lock_guard lock(m_feedMutex);
        rows.swap(m_feedRows);
        closed.swap(m_feedClosed);
        whole.swap(m_feedWhole);
        lost = std::exchange(m_feedLost, false);
    }
    if (lost) {
        m_collector.countLost();
        m_collector.expectAll(static_cast<std::uint32_t>(m_gate->size()));
        m_gate->post([](Worker& worker) { worker.publishAll(); });
    }
    for (const std::uint32_t worker : whole)
        m_collector.beginWhole(worker);
    m_collector.apply(std::move(rows), std::move(closed));
    m_collector.tick(m_stats, marked(m_failures.takeChanged(m_clock.wall())));
    if (m_collector.needsSnapshot())
        m_collector.refresh(m_stats, marked(m_failures.all(m_clock.wall())));
    checkDrained();
}

void ServerRuntime::Private::publishBans()
{
    m_api->setBans(m_bans->set());
    m_gate->post([set = m_bans->set()](Worker& worker) { worker.setBans(set); });
}

AuditRecord ServerRuntime::Private::commandRecord(AuditKind kind, const Actor& actor, std::string detail) const
{
    AuditRecord record;
    record.time = m_clock.wall();
    record.kind = kind;
    record.actor = actor.name;
    record.detail = std::move(detail);
    record.policyVersion = m_policy->version;
    return record;
}

void ServerRuntime::Private::record(AuditRecord record) noexcept
{
    m_audit->record(std::move(record));
}

void ServerRuntime::Private::authFailed(AuthFailure failure)
{
    m_failures.add(failure.address, {failure.why, failure.policyVersion, failure.time, {}}, failure.route, failure.user,
                   failure.origin);
}

void ServerRuntime::Private::banByRule(const IpAddress& address, std::chrono::milliseconds duration,
                                       const Decision& why)
{
    BanCommand command;
    command.duration = duration;
    command.reason = why.met;
    if (address.isV4()) {
        command.value = address.toString();
    } else { // IPv6 counts by /64, and so it is banned
        command.subject = BanSubject::Network;
        command.value = Network{address.limitKey(), 64}.toString();
    }
    call({ruleActor, ruleActor}, std::move(command), [](const Reply&) {});
}

void ServerRuntime::Private::adminArrived(AdminArrival arrival)
{
    m_api->adopt(std::move(arrival));
}

void ServerRuntime::Private::apiRefused(ApiRefusal refusal)
{
    const WallTime now = m_clock.wall();
    AuditRecord record;
    record.time = now;
    record.decision = refusal.why;
    record.user = refusal.user;
    record.address = refusal.address ? refusal.address->toString() : std::string();
    record.route = refusal.listener;
    record.code = refusal.status;
    record.detail = refusal.proxy ? "API, through " + refusal.proxy->toString() : "API";
    record.policyVersion = refusal.policyVersion;
    m_audit->record(std::move(record));
    if (refusal.address && isAuthFailure(refusal.why.reason))
        authFailed({now, *refusal.address, refusal.why, refusal.listener, {}, {}, refusal.policyVersion});
}

void ServerRuntime::Private::publish(std::uint32_t worker, WorkerBatch batch)
{
    const std::lock_guard lock(m_feedMutex);
    if (batch.whole) {
        const auto workers = static_cast<std::uint32_t>(m_gate->size());
        std::erase_if(m_feedRows, [=](const SessionRow& row) { return row.info->id.value % workers == worker; });
        m_feedWhole.push_back(worker);
    }
    if (m_feedRows.size() + m_feedClosed.size() + batch.rows.size() + batch.closed.size() > feedLimit) {
        m_feedLost = true;
        m_feedWhole.clear();
        m_feedRows.clear();
        m_feedClosed.clear();
        m_feedDropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    std::ranges::move(batch.rows, std::back_inserter(m_feedRows));
    std::ranges::move(batch.closed, std::back_inserter(m_feedClosed));
}

} // namespace gatehouse
