// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse {

/// Why the gate refused, limited or closed. The word of a reason is the label of its counter, the field of the audit
/// record, the value that filters and the key of its translation: words are added, never renamed.
enum class Reason : std::uint8_t {
    None,
    TlsNotHello,
    TlsVersion,
    TlsCipher,
    TlsTimeout,
    TlsAborted,
    TlsRenegotiation,
    TlsAlpn,
    TlsClientCert,
    TlsReloadFailed,
    LimitIp,
    LimitUser,
    LimitTotal,
    LimitPending,
    HsTimeout,
    HsHeaderSize,
    HsHeaderCount,
    HsUriSize,
    HsMethod,
    HsRequestLine,
    HsSyntax,
    HsHost,
    HsUpgrade,
    HsKey,
    HsVersion,
    HsBody,
    HsEarlyData,
    HsDuplicate,
    Path,
    Origin,
    Subprotocol,
    IpDenied,
    ProxyHeader,
    AuthMissing,
    AuthAmbiguous,
    AuthBruteforce,
    JwtAlg,
    JwtSig,
    JwtHeader,
    JwtKid,
    JwtTime,
    JwtClaims,
    JwtFormat,
    JwtReplay,
    Revoked,
    Expired,
    Authz,
    AuthzChannel,
    ChannelLimit,
    RateUser,
    RateIp,
    RateSession,
    Unmasked,
    Rsv,
    Opcode,
    Control,
    Length,
    TooBig,
    Fragmentation,
    Fragments,
    Utf8,
    Deflate,
    Type,
    Schema,
    MsgTimeout,
    ControlRate,
    ClosePayload,
    Idle,
    PingTimeout,
    SlowConsumer,
    Lifetime,
    CloseTimeout,
    PeerClosed,
    PeerAbort,
    Kicked,
    Banned,
    Lockdown,
    Drain,
    FdLimit,
    QueueFull,
    AuditFailed,
    ClockStep,
    PolicyRejected,
    PolicyConflict,
    JwksFailed,
    Listener,        ///< that a session came through is gone, or is another now
    UpstreamConnect, ///< no connection to the application behind the gate
    UpstreamTimeout, ///< it did not answer in time, or takes and says nothing
    UpstreamTls,
    UpstreamStatus,   ///< it answered an upgrade with another status than 101
    UpstreamAnswer,   ///< its answer to an upgrade is none
    UpstreamNone,     ///< every upstream of the route drains
    UpstreamClosed,   ///< it closed the session with a Close of its own
    UpstreamLost,     ///< its connection ended without a Close
    UpstreamProtocol, ///< it broke RFC 6455
    UpstreamMessage,  ///< it sent a message that the policy does not let through
    ApiKey,
    ApiRole,
    ApiMethod,
    ApiSize,
    ApiFormat,
    Internal,
};

inline constexpr std::size_t reasonCount = static_cast<std::size_t>(Reason::Internal) + 1;

/// The stable snake_case word; empty for Reason::None.
[[nodiscard]] std::string_view reasonWord(Reason reason);
[[nodiscard]] std::optional<Reason> reasonFromWord(std::string_view word);

/// The HTTP status that refuses an upgrade for this reason (RFC 9110); empty where the refusal comes before or after
/// HTTP.
[[nodiscard]] std::optional<std::uint16_t> httpStatus(Reason reason);

/// The close code that ends a session of the plain hub, echo and gateway for this reason (RFC 6455 §7.4).
[[nodiscard]] std::optional<std::uint16_t> closeCode(Reason reason);

/// True for what counts as a failed authentication and is shown as one.
[[nodiscard]] bool isAuthFailure(Reason reason);

/// True for the failures that only somebody who guesses or forges makes: these count towards a timed ban. Wrong claims
/// under a good signature, expired tokens and missing ones are mistakes.
[[nodiscard]] bool countsTowardsBan(Reason reason);

} // namespace gatehouse
