// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

// What Centrifugo's client protocol calls what goes wrong. Clients act on the numbers: those in whose reply `temporary`
// is set, and TokenExpired, are tried again (TokenExpired with a new token); the rest end what was asked for.
namespace gatehouse::clientprotocol {

/// Of the `error` in a reply.
enum class ErrorCode : std::uint32_t {
    Internal = 100,
    Unauthorized = 101,
    UnknownChannel = 102,
    PermissionDenied = 103,
    MethodNotFound = 104,
    AlreadySubscribed = 105,
    LimitExceeded = 106,
    BadRequest = 107,
    NotAvailable = 108,
    TokenExpired = 109,
    Expired = 110,
    TooManyRequests = 111,
    UnrecoverablePosition = 112,
    TokenRevoked = 113 ///< Centrifugo has "concurrent pagination" there, for a kind of channel that we do not have
};

[[nodiscard]] std::string_view errorMessage(ErrorCode code);

[[nodiscard]] constexpr bool isTemporary(ErrorCode code)
{
    return code == ErrorCode::Internal || code == ErrorCode::TooManyRequests;
}

/// Of the Close that ends a connection, with its reason. No reason is JSON: clients would read options from it.
enum class DisconnectCode : std::uint16_t {
    Shutdown = 3001,
    ServerError = 3004,
    ConnectionExpired = 3005,
    SubscriptionExpired = 3006,
    Slow = 3008,
    InsufficientState = 3010,
    NoPong = 3012,
    TooManyRequests = 3013,
    StateInvalidated = 3014, ///< clients drop their token and what they know of channels, and ask for a new one
    InvalidToken = 3500,
    BadRequest = 3501,
    Stale = 3502, ///< no `connect` before the deadline
    ForceDisconnect = 3503,
    ConnectionLimit = 3504,
    ChannelLimit = 3505,
    PermissionDenied = 3507,
    NotAvailable = 3508,
    TooManyErrors = 3509,
    GateLimit = 4013,
    Lockdown = 4503,
    Idle = 4508
};

[[nodiscard]] std::string_view disconnectReason(DisconnectCode code);

/// Whether clients come back by themselves: they decide so by the number, here and in a `disconnect` push.
[[nodiscard]] constexpr bool reconnects(DisconnectCode code)
{
    const auto number = static_cast<unsigned>(code);
    return !(number >= 3500 && number < 4000) && !(number >= 4500 && number < 5000);
}

/// Of an `unsubscribe` push. From 2500 on clients subscribe again by themselves, and recover where they can.
enum class UnsubscribeCode : std::uint32_t {
    Server = 2000,
    InsufficientState = 2500,
    Expired = 2501,
    StateInvalidated = 2502 ///< with a new token, and from the beginning
};

[[nodiscard]] std::string_view unsubscribeReason(UnsubscribeCode code);

} // namespace gatehouse::clientprotocol
