// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "net/admission.h"
#include "net/ratemeter.h"
#include "net/reevaluation.h"
#include "net/workercontext.h"
#include "wire/frame.h"

#include <array>
#include <memory>
#include <optional>
#include <unordered_set>

namespace gatehouse {

class Connection;

/// How a session is to end.
struct Ending {
    Decision why;
    std::optional<std::uint16_t> code; ///< unset: an empty Close
    std::string text;                  ///< public, in the Close frame
    std::string actor;                 ///< empty: the rule, or the peer
    std::string peerText{};            ///< of the peer's own Close
    bool codeStands = false;           ///< `code` is its protocol's own; else it is the plain protocol's
};

/// What an operator orders: nothing is read from a session, and nothing delivered to it.
struct QuarantineOrder {
    std::optional<std::chrono::milliseconds> duration; ///< unset: until somebody ends it
    std::string actor;
    std::string reason;
};

/// A WebSocket session: what came after the 101. Owner: one I/O worker.
class Session {
public:
    Session(WorkerContext& context, Connection& connection, Admission admission,
            std::shared_ptr<const SessionInfo> info, std::shared_ptr<const PolicyGeneration> generation,
            std::shared_ptr<AddressState> address, std::shared_ptr<const SessionFacts> facts);

    [[nodiscard]] SessionId id() const { return m_info->id; }
    [[nodiscard]] const SessionInfo& info() const { return *m_info; }
    [[nodiscard]] const Identity& who() const { return m_who; }
    [[nodiscard]] const std::string& channel() const { return m_match.channel; }
    [[nodiscard]] const Policy& policy() const { return *m_generation->policy; }
    [[nodiscard]] const Route& route() const { return policy().routes[m_match.route]; }
    [[nodiscard]] std::size_t routeIndex() const { return m_match.route; }
    [[nodiscard]] const PolicyGeneration& generation() const { return *m_generation; }
    [[nodiscard]] const SessionFacts& facts() const { return *m_facts; }

    /// Once, right after the 101 was queued: the handler may now find it.
    void begin();
    /// Queues it, compressed where that was agreed on and worth it. Over `send_buffer` the session ends as a slow
    /// consumer, or the message is dropped, as the route says.
    void send(const OutgoingMessage& message);
    /// Likewise one that goes to nobody else.
    void send(wire::Opcode type, std::span<const std::byte> payload);
    /// Likewise an answer to what the peer asked: it is never dropped, and waits while the session is withheld().
    void reply(std::span<const std::byte> payload);
    /// Bytes from the peer.
    void received(std::span<std::byte> bytes);
    /// The first message, which came before there was a session.
    void takeFirst(std::string_view message);

    // For a handler that countsItself(): what a message holds, one by one.
    /// Counts one, of so many bytes, and asks the rates. A refusal is for refuseRate(), once it is answered.
    [[nodiscard]] Decision charge(std::size_t bytes);
    /// Records it, as a violation where the route closes for it, which may end the session.
    void refuseRate(Decision decision);
    /// Likewise an answer to the protocol's own ping, which is no use of the session.
    [[nodiscard]] bool chargePong() { return takeControlFrame(); }
    /// JSON against the schema of the route and of a channel rule; what is only reported is reported, and let through.
    /// A refusal is for refuseData(), once it is answered.
    [[nodiscard]] Decision checkData(std::string_view json, std::size_t channelRule);
    /// Records it as `on_violation` says, which may end the session.
    void refuseData(Decision decision) { (void)passesMisfit(std::move(decision)); }
    /// Records a violation; enough of them end the session.
    void violate(Decision decision) { refuse(std::move(decision)); }
    /// Records a refusal that is not held against it.
    void deny(const Decision& decision);
    /// What was queued is written where it is much: false where the session did not survive that.
    [[nodiscard]] bool mayGoOn() { return mayAnswerMore() && !closing(); }

