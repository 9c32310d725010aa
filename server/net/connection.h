// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/admission.h"
#include "net/endpoint.h"
#include "net/explain.h"
#include "net/firstmessage.h"
#include "net/sendqueue.h"
#include "net/session.h"
#include "net/transport.h"
#include "net/workercontext.h"
#include "wire/headscanner.h"
#include "wire/proxyprotocol.h"

#include <memory>
#include <string>

namespace gatehouse {

/// One accepted socket from accept to close: PROXY protocol, TLS handshake, request head, first message, WebSocket
/// session, lingering close. Owner: one I/O worker.
class Connection final : public Endpoint {
public:
    enum class Phase : std::uint8_t {
        Proxy, ///< a trusted proxy is to say for whom it asks
        Handshake,
        Head,
        FirstMessage, ///< behind the 101, without a session yet
        Claim,        ///< a one-time token is being used up
        Entry,        ///< somebody else is asked before the 101 (RouteHandler::enter)
        Open,         ///< a session, which may be closing
        Lingering,    ///< all is said; reads and forgets, so that what was said reaches the peer
        Dead
    };

    Connection(WorkerContext& context, std::unique_ptr<Transport> transport, Arrival arrival, std::uint16_t peerPort,
               Lease pendingSlot);
    ~Connection() override;

    void onReadable() override;
    void onTimer() override;
    /// Writes what is due, in as few calls as it takes.
    void flush() override;
    void hungUp() override;
    void requestFlush() { m_context.requestFlush(*this); }
    void queue(SharedFrame frame);
    /// A frame for this peer alone.
    void queue(const wire::FrameHeader& header, std::span<const std::byte> payload);
    /// Writes what the socket takes, where that is needed for `bytes` more to stay within `limit`. Ends nobody.
    [[nodiscard]] bool makeRoom(std::size_t bytes, std::uint64_t limit);
    /// Reading goes on in this turn or the next, also where the socket itself has nothing more.
    void readAgain() { m_context.readAgain(*this); }
    void dropUnsent();
    /// What became of the claim that it waits for.
    void claimed(ClaimVerdict verdict);
    /// The server stops: whoever can still be told is told.
    void drain();
    /// Another policy holds: it came through the listener of this index; unset: that is gone, and whoever has no
    /// session yet goes too.
    void moveListener(std::optional<std::size_t> listener);
    /// Ends it after an exception: 1011 where a session can still be told.
    void fail() noexcept override;
    /// Ends it now, without ceremony.
    void kill(Reason reason) override;
    void startTimer();

    [[nodiscard]] int fd() const override { return m_transport->fd(); }
    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] bool dead() const override { return m_phase == Phase::Dead; }
    [[nodiscard]] Session* session() const { return m_session.get(); }
    [[nodiscard]] std::size_t backlog() const { return m_out.bytes(); }
    [[nodiscard]] std::size_t backlogMemory() const { return m_out.held(); }
    /// When the socket last took bytes.
    [[nodiscard]] TimePoint lastWritten() const { return m_lastWritten; }
    /// Reading cannot go on before TLS has written something of its own.
    [[nodiscard]] bool readWantsWrite() const override
    {
        return m_phase == Phase::Handshake || (m_out.empty() && m_transport->wantsWrite());
    }
    [[nodiscard]] bool wantsWrite() const override
    {
        return !withheld() && (!m_out.empty() || m_transport->wantsWrite());
    }
    /// False once the peer ended its side, or where there is no room for more of what it says.
    [[nodiscard]] bool wantsRead() const override { return !m_inputEnded && !paused() && !earlyFull(); }
    /// Nothing is read: a rate has no room for more of what the peer sends, or its session is in quarantine.
    [[nodiscard]] bool paused() const { return m_phase == Phase::Open && m_session->paused(); }
    /// Nothing is written.
    [[nodiscard]] bool withheld() const { return m_phase == Phase::Open && m_session->withheld(); }
    [[nodiscard]] const Arrival& arrival() const { return m_arrival; }

    std::uint64_t claim = 0; ///< the worker's name for what it waits for; 0: nothing

private:
    static constexpr std::size_t mostEarly = 65536;

    struct PendingHead {
        wire::HeadScanner scanner;
        std::string text;
    };

    /// Where the answer to an entry is put, if somebody still waits for it.
    struct PendingEntry {
        explicit PendingEntry(Connection& waiting)
            : connection(waiting)
        {
        }
        Connection& connection;
        std::optional<EntryAnswer> answer;
    };

    /// Admitted, or nearly so.
    struct Waiting {
        std::shared_ptr<PendingEntry> entry; ///< null: nobody is asked
        Admission admission;
        std::unique_ptr<FirstMessage> first; ///< null: nobody was told 101 yet
        std::vector<std::byte> early;        ///< came behind the first message, before there was a session
        std::string message;                 ///< the first one, where it came
        bool goesOn = false;                 ///< it is for the session, too
        std::shared_ptr<const PolicyGeneration> generation{}; ///< of the admission, which moves on
        std::size_t route = 0;
    };

    /// Notes how long a step of the handshake took, and begins the next one.
    void stepDone(HandshakeHistogram& step);
    void readProxyHeader();
    void handshake();
    void beginHead();
    /// Came in at an admin listener.
    [[nodiscard]] bool isForAdmin() const;
    /// To the API, past its door: from here on it is nothing of this worker's.
    void handOver();
    void endOfInput(IoStatus how);
    /// Goes to the phase that the bytes are for.
    void received(std::span<std::byte> bytes);
    void readHead(std::span<const std::byte> bytes);
    void readFirstMessage(std::span<std::byte> bytes);
    void admitFirstMessage();
    void readEarly(std::span<const std::byte> bytes);
    void proceed(Admission admission);
    void startClaim();
    void passed(Admission admission);
    void startEntry();
    [[nodiscard]] bool entryAnswered() const
    {
        return m_phase == Phase::Entry && m_waiting->entry && m_waiting->entry->answer;
    }
    void settleEntry();
    void refuse(const Refusal& refusal);
    void refuseHead(Reason reason);
    [[nodiscard]] std::uint16_t sayRefused(const Decision& why);
    void abandon(Decision decision);
    void waitedTooLong();
    void leave();
    void open(Admission admission);
    [[nodiscard]] bool upgraded() const { return m_waiting && m_waiting->first; }
    [[nodiscard]] bool earlyFull() const { return m_waiting && m_waiting->early.size() >= mostEarly; }
    [[nodiscard]] HeadExtent headExtent() const;
    void reply(const std::string& text);
    void linger();
    [[nodiscard]] bool write();
    [[nodiscard]] TimePoint deadline() const;

    WorkerContext& m_context;
    std::unique_ptr<Transport> m_transport;
    Arrival m_arrival;
    std::uint16_t m_peerPort;
    Phase m_phase = Phase::Handshake;
    bool m_writeShut = false, m_inputEnded = false;
    TimePoint m_phaseDeadline{}, m_lastWritten{};
    TimePoint m_stepStarted; ///< of the handshake: TLS, then the request, then the upstream's answer
    Lease m_pendingSlot;     // of the gate
    SendQueue m_out;
    std::size_t m_offered = 0;           ///< bytes of m_out that TLS was handed and has not taken
    std::unique_ptr<PendingHead> m_head; ///< gone once the head is whole
    std::unique_ptr<wire::ProxyProtocol> m_proxyHeader;
    std::unique_ptr<Waiting> m_waiting;
    std::unique_ptr<Session> m_session;
};

} // namespace gatehouse
