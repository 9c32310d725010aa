// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditlog.h"

#include "audit/auditstore.h"
#include "audit/recordlimiter.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>

namespace gatehouse {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t largestBatch = 500;
constexpr milliseconds gatherFor{200};
constexpr milliseconds firstRetry{100};
constexpr milliseconds longestRetry{5000};
constexpr milliseconds sweepEvery{1000};
constexpr int attemptsAtStop = 4;
constexpr std::size_t reservedForBans = 4096; // places that records cannot fill
constexpr std::size_t usesThatWait = 32768;   // of tokens; they have places of their own
constexpr std::size_t mostPolicies = 64;      // that wait: each may have 4 MiB

bool holds(const Ban& ban, WallTime now)
{
    return !ban.until || *ban.until > now;
}

} // namespace

struct AuditLog::Private {
    Private(AuditLogOptions opts, const Clock& injected)
        : options(std::move(opts))
        , clock(injected)
    {
    }

    void run(std::promise<SqlResult> opened);
    SqlResult openStore(AuditStore& store);
    bool nextBatch(std::vector<StoreTask>& batch);
    void enqueue(StoreTask task);
    void finishUses(std::size_t count, bool written);
    void enqueueAll(std::vector<AuditRecord> records);
    void reportDropped();
    void committed(std::size_t tasks, std::size_t policies, std::uint64_t number);
    bool failed(milliseconds& delay, int& attemptsLeft);

    const AuditLogOptions options;
    const Clock& clock;
    std::thread thread;

    mutable std::mutex mutex; // guards what follows, up to the atomics
    std::condition_variable work;
    std::condition_variable progress;
    std::deque<StoreTask> queue;
    std::size_t inFlight = 0;   // taken by the writer, not committed yet
    std::uint64_t accepted = 0; // tasks ever queued
    std::uint64_t done = 0;     // tasks ever committed
    std::uint64_t failures = 0;
    std::uint64_t unreported = 0; // records dropped since the last record that says so
    bool stopping = false;
    bool hurry = false; // somebody waits in flush()
    RecordLimiter limiter;
    std::size_t policiesThatWait = 0;
    std::map<BanId, Ban> bans;
    std::uint64_t lastBan = 0;
    std::vector<Revocation> revocations; // as they were at the start
    std::uint64_t lastRevocation = 0;
    std::vector<TokenUse> uses;         // as they were at the start
    std::optional<Lockdown> lockdown;   // as it was at the start
    std::vector<TemporaryLimit> limits; // as they were at the start
    std::uint64_t lastLimit = 0;
    // One for each TokenUse that is in flight or queued, in their order; empty once it was called.
    std::deque<std::function<void(bool)>> waitForUse;

    std::atomic<bool> failing{false};
    std::atomic<std::uint64_t> newest{0};
    std::atomic<std::uint64_t> dropped{0};
};

void AuditLog::Private::run(std::promise<SqlResult> opened)
{
    pthread_setname_np(pthread_self(), "audit");
    AuditStore store;
    SqlResult result = openStore(store);
    const bool usable = result.ok();
    opened.set_value(std::move(result));
    std::vector<StoreTask> batch;
    int attemptsLeft = attemptsAtStop;
    while (usable && nextBatch(batch)) {
        milliseconds delay = firstRetry;
        while (!store.write(batch)) {
            finishUses(std::numeric_limits<std::size_t>::max(), false);
            if (!failed(delay, attemptsLeft))
                return;
        }
        finishUses(static_cast<std::size_t>(std::ranges::count_if(
                       batch, [](const StoreTask& task) { return std::holds_alternative<TokenUse>(task); })),
                   true);
        const auto policies = std::ranges::count_if(
            batch, [](const StoreTask& task) { return std::holds_alternative<StoredPolicyVersion>(task); });
        committed(batch.size(), static_cast<std::size_t>(policies), store.newest());
        batch.clear();
    }
}

SqlResult AuditLog::Private::openStore(AuditStore& store)
{
    if (SqlResult result = store.open(options.file, clock.wall()); !result)
        return result;
    const auto failure = [this](const std::string& error) { return Failure{options.file.string() + ": " + error}; };
    const auto stored = store.bans();
    if (!stored)
        return failure(stored.error());
    auto revoked = store.revocations();
    if (!revoked)
        return failure(revoked.error());
    auto used = store.tokenUses();
    if (!used)
        return failure(used.error());
    auto lockedDown = store.lockdown();
    if (!lockedDown)
        return failure(lockedDown.error());
    auto limited = store.limits();
    if (!limited)
        return failure(limited.error());
    const auto lastLimited = store.lastId("temporary_limits");
    if (!lastLimited)
        return failure(lastLimited.error());
    const auto last = store.lastId("bans");
    if (!last)
        return failure(last.error());
    const auto lastRevoked = store.lastId("revocations");
    if (!lastRevoked)
        return failure(lastRevoked.error());
    const std::lock_guard lock(mutex);
    for (const Ban& ban : *stored)
        bans.emplace(ban.id, ban);
    lastBan = *last;
    revocations = std::move(*revoked);
    lastRevocation = *lastRevoked;
    uses = std::move(*used);
    lockdown = std::move(*lockedDown);
    limits = std::move(*limited);
    lastLimit = *lastLimited;
    newest = store.newest();
    return Done{};
}

