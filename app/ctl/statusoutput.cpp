// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/statusoutput.h"

#include "ctl/measuresoutput.h"
#include "ctl/terminaltext.h"
#include "ctl/upstreamsoutput.h"
#include "domain/isotime.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse::ctl {

namespace {

std::string_view stateWord(GateState state)
{
    switch (state) {
    case GateState::Starting:
        return "starting";
    case GateState::Serving:
        return "serving";
    case GateState::Draining:
        return "draining";
    case GateState::Stopped:
        return "stopped";
    }
    return "";
}

/// Empty where nothing is wrong with the certificates of a gate.
std::string certificateNotice(const GateStats& stats)
{
    std::string text = stats.certificates == CertificateState::ReloadFailed
                           ? "a new one cannot be used; see gatehousectl certificate status"
                           : "";
    if (stats.certificatesEnd && daysLeft(*stats.certificatesEnd, stats.time) <= 30)
        text += (text.empty() ? "" : "; ") + ("the first one ends at " + formatTime(*stats.certificatesEnd) + ", " +
                                              daysText(daysLeft(*stats.certificatesEnd, stats.time)));
    return text;
}

/// Empty where the clock did not jump within the last hour.
std::string clockNotice(const GateStats& stats)
{
    if (!stats.clockStepped || !stats.clockStep || stats.time - *stats.clockStepped >= std::chrono::hours(1))
        return {};
    return "it was put " + std::string(stats.clockSteppedBack ? "back" : "forward") + " by " +
           formatDuration(*stats.clockStep) + " at " + formatTime(*stats.clockStepped) +
           "; tokens may be refused for their time, or outlive it";
}

} // namespace

std::string daysText(std::int64_t days)
{
    if (days < 0)
        return "has ended";
    return std::to_string(days) + (days == 1 ? " day left" : " days left");
}

std::string untilText(WallTime until, WallTime now)
{
    const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(until, now) - now).count();
    std::string text = "until " + formatTime(until) + " (";
    if (left >= 3600)
        text += std::to_string(left / 3600) + " h ";
    if (left >= 60)
        text += std::to_string(left / 60 % 60) + " min ";
    return text + (left >= 3600 ? "left)" : std::to_string(left % 60) + " s left)");
}

std::string lockdownText(const Lockdown& lockdown, WallTime now)
{
    return "since " + formatTime(lockdown.since) + " by " + lockdown.actor + ", " +
           (lockdown.until ? untilText(*lockdown.until, now) : std::string("until somebody ends it")) + "; allowed: " +
           (lockdown.lists ? lockdownListsText(*lockdown.lists) : std::string("whom the policy names")) +
           (lockdown.reason.empty() ? "" : "; reason: " + lockdown.reason);
}

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// What holds for a time alone.
void addMeasures(Fields& fields, const GateStats& stats)
{
    if (stats.provisionalUntil)
        fields.emplace_back("on trial", untilText(*stats.provisionalUntil, stats.time) +
                                            "; then the version before returns, unless it is confirmed");
    if (!stats.policyProblem.empty())
        fields.emplace_back("policy file", "not taken: " + stats.policyProblem);
    if (stats.lockdown)
        fields.emplace_back("lockdown", lockdownText(*stats.lockdown, stats.time));
    if (stats.drainUntil)
        fields.emplace_back("draining", untilText(*stats.drainUntil, stats.time));
    for (const UpstreamStatus& upstream : stats.upstreams)
        if (upstream.state == UpstreamState::Ejected)
            fields.emplace_back("upstream", "ejected: " + ejectedText(upstream));
}

} // namespace

std::string text(const Info& info)
{
    const GateStats& stats = info.stats;
    Fields fields{{"name", info.name},
                  {"state", std::string(stateWord(stats.state))},
                  {"version", info.version},
                  {"process", std::to_string(info.pid) + ", " + std::to_string(info.workers) + " workers"},
                  {"started", formatTime(info.started)},
                  {"policy", info.policyFile + ", version " + std::to_string(info.policyVersion)}};
    addMeasures(fields, stats);
    fields.emplace_back("state directory", info.stateDir);
    for (const ListenerInfo& listener : info.listeners)
        fields.emplace_back("listener", listener.name + "  " + listener.url +
                                            (listener.certificateExpires
                                                 ? "  certificate until " + formatTime(*listener.certificateExpires)
                                                 : std::string()));
    if (std::string notice = certificateNotice(stats); !notice.empty())
        fields.emplace_back("certificates", std::move(notice));
    if (stats.keySets == KeySetState::Failing)
        fields.emplace_back("issuers' keys", stats.keySetProblem);
    if (std::string notice = clockNotice(stats); !notice.empty())
        fields.emplace_back("clock", std::move(notice));
    fields.emplace_back("sessions", std::to_string(stats.sessions) + " open, " + std::to_string(stats.pending) +
                                        " pending, " + std::to_string(stats.accepted) + " ever opened");
    fields.emplace_back("messages",
                        std::to_string(stats.messagesIn) + " in, " + std::to_string(stats.messagesOut) + " out");
    const auto byReason = [&fields](const std::vector<std::pair<Reason, std::uint64_t>>& counts) {
        for (const auto& [reason, count] : counts)
            fields.emplace_back("  " + std::string(reasonWord(reason)), std::to_string(count));
    };
    fields.emplace_back("refused", std::to_string(stats.refusedTotal));
    byReason(stats.refused);
    fields.emplace_back("ended", std::to_string(stats.accepted - stats.sessions));
    byReason(stats.closed);
    fields.emplace_back("audit log", std::string(stats.audit == AuditState::Good ? "good" : "failing") + ", " +
                                         std::to_string(stats.auditRecords) + " records, " +
                                         std::to_string(stats.auditDropped) + " lost");
    return fieldList(fields);
}

} // namespace gatehouse::ctl
