// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policychecker.h"

#include "text/format.h"

namespace gatehouse::ui {

PolicyChecker::PolicyChecker(FeedBridge& bridge, QObject* parent)
    : QObject(parent)
    , m_bridge(bridge)
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(typingPause);
    connect(&m_pause, &QTimer::timeout, this, &PolicyChecker::ask);
}

void PolicyChecker::check(const QString& text)
{
    m_text = text;
    ++m_wanted;
    m_pause.start();
    Q_EMIT started();
}

void PolicyChecker::stop()
{
    ++m_wanted;
    m_pause.stop();
}

void PolicyChecker::ask()
{
    if (m_inFlight) {
        m_pause.start();
        return;
    }
    m_inFlight = true;
    m_bridge.call(PolicyCheckCommand{m_text.toStdString()}, this, [this, asked = m_wanted](const Reply& reply) {
        m_inFlight = false;
        if (asked != m_wanted)
            return;
        const auto* result = reply ? std::get_if<PolicyCheckResult>(&reply.value()) : nullptr;
        if (result)
            Q_EMIT checked(*result);
        else
            Q_EMIT failed(reply ? tr("the answer is none to a check") : plainText(reply.error().message));
    });
}

} // namespace gatehouse::ui
