// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/gatenotices.h"

#include "text/format.h"

#include <QCoreApplication>

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

} // namespace gatehouse::ui
