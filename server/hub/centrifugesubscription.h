// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/centrifugeclient.h"

#include <string>
#include <utility>

namespace gatehouse {

/// A client's subscription: asked for until the channel's home has answered. Owner: its client.
class CentrifugeClient::Subscription final : public ChannelSubscriber {
public:
    Subscription(CentrifugeClient& client, std::string name)
        : channel(std::move(name))
        , m_client(client)
    {
    }

    void told(const ChannelNews& news) override;
    void lost() override;

    const std::string channel;
    ChannelEntry entry;
    std::string info;                   ///< JSON of the channel's token; empty: none
    StreamPosition at;                  ///< up to which everything was sent; epoch empty: the channel has no history
    std::vector<std::uint32_t> leaving; ///< ids of `unsubscribe` commands that came before the answer
    std::optional<clientprotocol::UnsubscribeCode> endWith; ///< it was to be ended before the answer
    TimePoint expires = TimePoint::max();
    bool on = false; ///< the home has answered
    bool joinLeave = false;
    bool byToken = false;
    bool byServer = false;
    bool broken = false;    ///< something was not sent
    bool forgotten = false; ///< by the hub, which lost it

private:
    CentrifugeClient& m_client;
};

template <class Answer> void CentrifugeClient::say(std::uint32_t id, const Answer& answer)
{
    if (m_state == State::Gone)
        return;
    clientprotocol::appendReply(m_out, id, answer);
    if (!m_gathering)
        flush();
}

/// As errors of the protocol have it.
[[nodiscard]] clientprotocol::ErrorCode clientError(HubRefusal refusal);

} // namespace gatehouse
