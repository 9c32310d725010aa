// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "net/workercontext.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gatehouse {

/// One reserved slot, given back when it goes.
class Lease {
public:
    Lease() = default;
    Lease(std::shared_ptr<const void> owner, Slots& slots)
        : m_owner(std::move(owner))
        , m_slots(&slots)
    {
    }
    Lease(Lease&& other) noexcept
        : m_owner(std::move(other.m_owner))
        , m_slots(std::exchange(other.m_slots, nullptr))
    {
    }
    Lease& operator=(Lease&& other) noexcept
    {
        std::swap(m_owner, other.m_owner);
        std::swap(m_slots, other.m_slots);
        return *this;
    }
    ~Lease()
    {
        if (m_slots)
            m_slots->release();
    }

private:
    std::shared_ptr<const void> m_owner; // keeps what the slots stand in
    Slots* m_slots = nullptr;
};

/// Where a connection came in, and whose it is.
struct Arrival {
    std::size_t listener = 0;
    /// Whose limits, failures and bans hold: the socket's peer, or the client that a trusted proxy named.
    IpAddress peer;
    std::shared_ptr<AddressState> address; ///< null: a trusted proxy has not said yet for whom it asks
    Lease pendingSlot;                     ///< of that address, until there is a session
    std::optional<IpAddress> proxy;        ///< that named the peer

    /// Words for the audit log with the proxy behind them.
    [[nodiscard]] std::string described(std::string words) const;
};

struct AddressRefusal {
    Decision decision;
    std::optional<std::chrono::nanoseconds> retryAfter;
};

/// What an address must pass before anything else of it is looked at: its bans, its rate of connecting and its pending
/// connections. Unset: from now on the arrival is that address's.
[[nodiscard]] std::optional<AddressRefusal> enter(WorkerContext& context, Arrival& arrival, const IpAddress& client);

} // namespace gatehouse
