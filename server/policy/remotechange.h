// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/load.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace gatehouse {

/// What a policy that comes through a remote API may not change: state_dir, control_socket, control_group, api_keys and
/// audit.checkpoint.also_to; and every file that it names lies in `folder`, links followed, unless `running`, the
/// document that it is to replace, names it under the same key. Nor does it put a secret to a new use (SecretUses):
/// `running` names each file of a secret under the same key, and shows a gateway's header to the same upstreams. To be
/// asked before anything that the text names is looked at. Empty where all of that holds, or where the text is no
/// document, which others say.
[[nodiscard]] std::vector<PolicyError> remoteProblems(std::string_view text, std::string_view running,
                                                      const std::filesystem::path& folder);

} // namespace gatehouse
