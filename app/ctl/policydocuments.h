// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/caller.h"

#include <optional>
#include <string>
#include <string_view>

// Documents that are given on a command line, and what is wrong with them.
namespace gatehouse::ctl {

/// "-" is standard input. Errors are said; unset then.
[[nodiscard]] std::optional<std::string> readDocument(Caller& caller, const std::string& file);
/// How a file is called in errors.
[[nodiscard]] std::string fileLabel(const std::string& file);

/// Says why a document was refused, each problem with its place in `file`.
int complainOfDocument(Caller& caller, const CallError& error, const std::string& file);

/// What the server would say of a document without what is live: relative paths go by the folder of --config, else by
/// that of the document, and changes are those from --config.
[[nodiscard]] PolicyCheckResult checkOffline(const Invocation& invocation, const std::string& document);

} // namespace gatehouse::ctl
