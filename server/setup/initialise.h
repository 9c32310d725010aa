// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"
#include "policy/defaults.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

struct InitOptions {
    PolicyDefaults policy;
    std::vector<std::string>
        names; ///< host names and addresses that the certificate speaks for besides the machine's own
    std::optional<std::string> hostName; ///< unset: the machine's
    std::optional<WallTime> now;         ///< unset: the system's
};

/// What initialise() made.
struct InitialisedFolder {
    std::filesystem::path policy;
    std::filesystem::path caCertificate;
    std::filesystem::path caKey;
    std::filesystem::path serverCertificate;
    std::filesystem::path serverKey;
    std::filesystem::path tokenKey;
    std::filesystem::path stateDir;
    std::filesystem::path runDir;
    std::vector<std::string> names; ///< what the server certificate speaks for
};

/// Makes a folder that gatehoused can serve from: the default policy, a local CA that is constrained to this machine's
/// names, a server certificate of it and a token key. Folders are 0700, secret files 0600. Nothing is ever overwritten:
/// a file that is in the way is an error before anything is written. The policy comes last. Errors are in English.
[[nodiscard]] Result<InitialisedFolder, std::string> initialise(const std::filesystem::path& folder,
                                                                const InitOptions& options = {});

} // namespace gatehouse
