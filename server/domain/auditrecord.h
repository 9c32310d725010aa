// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/decision.h"
#include "domain/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

/// What happened. Words are stable, as those of Reason are.
enum class AuditKind : std::uint8_t {
    Start,
    Stop,
    Open,
    Close,
    Refuse,
    Limit,
    Kick,
    Ban,
    Unban,
    Revoke,
    Unrevoke,
    Reload,
    Drain,
    Certificate, ///< renewed, not renewed, or about to end
    Command,
    Policy,         ///< applied, confirmed, rolled back, or returned by itself
    Lockdown,       ///< on or off
    TemporaryLimit, ///< set or lifted by an operator
    Quarantine,     ///< of a session, on or off
    Publish,        ///< by a backend; of one actor no more than a limiter lets through
    Upstream        ///< ejected, back, drained, or its name does not resolve
};

[[nodiscard]] std::string_view auditKindWord(AuditKind kind);
[[nodiscard]] std::optional<AuditKind> auditKindFromWord(std::string_view word);

/// One line of the audit log as it is handed to the writer. Holds no token, secret or payload.
struct AuditRecord {
    WallTime time{};
    AuditKind kind = AuditKind::Refuse;
    Decision decision; ///< reason, rule, value met and limit; Reason::None where nothing was refused
    SessionId session; ///< none before a session exists
    std::string user;
    std::string issuer;
    std::string address;
    std::string route;
    std::string origin;
    std::string actor;            ///< who commanded it; empty where the gate acted by rule
    std::string detail;           ///< public words of a kick, cooldown, channel, listener …
    std::uint16_t code = 0;       ///< HTTP status or close code; 0 where there is none
    std::uint32_t suppressed = 0; ///< records of the same reason and source left out before this one
    std::uint64_t policyVersion = 0;

    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

/// Where workers report what they decided. Implementations are thread-safe and never block.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void record(AuditRecord record) noexcept = 0;
};

} // namespace gatehouse
