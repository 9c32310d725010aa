// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "net/admission.h"
#include "net/ratemeter.h"
#include "net/workercontext.h"
#include "wire/frame.h"

#include <memory>
#include <optional>

namespace gatehouse {

class Connection;

/// How a session is to end.
struct Ending {
    Decision why;
    std::optional<std::uint16_t> code; ///< unset: an empty Close
    std::string text;                  ///< public, in the Close frame
    std::string actor;                 ///< empty: the rule, or the peer
};

/// A WebSocket session: what came after the 101. Owner: one I/O worker.
class Session {
public:
    Session(WorkerContext& context, Connection& connection, Admission admission,
            std::shared_ptr<const SessionInfo> info, std::shared_ptr<const PolicyGeneration> generation,
            std::shared_ptr<AddressState> address);

    [[nodiscard]] SessionId id() const { return m_info->id; }
    [[nodiscard]] const SessionInfo& info() const { return *m_info; }
    [[nodiscard]] const Identity& who() const { return m_who; }
    [[nodiscard]] const std::string& channel() const { return m_match.channel; }
    [[nodiscard]] const Policy& policy() const { return *m_generation->policy; }
    [[nodiscard]] const Route& route() const { return policy().routes[m_match.route]; }

    /// Once, right after the 101 was queued: the handler may now find it.
    void begin();
    /// Queues it, compressed where that was agreed on and worth it. Over `send_buffer` the session ends as a slow
    /// consumer.
    void send(const OutgoingMessage& message);
    /// Bytes from the peer.
    void received(std::span<std::byte> bytes);
    /// Starts the closing handshake; nothing but the Close is delivered after it.
    void end(Ending ending);

    /// Ends it where more than `send_buffer` still waits after a write.
    void checkBacklog();
    void onTimer();
    [[nodiscard]] TimePoint deadline() const;
    /// True from the moment that a Close was queued.
    [[nodiscard]] bool closing() const { return m_ending.has_value(); }
    /// True once the peer's own Close came in, or where none is waited for.
    [[nodiscard]] bool closeDone() const { return m_peerClosed; }
    /// What came in is thrown away unread: the peer broke the protocol.
    [[nodiscard]] bool deaf() const { return m_deaf; }
    /// The connection is gone; reports the end where nobody did yet.
    void gone(Reason reason);

    [[nodiscard]] SessionActivity activity() const;
    [[nodiscard]] std::shared_ptr<const SessionInfo> infoPointer() const { return m_info; }
    /// True while refusals stand within the route's window.
    [[nodiscard]] bool limited() const { return violationsNow() > 0; }
    /// A quarter of a second has passed; true while rates still change.
    bool sampleRates();
    bool noted = false; ///< in the worker's list of changed sessions
    [[nodiscard]] bool matches(const Ban& ban) const;

private:
    [[nodiscard]] bool mayAnswerMore();
    void onMessage(const wire::Event& event);
    void onClose(const wire::Event& event);
    void onViolation(Reason reason);
    [[nodiscard]] Decision violated(Reason reason) const;
    [[nodiscard]] bool takeControlFrame();
    void onPing(std::span<const std::byte> payload);
    [[nodiscard]] Decision checkRates(std::size_t bytes);
    void refuse(Decision decision);
    void report(AuditKind kind, const Decision& decision, std::uint16_t code, const std::string& actor,
                const std::string& detail);
    void noteChange();
    [[nodiscard]] std::uint32_t violationsNow() const;
    [[nodiscard]] std::string describeArrivals() const;

    WorkerContext& m_context;
    RouteHandler& m_handler;
    Connection& m_connection;
    std::shared_ptr<const PolicyGeneration> m_generation;
    std::shared_ptr<const SessionInfo> m_info;
    std::shared_ptr<AddressState> m_address;
    std::shared_ptr<UserState> m_user;
    Lease m_gateSlot, m_addressSlot, m_userSlot;
    Identity m_who;
    RouteMatch m_match;
    wire::Decoder m_decoder;
    RateBucket m_messages, m_bytes, m_control;
    std::uint64_t m_messagesIn = 0, m_messagesOut = 0, m_bytesIn = 0, m_bytesOut = 0, m_refused = 0;
    std::vector<TimePoint> m_violations; ///< within the route's window, oldest first
    std::unique_ptr<Explanation> m_lastRefusal;
    RateMeter::Totals m_sampled{};      ///< totals when the meter went
    std::unique_ptr<RateMeter> m_meter; ///< only while messages come or go
    TimePoint m_opened, m_lastMessage, m_lastBytes, m_pingSent{}, m_messageStarted{}, m_endingStarted{};
    TimePoint m_secondStarted{}; ///< arrivals of this second and the one before, for the words of a refusal
    std::uint32_t m_thisSecond = 0, m_lastSecond = 0;
    std::optional<TimePoint> m_expires;
    std::optional<Ending> m_ending;
    std::optional<std::uint8_t> m_deflateWindow; ///< bits; unset: permessage-deflate was not agreed on
    bool m_peerClosed = false;
    bool m_deaf = false;
    bool m_pingPending = false;
};

} // namespace gatehouse
