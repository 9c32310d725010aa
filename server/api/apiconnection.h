// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/apihttp.h"
#include "domain/clock.h"
#include "net/adminarrival.h"
#include "net/transport.h"

#include <memory>
#include <optional>
#include <string>

namespace gatehouse {

/// One client of the API: its bytes and where it stands. Requests are answered one after the other; those that were
/// sent meanwhile wait in the input. Owner: the api thread.
class ApiConnection {
public:
    /// Lingering: all is said; reads and forgets, so that what was said reaches the peer.
    enum class Phase : std::uint8_t { Idle, Receiving, Busy, Sending, Lingering, Ended };

    /// At the control socket, as a user of this system who may do what `role` may.
    ApiConnection(std::unique_ptr<Transport> transport, std::string user, ApiRole role, std::size_t bodyLimit,
                  TimePoint now);
    /// At an admin listener.
    ApiConnection(AdminArrival arrival, std::size_t bodyLimit, TimePoint now);

    [[nodiscard]] int descriptor() const { return m_transport->fd(); }
    /// Null: at the control socket.
    [[nodiscard]] const AdminArrival* arrival() const { return m_arrival ? &*m_arrival : nullptr; }
    [[nodiscard]] const Transport& transport() const { return *m_transport; }
    /// At the control socket.
    [[nodiscard]] const std::string& user() const { return m_user; }
    [[nodiscard]] ApiRole role() const { return m_role; }
    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] TimePoint since() const { return m_since; } ///< of the phase
    [[nodiscard]] bool wantsRead() const;
    [[nodiscard]] bool wantsWrite() const { return m_phase == Phase::Sending || m_transport->wantsWrite(); }

    /// Reads what is there. True where there is more than one turn's share.
    [[nodiscard]] bool receive(TimePoint now);
    /// The next call to carry out, after which the connection is Busy. Refusals are answered here; `refused` is told of
    /// each.
    [[nodiscard]] std::optional<ApiCall> nextCall(const ApiDoor& door,
                                                  const std::function<void(const ApiAnswer&)>& refused, TimePoint now);
    /// Whoever has shown who it is may send a body; before that there is room for a head alone.
    void trust() { m_inputLimit = m_bodyLimit + headRoom; }
    /// Answers the call that is Busy.
    void answer(const ApiAnswer& answer, TimePoint now);
    /// Answers and ends, whatever was asked.
    void refuse(const ApiAnswer& answer, TimePoint now);
    /// Writes what fits.
    void send(TimePoint now);
    void end() { m_phase = Phase::Ended; }
    /// Nothing more is answered once what is under way is.
    void finish() { m_keepAlive = false; }
    [[nodiscard]] bool finishing() const { return !m_keepAlive; }

private:
    static constexpr std::size_t headRoom = 32768; ///< bytes for a request's head beside its body

    void enter(Phase phase, TimePoint now);

    std::unique_ptr<Transport> m_transport;
    std::optional<AdminArrival> m_arrival; ///< without its transport
    std::string m_user;
    ApiRole m_role = ApiRole::Viewer;
    Phase m_phase = Phase::Idle;
    TimePoint m_since;
    const std::size_t m_bodyLimit;
    std::size_t m_inputLimit = headRoom;
    ApiRequestReader m_reader;
    std::string m_input;
    std::string m_output;
    std::size_t m_sent = 0;
    std::size_t m_forgotten = 0; ///< bytes read while lingering
    bool m_keepAlive = true;
    bool m_inputEnded = false;
};

} // namespace gatehouse
