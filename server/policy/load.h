// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/policy.h"

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

inline constexpr std::size_t largestDocument = 4U << 20; ///< bytes of a policy's text
inline constexpr std::size_t mostPolicyErrors = 1000;    ///< that are told of a document, and as many warnings

enum class PolicyErrorCode : std::uint8_t {
    Unreadable,
    Syntax,
    DuplicateKey,
    UnknownKey,
    NotBuiltYet,
    Missing,
    WrongType,
    BadValue,
    BadFile,
    Insecure,
    Conflict
};

/// "unknown_key", "bad_value" …: stable, for machines.
[[nodiscard]] std::string_view policyErrorWord(PolicyErrorCode code);

/// One thing wrong with a policy. `detail` says what was met and what is expected, in English, for logs and the command
/// line.
struct PolicyError {
    PolicyErrorCode code = PolicyErrorCode::Syntax;
    std::string pointer; ///< JSON pointer; empty for the document as a whole
    unsigned line = 0;   ///< 1-based; 0 where it did not come from text
    unsigned column = 0; ///< 1-based, in code points
    std::string detail;

    friend bool operator==(const PolicyError&, const PolicyError&) = default;
};

/// What is allowed but worth a word ("echo route is a diagnostic").
struct LoadedPolicy {
    Policy policy;
    std::vector<PolicyError> warnings;
};

/// Parses, validates and resolves relative paths against `file`'s folder; reads the secrets it names and checks the
/// modes of secrets and keys. All errors are returned, not the first
/// alone, up to mostPolicyErrors.
[[nodiscard]] Result<LoadedPolicy, std::vector<PolicyError>> loadPolicy(const std::filesystem::path& file);
[[nodiscard]] Result<LoadedPolicy, std::vector<PolicyError>> parsePolicy(std::string_view text,
                                                                         const std::filesystem::path& file);

/// "gatehouse.json:12:7: /routes/0/messages/rate/count: expected a whole number of at least 1, found "fast""
[[nodiscard]] std::string formatPolicyError(const PolicyError& error, const std::filesystem::path& file);

} // namespace gatehouse
