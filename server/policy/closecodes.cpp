// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/closecodes.h"

namespace gatehouse {

namespace {

/// For reasons without a code of their own: what kind of end the plain code stands for.
std::uint16_t byPlainCode(std::uint16_t plainCode)
{
    switch (plainCode) {
    case 1008:
        return 3509; // too many errors
    case 1011:
        return 3004; // internal server error
    case 1013:
        return 4013; // come back later
    case 4401:
        return 3500; // invalid token
    case 4403:
        return 3507; // permission denied
    default:
        return plainCode;
    }
}

std::uint16_t centrifugeCloseCode(Reason reason, std::uint16_t plainCode)
{
    switch (reason) {
    case Reason::PeerClosed: // whatever it sent is what is recorded
    case Reason::PeerAbort:
    case Reason::CloseTimeout:
    case Reason::UpstreamClosed:
        return plainCode;
    case Reason::Fragments: // broken by the connection, not by its commands
    case Reason::ControlRate:
    case Reason::MsgTimeout:
        return 1008;
    case Reason::Drain:
        return 3001;
    case Reason::Internal:
        return 3004;
    case Reason::Expired:
    case Reason::Lifetime:
        return 3005;
    case Reason::SlowConsumer:
        return 3008;
    case Reason::QueueFull:
        return 3010;
    case Reason::PingTimeout:
        return 3012;
    case Reason::RateUser:
    case Reason::RateIp:
    case Reason::RateSession:
        return 3013;
    case Reason::Revoked:
        return 3014;
    case Reason::Schema:
        return 3501;
    case Reason::AuthMissing:
        return 3502;
    case Reason::Kicked:
    case Reason::Banned:
        return 3503;
    case Reason::LimitUser:
        return 3504;
    case Reason::LimitIp:
    case Reason::LimitTotal:
        return 4013;
    case Reason::Lockdown:
        return 4503;
    case Reason::Idle:
        return 4508;
    default:
        return byPlainCode(plainCode);
    }
}

} // namespace

std::uint16_t routeCloseCode(RouteKind kind, Reason reason, std::uint16_t plainCode)
{
    switch (kind) {
    case RouteKind::Plain:
    case RouteKind::Echo:
    case RouteKind::Gateway:
        break;
    case RouteKind::Centrifuge:
        return centrifugeCloseCode(reason, plainCode);
    }
    return plainCode;
}

} // namespace gatehouse
