// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::fuzz {

/// What a client may be told on one connection: nothing, or one HTTP answer and, if that was 101, frames of which a
/// Close is the last and the messages are these, but for the last of them. `whole`: the server said that it was all, so
/// that it must be.
void checkAnswer(std::string_view told, const std::vector<std::string>& messages, bool whole);

} // namespace gatehouse::fuzz
