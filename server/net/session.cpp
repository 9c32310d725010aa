// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/session.h"

#include "net/connection.h"
#include "policy/decide.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr int longestClosing = 5; ///< close timeouts that a peer which keeps reading may take

/// Endings that nothing may be delivered before, or that an unread backlog would keep from being heard.
bool dropsBacklog(Reason reason)
{
    return reason == Reason::SlowConsumer || reason == Reason::Kicked || reason == Reason::Banned ||
           reason == Reason::Revoked;
}

std::chrono::milliseconds leewayOf(const Policy& policy, const std::string& issuer)
{
    const auto found = std::ranges::find(policy.issuers, issuer, &Issuer::name);
    return found == policy.issuers.end() ? std::chrono::milliseconds(0) : found->leeway;
}

wire::DecoderLimits decoderLimits(const Route& route, bool deflate)
{
    wire::DecoderLimits limits{route.messages.maxSize, route.messages.maxFragments};
    if (deflate)
        limits.maxInflated = route.compression->maxInflated;
    return limits;
}

SharedFrame makeFrame(std::vector<std::byte> bytes)
{
    return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

} // namespace

Session::Session(WorkerContext& context, Connection& connection, Admission admission,
                 std::shared_ptr<const SessionInfo> info, std::shared_ptr<const PolicyGeneration> generation,
                 std::shared_ptr<AddressState> address)
    : m_context(context)
    , m_handler(context.handler(*generation->policy, admission.match.route))
    , m_connection(connection)
    , m_generation(std::move(generation))
    , m_info(std::move(info))
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
    , m_lastBytes(context.now)
{
    if (admission.deflate)
        m_deflateWindow = admission.deflate->windowBits;
    if (m_who.expires) // a token that got in by its leeway has that leeway to stay
        m_expires = context.now + (*m_who.expires - context.wall) +
                    (*m_who.expires > context.wall ? std::chrono::milliseconds(0) : leewayOf(policy(), m_who.issuer));
}

void Session::begin()
{
    m_handler.opened(*this);
    report(AuditKind::Open, {}, 101, {}, m_connection.arrival().described(m_match.channel));
    noteChange();
}

void Session::send(const OutgoingMessage& message)
{
    if (closing())
        return;
    const auto& compression = route().compression;
    const bool deflate = m_deflateWindow && compression && message.payloadSize() >= compression->minSize;
    m_connection.queue(deflate ? message.deflated(*m_deflateWindow) : message.plain());
    ++m_messagesOut;
    m_bytesOut += message.payloadSize();
    m_context.counters.messagesOut.add();
    m_context.counters.bytesOut.add(message.payloadSize());
    m_lastMessage = m_context.now;
    noteChange();
}

