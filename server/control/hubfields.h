// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/hubcommands.h"

// As fields.h says. archive.json(key, text) is a value of any kind that is handed on as it is written,
// archive.byName(key, list) an object with one field for each element, under its name.
namespace gatehouse {

inline std::string& nameOf(ClientInfo& info)
{
    return info.client;
}
inline const std::string& nameOf(const ClientInfo& info)
{
    return info.client;
}
inline std::string& nameOf(ChannelRow& row)
{
    return row.name;
}
inline const std::string& nameOf(const ChannelRow& row)
{
    return row.name;
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<StreamPosition> position)
{
    archive("offset", position.offset);
    archive("epoch", position.epoch);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ClientInfo> info)
{
    archive("client", info.client);
    archive("user", info.user);
    archive.json("conn_info", info.connInfo);
    archive.json("chan_info", info.chanInfo);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Publication> publication)
{
    archive.json("data", publication.data);
    archive("offset", publication.offset);
    archive.unlessEmpty("info", publication.info);
    archive.unlessEmpty("tags", publication.tags);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<NewPublication> publication)
{
    archive.needJson("data", publication.data);
    archive.unlessEmpty("tags", publication.tags);
    archive("idempotency_key", publication.idempotencyKey);
    archive("skip_history", publication.skipHistory);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PublishCommand> publish)
{
    archive.need("channel", publish.channel);
    describe(archive, publish.publication);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PublishResult> result)
{
    describe(archive, result.position);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BroadcastCommand> broadcast)
{
    archive.need("channels", broadcast.channels);
    describe(archive, broadcast.publication);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BroadcastResult> result)
{
    archive.replies("responses", result.responses);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionSelector> who)
{
    archive("user", who.user);
    archive("client", who.client);
    archive("session", who.session);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SubscribeCommand> subscribe)
{
    describe(archive, subscribe.who);
    archive.need("channel", subscribe.channel);
    archive.json("info", subscribe.info);
    archive.json("data", subscribe.data);
    archive("expire_at", subscribe.expireAt);
    archive("recover_since", subscribe.recoverSince);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnsubscribeCommand> unsubscribe)
{
    describe(archive, unsubscribe.who);
    archive.need("channel", unsubscribe.channel);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<DisconnectOrder> order)
{
    archive.need("code", order.code);
    archive("reason", order.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<DisconnectCommand> disconnect)
{
    describe(archive, disconnect.who);
    archive("whitelist", disconnect.whitelist);
    archive("disconnect", disconnect.disconnect);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<RefreshCommand> refresh)
{
    describe(archive, refresh.who);
    archive("expired", refresh.expired);
    archive("expire_at", refresh.expireAt);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionsMet> met)
{
    archive("sessions", met.sessions);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PresenceQuery> query)
{
    archive.need("channel", query.channel);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelPresence> presence)
{
    archive.byName("presence", presence.clients);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PresenceStatsQuery> query)
{
    archive.need("channel", query.channel);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelPresenceStats> stats)
{
    archive("num_clients", stats.clients);
    archive("num_users", stats.users);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelHistoryQuery> query)
{
    archive.need("channel", query.channel);
    archive("limit", query.limit);
    archive("since", query.since);
    archive("reverse", query.reverse);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelHistory> history)
{
    archive("publications", history.publications);
    describe(archive, history.position);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<HistoryRemoveCommand> remove)
{
    archive.need("channel", remove.channel);
}

template <class Archive> void describe(Archive&, typename Archive::template Ref<HistoryRemoved>) {}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelsQuery> query)
{
    archive("pattern", query.pattern);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelRow> row)
{
    archive("num_clients", row.clients);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ChannelList> list)
{
    archive.byName("channels", list.channels);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BatchCommand> batch)
{
    archive.commands("commands", batch.commands);
    archive("parallel", batch.parallel);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BatchResult> result)
{
    archive.replies("replies", result.replies);
}

} // namespace gatehouse
