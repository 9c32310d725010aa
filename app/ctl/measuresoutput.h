// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/measurecommands.h"

#include <string>

// What is said about lockdowns, limits and quarantines, for people. All text of others is escaped.
namespace gatehouse::ctl {

/// "users ann, bob from 10.0.0.0/8"; "nobody" where both are empty.
[[nodiscard]] std::string lockdownListsText(const LockdownLists& lists);

[[nodiscard]] std::string text(const LockdownResult& result);
[[nodiscard]] std::string text(const LimitResult& result);
[[nodiscard]] std::string text(const LimitList& list);
[[nodiscard]] std::string quarantineText(const QuarantineResult& result, bool on);
[[nodiscard]] std::string text(const QuarantineResult& result); ///< as of a command that sets one

} // namespace gatehouse::ctl