// Waits for tasks and gathers them; false when the log stops and nothing is left.
bool AuditLog::Private::nextBatch(std::vector<StoreTask>& batch)
{
    std::unique_lock lock(mutex);
    while (queue.empty()) {
        enqueueAll(stopping ? limiter.all() : limiter.idle(clock.now()));
        if (!queue.empty())
            break;
        if (stopping)
            return false;
        hurry = false;
        work.wait_for(lock, sweepEvery, [this] { return stopping || !queue.empty(); });
    }
    work.wait_until(lock, Steady::now() + gatherFor,
                    [this] { return stopping || hurry || queue.size() >= largestBatch; });
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue.size(), largestBatch));
    batch.assign(std::move_iterator(queue.begin()), std::move_iterator(queue.begin() + count));
    queue.erase(queue.begin(), queue.begin() + count);
    inFlight = batch.size();
    hurry = hurry && !queue.empty();
    return true;
}

void AuditLog::Private::enqueue(StoreTask task)
{
    const bool record = std::holds_alternative<AuditRecord>(task);
    if (queue.size() + inFlight - waitForUse.size() >= options.queueLimit + (record ? 0 : reservedForBans)) {
        ++dropped;
        ++unreported;
        return;
    }
    if (std::holds_alternative<StoredPolicyVersion>(task))
        ++policiesThatWait;
    queue.push_back(std::move(task));
    ++accepted;
    if (queue.size() == 1 || queue.size() == largestBatch)
        work.notify_one();
}

/// Tells the first of those that wait; who was told of a failure is not told again.
void AuditLog::Private::finishUses(std::size_t count, bool written)
{
    std::vector<std::function<void(bool)>> told;
    {
        const std::lock_guard lock(mutex);
        failing = !written; // before they are told: who comes now is told at once
        count = std::min(count, waitForUse.size());
        for (std::size_t i = 0; i < count; ++i)
            if (auto waiting = std::exchange(waitForUse[i], {}))
                told.push_back(std::move(waiting));
        if (written)
            waitForUse.erase(waitForUse.begin(), waitForUse.begin() + static_cast<std::ptrdiff_t>(count));
    }
    for (const auto& waiting : told)
        waiting(written);
}

void AuditLog::Private::enqueueAll(std::vector<AuditRecord> records)
{
    for (AuditRecord& record : records)
        enqueue(std::move(record));
}

void AuditLog::Private::reportDropped()
{
    if (unreported == 0)
        return;
    AuditRecord record;
    record.time = clock.wall();
    record.kind = AuditKind::Limit;
    record.decision.reason = Reason::AuditFailed;
    record.decision.limit = std::to_string(options.queueLimit);
    record.detail = std::to_string(unreported) + " records were lost while the audit log could not be written";
    unreported = 0;
    enqueue(std::move(record));
}

void AuditLog::Private::committed(std::size_t tasks, std::size_t policies, std::uint64_t number)
{
    const std::lock_guard lock(mutex);
    policiesThatWait -= policies;
    inFlight = 0;
    done += tasks;
    failing = false;
    newest = number;
    reportDropped();
    progress.notify_all();
}

// Waits before the next attempt; false when the log stops and has tried often enough.
bool AuditLog::Private::failed(milliseconds& delay, int& attemptsLeft)
{
    std::unique_lock lock(mutex);
    failing = true;
    ++failures;
    progress.notify_all();
    if (stopping && --attemptsLeft <= 0) {
        dropped += inFlight + queue.size();
        return false;
    }
    // Stopping must not turn the back-off into a spin: while stopping it sleeps the first, short delay.
    work.wait_for(lock, stopping ? firstRetry : delay, [this, was = stopping] { return stopping && !was; });
    delay = std::min(delay * 2, longestRetry);
    return true;
}

AuditLog::AuditLog() = default;

Result<std::unique_ptr<AuditLog>, std::string> AuditLog::open(AuditLogOptions options, const Clock& clock)
{
    std::unique_ptr<AuditLog> log(new AuditLog);
    log->d = std::make_unique<Private>(std::move(options), clock);
    std::promise<SqlResult> opened;
    auto result = opened.get_future();
    log->d->thread = std::thread(&Private::run, log->d.get(), std::move(opened));
    if (SqlResult outcome = result.get(); !outcome)
        return Failure{outcome.error()};
    return log;
}

