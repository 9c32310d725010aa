// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/session.h"

// What the handler of a route that has another side does with a session.
namespace gatehouse {

void Session::hold()
{
    if (m_held || closing())
        return;
    m_held = true;
    m_connection.startTimer();
    m_context.updateInterest(m_connection);
}

/// A rate that has no room, and a quarantine, go on holding it.
void Session::release()
{
    if (!m_held)
        return;
    m_held = false;
    if (!paused())
        readOn();
    m_connection.startTimer();
}

void Session::sendPart(wire::Opcode type, std::span<const std::byte> payload, bool first, bool last)
{
    if (closing())
        return;
    if (first)
        m_partsDropped = withheld();
    if (m_partsDropped) {
        if (last)
            leaveOut();
        return;
    }
    m_connection.queue(wire::frameHeader(first ? type : wire::Opcode::Continuation, payload.size(), last), payload);
    if (first) {
        ++m_messagesOut;
        m_context.counters.messagesOut.add();
    }
    m_bytesOut += payload.size();
    m_context.counters.bytesOut.add(payload.size());
    m_lastMessage = m_context.now;
    noteCongestion();
    noteChange();
}

void Session::noteCongestion()
{
    if (!m_congested && m_connection.backlogMemory() > route().sendBuffer / 2)
        m_congested = true;
}

} // namespace gatehouse
