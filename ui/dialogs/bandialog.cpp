// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/bandialog.h"

#include "models/authhint.h"
#include "models/bantarget.h"
#include "style/notice.h"
#include "style/theme.h"
#include "text/format.h"

#include <QAbstractButton>
#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>

#include <array>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;
constexpr std::array<std::chrono::milliseconds, 3> durations{10min, 1h, 24h};
constexpr int forGood = static_cast<int>(durations.size());
constexpr int longestReason = 200;

} // namespace

BanDialog::BanDialog(BanOffer offer, QWidget* parent)
    : Dialog(parent)
    , m_offer(std::move(offer))
    , m_subjects(new QButtonGroup(this))
    , m_durations(new QButtonGroup(this))
    , m_value(new QLineEdit)
    , m_reason(new QLineEdit)
    , m_effect(new Notice(Tone::Warning, Icon::UserX))
{
    setHeading(tr("Ban"), tr("Nobody it meets comes in until it ends or is lifted. It is recorded in the audit log."));
    addField(tr("Whom"), makeSubjects());
    m_value->setObjectName(QStringLiteral("banValue"));
    m_value->setFont(ui::font(Type::Mono));
    m_value->setAccessibleName(tr("Address, network, user or token"));
    body()->addWidget(m_value);
    addField(tr("Until"), makeDurations());
    m_reason->setObjectName(QStringLiteral("banReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setText(plainText(m_offer.reason, longestReason));
    addField(tr("Reason"), m_reason, tr("Kept with the ban and in the audit log."));
    body()->addWidget(m_effect);
    setAction(tr("Ban"), ButtonLook::Danger);
    actionButton()->setObjectName(QStringLiteral("banConfirm"));
    connect(m_value, &QLineEdit::textChanged, this, &BanDialog::refresh);
    connect(m_subjects, &QButtonGroup::idClicked, this, &BanDialog::subjectChosen);
    connect(this, &Dialog::actionTriggered, this, [this] {
        if (const auto ban = command()) {
            setBusy(true);
            Q_EMIT confirmed(*ban);
        }
    });
    subjectChosen();
}

QWidget* BanDialog::makeSubjects()
{
    auto* box = new QWidget;
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins({});
    row->setSpacing(space::l);
    const auto add = [&](BanSubject subject, const QString& text, bool possible) {
        auto* choice = new QRadioButton(text);
        choice->setEnabled(possible);
        choice->setChecked(subject == m_offer.first);
        m_subjects->addButton(choice, static_cast<int>(subject));
        row->addWidget(choice);
    };
    add(BanSubject::Address, tr("This a&ddress"), true);
    add(BanSubject::Network, tr("Its &network"), true);
    add(BanSubject::User, tr("This &user"), true);
    if (!m_offer.tokenId.empty())
        add(BanSubject::Token, tr("Its &token"), true);
    row->addStretch(1);
    return box;
}

QWidget* BanDialog::makeDurations()
{
    auto* box = new QWidget;
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins({});
    row->setSpacing(space::l);
    const std::array<QString, 4> names{tr("&10 min"), tr("1 &hour"), tr("&24 hours"), tr("For &good")};
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto* choice = new QRadioButton(names[i]);
        choice->setChecked(i == 0);
        m_durations->addButton(choice, static_cast<int>(i));
        row->addWidget(choice);
    }
    row->addStretch(1);
    return box;
}

BanSubject BanDialog::subject() const
{
    return static_cast<BanSubject>(m_subjects->checkedId());
}

QString BanDialog::proposal(BanSubject subject) const
{
    switch (subject) {
    case BanSubject::User:
        return QString::fromStdString(m_offer.user);
    case BanSubject::Address:
        return QString::fromStdString(m_offer.address);
    case BanSubject::Network:
        return QString::fromStdString(networkOf(m_offer.address));
    case BanSubject::Token:
        return QString::fromStdString(m_offer.tokenId);
    }
    return {};
}

void BanDialog::subjectChosen()
{
    static constexpr std::array<const char*, 4> hints{
        QT_TR_NOOP("User name as the token gives it"), QT_TR_NOOP("Address, like 10.20.9.14"),
        QT_TR_NOOP("Network, like 10.20.9.0/24"), QT_TR_NOOP("The jti of a token")};
    m_value->setPlaceholderText(tr(hints[static_cast<std::size_t>(subject())]));
    m_value->setText(proposal(subject()));
    refresh();
}

void BanDialog::setSessions(std::vector<SessionRow> sessions)
{
    m_sessions = std::move(sessions);
    refresh();
}

std::optional<BanCommand> BanDialog::command() const
{
    const auto value = banValue(subject(), m_value->text());
    if (!value)
        return std::nullopt;
    BanCommand ban;
    ban.subject = subject();
    ban.value = *value;
    if (*value == (subject() == BanSubject::Token ? m_offer.tokenId : m_offer.user) &&
        (subject() == BanSubject::User || subject() == BanSubject::Token))
        ban.issuer = m_offer.issuer;
    if (const int choice = m_durations->checkedId(); choice != forGood)
        ban.duration = durations[static_cast<std::size_t>(choice)];
    ban.reason = m_reason->text().trimmed().toStdString();
    return ban;
}

void BanDialog::refresh()
{
    const auto ban = command();
    setActionEnabled(ban.has_value());
    showFailure({});
    m_effect->setVisible(true);
    if (!ban) {
        m_effect->set(Tone::Neutral, Icon::Info);
        m_effect->setText(m_value->text().isEmpty()          ? tr("Say whom to ban.")
                          : subject() == BanSubject::Network ? tr("This is not a network. Write it like 10.20.9.0/24.")
                                                             : tr("This is not an IP address."));
        return;
    }
    if (!m_sessions) {
        m_effect->setVisible(false);
        return;
    }
    const auto met = static_cast<int>(sessionsMetBy(ban->subject, ban->value, *m_sessions).size());
    m_effect->set(met == 0 ? Tone::Neutral : Tone::Warning, met == 0 ? Icon::Info : Icon::UserX);
    m_effect->setText(met == 0 ? tr("No open session would end.")
                               : tr("%n open session(s) would end now.", nullptr, met));
}

QString BanDialog::effectText() const
{
    return m_effect->isHidden() ? QString() : m_effect->label()->text();
}

} // namespace gatehouse::ui
