// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/arguments.h"

#include <filesystem>
#include <iosfwd>

namespace gatehouse::ctl {

/// The commands that read a store themselves. They return the exit code.
[[nodiscard]] int auditList(const Invocation& invocation, const std::filesystem::path& store, std::ostream& out,
                            std::ostream& error);
[[nodiscard]] int auditVerify(const Invocation& invocation, const std::filesystem::path& store, std::ostream& out,
                              std::ostream& error);

} // namespace gatehouse::ctl
