// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/sessionmeasures.h"

#include "dialogs/quarantinedialog.h"
#include "models/connectionsmodel.h"
#include "pages/outcomebar.h"
#include "pages/page.h"
#include "pages/pendingbar.h"
#include "pages/sessiontargets.h"
#include "text/format.h"

#include <QAction>
#include <QMenu>
#include <QPointer>

#include <algorithm>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestName = 80;

/// What a chain of commands with one outcome came to.
struct Lifting {
    std::size_t left = 0;
    int lifted = 0;
    QString failure;
};

} // namespace

SessionMeasures::SessionMeasures(FeedBridge& bridge, PendingBar& pending, OutcomeBar& outcome,
                                 const ConnectionsModel& model, const ConnectionsTable& table, QWidget& page)
    : QObject(&page)
    , m_bridge(bridge)
    , m_pending(pending)
    , m_outcome(outcome)
    , m_model(model)
    , m_table(table)
    , m_page(page)
    , m_quarantine(add("quarantine", Icon::CirclePause, tr("Quarantine…"), Qt::CTRL | Qt::SHIFT | Qt::Key_Q,
                       QStringLiteral("gatehousectl quarantine ID…")))
    , m_release(add("release", Icon::Play, tr("Release from quarantine"), Qt::CTRL | Qt::SHIFT | Qt::Key_R,
                    QStringLiteral("gatehousectl quarantine --off ID…")))
    , m_limit(add("limit", Icon::Gauge, tr("Limit…"), Qt::CTRL | Qt::Key_M,
                  QStringLiteral("gatehousectl limit ID… | --user USER --rate 5/s")))
    , m_lift(add("liftLimit", Icon::RotateCcw, tr("Lift limit"), Qt::CTRL | Qt::SHIFT | Qt::Key_M,
                 QStringLiteral("gatehousectl unlimit ID")))
{
    connect(m_quarantine, &QAction::triggered, this, [this] { askQuarantine(openTargets(m_model, m_table)); });
    connect(m_release, &QAction::triggered, this, [this] { release(openTargets(m_model, m_table)); });
    connect(m_limit, &QAction::triggered, this, [this] { askLimit(openTargets(m_model, m_table)); });
    connect(m_lift, &QAction::triggered, this, [this] { lift(openTargets(m_model, m_table)); });
    setChosen({}, false);
}

QAction* SessionMeasures::add(const char* name, Icon symbol, const QString& text, const QKeySequence& keys,
                              const QString& command)
{
    QAction* action = addPageAction(m_page, name, symbol, text, keys);
    setCommandLine(*action, command);
    return action;
}

void SessionMeasures::setChosen(SessionId id, bool many)
{
    const Connection* connection = m_model.find(id);
    const bool open = connection && !connection->closed;
    m_quarantine->setEnabled(many || (open && connection->state != ConnectionState::Quarantined));
    m_release->setEnabled(many || (open && connection->state == ConnectionState::Quarantined));
    m_limit->setEnabled(many || open);
    m_lift->setEnabled(many || (open && connection->activity().temporaryLimit));
}

void SessionMeasures::fillMenu(QMenu& menu) const
{
    menu.addActions({m_quarantine, m_release, m_limit, m_lift});
}

void SessionMeasures::askQuarantine(const std::vector<SessionId>& ids)
{
    std::vector<SessionTarget> targets = sessionTargets(m_model, ids);
    if (targets.empty())
        return;
    auto* dialog = new QuarantineDialog(std::move(targets), &m_page);
    connect(dialog, &QuarantineDialog::confirmed, this, &SessionMeasures::holdBack);
    dialog->open();
}

void SessionMeasures::holdBack(const QuarantineCommand& command)
{
    const int count = static_cast<int>(command.sessions.size());
    const auto words = [count](int seconds) {
        return tr("%n session(s) will be quarantined", nullptr, count) + QLatin1Char(' ') +
               tr("in %n second(s).", nullptr, seconds);
    };
    m_pending.start(
        words, [this, command] { send(command); },
        [this] { m_outcome.showDone(tr("Called off. Nobody is quarantined by it.")); });
}

void SessionMeasures::release(const std::vector<SessionId>& ids)
{
    QuarantineCommand command;
    command.on = false;
    std::ranges::copy_if(ids, std::back_inserter(command.sessions), [this](SessionId id) {
        const Connection* connection = m_model.find(id);
        return connection && connection->state == ConnectionState::Quarantined;
    });
    if (command.sessions.empty())
        m_outcome.showDone(tr("None of them is quarantined."));
    else
        send(command);
}

void SessionMeasures::send(const QuarantineCommand& command)
{
    m_bridge.call(command, this, [this, command](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<QuarantineResult>(*reply)) {
            showQuarantine(command, std::get<QuarantineResult>(*reply));
            return;
        }
        const QString why = plainText(reply.ok() ? std::string() : reply.error().message);
        m_outcome.showFailed(command.on ? tr("Nobody was quarantined: %1").arg(why)
                                        : tr("Nobody was released: %1").arg(why));
    });
}

