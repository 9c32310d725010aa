// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/measurescard.h"

#include "style/gatehousestyle.h"
#include "style/notice.h"
#include "text/format.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace gatehouse::ui {
namespace {

QString quarantineText(const SessionActivity& activity, WallTime now)
{
    const QTimeZone zone = QTimeZone::systemTimeZone();
    const QString head = activity.quarantinedUntil ? MeasuresCard::tr("Quarantined until %1, for %2")
                                                         .arg(clockText(*activity.quarantinedUntil, zone),
                                                              stopwatchText(*activity.quarantinedUntil - now))
                                                   : MeasuresCard::tr("Quarantined until somebody releases it");
    return head + QLatin1Char('\n') + MeasuresCard::tr("Nothing is read or delivered");
}

QString limitText(const TemporaryLimit& limit, WallTime now)
{
    const QTimeZone zone = QTimeZone::systemTimeZone();
    QStringList lines{limit.session ? MeasuresCard::tr("Limited to %1").arg(bucketText(limit.rate))
                                    : MeasuresCard::tr("User limited to %1").arg(bucketText(limit.rate))};
    const QString who = plainText(limit.actor, 40);
    lines += limit.until ? MeasuresCard::tr("By %1, until %2, for %3")
                               .arg(who, clockText(*limit.until, zone), stopwatchText(*limit.until - now))
                         : MeasuresCard::tr("By %1, until somebody lifts it").arg(who);
    if (!limit.reason.empty())
        lines += plainText(limit.reason, 120);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

MeasuresCard::MeasuresCard(QWidget* parent)
    : QWidget(parent)
    , m_quarantine(make(Icon::CirclePause, tr("Release"), "panelRelease"))
    , m_limit(make(Icon::Gauge, tr("Lift"), "panelLift"))
{
    m_quarantine.button->setAccessibleName(tr("Release from quarantine"));
    m_limit.button->setAccessibleName(tr("Lift the temporary limit"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::m, space::m, space::m, space::m);
    layout->setSpacing(space::s);
    layout->addWidget(m_quarantine.notice);
    layout->addWidget(m_limit.notice);
    connect(m_quarantine.button, &QPushButton::clicked, this, &MeasuresCard::releaseWanted);
    connect(m_limit.button, &QPushButton::clicked, this, &MeasuresCard::liftWanted);
    hide();
}

MeasuresCard::Measure MeasuresCard::make(Icon symbol, const QString& button, const char* name)
{
    auto* notice = new Notice(Tone::Warning, symbol, this);
    auto* made = new QPushButton(button, notice);
    made->setObjectName(QLatin1StringView(name));
    setLook(*made, ButtonLook::Plain, ButtonSize::Small);
    auto* row = qobject_cast<QBoxLayout*>(notice->layout());
    row->setStretch(0, 1);
    row->addWidget(made, 0, Qt::AlignTop);
    return {notice, made};
}

void MeasuresCard::show(const Connection& connection, WallTime now)
{
    const bool quarantined = connection.state == ConnectionState::Quarantined;
    const std::optional<TemporaryLimit>& limit = connection.activity().temporaryLimit;
    const bool limited = limit && !connection.closed;
    if (quarantined)
        m_quarantine.notice->setText(quarantineText(connection.activity(), now));
    if (limited)
        m_limit.notice->setText(limitText(*limit, now));
    m_quarantine.notice->setVisible(quarantined);
    m_limit.notice->setVisible(limited);
    setVisible(quarantined || limited);
}

QString MeasuresCard::text() const
{
    QStringList lines;
    for (const Measure& measure : {m_quarantine, m_limit}) {
        if (!measure.notice->isHidden())
            lines += measure.notice->label()->text();
    }
    return isHidden() ? QString() : lines.join(QLatin1Char('\n'));
}

} // namespace gatehouse::ui
