// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/provisionalbanner.h"

#include "text/format.h"
#include "text/policytext.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {

ProvisionalBanner::ProvisionalBanner(FeedBridge& bridge, const GateFigures& figures, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_figures(figures)
    , m_notice(new ActionNotice(Tone::Warning, Icon::Timer, this))
    , m_failure(new ActionNotice(Tone::Bad, Icon::TriangleAlert, this))
    , m_confirm(m_notice->addButton(tr("Confirm"), QStringLiteral("policyConfirm"), ButtonLook::Primary))
    , m_return(m_notice->addButton(tr("Return now"), QStringLiteral("policyReturn")))
{
    setObjectName(QStringLiteral("provisional"));
    m_confirm->setToolTip(tr("The policy stays, and goes into the file"));
    m_return->setToolTip(tr("The version before runs again at once"));
    m_failure->addClose();
    m_failure->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::s);
    layout->addWidget(m_notice);
    layout->addWidget(m_failure);
    connect(m_confirm, &QPushButton::clicked, this, &ProvisionalBanner::confirm);
    connect(m_return, &QPushButton::clicked, this, &ProvisionalBanner::returnNow);
    connect(&m_figures, &GateFigures::advanced, this, &ProvisionalBanner::advance);
    advance();
}

void ProvisionalBanner::setSuppressed(bool suppressed)
{
    m_suppressed = suppressed;
    advance();
}

void ProvisionalBanner::advance()
{
    const GateStats& stats = m_figures.stats();
    const bool wanted = stats.provisionalUntil.has_value() && !m_suppressed;
    if (wanted) {
        if (m_asked != stats.policyVersion)
            ask();
        m_notice->tell(Tone::Warning, Icon::Timer, provisionalText(stats, m_returnsTo));
        m_confirm->setEnabled(!m_busy);
        m_return->setEnabled(!m_busy && !m_hash.empty());
    } else if (!stats.provisionalUntil) {
        m_asked = 0;
        m_failure->hide();
    }
    setVisible(wanted);
}

/// What it returns to, and the hash that a return has to name.
void ProvisionalBanner::ask()
{
    m_asked = m_figures.stats().policyVersion;
    m_returnsTo = 0;
    m_hash.clear();
    m_bridge.call(PolicyGetQuery{}, this, [this](const Reply& reply) {
        const auto* document = reply ? std::get_if<PolicyDocument>(&reply.value()) : nullptr;
        if (!document || document->running != m_asked) {
            m_asked = 0; // the next second asks again
            return;
        }
        m_returnsTo = document->returnsTo;
        m_hash = document->version.hash;
        advance();
    });
}

void ProvisionalBanner::confirm()
{
    const std::uint64_t version = m_figures.stats().policyVersion;
    run(PolicyConfirmCommand{version}, tr("%1 was not confirmed").arg(versionText(version)));
}

void ProvisionalBanner::returnNow()
{
    PolicyRollbackCommand command;
    command.version = m_returnsTo;
    command.base = m_hash;
    command.reason = tr("returned before the time").toStdString();
    run(std::move(command), m_returnsTo == 0 ? tr("The version before was not restored")
                                             : tr("%1 was not restored").arg(versionText(m_returnsTo)));
}

void ProvisionalBanner::run(Command command, const QString& failure)
{
    if (m_busy)
        return;
    m_busy = true;
    m_failure->hide();
    advance();
    m_bridge.call(std::move(command), this, [this, failure](const Reply& reply) {
        m_busy = false;
        if (!reply)
            m_failure->tell(Tone::Bad, Icon::TriangleAlert,
                            tr("%1: %2").arg(failure, plainText(reply.error().message)));
        else if (const auto* applied = std::get_if<PolicyApplied>(&reply.value()))
            Q_EMIT settled(*applied);
        advance();
    });
}

} // namespace gatehouse::ui
