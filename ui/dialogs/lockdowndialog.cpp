// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/lockdowndialog.h"

#include "dialogs/durationchoice.h"
#include "dialogs/typedcount.h"
#include "models/policymeasures.h"
#include "style/notice.h"
#include "style/theme.h"
#include "text/codetext.h"
#include "text/format.h"
#include "text/gatenotices.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr int widthForTwoLists = 560;
/// RFC 6455 §5.5: what fits into a close frame beside its code.
constexpr int reasonBytes = 123;
constexpr std::uint64_t mostCounted = 1'000'000'000;

} // namespace

LockdownDialog::LockdownDialog(std::uint64_t open, QWidget* parent)
    : Dialog(parent)
    , m_open(std::min(open, mostCounted))
    , m_who(new QButtonGroup(this))
    , m_users(new QLineEdit(this))
    , m_networks(new QLineEdit(this))
    , m_duration(new DurationChoice({15min, 1h, 4h}, tr("Until somebody ends it"), this))
    , m_reason(new QLineEdit(this))
    , m_effect(new Notice(Tone::Warning, Icon::UserX, this))
    , m_typed(new TypedCount(QStringLiteral("lockdownTyped"), this))
{
    setObjectName(QStringLiteral("lockdownDialog"));
    setMinimumWidth(widthForTwoLists);
    setHeading(tr("Lock the gate down"), tr("Everybody who is not named here is closed with %1, on centrifuge routes "
                                            "%2, and nobody else comes in until the lockdown ends. It outlasts a "
                                            "restart.")
                                             .arg(codeText(4403), codeText(4503)));
    addFields();
    setAction(tr("Lock down"), ButtonLook::Danger);
    actionButton()->setObjectName(QStringLiteral("lockdownConfirm"));
    connect(m_who, &QButtonGroup::idClicked, this, &LockdownDialog::chosen);
    for (QLineEdit* field : {m_users, m_networks, m_reason})
        connect(field, &QLineEdit::textChanged, this, &LockdownDialog::refresh);
    connect(m_typed, &TypedCount::edited, this, &LockdownDialog::refresh);
    connect(this, &Dialog::actionTriggered, this, [this] {
        if (const auto wanted = command()) {
            setBusy(true);
            Q_EMIT confirmed(*wanted);
        }
    });
    chosen();
}

QWidget* LockdownDialog::makeChoices()
{
    auto* box = new QWidget(this);
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins({});
    row->setSpacing(space::l);
    const auto add = [&](Who which, const QString& text, const char* name) {
        auto* choice = new QRadioButton(text, box);
        choice->setObjectName(QLatin1StringView(name));
        choice->setChecked(which == Who::Policy);
        m_who->addButton(choice, static_cast<int>(which));
        row->addWidget(choice);
    };
    add(Who::Policy, tr("Whom the &policy names"), "lockdownPolicy");
    add(Who::Given, tr("&These"), "lockdownGiven");
    add(Who::Nobody, tr("&Nobody"), "lockdownNobody");
    row->addStretch(1);
    return box;
}

void LockdownDialog::addFields()
{
    addField(tr("Who stays and may come in"), makeChoices());
    m_users->setObjectName(QStringLiteral("lockdownUsers"));
    m_networks->setObjectName(QStringLiteral("lockdownNetworks"));
    m_networks->setFont(ui::font(Type::Mono));
    Dialog::addFields(tr("Users"), m_users, tr("Networks"), m_networks);
    m_duration->setObjectName(QStringLiteral("lockdownDuration"));
    addField(tr("For how long"), m_duration);
    m_reason->setObjectName(QStringLiteral("lockdownReason"));
    m_reason->setMaxLength(reasonBytes);
    m_reason->setPlaceholderText(tr("For example: maintenance"));
    addField(tr("Public reason"), m_reason, tr("Clients are told this. Leave it empty to say nothing."));
    body()->addWidget(m_effect);
    body()->addWidget(m_typed);
    body()->addStretch(1);
}

LockdownDialog::Who LockdownDialog::who() const
{
    return static_cast<Who>(m_who->checkedId());
}

std::optional<LockdownLists> LockdownDialog::lists() const
{
    switch (who()) {
    case Who::Policy:
        return m_policy;
    case Who::Given:
        return LockdownLists{typedUsers(m_users->text()), typedNetworks(m_networks->text()).networks};
    case Who::Nobody:
        return LockdownLists{};
    }
    return std::nullopt;
}

