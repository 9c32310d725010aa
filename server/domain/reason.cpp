// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/reason.h"

namespace gatehouse {

std::string_view reasonWord(Reason reason)
{
    switch (reason) {
    case Reason::None:
        return "";
    case Reason::TlsNotHello:
        return "tls_not_hello";
    case Reason::TlsVersion:
        return "tls_version";
    case Reason::TlsCipher:
        return "tls_cipher";
    case Reason::TlsTimeout:
        return "tls_timeout";
    case Reason::TlsAborted:
        return "tls_aborted";
    case Reason::TlsRenegotiation:
        return "tls_renegotiation";
    case Reason::TlsAlpn:
        return "tls_alpn";
    case Reason::TlsClientCert:
        return "tls_client_cert";
    case Reason::TlsReloadFailed:
        return "tls_reload_failed";
    case Reason::LimitIp:
        return "limit_ip";
    case Reason::LimitUser:
        return "limit_user";
    case Reason::LimitTotal:
        return "limit_total";
    case Reason::LimitPending:
        return "limit_pending";
    case Reason::HsTimeout:
        return "hs_timeout";
    case Reason::HsHeaderSize:
        return "hs_header_size";
    case Reason::HsHeaderCount:
        return "hs_header_count";
    case Reason::HsUriSize:
        return "hs_uri_size";
    case Reason::HsMethod:
        return "hs_method";
    case Reason::HsRequestLine:
        return "hs_request_line";
    case Reason::HsSyntax:
        return "hs_syntax";
    case Reason::HsHost:
        return "hs_host";
    case Reason::HsUpgrade:
        return "hs_upgrade";
    case Reason::HsKey:
        return "hs_key";
    case Reason::HsVersion:
        return "hs_version";
    case Reason::HsBody:
        return "hs_body";
    case Reason::HsEarlyData:
        return "hs_early_data";
    case Reason::HsDuplicate:
        return "hs_duplicate";
    case Reason::Path:
        return "path";
    case Reason::Origin:
        return "origin";
    case Reason::Subprotocol:
        return "subprotocol";
    case Reason::IpDenied:
        return "ip_denied";
    case Reason::ProxyHeader:
        return "proxy_header";
    case Reason::AuthMissing:
        return "auth_missing";
    case Reason::AuthAmbiguous:
        return "auth_ambiguous";
    case Reason::AuthBruteforce:
        return "auth_bruteforce";
    case Reason::JwtAlg:
        return "jwt_alg";
    case Reason::JwtSig:
        return "jwt_sig";
    case Reason::JwtHeader:
        return "jwt_header";
    case Reason::JwtKid:
        return "jwt_kid";
    case Reason::JwtTime:
        return "jwt_time";
    case Reason::JwtClaims:
        return "jwt_claims";
    case Reason::JwtFormat:
        return "jwt_format";
    case Reason::JwtReplay:
        return "jwt_replay";
    case Reason::Revoked:
        return "revoked";
    case Reason::Expired:
        return "expired";
    case Reason::Authz:
        return "authz";
    case Reason::AuthzChannel:
        return "authz_channel";
    case Reason::ChannelLimit:
        return "channel_limit";
    case Reason::RateUser:
        return "rate_user";
    case Reason::RateIp:
        return "rate_ip";
    case Reason::RateSession:
        return "rate_session";
    case Reason::Unmasked:
        return "unmasked";
    case Reason::Rsv:
        return "rsv";
    case Reason::Opcode:
        return "opcode";
    case Reason::Control:
        return "control";
    case Reason::Length:
        return "length";
    case Reason::TooBig:
        return "too_big";
    case Reason::Fragmentation:
        return "fragmentation";
    case Reason::Fragments:
        return "fragments";
    case Reason::Utf8:
        return "utf8";
    case Reason::Deflate:
        return "deflate";
    case Reason::Type:
        return "type";
    case Reason::Schema:
        return "schema";
    case Reason::MsgTimeout:
        return "msg_timeout";
    case Reason::ControlRate:
        return "control_rate";
    case Reason::ClosePayload:
        return "close_payload";
    case Reason::Idle:
        return "idle";
    case Reason::PingTimeout:
        return "ping_timeout";
    case Reason::SlowConsumer:
        return "slow_consumer";
    case Reason::Lifetime:
        return "lifetime";
    case Reason::CloseTimeout:
        return "close_timeout";
    case Reason::PeerClosed:
        return "peer_closed";
    case Reason::PeerAbort:
        return "peer_abort";
    case Reason::Kicked:
        return "kicked";
    case Reason::Banned:
        return "banned";
    case Reason::Lockdown:
        return "lockdown";
    case Reason::Drain:
        return "drain";
    case Reason::FdLimit:
        return "fd_limit";
    case Reason::QueueFull:
        return "queue_full";
    case Reason::AuditFailed:
        return "audit_failed";
    case Reason::ClockStep:
        return "clock_step";
    case Reason::PolicyRejected:
        return "policy_rejected";
    case Reason::PolicyConflict:
        return "policy_conflict";
    case Reason::JwksFailed:
        return "jwks_failed";
    case Reason::Listener:
        return "listener";
    case Reason::UpstreamConnect:
        return "upstream_connect";
    case Reason::UpstreamTimeout:
        return "upstream_timeout";
    case Reason::UpstreamTls:
        return "upstream_tls";
    case Reason::UpstreamStatus:
        return "upstream_status";
    case Reason::UpstreamAnswer:
        return "upstream_answer";
    case Reason::UpstreamNone:
        return "upstream_none";
    case Reason::UpstreamClosed:
        return "upstream_closed";
    case Reason::UpstreamLost:
        return "upstream_lost";
    case Reason::UpstreamProtocol:
        return "upstream_protocol";
    case Reason::UpstreamMessage:
        return "upstream_message";
    case Reason::ApiKey:
        return "api_key";
    case Reason::ApiRole:
        return "api_role";
    case Reason::ApiMethod:
        return "api_method";
    case Reason::ApiSize:
        return "api_size";
    case Reason::ApiFormat:
        return "api_format";
    case Reason::Internal:
        return "internal";
    }
    return "";
}

std::optional<Reason> reasonFromWord(std::string_view word)
{
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        if (reasonWord(reason) == word)
            return reason;
    }
    return std::nullopt;
}

