// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace gatehouse::ctl {

/// What --help of a command says.
struct HelpTopic {
    std::string_view name;
    std::string_view usage; ///< without "gatehousectl"
    std::string_view text;
};

[[nodiscard]] std::span<const HelpTopic> policyTopics();
[[nodiscard]] std::span<const HelpTopic> measureTopics();
[[nodiscard]] std::span<const HelpTopic> upstreamTopics();
[[nodiscard]] std::span<const HelpTopic> channelTopics();

} // namespace gatehouse::ctl
