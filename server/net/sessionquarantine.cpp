// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/session.h"

// A session that stays open, and is neither heard nor told anything.
namespace gatehouse {

void Session::quarantine(const QuarantineOrder& order)
{
    if (closing())
        return;
    const bool begins = !m_quarantine;
    m_quarantine = std::make_unique<Quarantine>();
    std::string detail = "on";
    if (order.duration) {
        m_quarantine->until = m_context.now + *order.duration;
        m_quarantine->shownUntil = m_context.wall + *order.duration;
        detail += " for " + std::to_string(order.duration->count()) + " ms";
    }
    report(AuditKind::Quarantine, {}, 0, order.actor, order.reason.empty() ? detail : detail + ": " + order.reason);
    m_connection.startTimer();
    m_context.updateInterest(m_connection);
    noteChange();
    if (begins)
        m_handler.withheld(*this, true);
}

/// A rate that had no room may have none still.
void Session::endQuarantine(const std::string& actor, const std::string& reason)
{
    if (!m_quarantine)
        return;
    m_quarantine.reset();
    report(AuditKind::Quarantine, {}, 0, actor, reason.empty() ? "off" : "off: " + reason);
    if (m_resumeAt)
        onThrottleTimer();
    else
        readOn();
    m_connection.startTimer();
    m_connection.requestFlush();
    noteChange();
    m_handler.withheld(*this, false);
}

} // namespace gatehouse
