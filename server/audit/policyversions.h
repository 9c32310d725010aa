// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/policyversion.h"
#include "domain/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

class SqlConnection;

/// SHA-256 (FIPS 180-4) of a canonical document, lower-case hexadecimal.
[[nodiscard]] std::string policyHash(std::string_view document);

/// How much of the history stays; the oldest versions go first.
struct PolicyHistoryLimits {
    std::uint64_t versions = 1000;
    std::uint64_t bytes = 64U << 20; ///< of all documents together
};

/// A version to be written, with all of its fields; one of the same number is replaced.
struct StoredPolicyVersion {
    PolicyVersion version;
    std::uint64_t returnsTo = 0; ///< a version that must stay as well, however old it is
};

/// What the writer does with one. The error is the database's.
[[nodiscard]] Result<Done, std::string> storePolicyVersion(const SqlConnection& connection,
                                                           const StoredPolicyVersion& stored,
                                                           const PolicyHistoryLimits& limits = {});

/// Reads the versions of the policy, as AuditReader does the log. Errors name the file, in English.
class PolicyVersionReader {
public:
    using Found = Result<std::optional<PolicyVersion>, std::string>;

    explicit PolicyVersionReader(std::filesystem::path file)
        : m_file(std::move(file))
    {
    }

    /// With their documents. Unset where there is none.
    [[nodiscard]] Found newest() const;
    /// The newest that the file was to hold: neither provisional nor left unconfirmed.
    [[nodiscard]] Found newestDefinitive() const;
    /// The newest under `version` that was definitive and has another document than `hash`.
    [[nodiscard]] Found definitiveBefore(std::uint64_t version, const std::string& hash) const;
    [[nodiscard]] Found version(std::uint64_t version) const;
    [[nodiscard]] Found ofHash(const std::string& hash) const;

    /// Hands over the versions under `before` (0: all), newest first, until `each` says false.
    [[nodiscard]] Result<Done, std::string> visit(std::uint64_t before,
                                                  const std::function<bool(PolicyVersion)>& each) const;

private:
    std::filesystem::path m_file;
};

} // namespace gatehouse
