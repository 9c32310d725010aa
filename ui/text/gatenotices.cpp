// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/gatenotices.h"

#include "text/format.h"
#include "text/reasontext.h"

#include <QCoreApplication>
#include <QStringList>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;

constexpr auto clockStepIsNewsFor = 1h;

QString tr(const char* source)
{
    return QCoreApplication::translate("GateNotices", source);
}

} // namespace

QString keySetText(const GateStats& stats)
{
    return stats.keySets == KeySetState::Failing ? tr("Keys of an issuer not renewed") : QString();
}

QString keySetTip(const GateStats& stats)
{
    return tr("%1\nThe last good keys hold, where there were any. Tokens signed with newer ones are refused.")
        .arg(plainText(stats.keySetProblem));
}

QString policyProblemText(const GateStats& stats)
{
    return stats.policyProblem.empty() ? QString() : tr("Policy file not taken");
}

QString policyProblemTip(const GateStats& stats)
{
    return tr("%1\nThe policy before goes on holding.").arg(plainText(stats.policyProblem));
}

QString clockStepText(const GateStats& stats)
{
    if (!stats.clockStepped || !stats.clockStep || stats.time - *stats.clockStepped >= clockStepIsNewsFor)
        return {};
    return (stats.clockSteppedBack ? tr("Clock put back by %1") : tr("Clock put forward by %1"))
        .arg(durationText(*stats.clockStep));
}

QString clockStepTip()
{
    return tr("Tokens may be refused for their time, or be good for longer than they should. Timeouts and rates go by "
              "another clock.");
}

QString lockdownTip(const Lockdown& lockdown, WallTime now)
{
    const QTimeZone zone = QTimeZone::systemTimeZone();
    QStringList lines{
        tr("Set by %1 %2, at %3.")
            .arg(plainText(lockdown.actor), relativeText(lockdown.since, now), absoluteText(lockdown.since, zone))};
    lines += lockdown.until ? tr("It ends by itself %1, at %2.")
                                  .arg(relativeText(*lockdown.until, now), absoluteText(*lockdown.until, zone))
                            : tr("It stays until somebody ends it.");
    if (!lockdown.reason.empty())
        lines += tr("Reason: %1").arg(plainText(lockdown.reason));
    return lines.join(QLatin1Char('\n'));
}

QString lockdownButtonText(const std::optional<Lockdown>& lockdown, WallTime now)
{
    if (!lockdown)
        return tr("Lockdown");
    return lockdown->until ? tr("End lockdown (%1)").arg(stopwatchText(*lockdown->until - now)) : tr("End lockdown");
}

QString gateStateText(const GateStats& stats)
{
    if (stats.state == GateState::Serving && stats.lockdown)
        return tr("Locked down");
    if (stats.state == GateState::Draining && stats.drainUntil)
        return tr("Draining, %1 left").arg(stopwatchText(*stats.drainUntil - stats.time));
    return gateStateText(stats.state);
}

} // namespace gatehouse::ui
