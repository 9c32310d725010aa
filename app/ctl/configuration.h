// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include "domain/result.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gatehouse::ctl {

/// Errors: every line of what is wrong with the file, ready to print.
[[nodiscard]] Result<Policy, std::string> loadConfiguration(const std::filesystem::path& file);

/// The socket that a document names, where one lies there. A running server must be reachable when the document or a
/// file that it names has become invalid.
[[nodiscard]] std::optional<std::filesystem::path> liveSocket(const std::filesystem::path& file);

/// The configuration that is used where none is named: below XDG_CONFIG_HOME (or ~/.config), else /etc; the first of
/// these that exists.
[[nodiscard]] std::optional<std::filesystem::path> defaultConfiguration();

} // namespace gatehouse::ctl
