// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/commandtable.h"

namespace gatehouse::ctl {

namespace {

std::uint64_t versionOf(const std::string& text)
{
    const std::uint64_t version = number(text, "a version");
    if (version == 0)
        throw Refused{"versions of the policy begin with 1"};
    return version;
}

std::uint64_t versionOption(const Words& words)
{
    const std::string* text = option(words, "version");
    return text ? versionOf(*text) : 0;
}

std::uint64_t versionOperand(const Words& words)
{
    return words.operands.empty() ? 0 : versionOf(words.operands.front());
}

void takeFile(const Words& words, Invocation& invocation, Action action)
{
    invocation.action = action;
    if (!words.operands.empty())
        invocation.policy.file = words.operands.front();
}

void fillShow(const Words& words, Invocation& invocation)
{
    invocation.action = Action::PolicyShow;
    invocation.policy.output = textOption(words, "output");
    invocation.command = PolicyGetQuery{versionOption(words)};
}

void fillCheck(const Words& words, Invocation& invocation)
{
    takeFile(words, invocation, Action::PolicyCheck);
    invocation.policy.offline = given(words, "offline");
    if (invocation.policy.offline && given(words, "socket"))
        throw Refused{"--offline asks no server: --socket does not go with it"};
    invocation.command = PolicyCheckCommand{};
}

void fillDiff(const Words& words, Invocation& invocation)
{
    takeFile(words, invocation, Action::PolicyDiff);
    invocation.policy.version = versionOption(words);
    invocation.policy.words = given(words, "words");
    invocation.command = PolicyGetQuery{};
}

void fillWhatIf(const Words& words, Invocation& invocation)
{
    takeFile(words, invocation, Action::PolicyWhatIf);
    invocation.policy.everyName = given(words, "all");
    PolicyWhatIfCommand whatIf;
    if (const std::string* within = option(words, "within"))
        whatIf.within = duration(*within, "--within");
    invocation.command = std::move(whatIf);
}

void fillApply(const Words& words, Invocation& invocation)
{
    takeFile(words, invocation, Action::PolicyApply);
    invocation.command = PolicyApplyCommand{textOption(words, "base"),
                                            {},
                                            textOption(words, "reason"),
                                            durationOption(words, "for"),
                                            given(words, "replace-file")};
}

void fillConfirm(const Words& words, Invocation& invocation)
{
    invocation.command = PolicyConfirmCommand{versionOperand(words)};
}

void fillHistory(const Words& words, Invocation& invocation)
{
    PolicyHistoryQuery query;
    query.limit = 10;
    if (const std::string* limit = option(words, "limit")) {
        const std::uint64_t wanted = number(*limit, "--limit");
        if (wanted < 1 || wanted > 200)
            throw Refused{"--limit must be 1 to 200"};
        query.limit = static_cast<std::uint32_t>(wanted);
    }
    if (const std::string* before = option(words, "before"))
        query.before = versionOf(*before);
    invocation.action = Action::PolicyHistory;
    invocation.policy.differences = given(words, "diff");
    invocation.command = query;
}

void fillRollback(const Words& words, Invocation& invocation)
{
    invocation.action = Action::PolicyRollback;
    invocation.command =
        PolicyRollbackCommand{versionOperand(words), textOption(words, "base"), textOption(words, "reason"),
                              durationOption(words, "for"), given(words, "replace-file")};
}

} // namespace

std::vector<CommandSpec> policySpecs()
{
    return {
        {"policy show", {"output", "version"}, 0, 0, "", fillShow},
        {"policy check", {"offline"}, 1, 1, "FILE (or - for standard input)", fillCheck},
        {"policy diff", {"words", "version"}, 0, 1, "FILE", fillDiff},
        {"policy what-if", {"within", "all"}, 1, 1, "FILE (or - for standard input)", fillWhatIf},
        {"policy apply",
         {"base", "reason", "for", "replace-file", "yes"},
         1,
         1,
         "FILE (or - for standard input)",
         fillApply},
        {"policy confirm", {}, 0, 1, "VERSION", fillConfirm},
        {"policy history", {"limit", "before", "diff"}, 0, 0, "", fillHistory},
        {"policy rollback", {"base", "reason", "for", "replace-file", "yes"}, 0, 1, "VERSION", fillRollback},
    };
}

} // namespace gatehouse::ctl
