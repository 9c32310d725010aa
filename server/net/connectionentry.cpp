// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/refusals.h"
#include "net/sessioninfo.h"
#include "policy/closecodes.h"
#include "policy/decide.h"
#include "policy/text.h"

#include <algorithm>

// What a connection goes through until it is a session.
namespace gatehouse {

namespace {

SharedFrame frameOf(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

SharedFrame frameOf(std::vector<std::byte> bytes)
{
    return std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

constexpr std::uint16_t listenerGoneStatus = 503;
constexpr std::uint16_t noLongerAllowedStatus = 403; ///< where the reason has none, since it is about a session

/// Where a session is refused that has not begun: whoever may not be in this channel may not be here.
std::uint16_t closeCodeAtTheDoor(Reason reason)
{
    return reason == Reason::AuthzChannel ? 4403 : closeCode(reason).value_or(1008);
}

} // namespace

/// Its end is not the turn's begin: signatures are made and checked in between.
void Connection::stepDone(HandshakeHistogram& step)
{
    const TimePoint ended = m_context.gate.clock.now();
    step.add(ended - m_stepStarted);
    m_stepStarted = ended;
}

/// Takes the header to its last byte and nothing behind it, which is TLS's or the request's.
void Connection::readProxyHeader()
{
    using State = wire::ProxyProtocol::State;
    const auto scratch = std::span(m_context.readScratch).first(wire::ProxyProtocol::longestBinary);
    while (m_proxyHeader->state() == State::NeedMore) {
        const IoResult got = m_transport->peek(scratch);
        if (got.status == IoStatus::WouldBlock) {
            m_context.updateInterest(*this);
            return;
        }
        if (got.status != IoStatus::Ok) {
            kill(got.status == IoStatus::Closed ? Reason::ProxyHeader : Reason::PeerAbort);
            return;
        }
        m_transport->skip(m_proxyHeader->take(scratch.first(got.bytes)));
    }
    if (m_proxyHeader->state() == State::Broken) {
        kill(Reason::ProxyHeader);
        return;
    }
    const auto source = m_proxyHeader->source();
    m_proxyHeader.reset();
    if (source)
        m_peerPort = source->port;
    if (auto refused = enter(m_context, m_arrival, source ? source->address : m_arrival.peer)) {
        abandon(std::move(refused->decision));
        return;
    }
    if (m_transport->secure())
        m_phase = Phase::Handshake;
    else
        beginHead();
}

void Connection::beginHead()
{
    m_phase = Phase::Head;
    m_phaseDeadline = m_context.now + m_context.policy().limits.requestTimeout;
    startTimer();
}

bool Connection::isForAdmin() const
{
    return m_context.policy().listeners[m_arrival.listener].kind == ListenerKind::Admin;
}

void Connection::handOver()
{
    leave(); // epoll forgets the socket while it is still ours
    m_arrival.pendingSlot = Lease();
    m_pendingSlot = Lease();
    const Listener& listener = m_context.policy().listeners[m_arrival.listener];
    AdminArrival arrival;
    arrival.listener = listener.name;
    arrival.listenerAddress = listener.address;
    arrival.listenerPort = listener.port;
    arrival.secure = m_transport->secure();
    arrival.serverName = m_transport->serverName();
    arrival.peer = m_arrival.peer;
    arrival.address = std::move(m_arrival.address);
    arrival.proxy = m_arrival.proxy;
    arrival.transport = std::move(m_transport);
    m_context.gate.events.adminArrived(std::move(arrival));
}

void Connection::handshake()
{
    switch (m_transport->handshake()) {
    case IoStatus::Ok:
        if (!isForAdmin())
            stepDone(m_context.counters.tlsHandshake);
        beginHead();
        break;
    case IoStatus::WouldBlock:
        m_context.updateInterest(*this);
        break;
    case IoStatus::Closed:
        kill(Reason::TlsAborted);
        break;
    case IoStatus::Failed:
        kill(m_transport->failure());
        break;
    }
}

void Connection::readHead(std::span<const std::byte> bytes)
{
    if (!m_head)
        m_head =
            std::make_unique<PendingHead>(PendingHead{wire::HeadScanner(requestLimits(m_context.policy().limits)), {}});
    std::string& text = m_head->text;
    text.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    const auto size = m_head->scanner.scan(text);
    if (!size) {
        refuseHead(size.error());
        return;
    }
    if (*size == 0)
        return;
    auto admission = admit(m_context, m_arrival, *m_transport, m_head->scanner.request(text),
                           text.size() > *size || m_transport->readable());
    if (admission)
        proceed(std::move(*admission));
    else
        refuse(admission.error());
    m_head.reset();
}

HeadExtent Connection::headExtent() const
{
    return m_head ? HeadExtent{m_head->scanner.seen(), m_head->scanner.seenOfLine()} : HeadExtent{};
}

void Connection::refuseHead(Reason reason)
{
    Refusal refusal;
    refusal.decision = explainConnection(m_context.policy(), m_arrival.listener, reason, headExtent());
    refusal.status = httpStatus(reason).value_or(400);
    if (reason == Reason::HsRequestLine && m_head && m_head->scanner.versionUnsupported())
        refusal.status = 505;
    refuse(refusal);
}

/// The checks are passed as far as they can be.
void Connection::proceed(Admission admission)
{
    if (admission.awaitsToken) {
        const Policy& policy = *admission.generation->policy;
        const std::size_t route = admission.match.route;
        auto first = std::make_unique<FirstMessage>(policy, route, admission.deflate.has_value(),
                                                    m_context.handler(policy, route).firstMessageLimit());
        reply(wire::switchingProtocols(admission.key, admission.subprotocol,
                                       admission.deflate ? admission.deflate->answer : std::string_view()));
        stepDone(m_context.counters.request);
        m_phase = Phase::FirstMessage;
        m_phaseDeadline = m_context.now + policy.routes[route].authentication.firstMessageWithin;
        m_waiting = std::make_unique<Waiting>();
        m_waiting->generation = admission.generation;
        m_waiting->route = route;
        m_waiting->admission = std::move(admission);
        m_waiting->first = std::move(first);
        startTimer();
        return;
    }
    if (!admission.claim) {
        passed(std::move(admission));
        return;
    }
    if (!m_waiting)
        m_waiting = std::make_unique<Waiting>();
    m_waiting->admission = std::move(admission);
    startClaim();
}

/// All of the gate's own checks are behind it.
void Connection::passed(Admission admission)
{
    if (!upgraded())
        stepDone(m_context.counters.request);
    else
        m_stepStarted = m_context.now;
    if (!admission.offered) {
        open(std::move(admission));
        return;
    }
    if (!m_waiting)
        m_waiting = std::make_unique<Waiting>();
    m_waiting->admission = std::move(admission);
    startEntry();
}

void Connection::readFirstMessage(std::span<std::byte> bytes)
{
    using Kind = FirstMessage::Step::Kind;
    while (m_phase == Phase::FirstMessage) {
        FirstMessage::Step step = m_waiting->first->take(bytes, m_context.now);
        switch (step.kind) {
        case Kind::More:
            return;
        case Kind::Pong:
            queue(frameOf(std::move(step.frame)));
            break;
        case Kind::Closed:
            queue(frameOf(std::move(step.frame)));
            m_waiting.reset();
            linger();
            return;
        case Kind::Refused:
            refuse(refusalOf(m_waiting->admission, std::move(step.why)));
            return;
        case Kind::Came:
            m_waiting->early.assign(bytes.begin(), bytes.end());
            m_waiting->message = std::move(step.message);
            admitFirstMessage();
            return;
        }
    }
}

void Connection::admitFirstMessage()
{
    const Admission& waiting = m_waiting->admission;
    auto found = m_context.handler(*waiting.generation->policy, waiting.match.route).tokenIn(m_waiting->message);
    if (!found) {
        refuse(refusalOf(waiting, std::move(found.error())));
        return;
    }
    m_waiting->goesOn = found->goesOn;
    auto admission = admitToken(m_context, m_arrival, std::move(m_waiting->admission), found->token);
    if (admission)
        proceed(std::move(*admission));
    else
        refuse(admission.error());
}

/// Whoever waits for a 101 has nothing to say yet; behind it, what comes is kept for the session.
void Connection::readEarly(std::span<const std::byte> bytes)
{
    if (!upgraded()) {
        refuse(refusalOf(m_waiting->admission, {Reason::HsEarlyData, {}, {}, {}}));
        return;
    }
    m_waiting->early.insert(m_waiting->early.end(), bytes.begin(), bytes.end());
}

void Connection::startClaim()
{
    m_phase = Phase::Claim;
    m_phaseDeadline = m_context.now + m_context.policy().limits.requestTimeout;
    startTimer();
    m_context.gate.events.claimToken(*m_waiting->admission.claim, m_context.awaitClaim(*this));
}

void Connection::claimed(ClaimVerdict verdict)
{
    if (m_phase != Phase::Claim)
        return;
    auto admission = admitClaimed(m_context, m_arrival, std::move(m_waiting->admission), verdict);
    if (admission)
        passed(std::move(*admission));
    else
        refuse(admission.error());
}

/// The partner times its own attempts, which take no longer than the longer of the two times: the sum of both ends what
/// hangs.
void Connection::startEntry()
{
    constexpr std::chrono::seconds leeway(1);
    Admission& admission = m_waiting->admission;
    const Policy& policy = *admission.generation->policy;
    const auto& gateway = policy.routes[admission.match.route].gateway;
    m_phase = Phase::Entry;
    m_phaseDeadline = m_context.now + policy.limits.requestTimeout +
                      (gateway ? gateway->connectTimeout : std::chrono::milliseconds(0)) + leeway;
    startTimer();
    admission.session = drawSessionId(m_context);
    m_waiting->entry = std::make_shared<PendingEntry>(*this);
    Entrant entrant{admission.generation, admission.match,  admission.who,
                    admission.session,    m_arrival.peer,   m_transport->secure(),
                    admission.host,       admission.source, std::move(*admission.offered)};
    admission.offered.reset();
    // It is acted upon in flush(), so that nobody who answers is freed while it does.
    auto answered = [pending = std::weak_ptr(m_waiting->entry)](EntryAnswer answer) {
        const auto entry = pending.lock();
        if (!entry || entry->answer)
            return;
        entry->answer = std::move(answer);
        entry->connection.requestFlush();
    };
    RouteHandler& handler = m_context.handler(policy, entrant.match.route);
    admission.partner = handler.enter(std::move(entrant), std::move(answered));
    if (!admission.partner && m_phase == Phase::Entry)
        refuse(refusalOf(admission, {Reason::Internal, {}, "nobody can be asked", {}}));
}

void Connection::settleEntry()
{
    EntryAnswer answer = std::move(*m_waiting->entry->answer);
    m_waiting->entry.reset();
    if (!answer.decision.allowed()) {
        refuse(refusalOf(m_waiting->admission, std::move(answer.decision), answer.retryAfter, answer.status));
        return;
    }
    stepDone(m_context.counters.upstream);
    if (!upgraded() && m_transport->readable()) { // nobody has read it yet
        refuse(refusalOf(m_waiting->admission, {Reason::HsEarlyData, {}, {}, {}}));
        return;
    }
    auto admission = admitEntered(m_context, m_arrival, std::move(m_waiting->admission));
    if (!admission) {
        refuse(admission.error());
        return;
    }
    if (answer.subprotocol)
        admission->subprotocol = std::move(*answer.subprotocol);
    admission->upstream = std::move(answer.upstream);
    if (admission->policyEpoch == m_context.policyEpoch) {
        open(std::move(*admission));
        return;
    }
    auto info = makeSessionInfo(m_context, m_arrival, *admission, *m_transport, m_peerPort);
    const LiveSession asIfOpen{
        makeSessionFacts(m_context, info->id, m_arrival, *admission, *m_transport), std::move(info), 0, 0, {}};
    auto stays = decideSession(*m_context.generation, asIfOpen, m_context.now, m_context.wall, m_context.lockedDown());
    if (stays) {
        open(std::move(*admission));
        return;
    }
    const std::uint16_t status = httpStatus(stays.error().reason).value_or(noLongerAllowedStatus);
    refuse(refusalOf(*admission, std::move(stays.error()), std::nullopt, status));
}

void Connection::waitedTooLong()
{
    if (m_phase == Phase::Claim) {
        claimed(ClaimVerdict::Failed);
        return;
    }
    const Admission& admission = m_waiting->admission;
    const Policy& policy = *admission.generation->policy;
    const std::size_t route = admission.match.route;
    if (m_phase == Phase::Entry) {
        refuse(
            refusalOf(admission,
                      {Reason::UpstreamTimeout, routeRule(policy, route, "gateway/connect_timeout"), "no answer", {}}));
        return;
    }
    refuse(refusalOf(admission,
                     {Reason::AuthMissing, routeRule(policy, route, "authentication/first_message_within"),
                      "no first message", formatDuration(policy.routes[route].authentication.firstMessageWithin)}));
}

void Connection::refuse(const Refusal& refusal)
{
    const Reason reason = refusal.decision.reason;
    if (upgraded()) {
        Refusal closing = refusal;
        closing.status = sayRefused(refusal.decision);
        reportRefusal(m_context, m_arrival, closing, "first message");
        queue(frameOf(wire::encodeClose(closing.status, reasonWord(reason))));
    } else {
        reportRefusal(m_context, m_arrival, refusal);
        reply(wire::refusal(refusal.status, reasonWord(reason), refusal.retryAfter));
    }
    m_waiting.reset(); // `refusal` may be about its admission, but holds nothing of it
    linger();
}

/// What the route's protocol says before the Close; the code of that.
std::uint16_t Connection::sayRefused(const Decision& why)
{
    const Reason reason = why.reason;
    const Policy& policy = *m_waiting->generation->policy;
    const std::size_t route = m_waiting->route;
    if (!m_waiting->message.empty()) {
        if (const auto said = m_context.handler(policy, route).refusedFirst(m_waiting->message, why)) {
            if (!said->message.empty())
                queue(frameOf(wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(said->message)))));
            return said->code;
        }
    }
    return routeCloseCode(policy.routes[route].kind, reason, closeCodeAtTheDoor(reason));
}

void Connection::reply(const std::string& text)
{
    queue(frameOf(text));
}

void Connection::open(Admission admission)
{
    const auto waiting = std::move(m_waiting);
    auto generation = admission.generation;
    auto info = makeSessionInfo(m_context, m_arrival, admission, *m_transport, m_peerPort);
    if (!waiting || !waiting->first)
        reply(wire::switchingProtocols(admission.key, admission.subprotocol, info->compression));
    auto facts = makeSessionFacts(m_context, info->id, m_arrival, admission, *m_transport);
    m_session = std::make_unique<Session>(m_context, *this, std::move(admission), std::move(info),
                                          std::move(generation), m_arrival.address, std::move(facts));
    m_phase = Phase::Open;
    m_pendingSlot = Lease();
    m_arrival.pendingSlot = Lease();
    m_context.counters.pending.subtract(1);
    m_context.counters.sessions.add();
    m_context.counters.accepted.add();
    m_context.sessionOpened(*this);
    m_session->begin();
    if (m_session->outdated()) // it waited for its token while a policy came
        m_session->meetPolicy();
    startTimer();
    if (waiting && waiting->goesOn)
        m_session->takeFirst(waiting->message);
    if (waiting && m_phase == Phase::Open && !waiting->early.empty())
        received(waiting->early);
    if (waiting && m_phase == Phase::Open) // TLS may hold more than epoll knows of
        readAgain();
    if (m_phase == Phase::Open)
        m_context.updateInterest(*this);
}

void Connection::moveListener(std::optional<std::size_t> listener)
{
    m_arrival.listener = listener.value_or(0);
    if (listener || m_session)
        return;
    Decision gone{Reason::Listener, {"/listeners", "listeners"}, "its listener is gone", {}};
    switch (m_phase) {
    case Phase::Proxy:
    case Phase::Handshake:
    case Phase::Head:
        abandon(std::move(gone));
        break;
    case Phase::FirstMessage:
    case Phase::Claim:
    case Phase::Entry:
        refuse(refusalOf(m_waiting->admission, std::move(gone), std::nullopt, listenerGoneStatus));
        break;
    case Phase::Open:
    case Phase::Lingering:
    case Phase::Dead:
        break;
    }
}

void Connection::drain()
{
    const Decision why{Reason::Drain, {}, {}, {}};
    switch (m_phase) {
    case Phase::Open:
        m_session->end({why, closeCode(Reason::Drain), "drain", {}});
        break;
    case Phase::FirstMessage:
    case Phase::Claim:
    case Phase::Entry:
        refuse(refusalOf(m_waiting->admission, why, std::chrono::seconds(5)));
        break;
    case Phase::Lingering:
        if (!m_session && !wantsWrite())
            kill(Reason::None);
        break;
    case Phase::Proxy:
    case Phase::Handshake:
    case Phase::Head:
        kill(Reason::None);
        break;
    case Phase::Dead:
        break;
    }
}

} // namespace gatehouse
