// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/upstreamtext.h"

#include "text/format.h"
#include "text/reasontext.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace gatehouse::ui {

namespace {

constexpr qsizetype longestRoute = 32;
constexpr qsizetype longestProblem = 160;

QString tr(const char* source, int n = -1)
{
    return QCoreApplication::translate("UpstreamText", source, nullptr, n);
}

/// It did answer, but not as it should.
bool answersWrongly(Reason reason)
{
    switch (reason) {
    case Reason::UpstreamStatus:
    case Reason::UpstreamAnswer:
    case Reason::UpstreamProtocol:
    case Reason::UpstreamMessage:
    case Reason::UpstreamTls:
        return true;
    default:
        return false;
    }
}

} // namespace

QString upstreamName(const UpstreamStatus& status)
{
    return tr("%1 of %2").arg(plainText(status.url), plainText(status.route));
}

QString upstreamStateText(UpstreamState state)
{
    switch (state) {
    case UpstreamState::Up:
        return tr("Up");
    case UpstreamState::Ejected:
        return tr("Ejected");
    case UpstreamState::Draining:
        return tr("Draining");
    }
    return {};
}

QString upstreamProblem(const UpstreamStatus& status)
{
    return status.problem.empty() ? reasonLabel(status.lastFailure) : plainText(status.problem, longestProblem);
}

QString upstreamDetail(const UpstreamStatus& status, const QTimeZone& zone)
{
    const QString problem = upstreamProblem(status);
    const QString since = clockText(status.since, zone);
    switch (status.state) {
    case UpstreamState::Up:
        return problem.isEmpty() ? QString() : tr("last problem: %1").arg(problem);
    case UpstreamState::Ejected:
        return problem.isEmpty() ? tr("since %1").arg(since) : tr("%1, since %2").arg(problem, since);
    case UpstreamState::Draining:
        return tr("no new sessions, since %1").arg(since);
    }
    return {};
}

QString upstreamTip(const UpstreamStatus& status, const QTimeZone& zone)
{
    QStringList lines{
        upstreamName(status),
        tr("%1 since %2").arg(upstreamStateText(status.state), absoluteText(status.since, zone)),
        tr("%1 sessions open, %2 ever opened, %3 lost with it")
            .arg(countText(status.sessions), countText(status.opened), countText(status.lost)),
        tr("%1 attempts and health checks failed").arg(countText(status.failures)),
    };
    if (status.ejectedUntil)
        lines +=
            tr("Tried again at %1, or when it answers a health check").arg(absoluteText(*status.ejectedUntil, zone));
    if (const QString problem = upstreamProblem(status); !problem.isEmpty())
        lines += tr("Last problem: %1").arg(problem);
    return lines.join(QLatin1Char('\n'));
}

QString ejectedText(const UpstreamStatus& status, const QTimeZone& zone)
{
    const QString what = answersWrongly(status.lastFailure) ? tr("%1 does not work: %2") : tr("%1 does not answer: %2");
    return what.arg(upstreamName(status), upstreamDetail(status, zone));
}

QString upstreamsText(const GateStats& stats)
{
    int ejected = 0;
    const UpstreamStatus* last = nullptr;
    for (const UpstreamStatus& one : stats.upstreams) {
        if (one.state != UpstreamState::Ejected)
            continue;
        ++ejected;
        last = &one;
        const auto works = [&](const UpstreamStatus& other) {
            return other.route == one.route && other.state == UpstreamState::Up;
        };
        if (std::ranges::none_of(stats.upstreams, works))
            return tr("No upstream of %1 is up").arg(plainText(one.route, longestRoute));
    }
    if (ejected == 1)
        return tr("An upstream of %1 is ejected").arg(plainText(last->route, longestRoute));
    return ejected == 0 ? QString() : tr("%n upstream(s) ejected", ejected);
}

QString upstreamsTip(const GateStats& stats, const QTimeZone& zone)
{
    QStringList lines;
    for (const UpstreamStatus& one : stats.upstreams)
        if (one.state == UpstreamState::Ejected)
            lines += ejectedText(one, zone);
    return lines.join(QLatin1Char('\n'));
}

} // namespace gatehouse::ui