    /// Bytes that wait to be written.
    [[nodiscard]] std::size_t backlog() const;
    /// What the operator sees of the channels that it is in.
    void showChannels(std::vector<std::string> channels);
    /// Its handler is woken() at that time; max(): never.
    void wakeAt(TimePoint time);
    /// Its user showed another token, which was verified and speaks for the same user.
    void renew(const VerifiedToken& token);
    /// It ends as with its token at that time, where the token's own end is not before that.
    void expireAt(WallTime time);
    /// True while nothing is read: a rate has no room, its route holds it, or it is in quarantine.
    [[nodiscard]] bool paused() const { return m_resumeAt || m_quarantine || m_held; }
    /// True while nothing is delivered: what is queued stays, and what comes is dropped.
    [[nodiscard]] bool withheld() const { return m_quarantine != nullptr; }
    /// Begins, or replaces the one that is on.
    void quarantine(const QuarantineOrder& order);
    /// One of the same subject is replaced.
    void setLimit(const SharedLimit& limit);
    void dropLimits(const std::unordered_set<LimitId>& ids);
    void endQuarantine(const std::string& actor, const std::string& reason);
    /// What was read before reading stopped comes first when it goes on.
    void takeKept();
    /// The peer has nothing more to say for now.
    void drained() { m_catchingUp = false; }
    /// What enter() of its route's handler made; null: nothing.
    [[nodiscard]] SessionPartner* partner() const { return m_partner.get(); }
    /// How it ends; unset while it does not.
    [[nodiscard]] const std::optional<Ending>& ending() const { return m_ending; }
    /// Nothing more is read from it until release(), as if a rate had no room: its route's other side takes no more.
    void hold();
    void release();
    /// Queues a part of a message, as it is: of `first` and `last` see wire::Event. One message at a time. One that
    /// begins while the session is withheld() is dropped; one that had begun is queued to its end.
    void sendPart(wire::Opcode type, std::span<const std::byte> payload, bool first, bool last);
    /// More than half of its send buffer waited, and no more than a quarter has been reached since: then the handler is
    /// told that there is room again.
    [[nodiscard]] bool congested() const { return m_congested; }
    /// By the first channel rule that matches; asked once for each policy.
    [[nodiscard]] bool mayPublish();
    /// Starts the closing handshake; nothing but the Close is delivered after it.
    void end(Ending ending);

    /// A policy came that it has not met.
    [[nodiscard]] bool outdated() const { return m_policyEpoch != m_context.policyEpoch; }
    /// The worker's policy holds for it from here on: it ends it, or changes its limits, roles and timers in place.
    void meetPolicy();
    [[nodiscard]] LiveSession live() const;

    /// After a write: ends it where more than `send_buffer` still waits, and tells its handler of room.
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
    static wire::DecoderLimits decoderLimits(const Route& route, bool deflate);
    void findChannelRule();
    void adopt(std::shared_ptr<const PolicyGeneration> next, SessionTerms terms);
    void restartTimers(const Route& was);
    /// The version that decided over it last.
    [[nodiscard]] std::uint64_t version() const { return m_endedByVersion.value_or(policy().version); }
    [[nodiscard]] bool mayAnswerMore();
    void process(std::span<std::byte>& bytes);
    void onMessage(const wire::Event& event);
    void onUnits(const wire::Event& event);
    void onPart(const wire::Event& event);
    /// Counts a message, and asks what is asked before its content: false where it ends the session.
    [[nodiscard]] bool begins(const wire::Event& event);
    [[nodiscard]] bool isOfGoodType(const wire::Event& event);
    void countMessage();
    void countBytes(std::size_t bytes);
    /// As its handler likes it, unless the policy needs every message whole.
    void choosePartSize();
    void noteCongestion();
    /// What of a message is charged for.
    enum class Share : std::uint8_t { Whole, LaterPart };
    /// False where the message goes no further.
    [[nodiscard]] bool passesRates(const wire::Event& event, Share share);
    [[nodiscard]] Decision askRates(std::uint64_t bytes, Share share);
    [[nodiscard]] bool passesSchemas(const wire::Event& event);
    void onClose(const wire::Event& event);
    void onViolation(Reason reason);
    [[nodiscard]] Decision violated(Reason reason) const;
    [[nodiscard]] bool takeControlFrame();
    void checkPing();
    void onPing(std::span<const std::byte> payload);
    /// A bucket that a message must go through, and what it takes there.
    struct Toll {
        RateBucket* bucket = nullptr;
        const Rate* rate = nullptr;
        std::uint64_t cost = 0;
        Reason reason = Reason::None;
        std::string_view key{}; ///< of the policy: below the route where it starts with "messages/", or below limits
        const TemporaryLimit* limit = nullptr; ///< instead of a key
    };
    struct Tolls {
        std::array<Toll, 8> all{}; // five of the policy's; of the session, of its user, of its user whoever vouches
        std::size_t count = 0;
        [[nodiscard]] std::span<const Toll> used() const { return std::span(all).first(count); }
    };
    [[nodiscard]] Tolls tolls(std::uint64_t bytes, Share share = Share::Whole);
    [[nodiscard]] Decision refusedAt(const Toll& toll) const;
    [[nodiscard]] TimePoint roomAt(const Tolls& due, TimePoint at) const;
    void throttle(const Tolls& due);
    void pause(TimePoint until);
    void resume();
    void readOn();
    void onThrottleTimer();
    void countArrival();
    /// The rule of a channel whose schema stands; null: none does.
    [[nodiscard]] Decision checkSchemas(std::span<const std::byte> payload, const std::size_t* channelRule);
    [[nodiscard]] Decision misfit(const SchemaFile& schema, const std::size_t* channelRule, std::string met,
                                  std::string_view pointer) const;
    /// What becomes of what does not fit: true where it goes on.
    [[nodiscard]] bool passesMisfit(Decision decision);
    void refuse(Decision decision);
    void drop(const Decision& decision);
    void noteRefusal(const Decision& decision);
    void report(AuditKind kind, const Decision& decision, std::uint16_t code, const std::string& actor,
                const std::string& detail);
    void noteChange();
    void limitsChanged();
    void askForRoom();
    void leaveLimits();
    [[nodiscard]] std::optional<TemporaryLimit> tightestLimit() const;
    [[nodiscard]] bool deflates(std::size_t bytes) const;
    [[nodiscard]] bool admits(std::size_t frame);
    void countSent(std::size_t bytes);
    void leaveOut();
    [[nodiscard]] std::uint32_t violationsNow() const;
    [[nodiscard]] std::string describeArrivals() const;

