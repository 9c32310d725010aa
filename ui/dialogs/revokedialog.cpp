// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/revokedialog.h"

#include "style/notice.h"
#include "style/theme.h"
#include "text/format.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;

constexpr int longestReason = 200;
constexpr qsizetype longestName = 60;

bool concerns(const RevokeOffer& offer, const SessionInfo& session)
{
    if (session.issuer != offer.issuer)
        return false;
    return offer.subject == RevocationSubject::Token ? session.tokenId == offer.tokenId : session.user == offer.user;
}

} // namespace

RevokeDialog::RevokeDialog(RevokeOffer offer, QWidget* parent)
    : Dialog(parent)
    , m_offer(std::move(offer))
    , m_reason(new QLineEdit)
    , m_until(new QComboBox)
    , m_effect(new Notice(Tone::Warning, Icon::UserX))
{
    setObjectName(QStringLiteral("revokeDialog"));
    const QString user = plainText(m_offer.user, longestName);
    if (m_offer.subject == RevocationSubject::Token)
        setHeading(
            tr("Revoke a token of %1").arg(user),
            tr("Token %1 is worth nothing any more. Other tokens of the user go on.").arg(tokenText(m_offer.tokenId)));
    else
        setHeading(
            tr("Revoke all tokens of %1").arg(user),
            tr("Every token that the user has now is worth nothing any more. One that is issued later is good."));
    m_reason->setObjectName(QStringLiteral("revokeReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("For example: lost device"));
    addField(tr("Reason"), m_reason, tr("Kept with the revocation and in the audit log; the client is not told."));
    m_until->setObjectName(QStringLiteral("revokeUntil"));
    m_until->addItem(tr("Until it is taken back"), 0);
    m_until->addItem(tr("24 hours"), 24);
    m_until->addItem(tr("30 days"), 24 * 30);
    addField(tr("Remember it"), m_until, tr("As long as the longest lifetime of a token is enough."));
    m_effect->hide();
    body()->addWidget(m_effect);
    setAction(tr("Revoke"), ButtonLook::Danger);
    actionButton()->setObjectName(QStringLiteral("revokeConfirm"));
    connect(this, &Dialog::actionTriggered, this, [this] {
        setBusy(true);
        Q_EMIT confirmed(command());
    });
    m_reason->setFocus();
}

void RevokeDialog::setSessions(const std::vector<SessionRow>& sessions)
{
    const auto met = static_cast<int>(
        std::ranges::count_if(sessions, [this](const SessionRow& row) { return concerns(m_offer, *row.info); }));
    m_effect->show();
    m_effect->set(met == 0 ? Tone::Neutral : Tone::Warning, met == 0 ? Icon::Info : Icon::UserX);
    m_effect->setText(met == 0 ? tr("No open session would end.")
                               : tr("%n open session(s) would end now.", nullptr, met));
}

Command RevokeDialog::command() const
{
    const std::string reason = m_reason->text().trimmed().toStdString();
    const std::chrono::hours hours(m_until->currentData().toInt());
    const auto duration = hours > 0h ? std::optional<std::chrono::milliseconds>(hours) : std::nullopt;
    if (m_offer.subject == RevocationSubject::Token)
        return RevokeTokenCommand{m_offer.tokenId, m_offer.issuer, {}, duration, reason};
    return InvalidateUserTokensCommand{m_offer.user, m_offer.issuer, {}, {}, duration, reason};
}

QString RevokeDialog::effectText() const
{
    return m_effect->isHidden() ? QString() : m_effect->label()->text();
}

} // namespace gatehouse::ui