AuditLog::~AuditLog()
{
    {
        const std::lock_guard lock(d->mutex);
        d->stopping = true;
        d->work.notify_one();
    }
    d->thread.join();
}

void AuditLog::record(AuditRecord record) noexcept
{
    try {
        const TimePoint now = d->clock.now();
        const std::lock_guard lock(d->mutex);
        d->enqueueAll(d->limiter.pass(std::move(record), now));
    } catch (...) { // out of memory: the gate goes on, the loss is counted
        ++d->dropped;
    }
}

Ban AuditLog::addBan(Ban ban)
{
    const WallTime now = d->clock.wall();
    const std::lock_guard lock(d->mutex);
    std::erase_if(d->bans, [now](const auto& known) { return !holds(known.second, now); });
    ban.id = BanId{++d->lastBan};
    d->bans.emplace(ban.id, ban);
    d->enqueue(ban);
    return ban;
}

void AuditLog::removeBan(BanId id)
{
    const std::lock_guard lock(d->mutex);
    d->bans.erase(id);
    d->enqueue(id);
}

std::vector<Ban> AuditLog::loadBans() const
{
    const WallTime now = d->clock.wall();
    const std::lock_guard lock(d->mutex);
    std::vector<Ban> result;
    for (const auto& [id, ban] : d->bans)
        if (holds(ban, now))
            result.push_back(ban);
    return result;
}

Revocation AuditLog::addRevocation(Revocation revocation)
{
    const std::lock_guard lock(d->mutex);
    revocation.id = RevocationId{++d->lastRevocation};
    d->enqueue(revocation);
    return revocation;
}

void AuditLog::removeRevocation(RevocationId id)
{
    const std::lock_guard lock(d->mutex);
    d->enqueue(id);
}

std::vector<Revocation> AuditLog::takeRevocations()
{
    const std::lock_guard lock(d->mutex);
    return std::exchange(d->revocations, {});
}

void AuditLog::setLockdown(const std::optional<Lockdown>& lockdown)
{
    const std::lock_guard lock(d->mutex);
    if (lockdown)
        d->enqueue(*lockdown);
    else
        d->enqueue(LockdownLifted{});
}

std::optional<Lockdown> AuditLog::takeLockdown()
{
    const std::lock_guard lock(d->mutex);
    return std::exchange(d->lockdown, {});
}

TemporaryLimit AuditLog::addLimit(TemporaryLimit limit)
{
    const std::lock_guard lock(d->mutex);
    limit.id = LimitId{++d->lastLimit};
    d->enqueue(limit);
    return limit;
}

void AuditLog::removeLimit(LimitId id)
{
    const std::lock_guard lock(d->mutex);
    d->enqueue(id);
}

std::vector<TemporaryLimit> AuditLog::takeLimits()
{
    const std::lock_guard lock(d->mutex);
    return std::exchange(d->limits, {});
}

void AuditLog::useToken(const TokenUse& use, std::function<void(bool)> done)
{
    {
        const std::lock_guard lock(d->mutex);
        if (d->waitForUse.size() < usesThatWait) {
            d->queue.push_back(use);
            ++d->accepted;
            d->waitForUse.push_back(d->failing ? std::function<void(bool)>() : std::exchange(done, {}));
            d->hurry = true;
            d->work.notify_one();
        }
    }
    if (done)
        done(false);
}

void AuditLog::forgetTokenUses(WallTime now)
{
    const std::lock_guard lock(d->mutex);
    d->enqueue(ForgetTokenUses{now});
}

std::vector<TokenUse> AuditLog::takeTokenUses()
{
    const std::lock_guard lock(d->mutex);
    return std::exchange(d->uses, {});
}

void AuditLog::addPolicyVersion(StoredPolicyVersion version)
{
    const std::lock_guard lock(d->mutex);
    if (d->policiesThatWait >= mostPolicies) {
        ++d->dropped;
        return;
    }
    d->enqueue(std::move(version));
}

bool AuditLog::flush()
{
    std::unique_lock lock(d->mutex);
    const std::uint64_t target = d->accepted;
    const std::uint64_t failures = d->failures;
    d->hurry = true;
    d->work.notify_one();
    d->progress.wait(lock, [&] { return d->done >= target || d->failures > failures; });
    return d->done >= target;
}

bool AuditLog::failing() const
{
    return d->failing;
}

std::uint64_t AuditLog::newest() const
{
    return d->newest;
}

std::uint64_t AuditLog::dropped() const
{
    return d->dropped;
}

} // namespace gatehouse
