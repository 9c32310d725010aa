// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/controlerror.h"
#include "control/hubcommands.h"
#include "control/measurecommands.h"
#include "control/policycommands.h"
#include "control/upstreamcommands.h"
#include "domain/apirole.h"
#include "domain/auditquery.h"
#include "domain/ban.h"
#include "domain/certificate.h"
#include "domain/ids.h"
#include "domain/result.h"
#include "domain/revocation.h"
#include "feed/figures.h"
#include "feed/values.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// Commands and their answers: plain values, each with the name of an API method.
namespace gatehouse {

/// Who asks: the user of the process or socket, and through what.
struct Actor {
    std::string name;
    std::string via; ///< "console", "socket", "signal", "api"
    ApiRole role = ApiRole::Admin;
    std::optional<std::vector<std::string>> channels{}; ///< patterns of channels that it is held to; unset: it is not

    /// On this machine, as the server's own user or one of its group: what a policy may change only locally, it may.
    [[nodiscard]] bool local() const { return via != "api"; }

    friend bool operator==(const Actor&, const Actor&) = default;
};

// info
struct InfoQuery {
    friend bool operator==(const InfoQuery&, const InfoQuery&) = default;
};
struct ListenerInfo {
    std::string name;
    std::string url; ///< "wss://0.0.0.0:8443"
    std::string certificateSubject;
    std::optional<WallTime> certificateExpires;

    friend bool operator==(const ListenerInfo&, const ListenerInfo&) = default;
};
/// A gate as Centrifugo's server API has it: a cluster of one.
struct NodeInfo {
    std::string name;
    std::string version;
    std::uint64_t clients = 0;
    std::uint64_t users = 0; ///< distinct ones
    std::uint64_t channels = 0;
    std::uint64_t uptime = 0; ///< seconds

    friend bool operator==(const NodeInfo&, const NodeInfo&) = default;
};
struct Info {
    std::string name;
    std::string version;
    std::uint64_t pid = 0;
    std::uint32_t workers = 0;
    std::uint64_t policyVersion = 0;
    std::string policyFile;
    std::string stateDir;
    WallTime started{};
    std::vector<ListenerInfo> listeners;
    GateStats stats;
    Latencies latencies;
    BanFigures bans;
    ProcessFigures process;
    HubFigures hub;
    std::vector<NodeInfo> nodes; ///< this one

    friend bool operator==(const Info&, const Info&) = default;
};

// sessions, session
struct SessionsQuery {
    friend bool operator==(const SessionsQuery&, const SessionsQuery&) = default;
};
struct SessionList {
    std::vector<SessionRow> sessions;

    friend bool operator==(const SessionList&, const SessionList&) = default;
};
struct SessionQuery {
    SessionId id;

    friend bool operator==(const SessionQuery&, const SessionQuery&) = default;
};

// kick
struct KickCommand {
    std::vector<SessionId> sessions; ///< empty matches nothing
    std::string reason;              ///< public: sent to the client; at most 123 bytes are
    std::optional<std::chrono::milliseconds> cooldown = std::chrono::minutes(1); ///< unset: none

    friend bool operator==(const KickCommand&, const KickCommand&) = default;
};
struct KickResult {
    std::vector<SessionId> kicked;
    std::vector<SessionId> missing; ///< gone before they could be kicked

    friend bool operator==(const KickResult&, const KickResult&) = default;
};

// ban, unban, bans
struct BanCommand {
    BanSubject subject = BanSubject::Address;
    std::string value;
    std::string issuer;
    std::optional<std::chrono::milliseconds> duration; ///< unset: until it is lifted
    std::string reason;

    friend bool operator==(const BanCommand&, const BanCommand&) = default;
};
struct BanResult {
    Ban ban;
    std::vector<SessionId> ended;

    friend bool operator==(const BanResult&, const BanResult&) = default;
};
struct UnbanCommand {
    BanId id;

    friend bool operator==(const UnbanCommand&, const UnbanCommand&) = default;
};
struct UnbanResult {
    Ban ban; ///< that was lifted

    friend bool operator==(const UnbanResult&, const UnbanResult&) = default;
};
struct BansQuery {
    friend bool operator==(const BansQuery&, const BansQuery&) = default;
};
struct BanList {
    std::vector<Ban> bans;

    friend bool operator==(const BanList&, const BanList&) = default;
};

// revoke_token, invalidate_user_tokens, revocations, unrevoke
struct RevokeTokenCommand {
    std::string tokenId;                               ///< `jti`; Centrifugo's `uid` means the same
    std::string issuer;                                ///< the policy's name for it; empty: whoever vouches
    std::optional<std::chrono::sys_seconds> expireAt;  ///< of the revocation; at most one of these two
    std::optional<std::chrono::milliseconds> duration; ///< neither: until it is taken back
    std::string reason;

