// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gatehouse {

/// How a version of the policy came to be.
enum class PolicyOrigin : std::uint8_t {
    File,        ///< read from the file: at the start, by a signal, or because the file changed
    Apply,       ///< applied by somebody
    Provisional, ///< applied until it is confirmed
    Rollback,    ///< an earlier version, restored by somebody
    Returned     ///< an earlier version, come back by itself because nobody confirmed
};

/// A version of the policy as the store keeps it. Numbers rise by one within a state directory, over restarts too.
struct PolicyVersion {
    std::uint64_t version = 0;
    PolicyOrigin origin = PolicyOrigin::File;
    WallTime time{};
    std::string author;
    std::string via;                          ///< "console", "socket", "signal", "file"
    std::string reason;                       ///< in the author's words
    std::string hash;                         ///< SHA-256 of the document, lower-case hexadecimal
    std::uint64_t restores = 0;               ///< the version whose document a Rollback or a Returned has; else 0
    std::optional<WallTime> provisionalUntil; ///< of a Provisional
    std::optional<WallTime> confirmed;        ///< of a Provisional: when it was
    std::string confirmedBy;
    std::string document; ///< canonical; empty where it was not asked for

    friend bool operator==(const PolicyVersion&, const PolicyVersion&) = default;
};

} // namespace gatehouse
