// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/policychange.h"
#include "domain/policyversion.h"
#include "feed/policyimpact.h"
#include "feed/values.h"

#include <QString>
#include <QStringList>

#include <vector>

// What a policy changes and does, in words for people.
namespace gatehouse::ui {

/// What a row of a review is about; pages give it a symbol and a colour.
enum class ReviewKind {
    Rule,
    Rate,
    Origin,
    Network,
    People, ///< roles, who may subscribe or publish
    Issuer,
    Channel,
    Listener,
    Route,
    Message,
    Ends,
    Limited,
    Keeps,
    Unknown ///< could not be found out in time
};

struct ReviewRow {
    ReviewKind kind = ReviewKind::Rule;
    QString title;
    QString detail; ///< muted, below the title
    QString tip;    ///< the whole, where title or detail leave something out

    friend bool operator==(const ReviewRow&, const ReviewRow&) = default;
};

/// "v41"
[[nodiscard]] QString versionText(std::uint64_t version);

/// "3 rules"
[[nodiscard]] QString rulesText(std::size_t count);

/// "hub: messages › rate 50/s → 30/s" over "burst stays 100".
[[nodiscard]] ReviewRow changeRow(const PolicyChange& change);

/// Sessions that end by their reason, most first; those that would be limited; those that keep going; and whether the
/// time ran out before all were looked at.
[[nodiscard]] std::vector<ReviewRow> impactRows(const PolicyImpact& impact);

/// "kiosk-02 (2), kiosk-04, kiosk-07 and 8 more"; most frequent first.
[[nodiscard]] QString namesText(const QStringList& names, qsizetype shown = 3);

/// How a version came to be: "applied", "restored v37".
[[nodiscard]] QString originText(const PolicyVersion& version);
/// The same beside the version's state, which says whether it was confirmed.
[[nodiscard]] QString shortOriginText(const PolicyVersion& version);
/// "v41 · applied 12 min ago by root: reason"
[[nodiscard]] QString versionSummary(const PolicyVersion& version, WallTime now);

/// "v42 is provisional: returns to v41 in 4:31"; empty while nothing is provisional. `returnsTo` 0: not known.
[[nodiscard]] QString provisionalText(const GateStats& stats, std::uint64_t returnsTo);

/// "v42 applied: 15 sessions ended"
[[nodiscard]] QString appliedText(const PolicyVersion& version, std::size_t ended);

} // namespace gatehouse::ui
