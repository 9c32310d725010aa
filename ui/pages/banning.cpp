// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/banning.h"

#include "pages/outcomebar.h"
#include "text/format.h"

#include <QPointer>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestName = 80;

} // namespace

Banning::Banning(FeedBridge& bridge, OutcomeBar& outcome, QWidget& page)
    : QObject(&page)
    , m_bridge(bridge)
    , m_outcome(outcome)
    , m_page(page)
{
}

void Banning::ask(BanOffer offer)
{
    auto* dialog = new BanDialog(std::move(offer), &m_page);
    connect(dialog, &BanDialog::confirmed, this, [this, dialog](const BanCommand& command) { send(command, dialog); });
    m_bridge.call(SessionsQuery{}, dialog, [dialog](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<SessionList>(*reply))
            dialog->setSessions(std::get<SessionList>(*reply).sessions);
    });
    dialog->open();
}

void Banning::ban(const BanCommand& command)
{
    send(command, nullptr);
}

void Banning::send(const BanCommand& command, BanDialog* dialog)
{
    m_bridge.call(command, this, [this, value = command.value, open = QPointer(dialog)](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<BanResult>(*reply)) {
            if (open)
                open->accept();
            showBanned(std::get<BanResult>(*reply));
            return;
        }
        const std::string why = reply.ok() ? std::string() : reply.error().message;
        const QString text = tr("%1 was not banned: %2").arg(plainText(value, longestName), plainText(why));
        if (open) {
            open->setBusy(false);
            open->showFailure(text);
        } else {
            m_outcome.showFailed(text);
        }
    });
}

void Banning::showBanned(const BanResult& result)
{
    const QString who = plainText(result.ban.value, longestName);
    QString text = result.ban.until ? tr("%1 is banned until %2.").arg(who, absoluteText(*result.ban.until, m_zone))
                                    : tr("%1 is banned until the ban is lifted.").arg(who);
    if (const auto ended = static_cast<int>(result.ended.size()); ended > 0)
        text += QLatin1Char(' ') + tr("%n session(s) ended.", nullptr, ended);
    m_outcome.showDone(text, [this, ban = result.ban] { undoBan(ban); });
}

void Banning::askRevoke(RevokeOffer offer)
{
    auto* dialog = new RevokeDialog(std::move(offer), &m_page);
    connect(dialog, &RevokeDialog::confirmed, this,
            [this, dialog](const Command& command) { sendRevocation(command, dialog); });
    m_bridge.call(SessionsQuery{}, dialog, [dialog](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<SessionList>(*reply))
            dialog->setSessions(std::get<SessionList>(*reply).sessions);
    });
    dialog->open();
}

void Banning::sendRevocation(const Command& command, RevokeDialog* dialog)
{
    m_bridge.call(command, this, [this, open = QPointer(dialog)](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<RevocationResult>(*reply)) {
            if (open)
                open->accept();
            showRevoked(std::get<RevocationResult>(*reply));
            return;
        }
        const std::string why = reply.ok() ? std::string() : reply.error().message;
        const QString text = tr("Not revoked: %1").arg(plainText(why));
        if (open) {
            open->setBusy(false);
            open->showFailure(text);
        } else {
            m_outcome.showFailed(text);
        }
    });
}

void Banning::showRevoked(const RevocationResult& result)
{
    QString text = result.revocation.subject == RevocationSubject::Token
                       ? tr("Token %1 is revoked.").arg(tokenText(result.revocation.value))
                       : tr("All tokens of %1 are revoked.").arg(plainText(result.revocation.value, longestName));
    if (const auto ended = static_cast<int>(result.ended.size()); ended > 0)
        text += QLatin1Char(' ') + tr("%n session(s) ended.", nullptr, ended);
    m_outcome.showDone(text, [this, revocation = result.revocation] { undoRevocation(revocation); });
}

void Banning::undoRevocation(const Revocation& revocation)
{
    m_bridge.call(UnrevokeCommand{revocation.id}, this, [this](const Reply& reply) {
        if (reply.ok()) {
            m_outcome.showDone(tr("The revocation is taken back."));
        } else {
            m_outcome.showFailed(tr("The revocation stands: %1").arg(plainText(reply.error().message)));
        }
    });
}

void Banning::undoBan(const Ban& last)
{
    m_bridge.call(UnbanCommand{last.id}, this, [this, ban = last](const Reply& reply) {
        const QString who = plainText(ban.value, longestName);
        if (reply.ok()) {
            m_outcome.showDone(tr("The ban of %1 is lifted.").arg(who));
        } else {
            m_outcome.showFailed(tr("The ban of %1 stands: %2").arg(who, plainText(reply.error().message)));
        }
    });
}

} // namespace gatehouse::ui
