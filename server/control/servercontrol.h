// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feed/values.h"

#include <functional>
#include <memory>
#include <optional>

namespace gatehouse {

/// A watcher's end of the feed: a mailbox with one slot, into which changes merge until they are taken.
/// Destroying it ends the watch. take() may be called from one thread at a time.
class FeedWatch {
public:
    virtual ~FeedWatch() = default;
    /// What has gathered since the last call; unset where nothing did.
    [[nodiscard]] virtual std::optional<FeedBatch> take() = 0;
    /// Asks for a snapshot as the next batch (after a gap in the sequence numbers).
    virtual void requestSnapshot() = 0;
};

/// All that consoles and the API may ask of a server: asynchronous commands and values, nothing else. Thread-safe.
class ServerControl {
public:
    virtual ~ServerControl() = default;

    /// Carries out a command on behalf of `actor`. `done` is called exactly once, on a thread of the server's; it must
    /// not block. Operators' commands never queue behind traffic.
    virtual void call(Actor actor, Command command, std::function<void(Reply)> done) = 0;

    /// Starts to watch. `wake` is called on a thread of the server's when a batch lies ready; it must not block.
    /// The first batch is a snapshot.
    [[nodiscard]] virtual std::unique_ptr<FeedWatch> watch(std::function<void()> wake) = 0;
};

} // namespace gatehouse
