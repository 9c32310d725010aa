// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "net/timingwheel.h"

#include <cstdint>

namespace gatehouse {

/// A socket that a worker's loop drives: a client's connection, or one to an upstream. The worker calls what is here,
/// and owns it once WorkerContext::adopt() was called. Owner: one I/O worker.
class Endpoint {
public:
    Endpoint() = default;
    virtual ~Endpoint() = default;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    [[nodiscard]] virtual int fd() const = 0;
    /// Nothing is to be called any more: it waits to be freed at the end of the turn.
    [[nodiscard]] virtual bool dead() const = 0;
    [[nodiscard]] virtual bool wantsRead() const = 0;
    [[nodiscard]] virtual bool wantsWrite() const = 0;
    /// Something goes on only once the socket can be written, although nothing of its own is queued (TLS).
    [[nodiscard]] virtual bool readWantsWrite() const = 0;
    virtual void onReadable() = 0;
    virtual void onTimer() = 0;
    /// Writes what is due, in as few calls as it takes.
    virtual void flush() = 0;
    /// The socket failed or hung up while nothing was read from it.
    virtual void hungUp() = 0;
    /// Something that it did threw: it ends, as well as it can.
    virtual void fail() noexcept = 0;
    /// Ends it now, without ceremony.
    virtual void kill(Reason reason) = 0;

    struct OwnedTimer : Timer {
        explicit OwnedTimer(Endpoint& endpoint)
            : owner(endpoint)
        {
        }
        Endpoint& owner;
    };
    OwnedTimer timer{*this};
    std::uint32_t interest = 0; ///< epoll events that are asked for now
    bool inFlush = false, inRead = false;
};

} // namespace gatehouse
