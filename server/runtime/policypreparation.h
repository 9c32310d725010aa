// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"
#include "runtime/generation.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// From the text of a policy to what workers can run: values in, values out, on any thread but a worker's.
namespace gatehouse {

/// A document that can run.
struct PreparedPolicy {
    std::string document; ///< canonical
    std::string hash;
    std::shared_ptr<const PolicyGeneration> generation;
    std::vector<std::string> restart; ///< pointers of what is as it was in `generation` until a restart
    std::vector<PolicyProblem> warnings;
};

/// Why a document cannot run.
struct RejectedPolicy {
    Reason reason = Reason::PolicyRejected; ///< TlsReloadFailed, JwksFailed: only files that it names are wrong
    std::string message;                    ///< every error, a line each
    std::vector<PolicyProblem> problems;
};

/// A text in its one form; unset where it has none.
struct CanonicalPolicy {
    std::string document;
    std::string hash;
};
[[nodiscard]] std::optional<CanonicalPolicy> canonicalPolicy(std::string_view text);

struct PolicySource {
    std::string_view text;
    std::filesystem::path file;  ///< whose folder relative names are in
    std::filesystem::path shown; ///< the text's name in messages
};

/// Checks a document and loads what it names, with what `running` has where that is the same. What needs a restart
/// stays as it is there. `version` is the number that it will run under.
[[nodiscard]] Result<PreparedPolicy, RejectedPolicy> preparePolicy(const PolicySource& source,
                                                                   const PolicyGeneration& running,
                                                                   std::uint64_t version, const Clock& clock,
                                                                   UpstreamTable& upstreams);

/// `back`, which ran before `running` and was kept, under another number: with the certificates and key sets that
/// `running` has for the same listeners and issuers, which may be newer. No files are read.
[[nodiscard]] std::shared_ptr<const PolicyGeneration>
returnedGeneration(const PolicyGeneration& back, const PolicyGeneration& running, std::uint64_t version);

} // namespace gatehouse
