// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "net/workercontext.h"
#include "policy/identity.h"
#include "wire/deflateoffer.h"
#include "wire/request.h"

#include <optional>
#include <string>

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

struct Refusal {
    Decision decision;
    std::uint16_t status = 400;
    std::optional<std::uint32_t> retryAfter; ///< seconds
    std::string route;
    std::string user;    ///< verified
    std::string claimed; ///< by a token that was refused: for the operator's eyes
    std::string origin;
};

/// Who was let in, and where to.
struct Admission {
    RouteMatch match;
    Identity who;
    std::string key;         ///< Sec-WebSocket-Key
    std::string subprotocol; ///< to echo; empty: none
    std::optional<wire::DeflateAgreement> deflate;
    std::string path;
    std::string origin;
    std::string userAgent;
    std::shared_ptr<UserState> user;
    Lease gateSlot, addressSlot, userSlot;
};

struct Arrival {
    std::size_t listener = 0;
    IpAddress peer;
    std::shared_ptr<AddressState> address;
};

[[nodiscard]] wire::RequestLimits requestLimits(const Limits& limits);

/// All checks between a whole request head and the 101, in the order: path, upgrade, Host, origin, subprotocol,
/// token, revocations, bans, channel, session limits. Counts failures towards a ban; reports nothing else. `serverName`
/// is what the client sent in TLS; empty: nothing.
[[nodiscard]] Result<Admission, Refusal> admit(WorkerContext& context, const Arrival& arrival,
                                               const std::string& serverName, wire::Request request,
                                               bool bytesAfterHead);

} // namespace gatehouse
