// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditchain.h"
#include "audit/policyversions.h"
#include "audit/sqlconnection.h"
#include "domain/ban.h"
#include "domain/lockdown.h"
#include "domain/revocation.h"
#include "domain/temporarylimit.h"
#include "domain/tokenuse.h"

#include <filesystem>
#include <variant>
#include <vector>

namespace gatehouse {

struct LockdownLifted {};

/// What the writer does, in the order in which it was asked: append a record; add a ban or lift one; add a revocation
/// or take it back; note that a token was used, or forget those that are too old; keep a version of the policy; lock
/// down or open again; add a temporary limit or lift one.
using StoreTask = std::variant<AuditRecord, Ban, BanId, Revocation, RevocationId, TokenUse, ForgetTokenUses,
                               StoredPolicyVersion, Lockdown, LockdownLifted, TemporaryLimit, LimitId>;

/// The write connection with the end of the chain. Lives on the writer's thread alone.
class AuditStore {
public:
    /// Makes the file (mode 0600) or opens it, brings its schema up to date and drops what is over.
    [[nodiscard]] SqlResult open(const std::filesystem::path& file, WallTime now);
    /// Writes all tasks in one transaction or, on an error, none of them. May be called again with the same tasks.
    [[nodiscard]] SqlResult write(const std::vector<StoreTask>& tasks);

    [[nodiscard]] Result<std::vector<Ban>, std::string> bans() const;
    [[nodiscard]] Result<std::vector<Revocation>, std::string> revocations() const;
    [[nodiscard]] Result<std::vector<TokenUse>, std::string> tokenUses() const;
    [[nodiscard]] Result<std::optional<Lockdown>, std::string> lockdown() const;
    [[nodiscard]] Result<std::vector<TemporaryLimit>, std::string> limits() const; ///< of users
    /// The last id ever given in a table, lifted ones too.
    [[nodiscard]] Result<std::uint64_t, std::string> lastId(const char* table) const;
    [[nodiscard]] std::uint64_t newest() const { return m_end.number; }

private:
    struct ChainEnd {
        std::uint64_t number = 0;
        ChainHash hash{};

        friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
    };

    [[nodiscard]] SqlResult migrate();
    [[nodiscard]] SqlResult writeAll(const std::vector<StoreTask>& tasks, ChainEnd& end);
    [[nodiscard]] SqlResult append(QSqlQuery& insert, const AuditRecord& record, ChainEnd& end);
    [[nodiscard]] SqlResult addBan(const Ban& ban);
    [[nodiscard]] SqlResult addRevocation(const Revocation& revocation);
    [[nodiscard]] static SqlResult addUse(QSqlQuery& insert, const TokenUse& use);
    [[nodiscard]] SqlResult setLockdown(const Lockdown& lockdown);
    [[nodiscard]] SqlResult liftLockdown();
    [[nodiscard]] SqlResult addLimit(const TemporaryLimit& limit);
    [[nodiscard]] SqlResult forgetLimitsOfSessions();
    [[nodiscard]] SqlResult remove(const char* table, std::uint64_t id);
    [[nodiscard]] SqlResult forget(const char* table, WallTime now);
    [[nodiscard]] Result<ChainEnd, std::string> readEnd() const;

    SqlConnection m_connection;
    ChainEnd m_end;
    std::optional<ChainEnd> m_attempted; ///< of a transaction whose outcome is not known
};

} // namespace gatehouse
