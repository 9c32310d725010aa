// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/hubcommands.h"

#include <string>

// Answers about channels for people.
namespace gatehouse::ctl {

[[nodiscard]] std::string text(const PublishResult& result);
[[nodiscard]] std::string text(const ChannelList& list);
[[nodiscard]] std::string text(const ChannelPresence& presence);
[[nodiscard]] std::string text(const ChannelHistory& history);

} // namespace gatehouse::ctl