QString LockdownDialog::problem() const
{
    if (m_reason->text().toUtf8().size() > reasonBytes)
        return tr("The reason is longer than the %1 bytes that a close frame holds.").arg(reasonBytes);
    if (who() != Who::Given)
        return {};
    if (const TypedNetworks typed = typedNetworks(m_networks->text()); !typed.wrong.isEmpty())
        return tr("“%1” is no network. Write it like 10.20.0.0/16, several with commas.").arg(typed.wrong.left(40));
    const LockdownLists given = lists().value_or(LockdownLists{});
    return given.users.empty() && given.networks.empty() ? tr("Name users or networks, several with commas.")
                                                         : QString();
}

std::optional<LockdownCommand> LockdownDialog::command() const
{
    if (!problem().isEmpty())
        return std::nullopt;
    LockdownCommand wanted;
    if (who() != Who::Policy) {
        const LockdownLists given = lists().value_or(LockdownLists{});
        wanted.allowUsers = given.users;
        wanted.allowNetworks = given.networks;
    }
    wanted.duration = m_duration->duration();
    wanted.reason = m_reason->text().trimmed().toStdString();
    return wanted;
}

void LockdownDialog::setSessions(std::vector<SessionRow> sessions)
{
    m_sessions = std::move(sessions);
    refresh();
}

void LockdownDialog::setPolicyLists(LockdownLists lists)
{
    m_policy = std::move(lists);
    chosen();
}

void LockdownDialog::chosen()
{
    const Who which = who();
    const bool editable = which == Who::Given;
    m_filling = true;
    const LockdownLists shown = which == Who::Policy ? m_policy.value_or(LockdownLists{}) : LockdownLists{};
    m_users->setText(editable ? m_givenUsers : usersText(shown));
    m_networks->setText(editable ? m_givenNetworks : networksText(shown));
    m_filling = false;
    for (QLineEdit* field : {m_users, m_networks}) {
        field->setEnabled(editable);
        field->setCursorPosition(0);
    }
    const bool none = shown.users.empty() && shown.networks.empty();
    const QString empty = which == Who::Nobody ? tr("nobody")
                          : !m_policy          ? tr("those of the policy")
                          : none               ? tr("nobody")
                                               : tr("any");
    m_users->setPlaceholderText(editable ? tr("For example: alice, bob") : empty);
    m_networks->setPlaceholderText(editable ? tr("For example: 10.20.0.0/16") : empty);
    refresh();
}

void LockdownDialog::refresh()
{
    if (m_filling)
        return;
    if (who() == Who::Given) {
        m_givenUsers = m_users->text();
        m_givenNetworks = m_networks->text();
    }
    showFailure({});
    showEffect();
    setActionEnabled(command().has_value() && m_typed->isRight());
}

void LockdownDialog::showEffect()
{
    if (const QString wrong = problem(); !wrong.isEmpty()) {
        m_effect->set(Tone::Neutral, Icon::Info);
        m_effect->setText(wrong);
        m_typed->setCount(0);
        return;
    }
    const std::optional<LockdownLists> known = lists();
    const bool nobody = known && known->users.empty() && known->networks.empty();
    auto met = static_cast<int>(m_sessions ? m_sessions->size() : m_open);
    const int open = met;
    const bool exact = nobody || (known && m_sessions);
    if (!nobody && exact)
        met = static_cast<int>(closedBy(*known, *m_sessions));
    m_effect->set(met == 0 ? Tone::Neutral : Tone::Warning, met == 0 ? Icon::Info : Icon::UserX);
    QString text = met == 0 ? tr("No open session would be closed.")
                   : exact  ? tr("%1 of %n open session(s) would be closed now.", nullptr, open)
                                 .arg(countText(static_cast<std::uint64_t>(met)))
                           : tr("Up to %n open session(s) would be closed now.", nullptr, open);
    if (known && !known->users.empty() && !known->networks.empty())
        text += QLatin1Char(' ') + tr("Who stays needs both: a user of the list, from a network of the list.");
    else if (nobody && who() == Who::Policy)
        text = tr("The policy names nobody.") + QLatin1Char(' ') + text;
    m_effect->setText(text);
    m_typed->setCount(static_cast<std::size_t>(met));
}

QString LockdownDialog::effectText() const
{
    return m_effect->label()->text();
}

EndLockdownDialog::EndLockdownDialog(const Lockdown& lockdown, WallTime now, QWidget* parent)
    : Dialog(parent)
{
    setObjectName(QStringLiteral("endLockdownDialog"));
    setHeading(tr("End the lockdown"), lockdownTip(lockdown, now));
    auto* after = new Notice(Tone::Neutral, Icon::LockOpen, this);
    after->setText(tr("Whom the policy lets in may come in again at once."));
    body()->addWidget(after);
    setAction(tr("End lockdown"), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("endLockdownConfirm"));
}

} // namespace gatehouse::ui
