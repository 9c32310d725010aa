// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/channelsoutput.h"

#include "ctl/terminaltext.h"

namespace gatehouse::ctl {

std::string text(const PublishResult& result)
{
    if (result.position.epoch.empty())
        return "Published.\n";
    return "Published: " + std::to_string(result.position.offset) + "\n";
}

std::string text(const ChannelList& list)
{
    if (list.channels.empty())
        return "Nobody is subscribed to a channel.\n";
    Table table({"CHANNEL", "CLIENTS"});
    for (const ChannelRow& row : list.channels)
        table.add({row.name, std::to_string(row.clients)});
    return table.text();
}

std::string text(const ChannelPresence& presence)
{
    if (presence.clients.empty())
        return "Nobody is there.\n";
    Table table({"SESSION", "USER", "CONNECTION", "CHANNEL"});
    for (const ClientInfo& info : presence.clients)
        table.add({info.client, info.user, info.connInfo, info.chanInfo});
    return table.text();
}

std::string text(const ChannelHistory& history)
{
    if (history.publications.empty())
        return "Nothing is kept.\n";
    std::string lines;
    for (const Publication& publication : history.publications)
        lines += std::to_string(publication.offset) + "  " + escaped(publication.data) + '\n';
    return lines;
}

} // namespace gatehouse::ctl
