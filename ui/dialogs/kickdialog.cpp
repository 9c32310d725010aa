// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/kickdialog.h"

#include "dialogs/typedcount.h"
#include "text/codetext.h"
#include "text/format.h"

#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

/// RFC 6455 §5.5: what fits into a close frame beside its code.
constexpr int reasonBytes = 123;

} // namespace

KickDialog::KickDialog(FeedBridge& bridge, std::vector<SessionTarget> targets, QWidget* parent)
    : Dialog(parent)
    , m_bridge(bridge)
    , m_targets(std::move(targets))
{
    setObjectName(QStringLiteral("kickDialog"));
    const int count = static_cast<int>(m_targets.size());
    setHeading(count == 1 ? tr("Kick %1").arg(m_targets.front().user) : tr("Kick %n session(s)", nullptr, count),
               tr("The connection is closed with %1, on centrifuge routes %2. Nothing else of the user is touched.")
                   .arg(codeText(4403), codeText(3503)));
    auto* list = new TargetList(m_targets, QStringLiteral("kickTargets"), tr("Sessions to kick"), this);
    setMinimumWidth(std::max(minimumWidth(), list->wantedWidth()));
    body()->addWidget(list);
    addFields();
    setAction(count == 1 ? tr("Kick") : tr("Kick %n session(s)", nullptr, count), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("kickAction"));
    connect(this, &Dialog::actionTriggered, this, &KickDialog::kick);
    updateAction();
    m_reason->setFocus();
}

void KickDialog::addFields()
{
    m_reason = new QLineEdit(this);
    m_reason->setObjectName(QStringLiteral("kickReason"));
    m_reason->setMaxLength(reasonBytes);
    m_reason->setPlaceholderText(tr("For example: maintenance"));
    addField(tr("Public reason"), m_reason, tr("The client is told this. Leave it empty to say nothing."));

    m_cooldown = new QComboBox(this);
    m_cooldown->setObjectName(QStringLiteral("kickCooldown"));
    m_cooldown->addItem(tr("None, may return at once"), 0);
    m_cooldown->addItem(tr("1 minute"), 60);
    m_cooldown->addItem(tr("5 minutes"), 300);
    m_cooldown->addItem(tr("1 hour"), 3600);
    m_cooldown->setCurrentIndex(1);
    addField(tr("Cooldown"), m_cooldown, tr("Until then, the user is refused with 403 and told when to try again."));

    m_typed = new TypedCount(QStringLiteral("kickTyped"), this);
    m_typed->setCount(m_targets.size());
    body()->addWidget(m_typed);
    connect(m_typed, &TypedCount::edited, this, &KickDialog::updateAction);
    connect(m_reason, &QLineEdit::textChanged, this, &KickDialog::updateAction);
}

void KickDialog::updateAction()
{
    const bool fits = m_reason->text().toUtf8().size() <= reasonBytes;
    showFailure(fits ? QString()
                     : tr("The reason is longer than the %1 bytes that a close frame holds.").arg(reasonBytes));
    setActionEnabled(m_typed->isRight() && fits && !m_targets.empty());
}

void KickDialog::kick()
{
    KickCommand command;
    command.sessions = idsOf(m_targets);
    command.reason = m_reason->text().trimmed().toStdString();
    const std::chrono::seconds cooldown(m_cooldown->currentData().toInt());
    command.cooldown = cooldown > 0s ? std::optional<std::chrono::milliseconds>(cooldown) : std::nullopt;
    setBusy(true);
    m_bridge.call(std::move(command), this, [this](const Reply& reply) { finish(reply); });
}

void KickDialog::finish(const Reply& reply)
{
    setBusy(false);
    if (!reply) {
        showFailure(tr("Nobody was kicked: %1").arg(plainText(reply.error().message)));
        return;
    }
    const auto* result = std::get_if<KickResult>(&reply.value());
    if (!result) {
        showFailure(tr("The server gave an answer that does not belong to a kick."));
        return;
    }
    Q_EMIT kicked(static_cast<int>(result->kicked.size()), static_cast<int>(result->missing.size()));
    accept();
}

} // namespace gatehouse::ui
