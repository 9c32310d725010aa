// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/upstreamcontrol.h"

#include "dialogs/upstreamdialog.h"
#include "pages/outcomebar.h"
#include "pages/page.h"
#include "text/format.h"
#include "text/upstreamtext.h"

#include <QAction>
#include <QRegularExpression>

#include <algorithm>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestUrl = 80;
constexpr qsizetype longestRoute = 40;

QString nameOf(const std::string& url, const std::string& route)
{
    return UpstreamControl::tr("%1 of %2").arg(plainText(url, longestUrl), plainText(route, longestRoute));
}

bool isSame(const UpstreamStatus& one, const UpstreamStatus& other)
{
    return one.route == other.route && one.url == other.url;
}

/// As a shell takes it.
QString quoted(const std::string& text)
{
    static const QRegularExpression safe(QStringLiteral("^[A-Za-z0-9_./:@%+=,-]+$"));
    QString plain = plainText(text);
    if (safe.match(plain).hasMatch())
        return plain;
    return QLatin1Char('\'') + plain.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

} // namespace

UpstreamControl::UpstreamControl(FeedBridge& bridge, OutcomeBar& outcome, QWidget& window)
    : QObject(&window)
    , m_bridge(bridge)
    , m_outcome(outcome)
    , m_window(window)
{
}

void UpstreamControl::show(const GateStats& stats)
{
    m_stats = stats;
    const auto same = [](const UpstreamStatus& upstream, const Entry& entry) {
        return isSame(upstream, entry.upstream);
    };
    const std::size_t count = std::min(stats.upstreams.size(), mostActions);
    if (count != m_entries.size() || !std::equal(m_entries.begin(), m_entries.end(), stats.upstreams.begin(),
                                                 [&](const Entry& a, const UpstreamStatus& b) { return same(b, a); }))
        makeActions();
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const UpstreamStatus& upstream = stats.upstreams[i];
        Entry& entry = m_entries[i];
        entry.upstream = upstream;
        const bool draining = upstream.state == UpstreamState::Draining;
        entry.action->setText(
            (draining ? tr("Undrain %1…") : tr("Drain %1…")).arg(nameOf(upstream.url, upstream.route)));
        entry.action->setEnabled(stats.state == GateState::Serving);
        setCommandLine(*entry.action, QStringLiteral("gatehousectl upstream %1 %2 --route %3")
                                          .arg(draining ? QStringLiteral("undrain") : QStringLiteral("drain"),
                                               quoted(upstream.url), quoted(upstream.route)));
    }
    if (m_draining)
        m_draining->setStats(stats);
}

void UpstreamControl::makeActions()
{
    for (const Entry& entry : m_entries)
        entry.action->deleteLater(); // the palette may hold one just now
    m_entries.clear();
    for (const UpstreamStatus& upstream : m_stats.upstreams) {
        if (m_entries.size() == mostActions)
            break;
        auto* action = new QAction(icon(Icon::DoorOpen), {}, &m_window);
        m_entries.push_back({upstream, action});
        connect(action, &QAction::triggered, this, [this, action] {
            const auto found = std::ranges::find(m_entries, action, &Entry::action);
            if (found != m_entries.end())
                ask(found->upstream);
        });
        m_window.addAction(action);
    }
}

void UpstreamControl::ask(const UpstreamStatus& upstream)
{
    upstream.state == UpstreamState::Draining ? askUndrain(upstream) : askDrain(upstream);
}

void UpstreamControl::askDrain(const UpstreamStatus& upstream)
{
    auto* dialog = new DrainUpstreamDialog(upstream, m_stats, &m_window);
    m_draining = dialog;
    connect(dialog, &DrainUpstreamDialog::confirmed, this,
            [this, dialog](const UpstreamDrainCommand& command) { send(command, dialog); });
    dialog->open();
}

void UpstreamControl::askUndrain(const UpstreamStatus& upstream)
{
    auto* dialog = new UndrainUpstreamDialog(upstream, &m_window);
    UpstreamDrainCommand command;
    command.upstream = upstream.url;
    command.route = upstream.route;
    command.on = false;
    connect(dialog, &Dialog::actionTriggered, this, [this, dialog, command] {
        dialog->setBusy(true);
        send(command, dialog);
    });
    dialog->open();
}

void UpstreamControl::send(const UpstreamDrainCommand& command, Dialog* dialog)
{
    m_bridge.call(command, this, [this, command, open = QPointer(dialog)](const Reply& reply) {
        const auto* result = reply.ok() ? std::get_if<UpstreamDrainResult>(&reply.value()) : nullptr;
        if (result) {
            if (open)
                open->accept();
            showDone(command, *result);
            return;
        }
        const QString why = plainText(reply.ok() ? std::string() : reply.error().message);
        const QString text = (command.on ? tr("%1 is not drained: %2") : tr("%1 goes on draining: %2"))
                                 .arg(nameOf(command.upstream, command.route), why);
        if (open) {
            open->setBusy(false);
            open->showFailure(text);
        } else {
            m_outcome.showFailed(text);
        }
    });
}

void UpstreamControl::showDone(const UpstreamDrainCommand& command, const UpstreamDrainResult& result)
{
    const QString name = nameOf(command.upstream, command.route);
    if (!command.on)
        return m_outcome.showDone(tr("%1 takes new sessions again.").arg(name));
    std::uint64_t open = 0;
    for (const UpstreamStatus& each : result.upstreams)
        open += each.sessions;
    const QString rest = command.within
                             ? tr("%n session(s) will end within %1.", nullptr, static_cast<int>(result.ending))
                                   .arg(durationText(*command.within))
                             : tr("%n session(s) will stay.", nullptr, static_cast<int>(open));
    UpstreamDrainCommand back = command;
    back.on = false;
    back.within.reset();
    back.reason.clear();
    m_outcome.showDone(tr("%1 drains.").arg(name) + QLatin1Char(' ') + rest, [this, back] { send(back, nullptr); });
}

} // namespace gatehouse::ui