    WorkerContext& m_context;
    RouteHandler& m_handler;
    Connection& m_connection;
    std::shared_ptr<const PolicyGeneration> m_generation;
    std::shared_ptr<const SessionInfo> m_info;
    std::shared_ptr<const SessionFacts> m_facts;
    std::uint64_t m_policyEpoch = 0;
    std::optional<std::uint64_t> m_endedByVersion; ///< of a policy that did not let it stay
    std::shared_ptr<AddressState> m_address;
    std::shared_ptr<UserState> m_user;
    Lease m_gateSlot, m_addressSlot, m_userSlot;
    Identity m_who;
    RouteMatch m_match;
    wire::Decoder m_decoder;
    const SchemaFile* m_channelSchema = nullptr; ///< of publications; in the session's own policy
    std::size_t m_channelRule = 0;               ///< where m_channelSchema stands
    std::vector<std::byte> m_kept;               ///< read, and not looked at, when reading stopped
    std::size_t m_keptFrom = 0;                  ///< what of m_kept is still to come
    RateBucket m_messages, m_bytes, m_control;
    std::uint64_t m_messagesIn = 0, m_messagesOut = 0, m_bytesIn = 0, m_bytesOut = 0, m_refused = 0, m_throttled = 0,
                  m_dropped = 0;
    std::vector<TimePoint> m_violations; ///< within the route's window, oldest first
    std::unique_ptr<Explanation> m_lastRefusal;
    struct Quarantine {
        std::optional<TimePoint> until;
        std::optional<WallTime> shownUntil;
    };
    std::unique_ptr<Quarantine> m_quarantine; ///< null: in none
    std::unique_ptr<SessionPartner> m_partner;
    std::vector<SharedLimit> m_limits;  ///< at most three
    RateMeter::Totals m_sampled{};      ///< totals when the meter went
    std::unique_ptr<RateMeter> m_meter; ///< only while messages come or go
    TimePoint m_opened, m_lastMessage, m_pingSent{}, m_messageStarted{}, m_endingStarted{};
    TimePoint m_secondStarted{}; ///< arrivals of this second and the one before, for the words of a refusal
    std::uint32_t m_thisSecond = 0, m_lastSecond = 0;
    std::optional<TimePoint> m_expires;
    std::optional<TimePoint> m_resumeAt;   ///< set while a rate has no room
    TimePoint m_resumed{};                 ///< when reading last went on
    TimePoint m_paidAt{};                  ///< while m_catchingUp: when the next message is taken to have come
    TimePoint m_nextDropRecord{};          ///< dropped messages are recorded once a window
    TimePoint m_endsBy = TimePoint::max(); ///< by an operator's order
    TimePoint m_wakeAt = TimePoint::max(); ///< its handler asked for it
    std::uint64_t m_wireExcess = 0;        ///< bytes that a message came in beyond its own, still to be charged for
    std::optional<bool> m_mayPublish;
    std::optional<Ending> m_ending;
    std::optional<std::uint8_t> m_deflateWindow; ///< bits; unset: permessage-deflate was not agreed on
    bool m_peerClosed = false;
    bool m_deaf = false;
    bool m_catchingUp = false; ///< what is read was waiting when reading went on
    bool m_pingPending = false;
    bool m_held = false;
    bool m_congested = false;
    bool m_partsRefused = false; ///< of the message that comes in parts: the rest of it is swallowed
    bool m_partsDropped = false; ///< of the message that goes in parts, likewise
};

} // namespace gatehouse
