// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "byteupstream.h"
#include "testserver.h"

#include <vector>

namespace gatehouse::test {

/// The member of the tests' policies that leads to these applications.
inline nlohmann::json gatewayRoute(const std::vector<std::string>& upstreams)
{
    return {{"name", "app"},
            {"path", "/app/*"},
            {"gateway", {{"upstreams", upstreams}, {"health", "off"}}},
            {"authentication", {{"required", false}}},
            {"idle_timeout", "off"},
            {"messages", {{"rate", "off"}, {"types", {"text", "binary"}}}}};
}

/// A server with a route /app/* in front of one application, and both sides of a session through it.
class GatewayDesk {
public:
    /// `edit` gets the route alone.
    explicit GatewayDesk(const TestServer::Edit& edit = {}, const Clock* clock = nullptr, int receiveBuffer = 0)
        : upstream(receiveBuffer)
        , server(
              [&](nlohmann::json& policy) {
                  nlohmann::json route = gatewayRoute({upstream.url()});
                  if (edit)
                      edit(route);
                  policy["routes"].push_back(route);
              },
              clock)
    {
    }

    /// What both sides of a session see of it.
    struct Pair {
        ByteClient client;
        ByteClient peer;  ///< the application's side
        std::string head; ///< that the application got
        HttpAnswer answer;
    };

    /// A client that has asked and waits for its answer.
    [[nodiscard]] ByteClient ask(UpgradeOptions options = {}, const ByteClient::Options& socket = {}) const
    {
        if (options.path == "/echo")
            options.path = "/app/x";
        ByteClient client = server.plain(socket);
        client.send(upgradeText(options));
        return client;
    }

    /// A session behind both 101.
    [[nodiscard]] Pair open(const UpgradeOptions& options = {}, std::string_view more = {},
                            const ByteClient::Options& socket = {}) const
    {
        Pair pair{ask(options, socket), upstream.accept(), {}, {}};
        pair.head = ByteUpstream::readHead(pair.peer);
        pair.peer.send(ByteUpstream::switching(pair.head, more));
        pair.answer = pair.client.request({});
        return pair;
    }

    ByteUpstream upstream;
    TestServer server;
};

} // namespace gatehouse::test
