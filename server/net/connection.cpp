// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"

#include "net/refusals.h"

namespace gatehouse {

namespace {

constexpr int readsPerTurn = 4; // so that one busy peer leaves the turn to others

} // namespace

Connection::Connection(WorkerContext& context, std::unique_ptr<Transport> transport, Arrival arrival,
                       std::uint16_t peerPort, Lease pendingSlot)
    : m_context(context)
    , m_transport(std::move(transport))
    , m_arrival(std::move(arrival))
    , m_peerPort(peerPort)
    , m_stepStarted(context.now)
    , m_pendingSlot(std::move(pendingSlot))
    , m_out(&context.chunks)
{
    const Listener& listener = context.policy().listeners[m_arrival.listener];
    m_phaseDeadline =
        context.now + (listener.tls ? listener.tls->handshakeTimeout : context.policy().limits.requestTimeout);
    if (!m_arrival.address && listener.proxyHeader == ProxyHeader::ProxyProtocol) {
        m_phase = Phase::Proxy;
        m_proxyHeader = std::make_unique<wire::ProxyProtocol>();
    } else if (!m_transport->secure()) {
        m_phase = Phase::Head;
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
    case Phase::Proxy:
    case Phase::Handshake:
        kill(m_transport->secure() ? Reason::TlsTimeout : Reason::HsTimeout);
        return;
    case Phase::Head:
        refuseHead(Reason::HsTimeout);
        break;
    case Phase::FirstMessage:
    case Phase::Claim:
    case Phase::Entry:
        waitedTooLong();
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
    if (m_phase == Phase::Proxy)
        readProxyHeader();
    if (m_phase == Phase::Handshake)
        handshake();
    if (m_phase == Phase::Head && !m_head && isForAdmin()) {
        handOver();
        return;
    }
    if (m_inputEnded) {
        flush(); // woken by a reset, which the next write meets
        return;
    }
    if (m_phase == Phase::Open) {
        m_session->takeKept();
        if (m_phase == Phase::Open && m_session->closing())
            requestFlush();
    }
    const auto reads = [this] { return m_phase > Phase::Handshake && m_phase != Phase::Dead; };
    const std::span<std::byte> scratch(m_context.readScratch);
    for (int i = 0; i < readsPerTurn && reads(); ++i) {
        if (!wantsRead()) {
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
        received(scratch.first(got.bytes));
    }
    if (reads())
        readAgain();
}

/// While nothing is read it would be said again and again; else reading meets it.
void Connection::hungUp()
{
    if (m_inputEnded && !paused())
        flush();
    else
        kill(Reason::PeerAbort);
}

void Connection::received(std::span<std::byte> bytes)
{
    switch (m_phase) {
    case Phase::Head:
        readHead(bytes);
        break;
    case Phase::FirstMessage:
        readFirstMessage(bytes);
        break;
    case Phase::Claim:
    case Phase::Entry:
        readEarly(bytes);
        break;
    case Phase::Open:
        if (!m_session->deaf())
            m_session->received(bytes);
        if (m_phase == Phase::Open && m_session->closing())
            requestFlush();
        break;
    case Phase::Proxy:
    case Phase::Handshake:
    case Phase::Lingering:
    case Phase::Dead:
        break;
    }
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

void Connection::queue(SharedFrame frame)
{
    m_context.counters.backlog.add(frame->size());
    m_out.push(std::move(frame));
    requestFlush();
}

void Connection::queue(const wire::FrameHeader& header, std::span<const std::byte> payload)
{
    m_out.append(header, payload);
    m_context.counters.backlog.add(header.size + payload.size());
    requestFlush();
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

void Connection::flush()
{
    if (entryAnswered())
        settleEntry();
    if (withheld()) {
        m_context.updateInterest(*this);
        return;
    }
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
        abandon(explainConnection(m_context.policy(), m_arrival.listener, reason, headExtent()));
        return;
    }
    leave();
}

/// Ends it without an answer, with a record of why.
void Connection::abandon(Decision decision)
{
    Refusal refusal;
    refusal.status = 0;
    refusal.decision = std::move(decision);
    reportRefusal(m_context, m_arrival, refusal, m_transport->certificateProblem());
    leave();
}

void Connection::leave()
{
    m_phase = Phase::Dead;
    timer.unlink();
    m_waiting.reset(); // whoever is still asked for it is asked no more
    m_context.forget(*this);
    m_context.discard(*this);
}

} // namespace gatehouse
