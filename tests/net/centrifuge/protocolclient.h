// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "testserver.h"

#include <nlohmann/json.hpp>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// QCOMPARE for JSON.
#define VERIFY_SAME(...)                                                                                               \
    do {                                                                                                               \
        const auto [actual, expected] = std::pair<gatehouse::test::Json, gatehouse::test::Json>(__VA_ARGS__);          \
        QVERIFY2(actual == expected, (actual.dump() + ", expected " + expected.dump()).c_str());                       \
    } while (false)

namespace gatehouse::test {

using Json = nlohmann::json;

/// A policy with the route /connection/websocket of Centrifugo's protocol, and channels of every kind: `news.*` with
/// history, presence, join and leave; `plain.*` with nothing; `locked.*` for a token of its own; `user.{user}`.
[[nodiscard]] TestServer::Edit hubPolicy(const TestServer::Edit& more = {});

/// Centrifugo's client protocol, by hand: one command at a time, and what is pushed meanwhile kept.
class ProtocolClient {
public:
    /// Behind the 101; `token` in the header.
    explicit ProtocolClient(const TestServer& server, const std::optional<std::string>& token = std::nullopt);
    explicit ProtocolClient(ByteClient client)
        : m_client(std::move(client))
    {
    }

    /// Sends a command under the next id, and waits for its reply; null where the connection ended.
    Json ask(Json command);
    /// `connect` with that token; its result.
    Json connect(const std::string& token, Json more = Json::object());
    void send(const std::string& text) { (void)m_client.text(text); }
    /// The next push that is not a ping; null where none comes.
    Json push(std::chrono::milliseconds atMost = ceiling);
    /// The next reply, whatever its id.
    Json reply(std::chrono::milliseconds atMost = ceiling);
    [[nodiscard]] Incoming closing();
    [[nodiscard]] ByteClient& bytes() { return m_client; }
    bool pongs = true; ///< answers pings
    int pings = 0;     ///< that came

private:
    [[nodiscard]] bool receive(std::chrono::milliseconds atMost);

    ByteClient m_client;
    std::deque<Json> m_replies, m_pushes;
    std::optional<Incoming> m_end;
    std::uint32_t m_id = 0;
};

/// A connected client of that user.
[[nodiscard]] ProtocolClient connected(const TestServer& server, const std::string& user,
                                       const std::vector<std::string>& roles = {});

} // namespace gatehouse::test
