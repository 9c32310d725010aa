// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/quarantinedialog.h"

#include "dialogs/durationchoice.h"
#include "dialogs/typedcount.h"

#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr int longestReason = 200;

} // namespace

QuarantineDialog::QuarantineDialog(std::vector<SessionTarget> targets, QWidget* parent)
    : Dialog(parent)
    , m_targets(std::move(targets))
    , m_duration(new DurationChoice({10min, 1h, 4h}, tr("Until somebody releases it"), this))
    , m_reason(new QLineEdit(this))
    , m_typed(new TypedCount(QStringLiteral("quarantineTyped"), this))
{
    setObjectName(QStringLiteral("quarantineDialog"));
    const int count = static_cast<int>(m_targets.size());
    setHeading(count == 1 ? tr("Quarantine %1").arg(m_targets.front().user)
                          : tr("Quarantine %n session(s)", nullptr, count),
               tr("The connection stays open, but nothing is read from it and nothing is delivered. The client is not "
                  "told."));
    auto* list = new TargetList(m_targets, QStringLiteral("quarantineTargets"), tr("Sessions to quarantine"), this);
    setMinimumWidth(std::max(minimumWidth(), list->wantedWidth()));
    body()->addWidget(list);
    addFields();
    setAction(count == 1 ? tr("Quarantine") : tr("Quarantine %n session(s)", nullptr, count), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("quarantineConfirm"));
    connect(this, &Dialog::actionTriggered, this, [this] {
        Q_EMIT confirmed(command());
        accept();
    });
    setActionEnabled(m_typed->isRight());
    m_reason->setFocus();
}

void QuarantineDialog::addFields()
{
    m_duration->setObjectName(QStringLiteral("quarantineDuration"));
    addField(tr("For how long"), m_duration);
    m_reason->setObjectName(QStringLiteral("quarantineReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("For example: sends what no device of ours sends"));
    addField(tr("Reason"), m_reason, tr("Kept in the audit log."));
    m_typed->setCount(m_targets.size());
    body()->addWidget(m_typed);
    connect(m_typed, &TypedCount::edited, this, [this] { setActionEnabled(m_typed->isRight()); });
}

QuarantineCommand QuarantineDialog::command() const
{
    return {idsOf(m_targets), true, m_duration->duration(), m_reason->text().trimmed().toStdString()};
}

} // namespace gatehouse::ui
