// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/lockdowncontrol.h"

#include "dialogs/lockdowndialog.h"
#include "models/policymeasures.h"
#include "pages/outcomebar.h"
#include "pages/page.h"
#include "text/format.h"
#include "text/gatenotices.h"

#include <QAction>
#include <QPushButton>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestLists = 160;

QString listsText(const LockdownLists& lists)
{
    QStringList words{usersText(lists), networksText(lists)};
    words.removeAll(QString());
    QString text = words.join(QStringLiteral("; "));
    return text.size() > longestLists ? text.left(longestLists) + QChar(0x2026) : text;
}

} // namespace

LockdownControl::LockdownControl(FeedBridge& bridge, QPushButton& button, QAction& action, OutcomeBar& outcome,
                                 QWidget& window)
    : QObject(&window)
    , m_bridge(bridge)
    , m_button(button)
    , m_action(action)
    , m_outcome(outcome)
    , m_window(window)
{
    connect(&m_action, &QAction::triggered, this, &LockdownControl::ask);
    connect(&m_button, &QPushButton::clicked, &m_action, &QAction::trigger);
    show({});
}

void LockdownControl::show(const GateStats& stats)
{
    m_stats = stats;
    const bool on = stats.lockdown.has_value();
    const bool possible = stats.state == GateState::Serving;
    m_button.setText(lockdownButtonText(stats.lockdown, stats.time));
    m_button.setToolTip(
        (on ? lockdownTip(*stats.lockdown, stats.time) : tr("Let nobody in but those who are named")).toHtmlEscaped());
    m_button.setEnabled(possible);
    m_action.setEnabled(possible);
    if (const QString text = on ? tr("End the lockdown…") : tr("Lockdown…"); text != m_action.text()) {
        m_action.setText(text);
        m_action.setIcon(icon(on ? Icon::LockOpen : Icon::Lock));
        m_button.setIcon(m_action.icon());
        setLook(m_button, on ? ButtonLook::Plain : ButtonLook::Danger);
        setCommandLine(m_action,
                       on ? QStringLiteral("gatehousectl lockdown off") : QStringLiteral("gatehousectl lockdown on"));
    }
    if (!on && m_ending)
        m_ending->reject();
}

void LockdownControl::ask()
{
    m_stats.lockdown ? askEnd() : askOn();
}

void LockdownControl::askOn()
{
    auto* dialog = new LockdownDialog(m_stats.sessions, &m_window);
    connect(dialog, &LockdownDialog::confirmed, this,
            [this, dialog](const LockdownCommand& command) { send(command, dialog); });
    m_bridge.call(SessionsQuery{}, dialog, [dialog](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<SessionList>(*reply))
            dialog->setSessions(std::get<SessionList>(*reply).sessions);
    });
    m_bridge.call(PolicyGetQuery{}, dialog, [dialog](const Reply& reply) {
        if (!reply.ok() || !std::holds_alternative<PolicyDocument>(*reply))
            return;
        if (const auto measures = policyMeasures(std::get<PolicyDocument>(*reply).version.document))
            dialog->setPolicyLists(measures->lockdown);
    });
    dialog->open();
}

void LockdownControl::askEnd()
{
    auto* dialog = new EndLockdownDialog(*m_stats.lockdown, m_stats.time, &m_window);
    m_ending = dialog;
    connect(dialog, &Dialog::actionTriggered, this, [this, dialog] {
        dialog->setBusy(true);
        LockdownCommand command;
        command.on = false;
        send(command, dialog);
    });
    dialog->open();
}

void LockdownControl::send(const LockdownCommand& command, Dialog* dialog)
{
    m_bridge.call(command, this, [this, on = command.on, open = QPointer(dialog)](const Reply& reply) {
        const auto* result = reply.ok() ? std::get_if<LockdownResult>(&reply.value()) : nullptr;
        if (result) {
            if (open)
                open->accept();
            result->lockdown ? showOn(*result)
                             : m_outcome.showDone(tr("The lockdown has ended. Whom the policy lets "
                                                     "in may come in again."));
            return;
        }
        const QString why = plainText(reply.ok() ? std::string() : reply.error().message);
        const QString text =
            on ? tr("The gate is not locked down: %1").arg(why) : tr("The lockdown goes on: %1").arg(why);
        if (open) {
            open->setBusy(false);
            open->showFailure(text);
        } else {
            m_outcome.showFailed(text);
        }
    });
}

void LockdownControl::showOn(const LockdownResult& result)
{
    const auto& until = result.lockdown->until;
    QStringList words{until ? tr("Locked down until %1.").arg(absoluteText(*until, QTimeZone::systemTimeZone()))
                            : tr("Locked down until somebody ends it.")};
    words += tr("%n session(s) ended.", nullptr, static_cast<int>(result.ended.size()));
    const QString lists = listsText(result.lists);
    words += lists.isEmpty() ? tr("Nobody may come in.") : tr("May come in: %1.").arg(lists);
    m_outcome.showDone(words.join(QLatin1Char(' ')));
}

} // namespace gatehouse::ui
