// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/policytext.h"

#include "text/format.h"
#include "text/reasontext.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <map>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestValue = 60;

QString tr(const char* source, int n = -1)
{
    return QCoreApplication::translate("PolicyText", source, nullptr, n);
}

ReviewKind kindOf(const std::string& pointer)
{
    struct Mark {
        const char* part;
        ReviewKind kind;
    };
    static constexpr std::array marks{Mark{"/origins", ReviewKind::Origin},
                                      Mark{"/networks", ReviewKind::Network},
                                      Mark{"/trusted_proxies", ReviewKind::Network},
                                      Mark{"/roles", ReviewKind::People},
                                      Mark{"/subscribe", ReviewKind::People},
                                      Mark{"/publish", ReviewKind::People},
                                      Mark{"/allow_users", ReviewKind::People},
                                      Mark{"/issuers", ReviewKind::Issuer},
                                      Mark{"/authentication", ReviewKind::Issuer},
                                      Mark{"/rate", ReviewKind::Rate},
                                      Mark{"/limits", ReviewKind::Rate},
                                      Mark{"/messages", ReviewKind::Message},
                                      Mark{"/channels", ReviewKind::Channel},
                                      Mark{"/listeners", ReviewKind::Listener},
                                      Mark{"/routes", ReviewKind::Route}};
    const auto found =
        std::ranges::find_if(marks, [&](const Mark& mark) { return pointer.find(mark.part) != std::string::npos; });
    return found == marks.end() ? ReviewKind::Rule : found->kind;
}

/// "hub › messages › rate" is the rule "messages › rate" of "hub".
QString namedRule(const std::string& name)
{
    const QString whole = plainText(name);
    const QString arrow = QStringLiteral(" › ");
    const qsizetype cut = whole.indexOf(arrow);
    return cut < 0 ? whole : tr("%1: %2").arg(whole.left(cut), whole.mid(cut + arrow.size()));
}

struct RateWords {
    QString rate;
    QString burst;
};

/// "50/s, burst 100" in its parts; without a burst where it is no rate.
RateWords rateWords(const QString& value)
{
    const QString mark = QStringLiteral(", burst ");
    const qsizetype cut = value.indexOf(mark);
    return cut < 0 ? RateWords{value, {}} : RateWords{value.left(cut), value.mid(cut + mark.size())};
}

/// A session by what the reason is about: its address where that was refused, else its user.
QString nameOf(const AffectedSession& session)
{
    const bool byAddress = session.why.reason == Reason::IpDenied || session.user.empty();
    return plainText(byAddress ? session.address : session.user);
}

/// "guest-118 53/s": who would be limited, and how much comes from there.
QString rateOf(const AffectedSession& session)
{
    const QString met = plainText(session.why.met);
    const QString figure = met.section(QLatin1Char(' '), 0, 0);
    const QString shown = figure.contains(QLatin1Char('/')) ? figure : met;
    return shown.isEmpty() ? nameOf(session) : nameOf(session) + QLatin1Char(' ') + shown;
}

void addEnded(std::vector<ReviewRow>& rows, const PolicyImpact& impact)
{
    std::map<Reason, QStringList> byReason;
    for (const AffectedSession& session : impact.ended)
        byReason[session.why.reason] += nameOf(session);
    std::vector<std::pair<Reason, QStringList>> groups(byReason.begin(), byReason.end());
    std::ranges::stable_sort(groups, std::greater<>(), [](const auto& group) { return group.second.size(); });
    for (const auto& [reason, names] : groups) {
        ReviewRow row{ReviewKind::Ends, tr("%n session(s) end", static_cast<int>(names.size())), {}, {}};
        row.detail = tr("%1: %2").arg(reasonLabel(reason), namesText(names));
        row.tip = tr("%1\n%2").arg(reasonSentence(reason), namesText(names, 40));
        rows.push_back(row);
    }
}

} // namespace

QString versionText(std::uint64_t version)
{
    return QStringLiteral("v%1").arg(version);
}

QString rulesText(std::size_t count)
{
    return tr("%n rule(s)", static_cast<int>(count));
}

ReviewRow changeRow(const PolicyChange& change)
{
    const QString before = plainText(change.before, longestValue);
    const QString after = plainText(change.after, longestValue);
    ReviewRow row;
    row.kind = kindOf(change.pointer);
    row.detail = plainText(change.pointer);
    const QString name = namedRule(change.name);
    switch (change.kind) {
    case PolicyChange::Kind::Added:
        row.title = after.isEmpty() ? tr("%1 added").arg(name) : tr("%1 %2 added").arg(name, after);
        break;
    case PolicyChange::Kind::Removed:
        row.title = before.isEmpty() ? tr("%1 removed").arg(name) : tr("%1 %2 removed").arg(name, before);
        break;
    case PolicyChange::Kind::Changed: {
        const RateWords was = rateWords(before);
        const RateWords is = rateWords(after);
        if (was.burst.isEmpty() || is.burst.isEmpty()) {
            row.title = tr("%1 %2 → %3").arg(name, before, after);
            break;
        }
        row.title =
            was.rate == is.rate ? tr("%1 stays %2").arg(name, is.rate) : tr("%1 %2 → %3").arg(name, was.rate, is.rate);
        row.detail =
            was.burst == is.burst ? tr("burst stays %1").arg(is.burst) : tr("burst %1 → %2").arg(was.burst, is.burst);
        break;
    }
    }
    row.tip = tr("%1\nbefore: %2\nafter: %3")
                  .arg(plainText(change.pointer), change.before.empty() ? tr("nothing") : plainText(change.before),
                       change.after.empty() ? tr("nothing") : plainText(change.after));
    return row;
}

