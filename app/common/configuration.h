// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/load.h"

#include <memory>
#include <string>

namespace gatehouse {

/// Loads a configuration and says on standard error all that is wrong with it, and what deserves a warning. Null where
/// it is not valid.
[[nodiscard]] std::shared_ptr<const Policy> loadConfiguration(const std::filesystem::path& file);

/// How to connect a first client to a server of this policy: URL, CA, token, a snippet for a browser and for a shell.
/// `programs`: the folder that gatehousectl lies in.
[[nodiscard]] std::string firstSteps(const Policy& policy, const std::filesystem::path& programs);

} // namespace gatehouse
