// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/policychange.h"
#include "domain/policyversion.h"
#include "feed/policyimpact.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Commands about the policy, and their answers. A document is given as the text of a policy file.
namespace gatehouse {

/// One thing wrong with a document, or worth a word.
struct PolicyProblem {
    std::string pointer;      ///< JSON pointer; empty for the document as a whole
    std::uint32_t line = 0;   ///< 1-based; 0 where it has no place in the text
    std::uint32_t column = 0; ///< 1-based, in code points
    std::string code;         ///< "unknown_key", "not_built_yet", "bad_value" …
    std::string detail;       ///< English

    friend bool operator==(const PolicyProblem&, const PolicyProblem&) = default;
};

// policy_get
struct PolicyGetQuery {
    std::uint64_t version = 0; ///< 0: the one that runs

    friend bool operator==(const PolicyGetQuery&, const PolicyGetQuery&) = default;
};
struct PolicyDocument {
    PolicyVersion version; ///< with its document
    std::string file;
    std::uint64_t running = 0;   ///< the version that runs
    std::uint64_t returnsTo = 0; ///< where the running one is provisional: the version that comes back; else 0
    std::string fileProblem;     ///< the file holds something else that was not taken, and why; empty: it does not
    std::vector<PolicyProblem> warnings; ///< of the running one

    friend bool operator==(const PolicyDocument&, const PolicyDocument&) = default;
};

// policy_check
struct PolicyCheckCommand {
    std::string policy;

    friend bool operator==(const PolicyCheckCommand&, const PolicyCheckCommand&) = default;
};
struct PolicyCheckResult {
    bool valid = false;
    std::vector<PolicyProblem> errors;
    std::vector<PolicyProblem> warnings;
    std::string document;              ///< the canonical text; empty where the text has no such form
    std::string hash;                  ///< of that
    std::vector<PolicyChange> changes; ///< from the running one, in the document's order
    std::string difference;            ///< the texts, as a unified difference; empty: none
    std::vector<std::string> restart;  ///< pointers of what changes only with a restart

    friend bool operator==(const PolicyCheckResult&, const PolicyCheckResult&) = default;
};

// policy_what_if
struct PolicyWhatIfCommand {
    std::string policy;
    std::optional<std::chrono::milliseconds> within = std::chrono::seconds(5); ///< time limit; 10 ms to 60 s

    friend bool operator==(const PolicyWhatIfCommand&, const PolicyWhatIfCommand&) = default;
};
struct PolicyWhatIfResult {
    std::string hash;
    std::vector<PolicyChange> changes;
    std::vector<std::string> restart;
    PolicyImpact live;

    friend bool operator==(const PolicyWhatIfResult&, const PolicyWhatIfResult&) = default;
};

// policy_apply, policy_rollback, policy_confirm
struct PolicyApplyCommand {
    std::string base; ///< the hash of the version that was edited
    std::string policy;
    std::string reason;
    std::optional<std::chrono::milliseconds> provisional; ///< unset: for good; 1 s to 24 h
    bool replaceFile = false; ///< even where the file was changed by hand to something that is not valid

    friend bool operator==(const PolicyApplyCommand&, const PolicyApplyCommand&) = default;
};
struct PolicyRollbackCommand {
    std::uint64_t version = 0; ///< to restore; 0: the one before the running one
    std::string base;          ///< the hash of the running version as the operator knows it
    std::string reason;
    std::optional<std::chrono::milliseconds> provisional;
    bool replaceFile = false;

    friend bool operator==(const PolicyRollbackCommand&, const PolicyRollbackCommand&) = default;
};
struct PolicyConfirmCommand {
    std::uint64_t version = 0; ///< 0: the one that is provisional now

    friend bool operator==(const PolicyConfirmCommand&, const PolicyConfirmCommand&) = default;
};
struct PolicyApplied {
    PolicyVersion version; ///< that runs now, without its document
    std::vector<PolicyChange> changes;
    std::vector<std::string> restart;
    std::vector<PolicyProblem> warnings;
    std::uint64_t sessions = 0;         ///< that met it
    std::vector<AffectedSession> ended; ///< by id

    friend bool operator==(const PolicyApplied&, const PolicyApplied&) = default;
};

// policy_history
struct PolicyHistoryQuery {
    std::uint64_t before = 0; ///< versions under this one; 0: from the newest
    std::uint32_t limit = 50; ///< 1 to 200

    friend bool operator==(const PolicyHistoryQuery&, const PolicyHistoryQuery&) = default;
};
struct PolicyHistoryEntry {
    PolicyVersion version;             ///< without its document
    std::vector<PolicyChange> changes; ///< from the version before it
    std::string difference;            ///< of the texts, unified

    friend bool operator==(const PolicyHistoryEntry&, const PolicyHistoryEntry&) = default;
};
struct PolicyHistory {
    std::vector<PolicyHistoryEntry> versions; ///< newest first
    bool more = false;

    friend bool operator==(const PolicyHistory&, const PolicyHistory&) = default;
};

} // namespace gatehouse