std::optional<std::uint16_t> httpStatus(Reason reason)
{
    switch (reason) {
    case Reason::HsSyntax:
    case Reason::HsHost:
    case Reason::HsKey:
    case Reason::HsBody:
    case Reason::HsEarlyData:
    case Reason::HsDuplicate:
    case Reason::HsRequestLine:
    case Reason::Subprotocol:
    case Reason::ProxyHeader:
    case Reason::AuthAmbiguous:
    case Reason::ApiFormat:
        return 400;
    case Reason::AuthMissing:
    case Reason::JwtAlg:
    case Reason::JwtSig:
    case Reason::JwtHeader:
    case Reason::JwtKid:
    case Reason::JwtTime:
    case Reason::JwtClaims:
    case Reason::JwtFormat:
    case Reason::JwtReplay:
    case Reason::Revoked:
    case Reason::Expired:
    case Reason::ApiKey:
        return 401;
    case Reason::Origin:
    case Reason::IpDenied:
    case Reason::Authz:
    case Reason::AuthzChannel:
    case Reason::Kicked:
    case Reason::Banned:
    case Reason::Lockdown:
    case Reason::ApiRole:
        return 403;
    case Reason::Path:
    case Reason::ApiMethod:
        return 404;
    case Reason::HsMethod:
        return 405;
    case Reason::HsTimeout:
        return 408;
    case Reason::ApiSize:
        return 413;
    case Reason::HsUriSize:
        return 414;
    case Reason::HsUpgrade:
    case Reason::HsVersion:
        return 426;
    case Reason::LimitIp:
    case Reason::LimitUser:
    case Reason::AuthBruteforce:
    case Reason::RateIp:
        return 429;
    case Reason::HsHeaderSize:
    case Reason::HsHeaderCount:
        return 431;
    case Reason::Internal:
        return 500;
    case Reason::UpstreamConnect:
    case Reason::UpstreamTls:
    case Reason::UpstreamStatus:
    case Reason::UpstreamAnswer:
        return 502;
    case Reason::UpstreamTimeout:
        return 504;
    case Reason::UpstreamNone:
    case Reason::LimitTotal:
    case Reason::Drain:
    case Reason::AuditFailed:
        return 503;
    default:
        return std::nullopt;
    }
}

