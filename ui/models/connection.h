// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <QString>

#include <array>
#include <optional>

namespace gatehouse::ui {

enum class ConnectionState { Open, Idle, NearLimit, Limited, Quarantined, Closing, Closed };

/// From when on a silent session is shown as idle, a busy one as near its limit, and for how long a refusal keeps it
/// "limited".
inline constexpr std::chrono::seconds idleAfter{60};
inline constexpr double nearLimitShare = 0.8;
inline constexpr std::chrono::seconds limitedFor{10};

/// Messages in a second, one sample every two seconds, the last two minutes; the newest at `end - 1`.
struct Trend {
    static constexpr std::size_t length = 60;
    std::array<float, length> samples{};
    std::size_t count = 0; ///< how many samples there are, at most `length`
    std::size_t end = 0;

    void push(float sample);
    /// 0 is the oldest.
    [[nodiscard]] float at(std::size_t index) const { return samples[(end + length - count + index) % length]; }

    friend bool operator==(const Trend& a, const Trend& b);
};

/// A session as the table shows it.
struct Connection {
    SessionRow session;
    std::optional<ClosedSession> closed;
    WallTime firstSeen{};
    WallTime closedAt{};
    Trend trend;
    ConnectionState state = ConnectionState::Open;
    QString words; ///< what the text filter looks through, in lower case; without the state

    [[nodiscard]] SessionId id() const { return session.info->id; }
    [[nodiscard]] const SessionInfo& info() const { return *session.info; }
    [[nodiscard]] const SessionActivity& activity() const { return session.activity; }

    friend bool operator==(const Connection&, const Connection&) = default;
};

/// Messages a second that the route allows, or an operator's limit on the session where that is tighter; 0: any number.
[[nodiscard]] double rateAllowed(const Connection& connection);
/// Messages a second against that; unset where there is no limit.
[[nodiscard]] std::optional<double> shareOfLimit(const Connection& connection);
/// Since the last message, or since it was opened.
[[nodiscard]] std::chrono::milliseconds idleFor(const Connection& connection, WallTime now);
[[nodiscard]] ConnectionState stateOf(const Connection& connection, WallTime now);
/// "open", "near limit", "limited", "quarantined", "idle 4:41", "closing", "closed 4008".
[[nodiscard]] QString stateText(const Connection& connection, WallTime now);
/// What stands beside the state: "temporary limit 5/s, burst 10"; empty: nothing.
[[nodiscard]] QString markText(const Connection& connection);
/// The user's name, or "anonymous".
[[nodiscard]] QString userText(const SessionInfo& info);
[[nodiscard]] QString filterWords(const SessionInfo& info);
/// Every word of the filter occurs in the connection's words or its state. `filter` is in lower case.
[[nodiscard]] bool matches(const Connection& connection, const QStringList& filter, WallTime now);

} // namespace gatehouse::ui
