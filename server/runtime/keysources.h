// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/keyset.h"
#include "domain/result.h"
#include "net/workercontext.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse {

/// The set in an issuer's `jwks_file`. The error names issuer, file and what is wrong.
[[nodiscard]] Result<std::shared_ptr<const KeySet>, std::string> readKeySetFile(const Issuer& issuer);

/// `text` as a set that this issuer's tokens can be verified with. The error says what is wrong.
[[nodiscard]] Result<std::shared_ptr<const KeySet>, std::string> usableKeySet(std::string_view text,
                                                                              const Issuer& issuer);

/// The keys of all issuers of a policy. Files are read; a set from a URL is the one that `previous` had from the same
/// URL, else the one that was kept in `state_dir`, else there is none yet. The error names issuer and file.
[[nodiscard]] Result<std::shared_ptr<const IssuerKeys>, std::string>
loadIssuerKeys(const Policy& policy, const PolicyGeneration* previous = nullptr);

/// Where the last good set of a URL is kept, so that a restart without the network still knows it. It is of use for
/// that URL alone.
[[nodiscard]] std::filesystem::path keptKeySetFile(const std::filesystem::path& stateDir, const std::string& url);
/// Null where none is kept, or none that can be used.
[[nodiscard]] std::shared_ptr<const KeySet> readKeptKeySet(const std::filesystem::path& stateDir, const Issuer& issuer);
/// The error names the file.
[[nodiscard]] Result<Done, std::string> keepKeySet(const std::filesystem::path& stateDir, const std::string& url,
                                                   const KeySet& set);
/// Removes the sets of URLs that the policy does not have.
void dropKeptKeySets(const Policy& policy);

} // namespace gatehouse