QString namesText(const QStringList& names, qsizetype shown)
{
    QStringList order;
    QHash<QString, int> counts;
    for (const QString& name : names) {
        if (counts[name]++ == 0)
            order += name;
    }
    std::ranges::stable_sort(order, std::greater<>(), [&](const QString& name) { return counts.value(name); });
    QStringList words;
    int said = 0;
    for (const QString& name : order.first(std::min(shown, order.size()))) {
        const int count = counts.value(name);
        said += count;
        words += count == 1 ? name : tr("%1 (%2)").arg(name).arg(count);
    }
    const QString list = words.join(QStringLiteral(", "));
    const int left = static_cast<int>(names.size()) - said;
    return left == 0 ? list : tr("%1 and %2 more").arg(list).arg(left);
}

std::vector<ReviewRow> impactRows(const PolicyImpact& impact)
{
    std::vector<ReviewRow> rows;
    if (impact.sessions == 0)
        return {{ReviewKind::Keeps, tr("No session is open"), tr("The policy holds for those that come"), {}}};
    addEnded(rows, impact);
    if (!impact.limited.empty()) {
        QStringList rates;
        for (const AffectedSession& session : impact.limited)
            rates += rateOf(session);
        rows.push_back({ReviewKind::Limited,
                        tr("%n session(s) would be limited", static_cast<int>(impact.limited.size())), namesText(rates),
                        namesText(rates, 40)});
    }
    const std::uint64_t touched = impact.ended.size() + impact.limited.size();
    if (const std::uint64_t keep = impact.examined - std::min(impact.examined, touched); keep > 0)
        rows.push_back({ReviewKind::Keeps,
                        keep == 1 ? tr("1 session keeps going") : tr("%1 sessions keep going").arg(countText(keep)),
                        tr("no message is lost"),
                        {}});
    if (!impact.complete())
        rows.push_back(
            {ReviewKind::Unknown,
             tr("%1 of %2 sessions were looked at").arg(countText(impact.examined), countText(impact.sessions)),
             tr("then the time ran out: more of them may end"),
             {}});
    return rows;
}

QString originText(const PolicyVersion& version)
{
    switch (version.origin) {
    case PolicyOrigin::File:
        return tr("read from the file");
    case PolicyOrigin::Apply:
        return tr("applied");
    case PolicyOrigin::Provisional:
        return version.confirmed ? tr("applied provisionally and confirmed") : tr("applied provisionally");
    case PolicyOrigin::Rollback:
        return tr("restored from %1").arg(versionText(version.restores));
    case PolicyOrigin::Returned:
        return tr("returned to %1, since nobody confirmed").arg(versionText(version.restores));
    }
    return {};
}

QString shortOriginText(const PolicyVersion& version)
{
    switch (version.origin) {
    case PolicyOrigin::Provisional:
        return tr("provisional");
    case PolicyOrigin::Returned:
        return tr("returned to %1").arg(versionText(version.restores));
    case PolicyOrigin::File:
    case PolicyOrigin::Apply:
    case PolicyOrigin::Rollback:
        break;
    }
    return originText(version);
}

QString versionSummary(const PolicyVersion& version, WallTime now)
{
    QString text =
        tr("%1 · %2 %3").arg(versionText(version.version), originText(version), relativeText(version.time, now));
    if (!version.author.empty())
        text = tr("%1 by %2").arg(text, plainText(version.author));
    return version.reason.empty() ? text : tr("%1: %2").arg(text, plainText(version.reason));
}

QString provisionalText(const GateStats& stats, std::uint64_t returnsTo)
{
    if (!stats.provisionalUntil)
        return {};
    const auto left = std::chrono::ceil<std::chrono::seconds>(*stats.provisionalUntil - stats.time);
    const QString clock = stopwatchText(std::max(left, std::chrono::seconds(0)));
    return returnsTo == 0
               ? tr("%1 is provisional: the one before returns in %2").arg(versionText(stats.policyVersion), clock)
               : tr("%1 is provisional: returns to %2 in %3")
                     .arg(versionText(stats.policyVersion), versionText(returnsTo), clock);
}

QString appliedText(const PolicyVersion& version, std::size_t ended)
{
    if (ended == 0)
        return tr("%1 applied: no session ended").arg(versionText(version.version));
    return tr("%1 applied: %n session(s) ended", static_cast<int>(ended)).arg(versionText(version.version));
}

} // namespace gatehouse::ui
