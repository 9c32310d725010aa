// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/closedialog.h"

#include "models/policymeasures.h"
#include "style/theme.h"
#include "text/format.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {

CloseDialog::CloseDialog(FeedBridge& bridge, std::uint64_t sessions, bool trayAvailable, QWidget* parent)
    : Dialog(parent)
{
    setObjectName(QStringLiteral("closeDialog"));
    const int open = static_cast<int>(std::min<std::uint64_t>(sessions, 1'000'000'000));
    m_explanation = open == 0
                        ? tr("Nobody is connected.")
                        : tr("%n session(s) are open. Draining tells each client that the server goes away (1001), "
                             "and stops when they have left.",
                             nullptr, open);
    setHeading(tr("Close Gatehouse"), m_explanation);
    setAction(tr("Drain and stop"), trayAvailable ? ButtonLook::Danger : ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("drainAction"));
    connect(this, &Dialog::actionTriggered, this, &CloseDialog::drain);
    if (open > 0) {
        bridge.call(PolicyGetQuery{}, this, [this](const Reply& reply) {
            const auto* policy = reply ? std::get_if<PolicyDocument>(&reply.value()) : nullptr;
            if (const auto measures = policy ? policyMeasures(policy->version.document) : std::nullopt)
                addDrainTimes(measures->drain);
        });
    }
    if (!trayAvailable)
        return;
    QPushButton* keep = addChoice(tr("Keep serving in the tray"), ButtonLook::Primary);
    keep->setObjectName(QStringLiteral("keepServing"));
    keep->setDefault(true);
    connect(keep, &QPushButton::clicked, this, [this] {
        Q_EMIT keepServing();
        accept();
    });
}

void CloseDialog::addDrainTimes(const DrainTimes& times)
{
    const QString within = tr("Whoever is left after %1 is cut off.").arg(durationText(times.within));
    const QString told = times.spread.count() > 0
                             ? tr("They are told over at most %1, so that they do not come back all at once.")
                                   .arg(durationText(times.spread))
                             : tr("They are all told at once.");
    setHeading(windowTitle(), QStringList{m_explanation, told, within}.join(QLatin1Char(' ')));
}

} // namespace gatehouse::ui
