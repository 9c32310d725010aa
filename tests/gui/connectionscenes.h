// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakecontrol.h"
#include "feed/values.h"

#include <string>
#include <vector>

// Sessions that are made up, the same each time: for tests of the connections page and for screenshots.
namespace gatehouse::test {

struct SessionSketch {
    std::uint64_t id = 0;
    std::string user;
    std::string role = "reader";
    std::string address = "10.20.0.17";
    std::string route = "hub";
    double rate = 1;
    std::uint64_t backlog = 0;
    std::chrono::seconds age{60};
    std::chrono::seconds silent{0};
    double limit = 50;
};

[[nodiscard]] SessionRow sketched(const SessionSketch& sketch, WallTime now);
/// 18 sessions, one of each state that the table knows.
[[nodiscard]] std::vector<SessionSketch> smallGate();
/// 1,284 sessions, some users of 40 characters among them.
[[nodiscard]] std::vector<SessionSketch> largeGate();
/// A snapshot of the sketches at `now`, rates changed by `turn` so that curves have a shape.
[[nodiscard]] FeedBatch gateBatch(const std::vector<SessionSketch>& sketches, WallTime now, int turn);
/// What a server says of listeners and of a session's records.
[[nodiscard]] Reply gateAnswer(const Command& command, WallTime now);

} // namespace gatehouse::test
