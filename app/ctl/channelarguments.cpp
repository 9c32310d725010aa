// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/commandtable.h"
#include "ctl/helptopic.h"

#include <nlohmann/json.hpp>

#include <array>

// The channels of the hub.
namespace gatehouse::ctl {

namespace {

constexpr std::array<HelpTopic, 4> topics{{
    {"publish", "publish CHANNEL JSON [--skip-history] [--idempotency-key KEY]",
     "Publishes a JSON value to a channel, under the policy that clients meet: a rule of `channels` must have\n"
     "the channel, and its schema and the size of messages hold.\n"
     "\n"
     "  --skip-history         whoever is subscribed now gets it, and nobody later\n"
     "  --idempotency-key KEY  within five minutes it is published once, however often it is sent\n"
     "\n"
     "Text is JSON in quotation marks: gatehousectl publish news '\"hello\"'\n"},
    {"channels", "channels [PATTERN]",
     "Lists the channels that somebody is subscribed to, with how many are.\n"
     "\n"
     "PATTERN is as in the policy's channels: `*` stands for a part without dots, `**` for any.\n"
     "With --json: an object by name.\n"},
    {"presence", "presence CHANNEL",
     "Lists who is in a channel that keeps presence: the session, its user, and what tokens say of them.\n"},
    {"history", "history CHANNEL [--limit N] [--reverse]",
     "Prints what a channel with history keeps, a publication a line: its number and its JSON.\n"
     "\n"
     "  --limit N     at most so many, the oldest first (default 20)\n"
     "  --reverse     the newest first\n"},
}};

void fillPublish(const Words& words, Invocation& invocation)
{
    PublishCommand publish;
    publish.channel = words.operands.at(0);
    publish.publication.data = words.operands.at(1);
    if (!nlohmann::json::accept(publish.publication.data))
        throw Refused{"JSON is no JSON value; text is written in quotation marks: '\"hello\"'"};
    publish.publication.idempotencyKey = textOption(words, "idempotency-key");
    publish.publication.skipHistory = given(words, "skip-history");
    invocation.command = std::move(publish);
}

void fillChannels(const Words& words, Invocation& invocation)
{
    invocation.command = ChannelsQuery{words.operands.empty() ? std::string() : words.operands[0]};
}

void fillPresence(const Words& words, Invocation& invocation)
{
    invocation.command = PresenceQuery{words.operands.at(0)};
}

void fillHistory(const Words& words, Invocation& invocation)
{
    constexpr std::uint64_t usual = 20;
    constexpr std::uint64_t most = 10'000;
    ChannelHistoryQuery query;
    query.channel = words.operands.at(0);
    const std::string* limit = option(words, "limit");
    const std::uint64_t wanted = limit ? number(*limit, "--limit") : usual;
    if (wanted < 1 || wanted > most)
        throw Refused{"--limit must be 1 to " + std::to_string(most)};
    query.limit = static_cast<std::int64_t>(wanted);
    query.reverse = given(words, "reverse");
    invocation.command = std::move(query);
}

} // namespace

std::vector<CommandSpec> channelSpecs()
{
    return {
        {"publish", {"skip-history", "idempotency-key"}, 2, 2, "CHANNEL JSON", fillPublish},
        {"channels", {}, 0, 1, "PATTERN", fillChannels},
        {"presence", {}, 1, 1, "CHANNEL", fillPresence},
        {"history", {"limit", "reverse"}, 1, 1, "CHANNEL", fillHistory},
    };
}

std::span<const HelpTopic> channelTopics()
{
    return topics;
}

} // namespace gatehouse::ctl
