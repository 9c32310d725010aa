// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clienterror.h"

namespace gatehouse::clientprotocol {

std::string_view errorMessage(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Internal:
        return "internal server error";
    case ErrorCode::Unauthorized:
        return "unauthorized";
    case ErrorCode::UnknownChannel:
        return "unknown channel";
    case ErrorCode::PermissionDenied:
        return "permission denied";
    case ErrorCode::MethodNotFound:
        return "method not found";
    case ErrorCode::AlreadySubscribed:
        return "already subscribed";
    case ErrorCode::LimitExceeded:
        return "limit exceeded";
    case ErrorCode::BadRequest:
        return "bad request";
    case ErrorCode::NotAvailable:
        return "not available";
    case ErrorCode::TokenExpired:
        return "token expired";
    case ErrorCode::Expired:
        return "expired";
    case ErrorCode::TooManyRequests:
        return "too many requests";
    case ErrorCode::UnrecoverablePosition:
        return "unrecoverable position";
    case ErrorCode::TokenRevoked:
        return "token revoked";
    }
    return {};
}

std::string_view disconnectReason(DisconnectCode code)
{
    switch (code) {
    case DisconnectCode::Shutdown:
        return "shutdown";
    case DisconnectCode::ServerError:
        return "internal server error";
    case DisconnectCode::ConnectionExpired:
        return "connection expired";
    case DisconnectCode::SubscriptionExpired:
        return "subscription expired";
    case DisconnectCode::Slow:
        return "slow";
    case DisconnectCode::InsufficientState:
        return "insufficient state";
    case DisconnectCode::NoPong:
        return "no pong";
    case DisconnectCode::TooManyRequests:
        return "too many requests";
    case DisconnectCode::StateInvalidated:
        return "state invalidated";
    case DisconnectCode::InvalidToken:
        return "invalid token";
    case DisconnectCode::BadRequest:
        return "bad request";
    case DisconnectCode::Stale:
        return "stale";
    case DisconnectCode::ForceDisconnect:
        return "force disconnect";
    case DisconnectCode::ConnectionLimit:
        return "connection limit";
    case DisconnectCode::ChannelLimit:
        return "channel limit";
    case DisconnectCode::PermissionDenied:
        return "permission denied";
    case DisconnectCode::NotAvailable:
        return "not available";
    case DisconnectCode::TooManyErrors:
        return "too many errors";
    case DisconnectCode::GateLimit:
        return "server is full";
    case DisconnectCode::Lockdown:
        return "lockdown";
    case DisconnectCode::Idle:
        return "idle";
    }
    return {};
}

std::string_view unsubscribeReason(UnsubscribeCode code)
{
    switch (code) {
    case UnsubscribeCode::Server:
        return "server unsubscribe";
    case UnsubscribeCode::InsufficientState:
        return "insufficient state";
    case UnsubscribeCode::Expired:
        return "subscription expired";
    case UnsubscribeCode::StateInvalidated:
        return "state invalidated";
    }
    return {};
}

} // namespace gatehouse::clientprotocol
