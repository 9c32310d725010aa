// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamlink.h"

#include <algorithm>
#include <sys/epoll.h>
#include <utility>

namespace gatehouse {

namespace {

constexpr int readsPerTurn = 4; // so that one busy upstream leaves the turn to others

std::string inMilliseconds(std::chrono::nanoseconds time)
{
    return std::to_string(time / std::chrono::milliseconds(1)) + " ms";
}

} // namespace

UpstreamLink::UpstreamLink(WorkerContext& context, RandomKeys& keys, Owner& owner, std::unique_ptr<Transport> transport,
                           wire::ClientRequest request, TimePoint deadline)
    : m_context(context)
    , m_keys(keys)
    , m_owner(&owner)
    , m_transport(std::move(transport))
    , m_pending(std::make_unique<PendingAnswer>(PendingAnswer{
          std::move(request), wire::HeadScanner({.head = mostHead}, wire::HeadScanner::Kind::Response), {}, 0}))
    , m_terms(owner.terms())
    , m_decoder(wire::Role::Client, m_terms.limits)
    , m_out(&context.chunks)
    , m_deadline(deadline)
{
    interest = EPOLLOUT;
    if (m_transport->fd() < 0)
        m_phase = Phase::Handshake;
    startTimer();
}

UpstreamLink::~UpstreamLink()
{
    m_context.counters.backlog.subtract(m_out.bytes());
}

bool UpstreamLink::wantsRead() const
{
    switch (m_phase) {
    case Phase::Connecting:
    case Phase::Answered:
    case Phase::Dead:
        return false;
    case Phase::Open:
        return !m_held && !m_inputEnded;
    default:
        return !m_inputEnded;
    }
}

bool UpstreamLink::wantsWrite() const
{
    return m_phase == Phase::Connecting || !m_out.empty() || m_transport->wantsWrite();
}

bool UpstreamLink::readWantsWrite() const
{
    return m_phase == Phase::Handshake || (m_out.empty() && m_transport->wantsWrite());
}

void UpstreamLink::takeTerms()
{
    if (!m_owner)
        return;
    LinkTerms now = m_owner->terms();
    m_control.rescale(m_terms.controlFrames, now.controlFrames, m_context.now);
    m_terms = now;
    m_decoder.setLimits(m_terms.limits);
    m_decoder.setPartSize(m_terms.partSize);
}

TimePoint UpstreamLink::deadline() const
{
    switch (m_phase) {
    case Phase::Answered:
    case Phase::Dead:
        return TimePoint::max();
    case Phase::Open:
        break;
    default:
        return m_deadline;
    }
    TimePoint first = TimePoint::max();
    if (!m_out.empty() && !m_terms.ping)
        first = m_lastWritten + longestStall;
    if (m_held) // it is not to be blamed for what we do not read
        return first;
    if (m_terms.ping)
        first = std::min(first, m_pingPending ? m_pingSent + m_terms.ping->timeout
                                              : std::max(m_started, m_pingSent) + m_terms.ping->every);
    if (m_messageStarted != TimePoint{})
        first = std::min(first, m_messageStarted + m_terms.completeWithin);
    return first;
}

void UpstreamLink::onTimer()
{
    if (m_phase == Phase::Dead)
        return;
    takeTerms();
    const TimePoint now = m_context.now;
    if (now < deadline()) {
        startTimer();
        return;
    }
    switch (m_phase) {
    case Phase::Connecting:
        failAttempt(Reason::UpstreamTimeout, "no connection in time");
        return;
    case Phase::Handshake:
        failAttempt(Reason::UpstreamTimeout, "no TLS in time");
        return;
    case Phase::Answer:
        failAttempt(Reason::UpstreamTimeout, "no answer in time");
        return;
    case Phase::Closing:
    case Phase::Lingering:
        discard();
        return;
    case Phase::Answered:
    case Phase::Dead:
        return;
    case Phase::Open:
        break;
    }
    if (!m_held && m_messageStarted != TimePoint{} && now - m_messageStarted >= m_terms.completeWithin) {
        violate(Reason::MsgTimeout);
    } else if (!m_out.empty() && !m_terms.ping && now - m_lastWritten >= longestStall) {
        lose(Reason::UpstreamTimeout, "took nothing for " + inMilliseconds(now - m_lastWritten));
    } else if (!m_held && m_terms.ping && m_pingPending && now - m_pingSent >= m_terms.ping->timeout) {
        lose(Reason::UpstreamTimeout, "no byte for " + inMilliseconds(now - m_pingSent) + " after a ping");
    } else if (!m_held && m_terms.ping && !m_pingPending) {
        m_pingSent = now;
        m_pingPending = true;
        queue(wire::encodeFrame(wire::Opcode::Ping, {}, m_keys.mask()));
    }
    if (m_phase != Phase::Dead)
        startTimer();
}

void UpstreamLink::onReadable()
{
    if (m_phase == Phase::Connecting)
        checkConnected();
    if (m_phase == Phase::Handshake)
        handshake();
    takeTerms();
    takeKept();
    const std::span<std::byte> scratch(m_context.readScratch);
    const auto reads = [this] { return m_phase >= Phase::Answer && wantsRead(); };
    for (int i = 0; i < readsPerTurn && reads(); ++i) {
        const IoResult got = m_transport->read(scratch);
        if (got.status == IoStatus::WouldBlock) {
            m_context.updateInterest(*this);
            return;
        }
        if (got.status != IoStatus::Ok) {
            endOfInput(got.status);
            return;
        }
        received(scratch.first(got.bytes));
        takeKept(); // what came with the answer stands before what is read next
    }
    if (reads())
        m_context.readAgain(*this);
    if (m_phase != Phase::Dead)
        m_context.updateInterest(*this);
}

void UpstreamLink::endOfInput(IoStatus how)
{
    m_inputEnded = true;
    switch (m_phase) {
    case Phase::Answer:
        failAttempt(Reason::UpstreamAnswer, m_pending->text.empty()
                                                ? "the connection ended without an answer"
                                                : "the connection ended in the middle of the answer");
        return;
    case Phase::Open:
        lose(Reason::UpstreamLost,
             how == IoStatus::Closed ? "the connection ended without a Close" : "the connection broke");
        return;
    case Phase::Closing:
    case Phase::Lingering:
        flush(); // it may still read our Close
        if (m_phase != Phase::Dead && (how != IoStatus::Closed || m_out.empty()))
            discard();
        return;
    default:
        return;
    }
}

void UpstreamLink::queue(std::vector<std::byte> frame)
{
    const bool first = m_out.empty();
    m_context.counters.backlog.add(frame.size());
    m_out.push(std::make_shared<const std::vector<std::byte>>(std::move(frame)));
    queued(first);
}

void UpstreamLink::queued(bool first)
{
    m_context.requestFlush(*this);
    if (first && m_phase == Phase::Open) { // from now on it is to take something
        m_lastWritten = m_context.now;
        if (!m_terms.ping)
            startTimer();
    }
}

/// What the socket takes at once; false where it failed.
bool UpstreamLink::write()
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

bool UpstreamLink::full()
{
    if (m_phase != Phase::Open)
        return false;
    if (m_out.held() > highWater && !write())
        m_context.requestFlush(*this); // what failed fails again in the flush, which may end it
    m_full = m_out.held() > highWater;
    return m_full;
}

void UpstreamLink::flush()
{
    if (m_phase == Phase::Connecting)
        checkConnected();
    if (m_phase == Phase::Dead)
        return;
    if (m_phase > Phase::Handshake && !write()) {
        if (m_phase == Phase::Answer)
            failAttempt(Reason::UpstreamAnswer, "the connection broke before its answer");
        else
            lose(Reason::UpstreamLost, "the connection broke");
        return;
    }
    if (m_phase == Phase::Closing && m_out.empty() && (m_peerClosed || m_deaf || m_inputEnded))
        linger();
    if (m_phase == Phase::Lingering && m_out.empty() && !m_writeShut) {
        m_writeShut = true;
        m_transport->shutdownWrite();
        if (m_inputEnded) {
            discard();
            return;
        }
    }
    if (m_full && m_out.held() <= highWater / 2) {
        m_full = false;
        if (m_owner && m_phase == Phase::Open)
            m_owner->roomAgain();
    }
    if (m_phase != Phase::Dead)
        m_context.updateInterest(*this);
}

void UpstreamLink::hungUp()
{
    if (m_phase == Phase::Connecting)
        checkConnected();
    else if (m_phase == Phase::Answered) // start() meets it; until then it would be said again and again
        lose(Reason::UpstreamLost, "the connection ended before it was used");
    else
        lose(Reason::UpstreamLost, "the connection broke");
}

void UpstreamLink::linger()
{
    m_phase = Phase::Lingering;
    m_context.requestFlush(*this);
}

/// Its connection is of no use any more.
void UpstreamLink::lose(Reason reason, std::string met)
{
    const bool told = opened();
    discard();
    if (told)
        tellEnd({reason, std::move(met)});
}

void UpstreamLink::tellEnd(LinkEnd end)
{
    if (Owner* owner = std::exchange(m_owner, nullptr))
        owner->ended(end);
}

void UpstreamLink::leave(std::optional<std::uint16_t> code, std::string_view reason)
{
    m_owner = nullptr;
    switch (m_phase) {
    case Phase::Connecting:
    case Phase::Handshake:
    case Phase::Answer:
        discard();
        break;
    case Phase::Answered:
    case Phase::Open:
        queueClose(code, reason);
        break;
    default:
        break;
    }
}

void UpstreamLink::queueClose(std::optional<std::uint16_t> code, std::string_view reason)
{
    queue(wire::encodeClose(code, reason, m_keys.mask()));
    m_phase = Phase::Closing;
    m_deadline = m_context.now + m_terms.closeTimeout;
    startTimer();
    if (!m_kept.empty()) // its own Close may stand there
        m_context.readAgain(*this);
    m_context.updateInterest(*this);
}

void UpstreamLink::fail() noexcept
{
    try {
        m_context.counters.refused[static_cast<std::size_t>(Reason::Internal)].add();
        kill(Reason::Internal);
    } catch (const std::exception&) {
        m_owner = nullptr;
        m_phase = Phase::Lingering; // its deadline frees it
        m_deadline = m_context.now;
        m_context.wheel.arm(timer, m_deadline);
    }
}

void UpstreamLink::kill(Reason reason)
{
    if (m_phase == Phase::Dead)
        return;
    const Reason why = reason == Reason::None ? Reason::UpstreamLost : reason;
    if (opened())
        lose(why, {});
    else
        failAttempt(why, {});
}

void UpstreamLink::discard()
{
    if (m_phase == Phase::Dead)
        return;
    m_phase = Phase::Dead;
    timer.unlink();
    m_context.discard(*this);
}

} // namespace gatehouse