std::optional<std::uint16_t> closeCode(Reason reason)
{
    switch (reason) {
    case Reason::Drain:
        return 1001;
    case Reason::Unmasked:
    case Reason::Rsv:
    case Reason::Opcode:
    case Reason::Control:
    case Reason::Length:
    case Reason::Fragmentation:
    case Reason::ClosePayload:
    case Reason::Deflate:
        return 1002;
    case Reason::Type:
        return 1003;
    case Reason::PeerAbort:
    case Reason::CloseTimeout:
        return 1006;
    case Reason::Utf8:
        return 1007;
    case Reason::Fragments:
    case Reason::ControlRate:
    case Reason::MsgTimeout:
    case Reason::RateUser:
    case Reason::RateIp:
    case Reason::RateSession:
    case Reason::Schema:
    case Reason::AuthzChannel:
    case Reason::ChannelLimit:
        return 1008;
    case Reason::TooBig:
        return 1009;
    case Reason::Internal:
        return 1011;
    case Reason::LimitUser:
    case Reason::LimitTotal:
    case Reason::LimitIp:
    case Reason::QueueFull:
    case Reason::AuditFailed:
        return 1013;
    case Reason::UpstreamTimeout:
    case Reason::UpstreamLost:
    case Reason::UpstreamProtocol:
    case Reason::UpstreamMessage:
        return 1014;
    case Reason::SlowConsumer:
        return 4008;
    case Reason::Expired:
    case Reason::Revoked:
    case Reason::JwtAlg:
    case Reason::JwtSig:
    case Reason::JwtHeader:
    case Reason::JwtKid:
    case Reason::JwtTime:
    case Reason::JwtClaims:
    case Reason::JwtFormat:
    case Reason::JwtReplay:
    case Reason::AuthMissing:
    case Reason::AuthAmbiguous:
    case Reason::AuthBruteforce:
        return 4401;
    case Reason::Kicked:
    case Reason::Banned:
    case Reason::Listener:
    case Reason::Lockdown:
    case Reason::Authz:
    case Reason::Origin:
    case Reason::IpDenied:
        return 4403;
    case Reason::Idle:
    case Reason::PingTimeout:
    case Reason::Lifetime:
        return 4408;
    default:
        return std::nullopt;
    }
}

bool countsTowardsBan(Reason reason)
{
    switch (reason) {
    case Reason::JwtAlg:
    case Reason::JwtSig:
    case Reason::JwtHeader:
    case Reason::JwtKid:
    case Reason::JwtFormat:
    case Reason::JwtReplay:
    case Reason::ApiKey:
        return true;
    default:
        return false;
    }
}

bool isAuthFailure(Reason reason)
{
    switch (reason) {
    case Reason::AuthMissing:
    case Reason::AuthAmbiguous:
    case Reason::AuthBruteforce:
    case Reason::JwtTime:
    case Reason::JwtClaims:
    case Reason::Revoked:
    case Reason::Expired:
    case Reason::Origin:
    case Reason::Authz:
        return true;
    default:
        return countsTowardsBan(reason);
    }
}

} // namespace gatehouse
