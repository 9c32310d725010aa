// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/upstreamcommands.h"

#include <string>

// What is said about the applications behind the gate, for people. All text of others is escaped.
namespace gatehouse::ctl {

[[nodiscard]] std::string text(const UpstreamList& list);
[[nodiscard]] std::string text(const UpstreamDrainResult& result);

/// "ws://127.0.0.1:1880/ of plc since 2026-…Z: upstream_connect: connection refused", of one that is ejected. Not
/// escaped.
[[nodiscard]] std::string ejectedText(const UpstreamStatus& status);

} // namespace gatehouse::ctl
