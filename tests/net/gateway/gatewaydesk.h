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
    /// `edit` gets the route alone, `whole` the policy behind it.
    explicit GatewayDesk(const TestServer::Edit& edit = {}, const Clock* clock = nullptr, int receiveBuffer = 0,
                         const TestServer::Edit& whole = {})
        : upstream(receiveBuffer)
        , server(
              [&](nlohmann::json& policy) {
                  nlohmann::json route = gatewayRoute({upstream.url()});
                  if (edit)
                      edit(route);
                  policy["routes"].push_back(route);
                  if (whole)
                      whole(policy);
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

    /// Every worker's loop has gone round, at the clock's time.
    void settle() const
    {
        for (int i = 0; i < 3; ++i)
            (void)server.sessions();
    }

    /// The only record of this; an empty one where there is none, or another.
    [[nodiscard]] AuditRecord record(AuditKind kind, Reason reason) const
    {
        std::vector<AuditRecord> records;
        (void)eventually([&] { return !(records = server.audit(kind, reason)).empty(); });
        return records.size() == 1 ? records.front() : AuditRecord();
    }

    [[nodiscard]] std::string rule(const std::string& key) const
    {
        return "/routes/" + std::to_string(server.policy().routes.size() - 1) + '/' + key;
    }

    ByteUpstream upstream;
    TestServer server;
};

/// Somebody who says a frame again and again until nothing more is taken.
struct Talker {
    std::string frame;
    std::string rest{};   ///< of the frame that was begun last
    std::size_t sent = 0; ///< bytes of frames

    /// More than `waits` bytes wait in the gate, and its workers have gone round many times and taken nothing. False:
    /// it takes and takes.
    [[nodiscard]] bool fill(ByteClient& from, const TestServer& server, std::size_t waits)
    {
        constexpr int turns = 20;
        constexpr std::size_t endless = std::size_t{64} << 20;
        const auto deadline = std::chrono::steady_clock::now() + ceiling;
        for (int stalls = 0; stalls < turns;) {
            if (sent >= endless || std::chrono::steady_clock::now() >= deadline)
                return false;
            if (rest.empty())
                rest = frame;
            const std::size_t taken = from.sendSome(rest);
            rest.erase(0, taken);
            sent += taken;
            (void)server.sessions();
            stalls = taken == 0 && server.info().stats.backlog > waits ? stalls + 1 : 0;
        }
        return true;
    }
    /// How many frames it comes to with the rest.
    [[nodiscard]] std::size_t frames() const { return (sent + rest.size()) / frame.size(); }
};

} // namespace gatehouse::test
