// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/output.h"

#include "control/json.h"
#include "ctl/channelsoutput.h"
#include "ctl/measuresoutput.h"
#include "ctl/policyoutput.h"
#include "ctl/statusoutput.h"
#include "ctl/terminaltext.h"
#include "ctl/upstreamsoutput.h"
#include "policy/decide.h"
#include "policy/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace gatehouse::ctl {

namespace {

std::string rate(double perSecond)
{
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f/s", perSecond);
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string timeOrNever(const std::optional<WallTime>& time)
{
    return time ? formatTime(*time) : "until lifted";
}

/// "issuer local › audience: met gatehouse-2, allowed gatehouse"; empty where no rule is known.
std::string whyText(const Decision& why)
{
    std::string text = why.rule.name;
    if (!why.met.empty())
        text += (text.empty() ? "met " : ": met ") + why.met;
    if (!why.limit.empty())
        text += (text.empty() ? "allowed " : ", allowed ") + why.limit;
    return text;
}

/// "open", "quarantined", "open, limited to 5/s"
std::string stateText(const SessionActivity& activity)
{
    std::string state;
    switch (activity.phase) {
    case SessionPhase::Open:
        state = "open";
        break;
    case SessionPhase::Closing:
        state = "closing";
        break;
    case SessionPhase::Quarantined:
        state = "quarantined";
        break;
    }
    return state +
           (activity.temporaryLimit ? ", limited to " + describeRate(activity.temporaryLimit->rate) : std::string());
}

std::string text(const SessionList& list)
{
    if (list.sessions.empty())
        return "No open sessions.\n";
    // Where no route is a gateway the column would be empty.
    const bool upstreams =
        std::ranges::any_of(list.sessions, [](const SessionRow& row) { return !row.info->upstream.empty(); });
    std::vector<std::string> header{"ID", "USER", "ROLES",   "ADDRESS", "ROUTE", "SINCE",
                                    "IN", "OUT",  "BACKLOG", "REFUSED", "STATE"};
    if (upstreams)
        header.insert(header.begin() + 5, "UPSTREAM");
    Table table(std::move(header));
    for (const SessionRow& row : list.sessions) {
        std::vector<std::string> cells{std::to_string(row.info->id.value),
                                       row.info->user,
                                       joined(row.info->roles, ","),
                                       row.info->address,
                                       row.info->route,
                                       formatTime(row.info->since),
                                       rate(row.activity.messagesInRate),
                                       rate(row.activity.messagesOutRate),
                                       std::to_string(row.activity.backlog),
                                       std::to_string(row.activity.refused),
                                       stateText(row.activity)};
        if (upstreams)
            cells.insert(cells.begin() + 5, row.info->upstream);
        table.add(std::move(cells));
    }
    return table.text();
}

std::string text(const SessionRow& row)
{
    const SessionInfo& info = *row.info;
    const SessionActivity& activity = row.activity;
    std::vector<std::pair<std::string, std::string>> fields{
        {"id", std::to_string(info.id.value)},
        {"user", info.user},
        {"issuer", info.issuer},
        {"roles", joined(info.roles, ", ")},
        {"address", info.address + " port " + std::to_string(info.port)},
        {"route", info.route + "  " + info.path},
        {"channels", joined(info.channels, ", ")},
        {"origin", info.origin},
        {"user agent", info.userAgent},
        {"tls", info.tlsVersion.empty() ? "off" : info.tlsVersion + "  " + info.tlsCipher},
        {"compression", info.compression.empty() ? "off" : info.compression},
        {"since", formatTime(info.since)},
        {"token", info.tokenId.empty() ? "without a jti" : info.tokenId},
        {"token expires", info.tokenExpires ? formatTime(*info.tokenExpires) : "-"},
        {"messages", std::to_string(activity.messagesIn) + " in (" + rate(activity.messagesInRate) + "), " +
                         std::to_string(activity.messagesOut) + " out (" + rate(activity.messagesOutRate) + ")"},
        {"bytes", std::to_string(activity.bytesIn) + " in, " + std::to_string(activity.bytesOut) + " out"},
        {"backlog", std::to_string(activity.backlog) + " of " + std::to_string(info.sendBufferLimit) + " bytes"},
        {"refused", std::to_string(activity.refused) + " messages"}};
    if (!info.upstream.empty())
        fields.emplace_back("upstream", info.upstream);
    fields.emplace_back("state", stateText(activity) + (activity.quarantinedUntil
                                                            ? " until " + formatTime(*activity.quarantinedUntil)
                                                            : std::string()));
    if (const auto& limit = activity.temporaryLimit)
        fields.emplace_back("limit " + std::to_string(limit->id.value),
                            describeRate(limit->rate) + " by " + limit->actor + ", " + (limit->until ? "until " : "") +
                                timeOrNever(limit->until) +
                                (limit->reason.empty() ? "" : ", reason: " + limit->reason));
    if (activity.throttled > 0)
        fields.emplace_back("throttled", std::to_string(activity.throttled) + " times");
    if (activity.dropped > 0)
        fields.emplace_back("dropped", std::to_string(activity.dropped) + " messages to the client");
    if (activity.lastRefusal) {
        const Explanation& why = *activity.lastRefusal;
        fields.emplace_back("last refusal", formatTime(why.time) + "  " + std::string(reasonWord(why.decision.reason)));
        fields.emplace_back("  rule", why.decision.rule.name + "  " + why.decision.rule.pointer);
        fields.emplace_back("  met", why.decision.met + ", allowed " + why.decision.limit);
    }
    return fieldList(fields);
}

std::string text(const KickResult& result)
{
    std::string lines;
    if (!result.kicked.empty())
        lines += "Kicked: " + idList(result.kicked) + '\n';
    if (!result.missing.empty())
        lines += "Gone already: " + idList(result.missing) + '\n';
    return lines;
}

std::string text(const BanResult& result)
{
    return "Ban " + std::to_string(result.ban.id.value) + ": " + banSubjectWord(result.ban.subject) + ' ' +
           escaped(result.ban.value) +
           (result.ban.until ? " until " + formatTime(*result.ban.until) : " until it is lifted") +
           ". Sessions ended: " + std::to_string(result.ended.size()) + ".\n";
}

std::string text(const UnbanResult& result)
{
    return "Lifted ban " + std::to_string(result.ban.id.value) + ": " + banSubjectWord(result.ban.subject) + ' ' +
           escaped(result.ban.value) + ".\n";
}

std::string text(const BanList& list)
{
    if (list.bans.empty())
        return "No bans.\n";
    Table table({"ID", "SUBJECT", "VALUE", "ISSUER", "UNTIL", "BY", "REASON"});
    for (const Ban& ban : list.bans)
        table.add({std::to_string(ban.id.value), banSubjectWord(ban.subject), ban.value, ban.issuer,
                   timeOrNever(ban.until), ban.actor, ban.reason});
    return table.text();
}

std::string described(const Revocation& revocation)
{
    if (revocation.subject == RevocationSubject::Token)
        return "token " + escaped(revocation.value);
    return "tokens of user " + escaped(revocation.value) + " issued up to " + formatTime(revocation.issuedBefore);
}

std::string text(const RevocationResult& result)
{
    const Revocation& revocation = result.revocation;
    return "Revocation " + std::to_string(revocation.id.value) + ": " + described(revocation) +
           (revocation.until ? ", until " + formatTime(*revocation.until) : ", until it is taken back") +
           ". Sessions ended: " + std::to_string(result.ended.size()) + ".\n";
}

std::string text(const RevocationList& list)
{
    if (list.revocations.empty())
        return "No revocations.\n";
    Table table({"ID", "SUBJECT", "VALUE", "ISSUER", "ISSUED UP TO", "UNTIL", "BY", "REASON"});
    for (const Revocation& revocation : list.revocations)
        table.add({std::to_string(revocation.id.value), revocationSubjectWord(revocation.subject), revocation.value,
                   revocation.issuer,
                   revocation.subject == RevocationSubject::User ? formatTime(revocation.issuedBefore) : "",
                   revocation.until ? formatTime(*revocation.until) : "until taken back", revocation.actor,
                   revocation.reason});
    return table.text();
}

std::string text(const UnrevokeResult& result)
{
    return "Took back revocation " + std::to_string(result.revocation.id.value) + ": " + described(result.revocation) +
           ".\n";
}

std::string text(const AuditPage& page)
{
    if (page.entries.empty())
        return "No records.\n";
    Table table({"NUMBER", "TIME", "KIND", "REASON", "CODE", "USER", "ADDRESS", "ROUTE", "ACTOR", "DETAIL"});
    for (const AuditEntry& entry : page.entries) {
        const AuditRecord& record = entry.record;
        std::string detail = record.detail;
        if (record.suppressed > 0)
            detail += (detail.empty() ? "" : " ") + ("(+" + std::to_string(record.suppressed) + " like it)");
        table.add({std::to_string(entry.number), formatTime(record.time), std::string(auditKindWord(record.kind)),
                   std::string(reasonWord(record.decision.reason)), record.code == 0 ? "" : std::to_string(record.code),
                   record.user, record.address, record.route, record.actor, std::move(detail)});
    }
    std::string lines = table.text();
    if (page.more)
        lines += "Older records: --before " + std::to_string(page.entries.back().number) + '\n';
    return lines;
}

std::string text(const AuthFailureList& list)
{
    if (list.groups.empty())
        return "No failed authentications.\n";
    Table table({"ADDRESS", "REASON", "COUNT", "LAST", "ROUTE", "CLAIMED USER", "BANNED", "WHY"});
    for (const AuthFailureGroup& group : list.groups)
        table.add({group.address, std::string(reasonWord(group.reason)), std::to_string(group.count),
                   formatTime(group.last), group.lastRoute, group.lastUser, group.banned ? "yes" : "no",
                   whyText(group.lastRefusal.decision)});
    return table.text();
}

std::string text(const CertificateList& list)
{
    if (list.certificates.empty())
        return "No listener has a certificate.\n";
    std::string all;
    for (const CertificateStatus& status : list.certificates) {
        const CertificateFacts& facts = status.facts;
        std::vector<std::pair<std::string, std::string>> fields{
            {"listener", status.listener},
            {"certificate", status.certificateFile},
            {"key", status.keyFile + "  " + facts.keyType},
            {"subject", facts.subject},
            {"names", joined(facts.names, ", ")},
            {"issuer", facts.issuer},
            {"serial", facts.serial},
            {"SHA-256", facts.fingerprint},
            {"valid",
             formatTime(facts.notBefore) + " to " + formatTime(facts.notAfter) + "  " + daysText(status.daysLeft)},
            {"renews itself", status.renews ? "yes, at " + (status.renewsAt ? formatTime(*status.renewsAt) : "")
                                            : "no: " + status.renewsNot}};
        if (status.caExpires)
            fields.emplace_back("its CA ends", formatTime(*status.caExpires));
        if (!status.failure.empty())
            fields.emplace_back("failed",
                                (status.failedAt ? formatTime(*status.failedAt) + "  " : "") + status.failure);
        all += (all.empty() ? "" : "\n") + fieldList(fields);
    }
    return all;
}

std::string text(const auto&)
{
    return "Done.\n";
}

} // namespace

std::string humanText(const Answer& answer)
{
    return std::visit([](const auto& value) { return text(value); }, answer);
}

std::string jsonText(const Answer& answer)
{
    const nlohmann::json reply = replyToJson(answer);
    const nlohmann::json* result = &reply.at("result");
    if (std::holds_alternative<SessionList>(answer))
        result = &result->at("sessions");
    else if (std::holds_alternative<BanList>(answer))
        result = &result->at("bans");
    else if (std::holds_alternative<RevocationList>(answer))
        result = &result->at("revocations");
    else if (std::holds_alternative<AuthFailureList>(answer))
        result = &result->at("groups");
    else if (std::holds_alternative<CertificateList>(answer))
        result = &result->at("certificates");
    else if (std::holds_alternative<PolicyHistory>(answer))
        result = &result->at("versions");
    else if (std::holds_alternative<LimitList>(answer))
        result = &result->at("limits");
    else if (std::holds_alternative<UpstreamList>(answer))
        result = &result->at("upstreams");
    else if (std::holds_alternative<ChannelList>(answer))
        result = &result->at("channels");
    else if (std::holds_alternative<ChannelPresence>(answer))
        result = &result->at("presence");
    else if (std::holds_alternative<AuditPage>(answer))
        result = &result->at("entries"); // the smallest number is where --before goes on
    // C1 and bidi controls are escaped too: JSON is read on terminals as well.
    return result->dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace gatehouse::ctl
