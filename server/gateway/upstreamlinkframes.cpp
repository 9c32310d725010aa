// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamlink.h"

#include <utility>

// Frames, both ways.
namespace gatehouse {

namespace {

/// Pongs to somebody who does not read are left out beyond it (RFC 6455 §5.5.3 asks for the latest alone).
constexpr std::size_t roomForPongs = 2 * UpstreamLink::highWater;

} // namespace

void UpstreamLink::start()
{
    if (m_phase != Phase::Answered)
        return;
    m_phase = Phase::Open;
    m_started = m_lastWritten = m_context.now;
    takeTerms();
    startTimer();
    m_context.readAgain(*this);
    m_context.updateInterest(*this);
}

void UpstreamLink::send(wire::Opcode type, std::span<const std::byte> payload, bool first, bool last)
{
    if (m_phase != Phase::Open)
        return;
    const std::uint32_t mask = m_keys.mask();
    const auto header = wire::frameHeader(first ? type : wire::Opcode::Continuation, payload.size(), last, false, mask);
    const bool nothingWaited = m_out.empty();
    m_out.append(header, payload, mask);
    m_context.counters.backlog.add(header.size + payload.size());
    queued(nothingWaited);
}

/// The timers that its bytes hold off begin anew: they were not read.
void UpstreamLink::hold(bool on)
{
    if (std::exchange(m_held, on) == on || m_phase == Phase::Dead)
        return;
    if (!on) {
        if (m_pingPending)
            m_pingSent = m_context.now;
        if (m_messageStarted != TimePoint{})
            m_messageStarted = m_context.now;
        m_context.readAgain(*this);
        if (m_phase == Phase::Open)
            startTimer();
    }
    m_context.updateInterest(*this);
}

void UpstreamLink::received(std::span<std::byte> bytes)
{
    if (m_phase == Phase::Answer) {
        readAnswer(bytes);
        return;
    }
    m_pingPending = false; // any byte says that it is there
    process(bytes);
    if (m_phase == Phase::Open && m_held && !bytes.empty()) {
        m_kept.assign(bytes.begin(), bytes.end());
        m_keptFrom = 0;
    }
}

void UpstreamLink::takeKept()
{
    if (m_kept.empty() || (m_phase == Phase::Open && m_held) || m_phase < Phase::Open)
        return;
    std::span<std::byte> rest = std::span(m_kept).subspan(m_keptFrom);
    process(rest);
    if (m_phase == Phase::Open && m_held && !rest.empty()) {
        m_keptFrom = m_kept.size() - rest.size();
        return;
    }
    std::vector<std::byte>().swap(m_kept);
}

bool UpstreamLink::takesFrames() const
{
    return !m_deaf && !m_peerClosed && (m_phase == Phase::Closing || (m_phase == Phase::Open && !m_held));
}

/// Up to where all is read, reading stops, or nothing more is to be heard; what is left of `bytes` was not looked at.
void UpstreamLink::process(std::span<std::byte>& bytes)
{
    while (takesFrames()) {
        const wire::Event event = m_decoder.next(bytes);
        if (event.kind == wire::Event::Kind::NeedMore) {
            if ((m_decoder.inFrame() || m_decoder.inMessage()) && m_messageStarted == TimePoint{}) {
                m_messageStarted = m_context.now;
                if (m_phase == Phase::Open)
                    startTimer();
            }
            return;
        }
        onEvent(event);
        if (!m_decoder.inMessage()) // what is there of the next frame begins anew
            m_messageStarted = {};
    }
}

void UpstreamLink::onEvent(const wire::Event& event)
{
    switch (event.kind) {
    case wire::Event::Kind::NeedMore:
        break;
    case wire::Event::Kind::Message:
        if (m_owner && m_phase == Phase::Open)
            m_owner->message(event.type, event.payload);
        break;
    case wire::Event::Kind::Part:
        if (m_owner && m_phase == Phase::Open)
            m_owner->part(event);
        break;
    case wire::Event::Kind::Ping:
        if (takeControlFrame() && m_phase == Phase::Open && m_out.held() < roomForPongs)
            queue(wire::encodeFrame(wire::Opcode::Pong, event.payload, m_keys.mask()));
        break;
    case wire::Event::Kind::Pong:
        (void)takeControlFrame();
        break;
    case wire::Event::Kind::Close:
        onClose(event);
        break;
    case wire::Event::Kind::Violation:
        violate(event.reason);
        break;
    }
}

bool UpstreamLink::takeControlFrame()
{
    if (!m_terms.controlFrames || m_control.take(*m_terms.controlFrames, m_context.now))
        return true;
    violate(Reason::ControlRate);
    return false;
}

/// It is answered with its own code (RFC 6455 §5.5.1).
void UpstreamLink::onClose(const wire::Event& event)
{
    m_peerClosed = true;
    if (m_phase == Phase::Closing) {
        m_context.requestFlush(*this);
        return;
    }
    const auto* text = static_cast<const char*>(static_cast<const void*>(event.payload.data()));
    LinkEnd end{Reason::UpstreamClosed, std::to_string(event.closeCode.value_or(1005)), event.closeCode,
                std::string(text, event.payload.size()), Reason::None};
    queueClose(event.closeCode, {});
    tellEnd(std::move(end));
}

void UpstreamLink::violate(Reason broke)
{
    m_deaf = true;
    if (m_phase == Phase::Closing) {
        m_context.requestFlush(*this);
        return;
    }
    queueClose(closeCode(broke).value_or(1002), reasonWord(broke));
    tellEnd({Reason::UpstreamProtocol, std::string(reasonWord(broke)), {}, {}, broke});
}

} // namespace gatehouse
