// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// What is said about policies, for people. All text of others is escaped.
namespace gatehouse::ctl {

/// "hub › messages › rate: 50/s, burst 100 → 30/s, burst 100", "hub › origins: https://old.example removed".
[[nodiscard]] std::string changeText(const PolicyChange& change);
/// One line for each, after `indent`; or that nothing changes.
[[nodiscard]] std::string changesText(const std::vector<PolicyChange>& changes, std::string_view indent = "  ");

/// Sessions that would be or were ended or limited, grouped by reason and rule with at most `names` of each named.
[[nodiscard]] std::string affectedText(const std::vector<AffectedSession>& sessions, std::string_view verb,
                                       std::size_t names);
[[nodiscard]] std::string impactText(const PolicyImpact& impact, std::size_t names);
inline constexpr std::size_t namesShown = 8;

/// "FILE:12:7: /routes/0/name: …", with "warning: " before a warning's words.
[[nodiscard]] std::string problemsText(const std::vector<PolicyProblem>& problems, std::string_view file,
                                       bool warnings = false);
/// What takes effect with the next start alone; empty where nothing does.
[[nodiscard]] std::string restartText(const std::vector<std::string>& pointers);
/// How a version came to be: "applied by ann (socket)".
[[nodiscard]] std::string originText(const PolicyVersion& version);
/// A difference with the two names before it, as diff -u has them; empty where there is none.
[[nodiscard]] std::string namedDifference(std::string_view difference, std::string_view before, std::string_view after);

[[nodiscard]] std::string text(const PolicyDocument& document);
[[nodiscard]] std::string text(const PolicyCheckResult& result);
[[nodiscard]] std::string text(const PolicyWhatIfResult& result);
[[nodiscard]] std::string text(const PolicyApplied& applied);
[[nodiscard]] std::string text(const PolicyHistory& history);
[[nodiscard]] std::string whatIfText(const PolicyWhatIfResult& result, std::size_t names);
/// With the differences of the texts, where they are wanted.
[[nodiscard]] std::string historyText(const PolicyHistory& history, bool differences);

} // namespace gatehouse::ctl
