// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/policyapplydialog.h"

#include "style/notice.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/policytext.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int longestReason = 500;

} // namespace

PolicyApplyDialog::PolicyApplyDialog(FeedBridge& bridge, PolicyToApply what,
                                     std::optional<std::chrono::milliseconds> provisional, QWidget* parent)
    : Dialog(parent)
    , m_bridge(bridge)
    , m_what(std::move(what))
    , m_provisional(provisional)
{
    setObjectName(QStringLiteral("policyApplyDialog"));
    describe();
    addFields();
    actionButton()->setObjectName(QStringLiteral("policyApplyAction"));
    connect(this, &Dialog::actionTriggered, this, &PolicyApplyDialog::apply);
    updateAction();
    m_reason->setFocus();
}

std::size_t PolicyApplyDialog::ending() const
{
    return m_what.impact ? m_what.impact->ended.size() : 0;
}

void PolicyApplyDialog::describe()
{
    const QString base = versionText(m_what.baseVersion);
    const QString which = m_what.restores > 0 ? tr("Restore %1").arg(versionText(m_what.restores))
                                              : tr("Apply the draft on %1").arg(base);
    const QString until = m_provisional
                              ? tr("It returns to %1 by itself after %2, unless somebody confirms it. A crash "
                                   "returns to %1 too.")
                                    .arg(base, durationText(*m_provisional))
                              : tr("It goes into the file and holds from now on.");
    setHeading(m_provisional ? tr("%1 for %2").arg(which, durationText(*m_provisional)) : which, until);
    auto* notice = new Notice(Tone::Good, Icon::CircleCheck, this);
    notice->label()->setObjectName(QStringLiteral("policyApplyImpact"));
    if (!m_what.impact) {
        notice->set(Tone::Warning, Icon::TriangleAlert);
        notice->setText(tr("Who is affected is not known: any session may end."));
    } else if (ending() > 0) {
        notice->set(Tone::Bad, Icon::LogOut);
        notice->setText(tr("%n session(s) end", nullptr, static_cast<int>(ending())) +
                        (m_what.impact->complete() ? QString() : tr(", and perhaps more: not all were looked at")));
    } else if (!m_what.impact->complete()) {
        notice->set(Tone::Warning, Icon::Hourglass);
        notice->setText(tr("Not all sessions were looked at: some may end."));
    } else {
        notice->setText(tr("No session ends."));
    }
    notice->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    body()->addWidget(notice);
    const QString words = ending() > 0 ? tr("%1 and end %n session(s)", nullptr, static_cast<int>(ending())) : tr("%1");
    setAction(words.arg(m_what.restores > 0 ? tr("Restore") : tr("Apply")), ButtonLook::Primary);
}

void PolicyApplyDialog::addFields()
{
    m_reason = new QLineEdit(this);
    m_reason->setObjectName(QStringLiteral("policyReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("For example: scanner on floor 9, ticket 4711"));
    addField(tr("Reason"), m_reason, tr("Stands in the history and in the audit log. Clients are not told."));
    if (ending() > typedFrom) {
        m_typed = new QLineEdit(this);
        m_typed->setObjectName(QStringLiteral("policyTyped"));
        addField(tr("Type %1 to confirm").arg(ending()), m_typed);
        connect(m_typed, &QLineEdit::textChanged, this, &PolicyApplyDialog::updateAction);
    }
    if (!m_what.fileProblem.empty()) {
        m_replace = new QCheckBox(tr("Replace the file, which was changed by hand"), this);
        m_replace->setObjectName(QStringLiteral("policyReplaceFile"));
        m_replace->setToolTip(plainText(m_what.fileProblem).toHtmlEscaped());
        body()->addWidget(m_replace);
    }
}

void PolicyApplyDialog::updateAction()
{
    setActionEnabled(!m_typed || m_typed->text().trimmed() == QString::number(ending()));
}

void PolicyApplyDialog::apply()
{
    const std::string reason = m_reason->text().trimmed().toStdString();
    const bool replace = m_replace && m_replace->isChecked();
    setBusy(true);
    const auto done = [this](const Reply& reply) { finish(reply); };
    if (m_what.restores > 0)
        m_bridge.call(PolicyRollbackCommand{m_what.restores, m_what.base, reason, m_provisional, replace}, this, done);
    else
        m_bridge.call(PolicyApplyCommand{m_what.base, m_what.text, reason, m_provisional, replace}, this, done);
}

void PolicyApplyDialog::finish(const Reply& reply)
{
    setBusy(false);
    if (!reply) {
        const ControlError& error = reply.error();
        if (error.code == ControlErrorCode::Conflict) {
            Q_EMIT overtaken(error);
            reject();
        } else if (!error.problems.empty()) {
            Q_EMIT invalid(error);
            reject();
        } else {
            showFailure(tr("Nothing was applied: %1").arg(plainText(error.message)));
        }
        return;
    }
    const auto* result = std::get_if<PolicyApplied>(&reply.value());
    if (!result) {
        showFailure(tr("The server gave an answer that does not belong to a policy."));
        return;
    }
    Q_EMIT applied(*result);
    accept();
}

} // namespace gatehouse::ui
