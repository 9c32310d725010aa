// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/session.h"

#include "domain/ban.h"
#include "domain/isotime.h"
#include "net/connection.h"
#include "policy/closecodes.h"
#include "policy/decide.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

namespace {

constexpr int longestClosing = 5; ///< close timeouts that a peer which keeps reading may take

/// Endings that nothing may be delivered before, or that an unread backlog would keep from being heard.
bool dropsBacklog(Reason reason)
{
    return reason == Reason::SlowConsumer || reason == Reason::Kicked || reason == Reason::Banned ||
           reason == Reason::Revoked || reason == Reason::Lockdown;
}

std::chrono::milliseconds leewayOf(const Policy& policy, const std::string& issuer)
{
    const auto found = std::ranges::find(policy.issuers, issuer, &Issuer::name);
    return found == policy.issuers.end() ? std::chrono::milliseconds(0) : found->leeway;
}

/// What of a reason goes into a Close (RFC 6455 §5.5.1): clients of Centrifugo read options from it where it is JSON.
bool isJson(MessageValidator& validator, std::string_view reason)
{
    constexpr std::size_t longest = 123;
    const auto fault = validator.read(std::as_bytes(std::span(reason.substr(0, longest))));
    return !fault || *fault == JsonFault::Number; // which is JSON to others
}

SharedFrame makeFrame(std::vector<std::byte> bytes)
{
    return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

} // namespace

Session::Session(WorkerContext& context, Connection& connection, Admission admission,
                 std::shared_ptr<const SessionInfo> info, std::shared_ptr<const PolicyGeneration> generation,
                 std::shared_ptr<AddressState> address, std::shared_ptr<const SessionFacts> facts)
    : m_context(context)
    , m_handler(context.handler(*generation->policy, admission.match.route))
    , m_connection(connection)
    , m_generation(std::move(generation))
    , m_info(std::move(info))
    , m_facts(std::move(facts))
    , m_policyEpoch(admission.policyEpoch)
    , m_address(std::move(address))
    , m_user(std::move(admission.user))
    , m_gateSlot(std::move(admission.gateSlot))
    , m_addressSlot(std::move(admission.addressSlot))
    , m_userSlot(std::move(admission.userSlot))
    , m_who(std::move(admission.who))
    , m_match(std::move(admission.match))
    , m_decoder(wire::Role::Server, decoderLimits(route(), admission.deflate.has_value()))
    , m_opened(context.now)
    , m_lastMessage(context.now)
{
    m_partner = std::move(admission.partner);
    if (admission.deflate)
        m_deflateWindow = admission.deflate->windowBits;
    findChannelRule();
    m_expires = expiryOf(policy(), m_who, context.now, context.wall);
}

void Session::begin()
{
    m_limits = m_context.userLimits.of(m_who);
    m_handler.opened(*this);
    choosePartSize();
    report(AuditKind::Open, {}, 101, {}, m_connection.arrival().described(m_match.channel));
    noteChange();
}

void Session::send(const OutgoingMessage& message)
{
    SharedFrame frame = deflates(message.payloadSize()) ? message.deflated(*m_deflateWindow) : message.plain();
    if (!admits(frame->size()))
        return;
    m_connection.queue(std::move(frame));
    countSent(message.payloadSize());
}

void Session::send(wire::Opcode type, std::span<const std::byte> payload)
{
    if (deflates(payload.size())) {
        send(OutgoingMessage(type, payload));
        return;
    }
    const wire::FrameHeader header = wire::frameHeader(type, payload.size());
    if (!admits(header.size + payload.size()))
        return;
    m_connection.queue(header, payload);
    countSent(payload.size());
}

void Session::reply(std::span<const std::byte> payload)
{
    if (closing())
        return;
    if (deflates(payload.size()))
        m_connection.queue(OutgoingMessage(wire::Opcode::Text, payload).deflated(*m_deflateWindow));
    else
        m_connection.queue(wire::frameHeader(wire::Opcode::Text, payload.size()), payload);
    countSent(payload.size());
}

/// Never where nothing would go out: compressing is dear.
bool Session::deflates(std::size_t bytes) const
{
    const auto& compression = route().compression;
    return !closing() && !withheld() && m_deflateWindow && compression && bytes >= compression->minSize;
}

/// False where a message goes no further.
bool Session::admits(std::size_t frame)
{
    if (closing())
        return false;
    const bool drops = route().slowConsumer == SlowConsumer::DropNewest;
    if (withheld() || (drops && !m_connection.makeRoom(frame, route().sendBuffer))) {
        leaveOut();
        return false;
    }
    return true;
}

void Session::countSent(std::size_t bytes)
{
    ++m_messagesOut;
    m_bytesOut += bytes;
    m_context.counters.messagesOut.add();
    m_context.counters.bytesOut.add(bytes);
    m_lastMessage = m_context.now;
    noteCongestion();
    noteChange();
}

void Session::leaveOut()
{
    ++m_dropped;
    m_context.counters.dropped.add();
    noteChange();
}

void Session::received(std::span<std::byte> bytes)
{
    if (outdated())
        meetPolicy();
    m_pingPending = false; // any byte says that the peer is there
    process(bytes);
    if (paused() && !bytes.empty()) {
        m_kept.assign(bytes.begin(), bytes.end());
        m_keptFrom = 0;
    }
}

void Session::takeKept()
{
    if (outdated())
        meetPolicy();
    if (paused() || m_kept.empty())
        return;
    std::span<std::byte> rest = std::span(m_kept).subspan(m_keptFrom);
    process(rest);
    if (paused() && !rest.empty()) {
        m_keptFrom = m_kept.size() - rest.size();
        return;
    }
    std::vector<std::byte>().swap(m_kept);
}

/// Up to where all is read, reading stops, or nothing more is to be heard; what is left of `bytes` was not looked at.
void Session::process(std::span<std::byte>& bytes)
{
    while (!m_deaf && !m_peerClosed && !paused()) {
        const wire::Event event = m_decoder.next(bytes);
        switch (event.kind) {
        case wire::Event::Kind::NeedMore:
            if ((m_decoder.inFrame() || m_decoder.inMessage()) && m_messageStarted == TimePoint{}) {
                m_messageStarted = m_context.now;
                m_connection.startTimer();
            }
            return;
        case wire::Event::Kind::Message:
            if (!closing())
                onMessage(event);
            break;
        case wire::Event::Kind::Part:
            if (!closing())
                onPart(event);
            break;
        case wire::Event::Kind::Ping:
            onPing(event.payload);
            break;
        case wire::Event::Kind::Pong:
            (void)takeControlFrame();
            break;
        case wire::Event::Kind::Close:
            onClose(event);
            break;
        case wire::Event::Kind::Violation:
            onViolation(event.reason);
            break;
        }
        if (!m_decoder.inMessage()) // what is there of the next frame begins anew
            m_messageStarted = {};
        if (!mayAnswerMore())
            return;
    }
}

/// Many messages may come out of one read, and compressed ones are far longer than what came: what is queued for them
/// is written, and measured, before there is more of it. False where the connection did not survive that.
bool Session::mayAnswerMore()
{
    if (!closing() && m_connection.backlogMemory() > route().sendBuffer)
        m_connection.flush();
    return m_connection.phase() != Connection::Phase::Dead;
}

bool Session::takeControlFrame()
{
    const auto& rate = route().controlFrames;
    if (!rate || m_control.take(*rate, m_context.now))
        return true;
    onViolation(Reason::ControlRate);
    return false;
}

void Session::onPing(std::span<const std::byte> payload)
{
    if (takeControlFrame() && !closing())
        m_connection.queue(makeFrame(wire::encodeFrame(wire::Opcode::Pong, payload)));
}

void Session::onClose(const wire::Event& event)
{
    m_peerClosed = true;
    const std::uint16_t code = event.closeCode.value_or(1005);
    const auto* text = static_cast<const char*>(static_cast<const void*>(event.payload.data()));
    end({{Reason::PeerClosed, {}, std::to_string(code), {}},
         event.closeCode,
         {},
         {},
         std::string(text, event.payload.size())});
}

void Session::onViolation(Reason reason)
{
    m_context.counters.refused[static_cast<std::size_t>(reason)].add();
    end({violated(reason), closeCode(reason).value_or(1002), std::string(reasonWord(reason)), {}});
    m_deaf = true;
}

/// The limit that was broken; what breaks the protocol itself has none.
Decision Session::violated(Reason reason) const
{
    const auto rule = [this](std::string_view key) { return routeRule(policy(), m_match.route, key); };
    switch (reason) {
    case Reason::TooBig:
        return {reason, rule("messages/max_size"), "a longer message",
                std::to_string(route().messages.maxSize) + " bytes"};
    case Reason::Fragments:
        return {reason, rule("messages/max_fragments"), "a message of more parts",
                std::to_string(route().messages.maxFragments)};
    case Reason::ControlRate:
        return {reason, rule("control_frames"), "bucket empty", describeRate(route().controlFrames.value_or(Rate{}))};
    default:
        return {reason, rule("messages"), {}, {}};
    }
}

void Session::end(Ending ending)
{
    if (closing())
        return;
    m_ending = std::move(ending);
    if (m_ending->code && !m_ending->codeStands)
        m_ending->code = routeCloseCode(route().kind, m_ending->why.reason, *m_ending->code);
    if (route().kind == RouteKind::Centrifuge && isJson(m_context.validator, m_ending->text))
        m_ending->text.insert(0, "reason: ");
    m_endingStarted = m_context.now;
    const bool wasWithheld = std::exchange(m_quarantine, nullptr) != nullptr;
    const bool wasHeld = std::exchange(m_held, false);
    if (m_resumeAt || wasWithheld || wasHeld) // the peer's Close may stand behind what was not read
        readOn();
    m_handler.closed(*this);
    leaveLimits();
    if (wasWithheld || dropsBacklog(m_ending->why.reason))
        m_connection.dropUnsent();
    m_connection.queue(makeFrame(wire::encodeClose(m_ending->code, m_ending->text)));
    m_context.counters.closed[static_cast<std::size_t>(m_ending->why.reason)].add();
    report(AuditKind::Close, m_ending->why, m_ending->code.value_or(1005), m_ending->actor, m_ending->text);
    m_connection.startTimer();
    noteChange();
}

void Session::checkBacklog()
{
    // What is dropped does not fill it: beyond are only the answers to a peer that pings and never reads.
    constexpr std::uint64_t roomForControl = 65536;
    const bool drops = route().slowConsumer == SlowConsumer::DropNewest;
    const std::uint64_t limit = route().sendBuffer + (drops ? roomForControl : 0);
    if (closing())
        return;
    const std::size_t waits = m_connection.backlogMemory();
    if (m_congested && waits <= route().sendBuffer / 4) {
        m_congested = false;
        m_handler.roomAgain(*this); // which may send more: that is written, and measured, after this
        return;
    }
    if (waits <= limit)
        return;
    end({{Reason::SlowConsumer, routeRule(policy(), m_match.route, "send_buffer"),
          std::to_string(waits) + " bytes wait", std::to_string(limit) + " bytes"},
         closeCode(Reason::SlowConsumer),
         std::string(reasonWord(Reason::SlowConsumer)),
         {}});
}

TimePoint Session::deadline() const
{
    if (closing()) { // a peer that still takes its backlog is given time to reach the Close behind it
        const auto timeout = policy().limits.closeTimeout;
        return std::min(std::max(m_endingStarted, m_connection.lastWritten()) + timeout,
                        m_endingStarted + longestClosing * timeout);
    }
    TimePoint first = std::min(m_expires.value_or(TimePoint::max()), m_endsBy);
    if (const auto& lifetime = route().sessionLifetime)
        first = std::min(first, m_opened + *lifetime);
    first = std::min(first, m_wakeAt);
    if (m_quarantine)
        return std::min(first, m_quarantine->until.value_or(TimePoint::max()));
    if (m_resumeAt) // the peer is not to be blamed for what we do not read
        return std::min(first, *m_resumeAt);
    if (m_held)
        return first;
    if (const auto& ping = route().ping)
        first =
            std::min(first, m_pingPending ? m_pingSent + ping->timeout : std::max(m_opened, m_pingSent) + ping->every);
    if (const auto& idle = route().idleTimeout)
        first = std::min(first, std::max(m_lastMessage, m_resumed) + *idle);
    if (m_messageStarted != TimePoint{})
        first = std::min(first, m_messageStarted + route().messages.completeWithin);
    return first;
}

void Session::onTimer()
{
    if (outdated())
        meetPolicy();
    const TimePoint now = m_context.now;
    if (closing()) {
        if (now >= deadline())
            m_connection.kill(Reason::CloseTimeout);
        return;
    }
    const auto close = [this](Reason reason, std::string_view key, std::string met, std::string limit) {
        end({{reason, routeRule(policy(), m_match.route, key), std::move(met), std::move(limit)},
             closeCode(reason),
             std::string(reasonWord(reason)),
             {}});
    };
    const auto text = [](auto time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
    };
    const auto& lifetime = route().sessionLifetime;
    const auto& idle = route().idleTimeout;
    const TimePoint lastMessage = std::max(m_lastMessage, m_resumed);
    if (m_expires && now >= *m_expires) {
        close(Reason::Expired, "authentication", "the token ended at " + formatTime(m_who.expires.value_or(WallTime{})),
              "leeway " + text(leewayOf(policy(), m_who.issuer)));
    } else if (now >= m_endsBy) {
        close(Reason::Expired, "authentication", "an operator's time for it is over", {});
    } else if (lifetime && now - m_opened >= *lifetime) {
        close(Reason::Lifetime, "session_lifetime", "open for " + text(now - m_opened), text(*lifetime));
    } else if (now >= m_wakeAt) {
        m_wakeAt = TimePoint::max();
        m_handler.woken(*this);
    } else if (m_quarantine) {
        if (m_quarantine->until && now >= *m_quarantine->until)
            endQuarantine(ruleActor, "its time is over");
    } else if (m_resumeAt) {
        onThrottleTimer();
    } else if (m_held) {
        return;
    } else if (m_messageStarted != TimePoint{} && now - m_messageStarted >= route().messages.completeWithin) {
        m_context.counters.refused[static_cast<std::size_t>(Reason::MsgTimeout)].add();
        close(Reason::MsgTimeout, "messages/complete_within", "not whole after " + text(now - m_messageStarted),
              text(route().messages.completeWithin));
        m_deaf = true;
    } else if (idle && now - lastMessage >= *idle) {
        close(Reason::Idle, "idle_timeout", "no message for " + text(now - lastMessage), text(*idle));
    } else {
        checkPing();
    }
}

void Session::checkPing()
{
    const TimePoint now = m_context.now;
    const auto& ping = route().ping;
    if (!ping)
        return;
    if (m_pingPending && now - m_pingSent >= ping->timeout) {
        const auto text = [](std::chrono::nanoseconds time) {
            return std::to_string(time / std::chrono::milliseconds(1)) + " ms";
        };
        end({{Reason::PingTimeout, routeRule(policy(), m_match.route, "ping/timeout"),
              "no byte for " + text(now - m_pingSent) + " after a ping", text(ping->timeout)},
             closeCode(Reason::PingTimeout),
             std::string(reasonWord(Reason::PingTimeout)),
             {}});
    } else if (!m_pingPending && now - std::max(m_opened, m_pingSent) >= ping->every) {
        m_pingSent = now;
        m_pingPending = true;
        SharedFrame frame = m_handler.ping(*this);
        m_connection.queue(frame ? std::move(frame) : makeFrame(wire::encodeFrame(wire::Opcode::Ping, {})));
    }
}

void Session::gone(Reason reason)
{
    if (!closing()) {
        m_ending = Ending{{reason, {}, "the connection ended without a Close", {}}, 1006, {}, {}};
        m_handler.closed(*this);
        leaveLimits();
        m_context.counters.closed[static_cast<std::size_t>(reason)].add();
        report(AuditKind::Close, m_ending->why, 1006, {}, {});
    } else if (reason == Reason::CloseTimeout && !m_peerClosed) {
        m_context.counters.closed[static_cast<std::size_t>(reason)].add();
        report(AuditKind::Close, {reason, limitRule("close_timeout"), {}, {}}, 1006, {}, {});
    }
    if (m_context.watched)
        m_context.closed.push_back({id(),
                                    m_ending->code.value_or(1005),
                                    m_ending->text,
                                    {m_ending->why, version(), m_context.wall, m_ending->actor}});
}

void Session::report(AuditKind kind, const Decision& decision, std::uint16_t code, const std::string& actor,
                     const std::string& detail)
{
    AuditRecord record;
    record.time = m_context.wall;
    record.kind = kind;
    record.decision = decision;
    record.session = id();
    record.user = m_who.user;
    record.issuer = m_who.issuer;
    record.address = m_info->address;
    record.route = m_info->route;
    record.origin = m_info->origin;
    record.actor = actor;
    record.detail = detail;
    record.code = code;
    record.policyVersion = version();
    m_context.gate.audit.record(std::move(record));
}

void Session::noteChange()
{
    if (!noted) {
        noted = true;
        m_context.changed.push_back(&m_connection);
    }
}

bool Session::sampleRates()
{
    if (!m_meter)
        m_meter = std::make_unique<RateMeter>(m_sampled);
    m_meter->sample({m_messagesIn, m_messagesOut, m_bytesIn, m_bytesOut});
    if (!m_meter->quiet())
        return true;
    m_sampled = {m_messagesIn, m_messagesOut, m_bytesIn, m_bytesOut};
    m_meter.reset();
    return false;
}

SessionActivity Session::activity() const
{
    SessionActivity result;
    result.phase = closing() ? SessionPhase::Closing : m_quarantine ? SessionPhase::Quarantined : SessionPhase::Open;
    if (m_quarantine)
        result.quarantinedUntil = m_quarantine->shownUntil;
    result.messagesIn = m_messagesIn;
    result.messagesOut = m_messagesOut;
    result.bytesIn = m_bytesIn;
    result.bytesOut = m_bytesOut;
    if (m_meter) {
        result.messagesInRate = m_meter->rate(0);
        result.messagesOutRate = m_meter->rate(1);
        result.bytesInRate = m_meter->rate(2);
        result.bytesOutRate = m_meter->rate(3);
    }
    if (const auto& rate = route().messages.rate)
        result.rateLeft = m_messages.left(*rate, m_context.now);
    result.backlog = m_connection.backlog();
    result.refused = m_refused;
    result.violations = violationsNow();
    if (m_messagesIn + m_messagesOut > 0)
        result.lastMessage =
            m_context.wall - std::chrono::duration_cast<std::chrono::milliseconds>(m_context.now - m_lastMessage);
    if (m_lastRefusal)
        result.lastRefusal = *m_lastRefusal;
    result.temporaryLimit = tightestLimit();
    result.throttled = m_throttled;
    result.dropped = m_dropped;
    result.userSessions = m_user ? static_cast<std::uint32_t>(m_user->sessions.used()) : 0;
    return result;
}

bool Session::matches(const Ban& ban) const
{
    switch (ban.subject) {
    case BanSubject::User:
        return !m_who.anonymous() && m_who.user == ban.value && (ban.issuer.empty() || ban.issuer == m_who.issuer);
    case BanSubject::Address:
        return IpAddress::parse(ban.value) == m_connection.arrival().peer;
    case BanSubject::Network:
        if (const auto network = Network::parse(ban.value))
            return network->contains(m_connection.arrival().peer);
        return false;
    case BanSubject::Token:
        return !m_who.tokenId.empty() && m_who.tokenId == ban.value &&
               (ban.issuer.empty() || ban.issuer == m_who.issuer);
    }
    return false;
}

} // namespace gatehouse
