// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/commandtable.h"
#include "policy/text.h"

#include <algorithm>
#include <array>

// Kicks, bans, revocations, lockdowns, limits, quarantines and drains.
namespace gatehouse::ctl {

namespace {

void fillKick(const Words& words, Invocation& invocation)
{
    KickCommand kick;
    kick.sessions = sessionIds(words);
    kick.reason = textOption(words, "reason");
    if (const std::string* cooldown = option(words, "cooldown"))
        kick.cooldown = *cooldown == "none" ? std::nullopt : std::optional(duration(*cooldown, "--cooldown"));
    invocation.command = std::move(kick);
}

void fillBan(const Words& words, Invocation& invocation)
{
    BanCommand ban;
    const std::string& subject = words.operands.at(0);
    const std::array known{BanSubject::User, BanSubject::Address, BanSubject::Network, BanSubject::Token};
    const auto found =
        std::find_if(known.begin(), known.end(), [&](BanSubject each) { return subject == banSubjectWord(each); });
    if (found == known.end())
        throw Refused{"ban takes user, address, network or token before the value, found \"" + subject + '"'};
    ban.subject = *found;
    ban.value = words.operands.at(1);
    if (ban.subject == BanSubject::Address && !IpAddress::parse(ban.value))
        throw Refused{"\"" + ban.value + "\" is not an IPv4 or IPv6 address"};
    if (ban.subject == BanSubject::Network && !Network::parse(ban.value))
        throw Refused{"\"" + ban.value + "\" is not a network like 10.0.0.0/8 (bits after the prefix must be 0)"};
    ban.issuer = textOption(words, "issuer");
    if (!ban.issuer.empty() && ban.subject != BanSubject::User && ban.subject != BanSubject::Token)
        throw Refused{"--issuer goes with a user or a token alone"};
    ban.reason = textOption(words, "reason");
    if (const std::string* length = option(words, "for"))
        ban.duration = duration(*length, "--for");
    invocation.command = std::move(ban);
}

void fillRevoke(const Words& words, Invocation& invocation)
{
    const std::string* tokenId = option(words, "jti");
    const std::string* user = option(words, "user");
    if ((tokenId != nullptr) == (user != nullptr))
        throw Refused{"revoke needs either --jti ID or --user NAME"};
    std::optional<std::chrono::milliseconds> length;
    if (const std::string* time = option(words, "for"))
        length = duration(*time, "--for");
    if (tokenId)
        invocation.command =
            RevokeTokenCommand{*tokenId, textOption(words, "issuer"), {}, length, textOption(words, "reason")};
    else
        invocation.command = InvalidateUserTokensCommand{*user,  textOption(words, "issuer"), {}, {},
                                                         length, textOption(words, "reason")};
}

void fillLockdown(const Words& words, Invocation& invocation)
{
    LockdownCommand lockdown;
    if (given(words, "user"))
        lockdown.allowUsers = words.options.find("user")->second;
    if (given(words, "network"))
        for (const std::string& text : words.options.find("network")->second) {
            const auto network = Network::parse(text);
            if (!network)
                throw Refused{"\"" + text + "\" is not a network like 10.0.0.0/8 (bits after the prefix must be 0)"};
            if (!lockdown.allowNetworks)
                lockdown.allowNetworks.emplace();
            lockdown.allowNetworks->push_back(*network);
        }
    lockdown.duration = durationOption(words, "for");
    lockdown.reason = textOption(words, "reason");
    invocation.action = Action::LockdownOn;
    invocation.command = std::move(lockdown);
}

/// "5/s", "100/m", "20/10s, burst 40"
Rate rateOf(const std::string& text)
{
    const Refused refused{"--rate must be a rate like 5/s or 20/10s,burst 40, found \"" + text + '"'};
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos)
        throw refused;
    const std::size_t comma = std::min(text.find(',', slash), text.size());
    std::string per = text.substr(slash + 1, comma - slash - 1);
    if (per == "s" || per == "m" || per == "h")
        per.insert(per.begin(), '1');
    const auto length = parseDuration(per);
    if (!length || length->count() < 1)
        throw refused;
    Rate rate;
    rate.per = *length;
    rate.count = rate.burst = number(text.substr(0, slash), "the count of --rate");
    if (comma < text.size()) {
        std::string_view burst = std::string_view(text).substr(comma + 1);
        burst.remove_prefix(std::min(burst.find_first_not_of(' '), burst.size()));
        constexpr std::string_view word = "burst ";
        if (!burst.starts_with(word))
            throw refused;
        rate.burst = number(burst.substr(word.size()), "the burst of --rate");
    }
    if (rate.count < 1 || rate.burst < 1)
        throw refused;
    return rate;
}

void fillLimit(const Words& words, Invocation& invocation)
{
    LimitCommand limit;
    limit.sessions = sessionIds(words);
    limit.user = textOption(words, "user");
    limit.issuer = textOption(words, "issuer");
    if (limit.sessions.empty() == limit.user.empty())
        throw Refused{"limit needs either IDs of sessions or --user NAME"};
    if (!limit.issuer.empty() && limit.user.empty())
        throw Refused{"--issuer goes with --user alone"};
    if (!given(words, "rate"))
        throw Refused{"limit needs --rate, such as 5/s"};
    limit.rate = rateOf(textOption(words, "rate"));
    if (given(words, "for"))
        limit.duration = durationOption(words, "for");
    limit.reason = textOption(words, "reason");
    invocation.command = std::move(limit);
}

void fillQuarantine(const Words& words, Invocation& invocation)
{
    QuarantineCommand quarantine;
    quarantine.sessions = sessionIds(words);
    quarantine.on = !given(words, "off");
    if (!quarantine.on && (given(words, "for") || given(words, "reason")))
        throw Refused{"--for and --reason do not go with --off"};
    quarantine.duration = durationOption(words, "for");
    quarantine.reason = textOption(words, "reason");
    invocation.command = std::move(quarantine);
}

void fillDrain(const Words& words, Invocation& invocation)
{
    invocation.command = DrainCommand{durationOption(words, "within"), durationOption(words, "spread")};
}

} // namespace

