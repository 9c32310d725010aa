// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/policyversions.h"
#include "domain/auditrecord.h"
#include "domain/ban.h"
#include "domain/lockdown.h"
#include "domain/result.h"
#include "domain/revocation.h"
#include "domain/temporarylimit.h"
#include "domain/tokenuse.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

struct AuditLogOptions {
    std::filesystem::path file;     ///< state_dir/gatehouse.sqlite, made with mode 0600
    std::size_t queueLimit = 65536; ///< records that may wait; more are counted as dropped
};

/// The writer: a thread of its own with the store's only write connection. record() is thread-safe and never blocks on
/// the disk. Records of one reason and source (address, or user) are capped at 20 a second; the next one that is
/// written carries how many were left out. Starting fails where the store cannot be opened or its schema brought up to
/// date. A failed commit keeps the records queued and is tried again by itself. Needs a QCoreApplication, which finds
/// the driver.
class AuditLog final : public EventSink {
public:
    [[nodiscard]] static Result<std::unique_ptr<AuditLog>, std::string> open(AuditLogOptions options,
                                                                             const Clock& clock);
    ~AuditLog() override; ///< writes what is queued, then stops the thread

    void record(AuditRecord record) noexcept override;
    /// Bans outlive the process. Adding gives the ban its id.
    [[nodiscard]] Ban addBan(Ban ban);
    void removeBan(BanId id);
    [[nodiscard]] std::vector<Ban> loadBans() const; ///< those that still hold; call before traffic

    /// Revocations as well. Adding gives one its id.
    [[nodiscard]] Revocation addRevocation(Revocation revocation);
    void removeRevocation(RevocationId id);
    /// Those that held when the store was opened; once.
    [[nodiscard]] std::vector<Revocation> takeRevocations();

    /// Unset: the gate is open again.
    void setLockdown(const std::optional<Lockdown>& lockdown);
    /// That was on when the store was opened, even where its time was over; once.
    [[nodiscard]] std::optional<Lockdown> takeLockdown();

    /// Adding gives a limit its id. Those of users outlive the process.
    [[nodiscard]] TemporaryLimit addLimit(TemporaryLimit limit);
    void removeLimit(LimitId id);
    /// Those that held when the store was opened; once.
    [[nodiscard]] std::vector<TemporaryLimit> takeLimits();

    /// Writes down that a one-time token was used. `done` is called exactly once, on any thread: true once it is on
    /// disk, where many share one commit; false where an attempt failed or too many wait. What could not be written at
    /// once is tried again with the rest all the same.
    void useToken(const TokenUse& use, std::function<void(bool)> done);
    void forgetTokenUses(WallTime now);
    /// Those that were not over when the store was opened; once.
    [[nodiscard]] std::vector<TokenUse> takeTokenUses();

    /// A version of the policy, with its document. Written in the order of the rest; PolicyVersionReader reads
    /// them. At most 64 may wait for a store that cannot be written; more are counted as dropped.
    void addPolicyVersion(StoredPolicyVersion version);

    /// Waits until everything recorded before is on disk (true) or an attempt to write it failed (false; it stays
    /// queued).
    bool flush();

    [[nodiscard]] bool failing() const;         ///< the last commit failed
    [[nodiscard]] std::uint64_t newest() const; ///< number of the newest committed record
    [[nodiscard]] std::uint64_t dropped() const;

private:
    AuditLog();
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
