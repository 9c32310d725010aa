// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/closedialog.h"

#include "style/theme.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {

CloseDialog::CloseDialog(std::uint64_t sessions, bool trayAvailable, QWidget* parent)
    : Dialog(parent)
{
    setObjectName(QStringLiteral("closeDialog"));
    const int open = static_cast<int>(std::min<std::uint64_t>(sessions, 1'000'000'000));
    QString text = open == 0
                       ? tr("Nobody is connected.")
                       : tr("%n session(s) are open. Draining tells each client that the server goes away (1001), "
                            "and stops when they have left.",
                            nullptr, open);
    setHeading(tr("Close Gatehouse"), text);
    setAction(tr("Drain and stop"), trayAvailable ? ButtonLook::Danger : ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("drainAction"));
    connect(this, &Dialog::actionTriggered, this, &CloseDialog::drain);
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

} // namespace gatehouse::ui
