// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <string>

namespace gatehouse::ctl {

/// An answer for people: aligned tables, all text of others escaped.
[[nodiscard]] std::string humanText(const Answer& answer);

/// An answer for scripts, indented: lists of sessions, bans, limits, failures, certificates, upstreams and versions of
/// the policy as bare arrays, anything else as its object.
[[nodiscard]] std::string jsonText(const Answer& answer);

} // namespace gatehouse::ctl
