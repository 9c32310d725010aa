// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feed/values.h"

#include <functional>
#include <string>
#include <vector>

// A policy that is made up, and a server that knows it: for tests of the policy page and for screenshots.
namespace gatehouse::test {

/// Keeps versions as a server does: applies, confirms, returns and refuses what began from another version.
struct PolicyServer {
    PolicyServer();

    [[nodiscard]] Reply answer(const Command& command);
    /// As if somebody else had applied it.
    void applyByOther(const std::string& author, std::string document);
    [[nodiscard]] const PolicyVersion& running() const { return versions.back().version; }
    /// Puts version and provisional time into what the feed tells.
    void describe(GateStats& stats) const;

    WallTime now{};
    std::vector<PolicyHistoryEntry> versions; ///< oldest first, with their documents
    PolicyCheckResult check;                  ///< what a check says, but for the document
    PolicyImpact impact;
    std::string fileProblem;

private:
    Reply applyDocument(std::string document, const std::string& base, PolicyVersion made);
};

/// `gatehouse.json` of the pictures, v41.
[[nodiscard]] std::string scenePolicy();
/// The same with a rate, an origin and a network changed.
[[nodiscard]] std::string sceneDraft();
[[nodiscard]] std::string sceneDifference();
[[nodiscard]] std::vector<PolicyChange> sceneChanges();
/// Of 1,284 sessions 4 end for their network, 11 for their origin, and 3 would be limited.
[[nodiscard]] PolicyImpact sceneImpact();

} // namespace gatehouse::test
