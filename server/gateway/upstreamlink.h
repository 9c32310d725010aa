// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/linkvalues.h"
#include "gateway/randomkeys.h"
#include "net/endpoint.h"
#include "net/sendqueue.h"
#include "net/transport.h"
#include "net/workercontext.h"
#include "policy/ratebucket.h"
#include "wire/frame.h"
#include "wire/headscanner.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// One connection to an upstream from the connect to its end: TLS, the upgrade and its answer, frames both ways, the
/// closing handshake. It knows neither session nor policy, but an Owner, which may leave it at any time. Owner of the
/// object: the worker whose loop drives it.
class UpstreamLink final : public Endpoint {
public:
    /// Whom it is for. failed() and ended() are its last words: the owner is to forget it.
    class Owner {
    public:
        virtual ~Owner() = default;
        [[nodiscard]] virtual LinkTerms terms() const = 0;
        /// It is open; nothing is read before start(). Empty: no subprotocol was chosen.
        virtual void answered(const std::string& subprotocol) = 0;
        virtual void failed(const LinkFailure& failure) = 0;
        virtual void message(wire::Opcode type, std::span<const std::byte> payload) = 0;
        virtual void part(const wire::Event& part) = 0;
        /// No more than half of highWater waits, after more than that did.
        virtual void roomAgain() = 0;
        virtual void ended(const LinkEnd& end) = 0;
    };

    static constexpr std::size_t highWater = 262144; ///< bytes that wait; above, an owner should give no more
    static constexpr std::size_t mostHead = 16384;   ///< bytes of an answer's head
    static constexpr std::chrono::seconds longestStall{60};

    /// `transport` is over a socket that is connecting where it has one. All until the 101 must be done by `deadline`.
    UpstreamLink(WorkerContext& context, RandomKeys& keys, Owner& owner, std::unique_ptr<Transport> transport,
                 wire::ClientRequest request, TimePoint deadline);
    ~UpstreamLink() override;

    void start();
    /// Queues a message or a part of one (see wire::Event).
    void send(wire::Opcode type, std::span<const std::byte> payload, bool first = true, bool last = true);
    /// While on, nothing is read.
    void hold(bool on);
    /// Says nothing more to its owner, and ends by itself: with a Close where it is open. Unset: an empty Close.
    void leave(std::optional<std::uint16_t> code, std::string_view reason);
    /// The memory that waits to be written.
    [[nodiscard]] std::size_t backlog() const { return m_out.held(); }
    /// More than highWater waits, after as much was written as the socket takes.
    [[nodiscard]] bool full();

    [[nodiscard]] int fd() const override { return m_transport->fd(); }
    [[nodiscard]] bool dead() const override { return m_phase == Phase::Dead; }
    [[nodiscard]] bool wantsRead() const override;
    [[nodiscard]] bool wantsWrite() const override;
    [[nodiscard]] bool readWantsWrite() const override;
    void onReadable() override;
    void onTimer() override;
    void flush() override;
    void hungUp() override;
    void fail() noexcept override;
    void kill(Reason reason) override;

private:
    enum class Phase : std::uint8_t {
        Connecting,
        Handshake,
        Answer,    ///< the request goes out and its answer comes in
        Answered,  ///< 101; waits for start()
        Open,      ///< frames
        Closing,   ///< a Close was sent; what comes before the other side's Close is thrown away
        Lingering, ///< all is said; waits for the end of the connection
        Dead
    };
    struct PendingAnswer {
        wire::ClientRequest request;
        wire::HeadScanner scanner;
        std::string text;
        unsigned interim = 0; ///< answers of 1xx that came before
    };

    void checkConnected();
    void handshake();
    void sendRequest();
    void readAnswer(std::span<const std::byte> bytes);
    void takeAnswer(std::size_t headSize);
    void endOfInput(IoStatus how);

    void received(std::span<std::byte> bytes);
    void takeKept();
    void process(std::span<std::byte>& bytes);
    [[nodiscard]] bool takesFrames() const;
    void onEvent(const wire::Event& event);
    [[nodiscard]] bool takeControlFrame();
    void onClose(const wire::Event& event);
    void violate(Reason broke);

    void queue(std::vector<std::byte> frame);
    /// `first`: nothing waited before.
    void queued(bool first);
    void queueClose(std::optional<std::uint16_t> code, std::string_view reason);
    [[nodiscard]] bool write();
    void linger();
    void failAttempt(Reason reason, std::string met);
    void tellEnd(LinkEnd end);
    void lose(Reason reason, std::string met);
    void discard();
    [[nodiscard]] bool opened() const { return m_phase == Phase::Answered || m_phase == Phase::Open; }
    void takeTerms();
    [[nodiscard]] TimePoint deadline() const;
    void startTimer() { m_context.wheel.arm(timer, deadline()); }

    WorkerContext& m_context;
    RandomKeys& m_keys;
    Owner* m_owner; ///< null: it ends by itself
    std::unique_ptr<Transport> m_transport;
    std::unique_ptr<PendingAnswer> m_pending; ///< until the 101
    LinkTerms m_terms;
    wire::Decoder m_decoder;
    SendQueue m_out;
    std::size_t m_offered = 0;     ///< bytes of m_out that TLS was handed and has not taken
    std::vector<std::byte> m_kept; ///< read, and not looked at, when reading stopped
    std::size_t m_keptFrom = 0;    ///< what of m_kept is still to come
    RateBucket m_control;
    TimePoint m_deadline; ///< of all until the 101; of the closing handshake
    TimePoint m_started{}, m_pingSent{}, m_messageStarted{}, m_lastWritten{};
    Phase m_phase = Phase::Connecting;
    bool m_held = false;
    bool m_full = false; ///< over highWater, and the owner not told of room since
    bool m_pingPending = false;
    bool m_peerClosed = false;
    bool m_deaf = false; ///< it broke the protocol: what comes is thrown away
    bool m_inputEnded = false;
    bool m_writeShut = false;
};

} // namespace gatehouse
