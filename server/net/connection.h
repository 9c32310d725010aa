// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/admission.h"
#include "net/sendqueue.h"
#include "net/session.h"
#include "net/transport.h"
#include "net/workercontext.h"
#include "wire/headscanner.h"

#include <memory>
#include <string>

namespace gatehouse {

/// One accepted socket from accept to close: TLS handshake, request head, WebSocket session, lingering close.
/// Owner: one I/O worker.
class Connection {
public:
    enum class Phase : std::uint8_t {
        Handshake,
        Head,
        Open,      ///< a session, which may be closing
        Lingering, ///< all is said; reads and forgets, so that what was said reaches the peer
        Dead
    };

    Connection(WorkerContext& context, std::unique_ptr<Transport> transport, Arrival arrival, std::uint16_t peerPort,
               Lease pendingSlot, Lease addressPendingSlot);
    ~Connection();

    void onReadable();
    void onTimer();
    /// Writes what is due, in as few calls as it takes.
    void flush();
    void queue(SharedFrame frame);
    /// Writes what the socket takes, where that is needed for `bytes` more to stay within `limit`. Ends nobody.
    [[nodiscard]] bool makeRoom(std::size_t bytes, std::uint64_t limit);
    /// Reading goes on in this turn or the next, also where the socket itself has nothing more.
    void readAgain();
    void dropUnsent();
    /// Ends it after an exception: 1011 where a session can still be told.
    void fail() noexcept;
    /// Ends it now, without ceremony.
    void kill(Reason reason);
    void startTimer();

    [[nodiscard]] int fd() const { return m_transport->fd(); }
    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] Session* session() const { return m_session.get(); }
    [[nodiscard]] std::size_t backlog() const { return m_out.bytes(); }
    [[nodiscard]] std::size_t backlogMemory() const { return m_out.held(); }
    /// When the socket last took bytes.
    [[nodiscard]] TimePoint lastWritten() const { return m_lastWritten; }
    /// Reading cannot go on before TLS has written something of its own.
    [[nodiscard]] bool readWantsWrite() const { return m_out.empty() && m_transport->wantsWrite(); }
    [[nodiscard]] bool wantsWrite() const { return !m_out.empty() || m_transport->wantsWrite(); }
    /// False once the peer ended its side: nothing more can come.
    [[nodiscard]] bool wantsRead() const { return !m_inputEnded && !paused(); }
    /// A rate has no room for more of what the peer sends.
    [[nodiscard]] bool paused() const { return m_phase == Phase::Open && m_session->paused(); }
    [[nodiscard]] const Arrival& arrival() const { return m_arrival; }

    struct OwnedTimer : Timer {
        explicit OwnedTimer(Connection& connection)
            : owner(connection)
        {
        }
        Connection& owner;
    };
    OwnedTimer timer{*this};
    std::uint32_t interest = 0; ///< epoll events that are asked for now
    bool inFlush = false, inRead = false;

private:
    struct PendingHead {
        wire::HeadScanner scanner;
        std::string text;
    };

    void handshake();
    void endOfInput(IoStatus how);
    void readHead(std::span<const std::byte> bytes);
    void refuse(const Refusal& refusal);
    void refuseHead(Reason reason);
    void open(Admission admission);
    void reply(const std::string& text);
    void linger();
    void requestFlush();
    [[nodiscard]] bool write();
    [[nodiscard]] TimePoint deadline() const;

    WorkerContext& m_context;
    std::unique_ptr<Transport> m_transport;
    Arrival m_arrival;
    std::uint16_t m_peerPort;
    Phase m_phase = Phase::Handshake;
    bool m_writeShut = false, m_inputEnded = false;
    TimePoint m_phaseDeadline{}, m_lastWritten{};
    Lease m_pendingSlot, m_addressPendingSlot;
    SendQueue m_out;
    std::size_t m_offered = 0;           ///< bytes of m_out that TLS was handed and has not taken
    std::unique_ptr<PendingHead> m_head; ///< gone once the head is whole
    std::unique_ptr<Session> m_session;
};

} // namespace gatehouse
