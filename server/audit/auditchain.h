// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditrecord.h"
#include "domain/result.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace gatehouse {

using ChainHash = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) over the record's number, all of its fields and the hash of the record before it, each with its
/// length in front, so that no two records have one encoding. The hash before the first record is all zeros.
[[nodiscard]] ChainHash chainHash(std::uint64_t number, const AuditRecord& record, const ChainHash& previous);

struct ChainReport {
    std::uint64_t checked = 0; ///< records that stand as they were written
    std::uint64_t newest = 0;  ///< number of the last one of these
    ChainHash newestHash{};
    std::optional<std::uint64_t> firstBad; ///< edited, removed or put elsewhere; what follows is not judged
    std::string what;                      ///< in English; empty where nothing is bad

    friend bool operator==(const ChainReport&, const ChainReport&) = default;
};

/// Walks the chain of a store, of a running server too. It names the first record that was edited, removed or
/// reordered. It cannot see that the newest records were cut off, nor that somebody who may write the file made the
/// whole rest of the chain anew: both need a checkpoint (number and hash) that is kept elsewhere and compared with the
/// report. Errors: a file that cannot be read or is no store. Needs a QCoreApplication.
[[nodiscard]] Result<ChainReport, std::string> verifyChain(const std::filesystem::path& file);

} // namespace gatehouse