void Session::received(std::span<std::byte> bytes)
{
    m_lastBytes = m_context.now;
    while (!m_deaf && !m_peerClosed) {
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

void Session::onMessage(const wire::Event& event)
{
    ++m_messagesIn;
    m_bytesIn += event.payload.size();
    m_context.counters.messagesIn.add();
    m_context.counters.bytesIn.add(event.payload.size());
    m_lastMessage = m_context.now;
    noteChange();

    if (Decision type = decideType(policy(), m_match.route, event.type == wire::Opcode::Binary); !type.allowed()) {
        const std::uint16_t code = closeCode(type.reason).value_or(1008);
        m_context.counters.refused[static_cast<std::size_t>(type.reason)].add();
        end({std::move(type), code, "type", {}});
        m_deaf = true;
        return;
    }
    if (m_context.now - m_secondStarted >= std::chrono::seconds(1)) {
        m_lastSecond = m_context.now - m_secondStarted < std::chrono::seconds(2) ? m_thisSecond : 0;
        m_thisSecond = 0;
        m_secondStarted = m_context.now;
    }
    ++m_thisSecond;
    Decision decision = checkRates(event.payload.size());
    if (decision.allowed())
        decision = m_handler.message(*this, event.type, event.payload);
    if (!decision.allowed())
        refuse(std::move(decision));
}

Decision Session::checkRates(std::size_t bytes)
{
    const auto now = m_context.now;
    const Limits& limits = policy().limits;
    const auto over = [this](Reason reason, Rule rule, const Rate& rate) {
        return Decision{reason, std::move(rule), describeArrivals(), describeRate(rate)};
    };
    if (const auto& rate = route().messages.rate; rate && !m_messages.take(*rate, now))
        return over(Reason::RateSession, routeRule(policy(), m_match.route, "messages/rate"), *rate);
    if (const auto& rate = limits.messagesPerIp; rate && !m_address->messages.take(*rate, now))
        return over(Reason::RateIp, limitRule("messages_per_ip"), *rate);
    if (!m_user)
        return Decision::allow();
    if (const auto& rate = limits.messagesPerUser; rate && !m_user->messages.take(*rate, now))
        return over(Reason::RateUser, limitRule("messages_per_user"), *rate);
    if (const auto& rate = limits.bytesPerUser;
        rate && !m_user->bytes.take(*rate, now, std::max<std::size_t>(bytes, 1)))
        return over(Reason::RateUser, limitRule("bytes_per_user"), *rate);
    return Decision::allow();
}

std::string Session::describeArrivals() const
{
    return "bucket empty: " + std::to_string(std::max(m_thisSecond, m_lastSecond)) + " messages came within 1 s";
}

void Session::refuse(Decision decision)
{
    ++m_refused;
    m_context.counters.refused[static_cast<std::size_t>(decision.reason)].add();
    const Messages& rules = route().messages;
    std::erase_if(m_violations, [&](TimePoint at) { return m_context.now - at >= rules.violationsWithin; });
    m_violations.push_back(m_context.now);
    m_lastRefusal = std::make_unique<Explanation>(Explanation{decision, policy().version, m_context.wall, {}});
    const auto counted = static_cast<std::uint32_t>(m_violations.size());
    report(AuditKind::Limit, decision, 0, {},
           std::to_string(counted) + " of " + std::to_string(rules.violationsBeforeClose) + " violations");
    noteChange();
    if (counted < rules.violationsBeforeClose)
        return;
    const std::string word(reasonWord(decision.reason));
    const std::uint16_t code = closeCode(decision.reason).value_or(1008);
    end({std::move(decision), code, word, {}});
    m_deaf = true;
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
    end({{Reason::PeerClosed, {}, std::to_string(code), {}}, event.closeCode, {}, {}});
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
        return {reason, rule("messages/max_size"), {}, std::to_string(route().messages.maxSize) + " bytes"};
    case Reason::Fragments:
        return {reason, rule("messages/max_fragments"), {}, std::to_string(route().messages.maxFragments)};
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
    m_endingStarted = m_context.now;
    m_handler.closed(*this);
    if (dropsBacklog(m_ending->why.reason))
        m_connection.dropUnsent();
    m_connection.queue(makeFrame(wire::encodeClose(m_ending->code, m_ending->text)));
    m_context.counters.closed[static_cast<std::size_t>(m_ending->why.reason)].add();
    report(AuditKind::Close, m_ending->why, m_ending->code.value_or(1005), m_ending->actor, m_ending->text);
    m_connection.startTimer();
    noteChange();
}

void Session::checkBacklog()
{
    const std::uint64_t limit = route().sendBuffer;
    if (closing() || m_connection.backlogMemory() <= limit)
        return;
    end({{Reason::SlowConsumer, routeRule(policy(), m_match.route, "send_buffer"),
          std::to_string(m_connection.backlogMemory()) + " bytes wait", std::to_string(limit) + " bytes"},
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
    TimePoint first = TimePoint::max();
    if (const auto& ping = route().ping)
        first = m_pingPending ? m_pingSent + ping->timeout : std::max(m_opened, m_pingSent) + ping->every;
    if (const auto& idle = route().idleTimeout)
        first = std::min(first, m_lastMessage + *idle);
    if (m_messageStarted != TimePoint{})
        first = std::min(first, m_messageStarted + route().messages.completeWithin);
    if (m_expires)
        first = std::min(first, *m_expires);
    return first;
}

void Session::onTimer()
{
    const TimePoint now = m_context.now;
    if (closing()) {
        if (now >= deadline())
            m_connection.kill(Reason::CloseTimeout);
        return;
    }
    const auto close = [this](Reason reason, std::string_view key, std::string limit) {
        end({{reason, routeRule(policy(), m_match.route, key), {}, std::move(limit)},
             closeCode(reason),
             std::string(reasonWord(reason)),
             {}});
    };
    const auto milliseconds = [](std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; };
    if (m_expires && now >= *m_expires) {
        close(Reason::Expired, "authentication", {});
    } else if (m_messageStarted != TimePoint{} && now - m_messageStarted >= route().messages.completeWithin) {
        m_context.counters.refused[static_cast<std::size_t>(Reason::MsgTimeout)].add();
        close(Reason::MsgTimeout, "messages/complete_within", milliseconds(route().messages.completeWithin));
        m_deaf = true;
    } else if (route().idleTimeout && now - m_lastMessage >= *route().idleTimeout) {
        close(Reason::Idle, "idle_timeout", milliseconds(*route().idleTimeout));
    } else if (const auto& ping = route().ping) {
        if (m_pingPending && m_lastBytes > m_pingSent)
            m_pingPending = false;
        if (m_pingPending && now - m_pingSent >= ping->timeout) {
            close(Reason::PingTimeout, "ping/timeout", milliseconds(ping->timeout));
        } else if (!m_pingPending && now - std::max(m_opened, m_pingSent) >= ping->every) {
            m_pingSent = now;
            m_pingPending = true;
            m_connection.queue(makeFrame(wire::encodeFrame(wire::Opcode::Ping, {})));
        }
    }
}

void Session::gone(Reason reason)
{
    if (!closing()) {
        m_ending = Ending{{reason, {}, {}, {}}, 1006, {}, {}};
        m_handler.closed(*this);
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
                                    {m_ending->why, policy().version, m_context.wall, m_ending->actor}});
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
    record.policyVersion = policy().version;
    m_context.gate.audit.record(std::move(record));
}

void Session::noteChange()
{
    if (!noted) {
        noted = true;
        m_context.changed.push_back(&m_connection);
    }
}

std::uint32_t Session::violationsNow() const
{
    return static_cast<std::uint32_t>(std::ranges::count_if(
        m_violations, [this](TimePoint at) { return m_context.now - at < route().messages.violationsWithin; }));
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
    result.phase = closing() ? SessionPhase::Closing : SessionPhase::Open;
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
