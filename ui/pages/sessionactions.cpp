// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/sessionactions.h"

#include "pages/banning.h"
#include "pages/connectionstable.h"
#include "pages/page.h"
#include "pages/sessionmeasures.h"
#include "pages/sessiontargets.h"
#include "text/format.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>

namespace gatehouse::ui {
namespace {

constexpr int shownValueWidth = 220;

} // namespace

SessionActions::SessionActions(FeedBridge& bridge, Banning& banning, SessionMeasures& measures,
                               const ConnectionsModel& model, ConnectionsTable& table, QWidget& page)
    : QObject(&page)
    , m_bridge(bridge)
    , m_banning(banning)
    , m_measures(measures)
    , m_model(model)
    , m_table(table)
    , m_page(page)
    , m_kick(add("kick", Icon::UserX, tr("Kick…"), QKeySequence::Delete))
    , m_ban(add("ban", Icon::Ban, tr("Ban…"), Qt::CTRL | Qt::Key_B))
    , m_banAddress(add("banAddress", Icon::Globe, tr("Ban the address…"), Qt::CTRL | Qt::SHIFT | Qt::Key_B))
    , m_revokeToken(add("revokeToken", Icon::KeyRound, tr("Revoke token…"), Qt::CTRL | Qt::Key_T))
    , m_revokeUser(
          add("revokeUser", Icon::Users, tr("Revoke all tokens of this user…"), Qt::CTRL | Qt::SHIFT | Qt::Key_T))
{
    setCommandLine(*m_kick, QStringLiteral("gatehousectl kick ID…"));
    setCommandLine(*m_ban, QStringLiteral("gatehousectl ban user USER | address ADDRESS | token JTI"));
    connect(m_kick, &QAction::triggered, this, [this] { askKick(openTargets(m_model, m_table)); });
    connect(m_ban, &QAction::triggered, this, [this] { askBan(BanSubject::User); });
    connect(m_banAddress, &QAction::triggered, this, [this] { askBan(BanSubject::Address); });
    setCommandLine(*m_revokeToken, QStringLiteral("gatehousectl revoke --jti JTI"));
    setCommandLine(*m_revokeUser, QStringLiteral("gatehousectl revoke --user USER"));
    connect(m_revokeToken, &QAction::triggered, this, [this] { askRevoke(RevocationSubject::Token); });
    connect(m_revokeUser, &QAction::triggered, this, [this] { askRevoke(RevocationSubject::User); });
    addCopies();
    setChosen({});
}

QAction* SessionActions::add(const char* name, Icon symbol, const QString& text, const QKeySequence& keys)
{
    return addPageAction(m_page, name, symbol, text, keys);
}

void SessionActions::addCopies()
{
    const auto offer = [this](const char* name, const QString& text, CopyForm form, const QKeySequence& keys = {}) {
        QAction* action = add(name, Icon::Copy, text, keys);
        connect(action, &QAction::triggered, this, [this, form] { copy(form); });
        m_copies.push_back(action);
    };
    offer("copyText", tr("Copy as text"), CopyForm::Text, QKeySequence::Copy);
    offer("copyJson", tr("Copy as JSON"), CopyForm::Json);
    offer("copyCsv", tr("Copy as CSV"), CopyForm::Csv);
    offer("copyCommand", tr("Copy as gatehousectl command"), CopyForm::CommandLine);
}

void SessionActions::setChosen(SessionId id)
{
    m_chosen = id;
    const Connection* connection = m_model.find(id);
    const bool known = connection != nullptr;
    m_revokeToken->setEnabled(known && !connection->info().tokenId.empty());
    m_revokeUser->setEnabled(known && !connection->info().user.empty());
    m_ban->setEnabled(known);
    m_banAddress->setEnabled(known);
    for (QAction* action : m_copies)
        action->setEnabled(known);
}

void SessionActions::askKick(const std::vector<SessionId>& ids)
{
    std::vector<SessionTarget> targets = sessionTargets(m_model, ids);
    if (targets.empty())
        return;
    auto* dialog = new KickDialog(m_bridge, std::move(targets), &m_page);
    connect(dialog, &KickDialog::kicked, this, [this](int count, int missing) {
        QString text = tr("%n session(s) kicked", nullptr, count);
        if (missing > 0)
            text += QStringLiteral(", ") + tr("%n had gone before", nullptr, missing);
        Q_EMIT kicked(text);
    });
    dialog->open();
}

void SessionActions::askBan(BanSubject first)
{
    const Connection* connection = m_model.find(m_chosen);
    if (!connection)
        return;
    const SessionInfo& info = connection->info();
    m_banning.ask(
        {info.address, info.user, info.issuer, {}, info.user.empty() ? BanSubject::Address : first, info.tokenId});
}

void SessionActions::askRevoke(RevocationSubject subject)
{
    if (const Connection* connection = m_model.find(m_chosen)) {
        const SessionInfo& info = connection->info();
        m_banning.askRevoke({subject, info.tokenId, info.user, info.issuer});
    }
}

void SessionActions::copy(CopyForm form) const
{
    std::vector<const Connection*> connections;
    for (const SessionId id : m_table.selectedIds()) {
        if (const Connection* connection = m_model.find(id))
            connections.push_back(connection);
    }
    if (!connections.empty())
        QGuiApplication::clipboard()->setText(copied(connections, form, m_model.now()));
}

void SessionActions::fillMenu(QMenu& menu, const QModelIndex& cell)
{
    menu.addActions({m_kick, m_ban, m_banAddress});
    menu.addSeparator();
    m_measures.fillMenu(menu);
    menu.addSeparator();
    menu.addActions({m_revokeToken, m_revokeUser});
    menu.addSeparator();
    for (QAction* action : m_copies)
        menu.addAction(action);
    const Connection* chosen = m_model.find(m_chosen);
    const QString value = cell.isValid() ? cell.data().toString() : chosen ? userText(chosen->info()) : QString();
    if (value.isEmpty())
        return;
    menu.addSeparator();
    const QString shown = m_page.fontMetrics()
                              .elidedText(value, Qt::ElideRight, shownValueWidth)
                              .replace(QLatin1Char('&'), QStringLiteral("&&"));
    connect(menu.addAction(icon(Icon::ListFilter), tr("Filter by “%1”").arg(shown)), &QAction::triggered, this,
            [this, value] { Q_EMIT filterWanted(value); });
}

} // namespace gatehouse::ui
