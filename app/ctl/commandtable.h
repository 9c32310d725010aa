// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/arguments.h"
#include "ctl/words.h"

#include <string_view>
#include <vector>

namespace gatehouse::ctl {

/// How one command is called, and what it means.
struct CommandSpec {
    std::string_view name; ///< of one or two words, "policy apply"
    std::vector<std::string_view> options;
    std::size_t fewest = 0; ///< operands
    std::size_t most = 0;
    std::string_view operands;                   ///< how they are called in errors
    void (*fill)(const Words&, Invocation&);     ///< throws Refused
    std::vector<std::string_view> repeated = {}; ///< of the options, those that may be given more than once
};

[[nodiscard]] const std::vector<CommandSpec>& commandTable();
[[nodiscard]] const CommandSpec* specOf(std::string_view name);
/// "show, check or diff": the second words of a command that needs one; empty where it needs none.
[[nodiscard]] std::string secondWords(std::string_view first);

// Their parts of it.
[[nodiscard]] std::vector<CommandSpec> policySpecs();
[[nodiscard]] std::vector<CommandSpec> measureSpecs();
[[nodiscard]] std::vector<CommandSpec> upstreamSpecs();
[[nodiscard]] std::vector<CommandSpec> channelSpecs();

/// Of every command.
[[nodiscard]] bool isGeneralOption(std::string_view name);
/// Stands alone, without a value.
[[nodiscard]] bool isFlag(std::string_view name);

template <class C> void fillPlain(const Words&, Invocation& invocation)
{
    invocation.command = C{};
}

} // namespace gatehouse::ctl
