// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"

namespace gatehouse {

namespace {

constexpr int readsPerTurn = 4; // so that one busy peer leaves the turn to others

SharedFrame makeFrame(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

} // namespace

Connection::Connection(WorkerContext& context, std::unique_ptr<Transport> transport, Arrival arrival,
                       std::uint16_t peerPort, Lease pendingSlot, Lease addressPendingSlot)
    : m_context(context)
    , m_transport(std::move(transport))
    , m_arrival(std::move(arrival))
    , m_peerPort(peerPort)
    , m_pendingSlot(std::move(pendingSlot))
    , m_addressPendingSlot(std::move(addressPendingSlot))
{
    const Listener& listener = context.policy().listeners[m_arrival.listener];
    if (listener.tls) {
        m_phaseDeadline = context.now + listener.tls->handshakeTimeout;
    } else {
        m_phase = Phase::Head;
        m_phaseDeadline = context.now + context.policy().limits.requestTimeout;
    }
    context.counters.pending.add();
    startTimer();
}

Connection::~Connection()
{
    if (!m_session)
        m_context.counters.pending.subtract(1);
    m_context.counters.backlog.subtract(m_out.bytes());
}

void Connection::startTimer()
{
    m_context.wheel.arm(timer, deadline());
}

TimePoint Connection::deadline() const
{
    return m_phase == Phase::Open ? m_session->deadline() : m_phaseDeadline;
}

void Connection::onTimer()
{
    if (m_phase == Phase::Dead)
        return;
    if (m_context.now < deadline()) {
        startTimer();
        return;
    }
    switch (m_phase) {
    case Phase::Handshake:
        kill(Reason::TlsTimeout);
        return;
    case Phase::Head:
        refuseHead(Reason::HsTimeout);
        break;
    case Phase::Open:
        m_session->onTimer();
        break;
    case Phase::Lingering:
        kill(Reason::None);
        return;
    case Phase::Dead:
        return;
    }
    if (m_phase != Phase::Dead)
        startTimer();
}

void Connection::onReadable()
{
    if (m_phase == Phase::Handshake)
        handshake();
    if (m_inputEnded) {
        flush(); // woken by a reset, which the next write meets
        return;
    }
    if (m_phase == Phase::Open) {
        m_session->takeKept();
        if (m_phase == Phase::Open && m_session->closing())
            requestFlush();
    }
    const std::span<std::byte> scratch(m_context.readScratch);
    for (int i = 0; i < readsPerTurn && m_phase != Phase::Handshake && m_phase != Phase::Dead; ++i) {
        if (paused()) {
            m_context.updateInterest(*this);
            return;
        }
        const IoResult got = m_transport->read(scratch);
        if (got.status == IoStatus::WouldBlock) {
            if (m_phase == Phase::Open)
                m_session->drained();
            m_context.updateInterest(*this);
            return;
        }
        if (got.status != IoStatus::Ok) {
            endOfInput(got.status);
            return;
        }
        const std::span<std::byte> bytes = scratch.first(got.bytes);
        if (m_phase == Phase::Head)
            readHead(bytes);
        else if (m_phase == Phase::Open && !m_session->deaf())
            m_session->received(bytes);
        if (m_phase == Phase::Open && m_session->closing())
            requestFlush();
    }
    if (m_phase != Phase::Handshake)
        readAgain();
}

/// A peer that ended its side behind its Close still reads what was promised to it, until the deadline.
void Connection::endOfInput(IoStatus how)
{
    m_inputEnded = true;
    if (how == IoStatus::Failed && m_transport->failure() == Reason::TlsRenegotiation) {
        if (m_session)
            m_context.counters.refused[static_cast<std::size_t>(Reason::TlsRenegotiation)].add();
        kill(Reason::TlsRenegotiation);
        return;
    }
    flush();
    const bool saysGoodbye = m_phase == Phase::Lingering || (m_phase == Phase::Open && m_session->closing());
    if (how != IoStatus::Closed || !saysGoodbye || m_out.empty())
        kill(Reason::PeerAbort);
}

void Connection::handshake()
{
    switch (m_transport->handshake()) {
    case IoStatus::Ok:
        m_phase = Phase::Head;
        m_phaseDeadline = m_context.now + m_context.policy().limits.requestTimeout;
        startTimer();
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
    auto admission = admit(m_context, m_arrival, m_transport->serverName(), m_head->scanner.request(text),
                           text.size() > *size || m_transport->readable());
    if (!admission)
        refuse(admission.error());
    else
        open(std::move(*admission));
    m_head.reset();
}

void Connection::refuseHead(Reason reason)
{
    Refusal refusal;
    refusal.decision.reason = reason;
    refusal.status = httpStatus(reason).value_or(400);
    if (reason == Reason::HsRequestLine && m_head && m_head->scanner.versionUnsupported())
        refusal.status = 505;
    refuse(refusal);
}

void Connection::refuse(const Refusal& refusal)
{
    const Reason reason = refusal.decision.reason;
    m_context.counters.refused[static_cast<std::size_t>(reason)].add();
    AuditRecord record;
    record.time = m_context.wall;
    record.decision = refusal.decision;
    record.user = refusal.user;
    record.address = m_arrival.peer.toString();
    record.route = refusal.route;
    record.origin = refusal.origin;
    record.code = refusal.status;
    if (!refusal.claimed.empty())
        record.detail = "claims to be " + refusal.claimed;
    record.policyVersion = m_context.policy().version;
    m_context.gate.audit.record(std::move(record));
    if (isAuthFailure(reason))
        m_context.gate.events.authFailed({m_context.wall, m_arrival.peer, refusal.decision, refusal.route,
                                          refusal.user.empty() ? refusal.claimed : refusal.user, refusal.origin,
                                          m_context.policy().version});
    reply(wire::refusal(refusal.status, reasonWord(reason), refusal.retryAfter));
    linger();
}

void Connection::reply(const std::string& text)
{
    queue(makeFrame(text));
}

void Connection::open(Admission admission)
{
    const Policy& policy = m_context.policy();
    const Route& route = policy.routes[admission.match.route];
    auto info = std::make_shared<SessionInfo>();
    info->id = {++m_context.nextSession * m_context.workers + m_context.index};
    info->user = admission.who.user;
    info->issuer = admission.who.issuer;
    info->keyId = admission.who.keyId;
    info->tokenId = admission.who.tokenId;
    info->roles = admission.who.roles;
    info->address = m_arrival.peer.toString();
    info->port = m_peerPort;
    info->listener = policy.listeners[m_arrival.listener].name;
    info->route = route.name;
    info->path = admission.path;
    if (!admission.match.channel.empty())
        info->channels.push_back(admission.match.channel);
    info->origin = admission.origin;
    info->userAgent = admission.userAgent;
    info->subprotocol = admission.subprotocol;
    if (admission.deflate)
        info->compression = admission.deflate->answer;
    info->tlsVersion = m_transport->tlsVersion();
    info->tlsCipher = m_transport->tlsCipher();
    info->since = m_context.wall;
    info->tokenExpires = admission.who.expires;
    info->policyVersion = policy.version;
    if (const auto& rate = route.messages.rate) {
        info->rateLimit = static_cast<double>(rate->count) / std::chrono::duration<double>(rate->per).count();
        info->rateBurst = rate->burst;
    }
    info->sendBufferLimit = route.sendBuffer;
    info->violationsAllowed = route.messages.violationsBeforeClose;
    info->sessionsPerUser = policy.limits.sessionsPerUser;

    reply(wire::switchingProtocols(admission.key, admission.subprotocol, info->compression));
    m_session = std::make_unique<Session>(m_context, *this, std::move(admission), std::move(info), m_context.generation,
                                          m_arrival.address);
    m_phase = Phase::Open;
    m_pendingSlot = Lease();
    m_addressPendingSlot = Lease();
    m_context.counters.pending.subtract(1);
    m_context.counters.sessions.add();
    m_context.counters.accepted.add();
    m_context.sessionOpened(*this);
    m_session->begin();
    startTimer();
}

void Connection::queue(SharedFrame frame)
{
    m_context.counters.backlog.add(frame->size());
    m_out.push(std::move(frame));
    requestFlush();
}

void Connection::requestFlush()
{
    if (!inFlush) {
        inFlush = true;
        m_context.toFlush.push_back(this);
    }
}

void Connection::dropUnsent()
{
    const std::size_t before = m_out.bytes();
    m_out.dropUnsent(m_offered);
    m_context.counters.backlog.subtract(before - m_out.bytes());
}

/// What the socket takes at once; false where it failed.
bool Connection::write()
{
    while (!m_out.empty()) {
        const std::span<const std::byte> bytes = m_out.next(m_context.writeScratch);
        const IoResult sent = m_transport->write(bytes);
        if (sent.status == IoStatus::WouldBlock) {
            m_offered = bytes.size();
            return true;
        }
        if (sent.status != IoStatus::Ok)
            return false;
        m_offered = 0;
        m_out.consume(sent.bytes);
        m_lastWritten = m_context.now;
        m_context.counters.backlog.subtract(sent.bytes);
    }
    return true;
}

bool Connection::makeRoom(std::size_t bytes, std::uint64_t limit)
{
    if (m_out.held() + bytes > limit && !m_out.empty()) {
        (void)write(); // what failed fails again in the flush that is due, which may end it
        requestFlush();
    }
    return m_out.held() + bytes <= limit;
}

void Connection::readAgain()
{
    if (inRead || m_phase == Phase::Dead)
        return;
    inRead = true;
    m_context.toRead.push_back(this);
}

void Connection::flush()
{
    if (m_phase != Phase::Dead && !write()) {
        kill(Reason::PeerAbort);
        return;
    }
    if (m_phase == Phase::Dead)
        return;
    if (m_phase == Phase::Open) {
        m_session->checkBacklog();
        if (m_out.empty() && m_session->closing() && (m_session->closeDone() || m_session->deaf() || m_inputEnded))
            linger();
    }
    if (m_phase == Phase::Lingering && m_out.empty() && !m_writeShut) {
        m_writeShut = true;
        m_transport->shutdownWrite();
        if (m_inputEnded) {
            kill(Reason::None);
            return;
        }
    }
    m_context.updateInterest(*this);
}

void Connection::linger()
{
    m_phaseDeadline =
        m_phase == Phase::Open ? m_session->deadline() : m_context.now + m_context.policy().limits.closeTimeout;
    m_phase = Phase::Lingering;
    startTimer();
    requestFlush();
}

void Connection::fail() noexcept
{
    try {
        m_context.counters.refused[static_cast<std::size_t>(Reason::Internal)].add();
        if (m_phase == Phase::Open && !m_session->closing())
            m_session->end({{Reason::Internal, {}, {}, {}}, closeCode(Reason::Internal), "internal", {}});
        else
            kill(Reason::Internal);
    } catch (const std::exception&) {
        m_phase = Phase::Lingering; // its deadline frees it
        m_phaseDeadline = m_context.now;
        m_context.wheel.arm(timer, m_phaseDeadline);
    }
}

void Connection::kill(Reason reason)
{
    if (m_phase == Phase::Dead)
        return;
    if (m_session) {
        m_session->gone(reason);
        m_context.counters.sessions.subtract(1);
    } else if (reason != Reason::None && m_phase != Phase::Lingering) {
        AuditRecord record;
        record.time = m_context.wall;
        record.decision.reason = reason;
        record.address = m_arrival.peer.toString();
        record.detail = m_transport->certificateProblem();
        record.policyVersion = m_context.policy().version;
        m_context.gate.audit.record(std::move(record));
        m_context.counters.refused[static_cast<std::size_t>(reason)].add();
    }
    m_phase = Phase::Dead;
    timer.unlink();
    m_context.discard(*this);
}

} // namespace gatehouse
