// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/json.h"
#include "randompolicyvalues.h"

namespace gatehouse::test {

/// What backends ask of channels.
class RandomHubValues : public RandomPolicyValues {
public:
    using RandomPolicyValues::RandomPolicyValues;

    static constexpr std::size_t firstHubCommand = 31;

    /// Of which reading and writing again would leave another text.
    std::string json()
    {
        static const std::vector<std::string> some{R"({"b":1,"a":[1.0, 1e2 ,{"x":"\u0041,}"}]})",
                                                   "123456789012345678901234567890",
                                                   R"("a \"quoted\" \\ text")",
                                                   "[ ]",
                                                   "-0.10",
                                                   "true",
                                                   R"({"data":{"commands":[]},"data2":"]"})"};
        return some.at(upTo(some.size() - 1));
    }
    std::optional<std::chrono::sys_seconds> maybeSeconds()
    {
        return maybe([this] { return std::chrono::sys_seconds(std::chrono::seconds(upTo(250'000'000'000))); });
    }
    std::string maybeJson() { return flag() ? json() : std::string(); }
    StreamPosition position() { return {u64(), text()}; }
    Tags tags() { return flag() ? Tags{{"data", text()}, {"key " + text(), text()}} : Tags{}; }
    NewPublication newPublication() { return {json(), tags(), text(), flag()}; }
    SessionSelector selector() { return {text(), text(), text()}; }
    ClientInfo clientInfo() { return {text(), text(), maybeJson(), maybeJson()}; }
    /// With ids that differ, and need escapes.
    std::vector<ClientInfo> clients()
    {
        auto all = list([this] { return clientInfo(); });
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i].client = "\"" + std::to_string(i) + "\\";
        return all;
    }
    std::vector<ChannelRow> rows()
    {
        auto all = list([this] { return ChannelRow{{}, u64()}; });
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i].name = "news:" + std::to_string(i) + "\n";
        return all;
    }
    Publication publication()
    {
        auto info = maybe([this] { return clientInfo(); });
        if (info && *info == ClientInfo())
            info.reset();
        return {json(), info, u64(), tags()};
    }
    ControlError error() { return {ControlErrorCode::LimitExceeded, text()}; }
    Result<PublishResult, ControlError> response()
    {
        if (flag())
            return Failure{error()};
        return PublishResult{position()};
    }

    HubCommand hubCommand(std::size_t place)
    {
        switch (place) {
        case 0:
            return PublishCommand{text(), newPublication()};
        case 1:
            return BroadcastCommand{texts(), newPublication()};
        case 2:
            return PresenceQuery{text()};
        case 3:
            return PresenceStatsQuery{text()};
        case 4:
            return ChannelHistoryQuery{text(), static_cast<std::int64_t>(u32()) - 1,
                                       maybe([this] { return position(); }), flag()};
        case 5:
            return HistoryRemoveCommand{text()};
        case 6:
            return ChannelsQuery{text()};
        case 7:
            return SubscribeCommand{selector(),  text(),         maybeJson(),
                                    maybeJson(), maybeSeconds(), maybe([this] { return position(); })};
        case 8:
            return UnsubscribeCommand{selector(), text()};
        case 9:
            return DisconnectCommand{selector(), texts(), maybe([this] { return DisconnectOrder{u16(), text()}; })};
        default:
            return RefreshCommand{selector(), flag(), maybeSeconds()};
        }
    }
    HubAnswer hubAnswer(std::size_t place)
    {
        switch (place) {
        case 0:
            return PublishResult{position()};
        case 1:
            return BroadcastResult{list([this] { return response(); })};
        case 2:
            return ChannelPresence{clients()};
        case 3:
            return ChannelPresenceStats{u64(), u64()};
        case 4:
            return ChannelHistory{list([this] { return publication(); }), position()};
        case 5:
            return HistoryRemoved{};
        case 6:
            return ChannelList{rows()};
        default:
            return SessionsMet{u64()};
        }
    }
    Command anyHubCommand(std::size_t index)
    {
        const std::size_t last = std::variant_size_v<HubCommand> - 1;
        if (index - firstHubCommand > last)
            return BatchCommand{list([this, last] { return hubCommand(upTo(last)); }), flag()};
        return std::visit([](auto&& one) { return Command(std::move(one)); }, hubCommand(index - firstHubCommand));
    }
    Answer anyHubAnswer(std::size_t index)
    {
        const std::size_t last = std::variant_size_v<HubCommand> - 1;
        if (index - firstHubCommand > last)
            return BatchResult{list([this, last] { return batchReply(upTo(last)); })};
        return std::visit([](auto&& one) { return Answer(std::move(one)); }, hubAnswer(index - firstHubCommand));
    }

private:
    BatchReply batchReply(std::size_t place)
    {
        if (flag())
            return {{}, Failure{error()}}; // whose method the answer does not say
        return {std::string(commandMethod(hubCommand(place))), hubAnswer(place)};
    }
};

} // namespace gatehouse::test