void SessionMeasures::showQuarantine(const QuarantineCommand& command, const QuarantineResult& result)
{
    const auto count = static_cast<int>(result.sessions.size());
    QString text =
        command.on ? tr("%n session(s) quarantined.", nullptr, count) : tr("%n session(s) released.", nullptr, count);
    if (const auto missing = static_cast<int>(result.missing.size()); missing > 0)
        text += QLatin1Char(' ') + tr("%n had gone before.", nullptr, missing);
    if (!command.on || count == 0) {
        m_outcome.showDone(text);
        return;
    }
    m_outcome.showDone(text, [this, ids = result.sessions] { send(QuarantineCommand{ids, false, {}, {}}); });
}

LimitOffer SessionMeasures::offerFor(const std::vector<SessionId>& ids) const
{
    LimitOffer offer;
    offer.sessions = sessionTargets(m_model, ids);
    bool sameUser = true;
    for (const SessionTarget& target : offer.sessions) {
        const SessionInfo& info = m_model.find(target.id)->info();
        const SessionInfo& first = m_model.find(offer.sessions.front().id)->info();
        sameUser = sameUser && info.user == first.user && info.issuer == first.issuer;
        offer.user = sameUser ? info.user : std::string();
        offer.issuer = sameUser ? info.issuer : std::string();
        if (info.rateLimit > 0)
            offer.routeRate = offer.routeRate > 0 ? std::min(offer.routeRate, info.rateLimit) : info.rateLimit;
    }
    return offer;
}

void SessionMeasures::askLimit(const std::vector<SessionId>& ids)
{
    LimitOffer offer = offerFor(ids);
    if (offer.sessions.empty())
        return;
    auto* dialog = new LimitDialog(std::move(offer), &m_page);
    connect(dialog, &LimitDialog::confirmed, this,
            [this, dialog](const LimitCommand& command) { send(command, dialog); });
    dialog->open();
}

void SessionMeasures::send(const LimitCommand& command, LimitDialog* dialog)
{
    m_bridge.call(command, this, [this, open = QPointer(dialog)](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<LimitResult>(*reply)) {
            if (open)
                open->accept();
            showLimit(std::get<LimitResult>(*reply));
            return;
        }
        const QString text = tr("Not limited: %1").arg(plainText(reply.ok() ? std::string() : reply.error().message));
        if (open) {
            open->setBusy(false);
            open->showFailure(text);
        } else {
            m_outcome.showFailed(text);
        }
    });
}

void SessionMeasures::showLimit(const LimitResult& result)
{
    if (result.limits.empty()) {
        m_outcome.showDone(tr("Nobody is limited: the session(s) had gone before."));
        return;
    }
    const TemporaryLimit& limit = result.limits.front();
    const QString rate = bucketText(limit.rate);
    const auto count = static_cast<int>(result.limits.size());
    QString text = limit.session ? tr("%n session(s) limited to %1.", nullptr, count).arg(rate)
                                 : tr("%1 is limited to %2.").arg(plainText(limit.user, longestName), rate);
    if (const auto missing = static_cast<int>(result.missing.size()); missing > 0)
        text += QLatin1Char(' ') + tr("%n had gone before.", nullptr, missing);
    std::vector<LimitId> ids;
    for (const TemporaryLimit& each : result.limits)
        ids.push_back(each.id);
    m_outcome.showDone(text, [this, ids] { lift(ids); });
}

void SessionMeasures::lift(const std::vector<SessionId>& ids)
{
    std::vector<LimitId> limits;
    for (const SessionId id : ids) {
        const Connection* connection = m_model.find(id);
        if (!connection || !connection->activity().temporaryLimit)
            continue;
        const LimitId limit = connection->activity().temporaryLimit->id;
        if (std::ranges::find(limits, limit) == limits.end())
            limits.push_back(limit);
    }
    lift(std::move(limits));
}

void SessionMeasures::lift(std::vector<LimitId> limits)
{
    if (limits.empty()) {
        m_outcome.showDone(tr("None of them has a temporary limit."));
        return;
    }
    const auto lifting = std::make_shared<Lifting>(Lifting{limits.size(), 0, {}});
    for (const LimitId id : limits) {
        m_bridge.call(UnlimitCommand{id}, this, [this, lifting](const Reply& reply) {
            if (reply.ok())
                ++lifting->lifted;
            else
                lifting->failure = plainText(reply.error().message);
            if (--lifting->left > 0)
                return;
            if (lifting->failure.isEmpty())
                m_outcome.showDone(tr("%n limit(s) lifted.", nullptr, lifting->lifted));
            else
                m_outcome.showFailed(tr("Not every limit is lifted: %1").arg(lifting->failure));
        });
    }
}

} // namespace gatehouse::ui