std::vector<CommandSpec> measureSpecs()
{
    return {
        {"kick", {"reason", "cooldown"}, 1, 100000, "ID…", fillKick},
        {"ban", {"for", "reason", "issuer"}, 2, 2, "user|address|network|token VALUE", fillBan},
        {"unban",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = UnbanCommand{BanId{number(words.operands.at(0), "a ban's ID")}};
         }},
        {"bans", {}, 0, 0, "", fillPlain<BansQuery>},
        {"revoke", {"jti", "user", "issuer", "for", "reason"}, 0, 0, "", fillRevoke},
        {"unrevoke",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = UnrevokeCommand{RevocationId{number(words.operands.at(0), "a revocation's ID")}};
         }},
        {"revocations", {}, 0, 0, "", fillPlain<RevocationsQuery>},
        {"lockdown",
         {},
         0,
         0,
         "",
         [](const Words&, Invocation& invocation) {
             invocation.action = Action::LockdownState;
             invocation.command = InfoQuery{};
         }},
        {"lockdown on", {"user", "network", "for", "reason", "yes"}, 0, 0, "", fillLockdown, {"user", "network"}},
        {"lockdown off",
         {},
         0,
         0,
         "",
         [](const Words&, Invocation& invocation) {
             LockdownCommand lockdown;
             lockdown.on = false;
             invocation.command = std::move(lockdown);
         }},
        {"limit", {"user", "issuer", "rate", "for", "reason"}, 0, 100000, "ID…", fillLimit},
        {"limits", {}, 0, 0, "", fillPlain<LimitsQuery>},
        {"unlimit",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = UnlimitCommand{LimitId{number(words.operands.at(0), "a limit's ID")}};
         }},
        {"quarantine", {"off", "for", "reason"}, 1, 100000, "ID…", fillQuarantine},
        {"drain", {"within", "spread"}, 0, 0, "", fillDrain},
    };
}

} // namespace gatehouse::ctl