    friend bool operator==(const RevokeTokenCommand&, const RevokeTokenCommand&) = default;
};
struct InvalidateUserTokensCommand {
    std::string user;
    std::string issuer;
    std::optional<std::chrono::sys_seconds> issuedBefore; ///< tokens of this second are among them; unset: now
    std::optional<std::chrono::sys_seconds> expireAt;
    std::optional<std::chrono::milliseconds> duration;
    std::string reason;

    friend bool operator==(const InvalidateUserTokensCommand&, const InvalidateUserTokensCommand&) = default;
};
struct RevocationResult {
    Revocation revocation;
    std::vector<SessionId> ended;

    friend bool operator==(const RevocationResult&, const RevocationResult&) = default;
};
struct RevocationsQuery {
    friend bool operator==(const RevocationsQuery&, const RevocationsQuery&) = default;
};
struct RevocationList {
    std::vector<Revocation> revocations;

    friend bool operator==(const RevocationList&, const RevocationList&) = default;
};
struct UnrevokeCommand {
    RevocationId id;

    friend bool operator==(const UnrevokeCommand&, const UnrevokeCommand&) = default;
};
struct UnrevokeResult {
    Revocation revocation; ///< that was taken back

    friend bool operator==(const UnrevokeResult&, const UnrevokeResult&) = default;
};

// auth_failures
struct AuthFailuresQuery {
    friend bool operator==(const AuthFailuresQuery&, const AuthFailuresQuery&) = default;
};
struct AuthFailureList {
    std::vector<AuthFailureGroup> groups; ///< most recent first

    friend bool operator==(const AuthFailureList&, const AuthFailureList&) = default;
};

// drain, reload
struct DrainCommand {
    std::optional<std::chrono::milliseconds> within{}; ///< unset: as the policy says
    std::optional<std::chrono::milliseconds> spread{}; ///< unset: as the policy says

    friend bool operator==(const DrainCommand&, const DrainCommand&) = default;
};
struct ReloadCommand {
    friend bool operator==(const ReloadCommand&, const ReloadCommand&) = default;
};
struct Accepted {
    friend bool operator==(const Accepted&, const Accepted&) = default;
};

// certificate_status, certificate_renew
struct CertificateStatusQuery {
    friend bool operator==(const CertificateStatusQuery&, const CertificateStatusQuery&) = default;
};
struct CertificateRenewCommand {
    std::string listener; ///< empty: every one whose certificate renews itself
    bool force = false;   ///< even where the new one would not last longer than the old

    friend bool operator==(const CertificateRenewCommand&, const CertificateRenewCommand&) = default;
};
struct CertificateList {
    std::vector<CertificateStatus> certificates; ///< of each listener with TLS; after a renewal the new ones

    friend bool operator==(const CertificateList&, const CertificateList&) = default;
};

using Command =
    std::variant<InfoQuery, SessionsQuery, SessionQuery, KickCommand, BanCommand, UnbanCommand, BansQuery, AuditQuery,
                 AuthFailuresQuery, DrainCommand, ReloadCommand, CertificateStatusQuery, CertificateRenewCommand,
                 RevokeTokenCommand, InvalidateUserTokensCommand, RevocationsQuery, UnrevokeCommand, PolicyGetQuery,
                 PolicyCheckCommand, PolicyWhatIfCommand, PolicyApplyCommand, PolicyConfirmCommand, PolicyHistoryQuery,
                 PolicyRollbackCommand, LockdownCommand, LimitCommand, LimitsQuery, UnlimitCommand, QuarantineCommand,
                 UpstreamsQuery, UpstreamDrainCommand, PublishCommand, BroadcastCommand, PresenceQuery,
                 PresenceStatsQuery, ChannelHistoryQuery, HistoryRemoveCommand, ChannelsQuery, SubscribeCommand,
                 UnsubscribeCommand, DisconnectCommand, RefreshCommand, BatchCommand>;
using Answer = std::variant<Info, SessionList, SessionRow, KickResult, BanResult, UnbanResult, BanList, AuditPage,
                            AuthFailureList, Accepted, CertificateList, RevocationResult, RevocationList,
                            UnrevokeResult, PolicyDocument, PolicyCheckResult, PolicyWhatIfResult, PolicyApplied,
                            PolicyHistory, LockdownResult, LimitResult, LimitList, QuarantineResult, UpstreamList,
                            UpstreamDrainResult, PublishResult, BroadcastResult, ChannelPresence, ChannelPresenceStats,
                            ChannelHistory, HistoryRemoved, ChannelList, SessionsMet, BatchResult>;

using Reply = Result<Answer, ControlError>;

} // namespace gatehouse
