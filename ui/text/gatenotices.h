// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <QString>

namespace gatehouse::ui {

/// That an issuer's keys cannot be had, in a few words; empty while all can.
[[nodiscard]] QString keySetText(const GateStats& stats);
/// Which, and what it means.
[[nodiscard]] QString keySetTip(const GateStats& stats);

/// That the policy of the file was not taken, in a few words; empty: it was.
[[nodiscard]] QString policyProblemText(const GateStats& stats);
/// Why, and what it means.
[[nodiscard]] QString policyProblemTip(const GateStats& stats);

/// That the wall clock jumped within the last hour, and by how much; empty where it did not.
[[nodiscard]] QString clockStepText(const GateStats& stats);
[[nodiscard]] QString clockStepTip();

/// Who locked the gate down, when, why and until when, a line each.
[[nodiscard]] QString lockdownTip(const Lockdown& lockdown, WallTime now);
/// "Lockdown", "End lockdown", "End lockdown (12:31)"
[[nodiscard]] QString lockdownButtonText(const std::optional<Lockdown>& lockdown, WallTime now);
/// "Serving", "Locked down", "Draining, 0:14 left"
[[nodiscard]] QString gateStateText(const GateStats& stats);

} // namespace gatehouse::ui
