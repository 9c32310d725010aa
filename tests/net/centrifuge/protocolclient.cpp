// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocolclient.h"

#include <sstream>
#include <stdexcept>

namespace gatehouse::test {

TestServer::Edit hubPolicy(const TestServer::Edit& more)
{
    return [more](Json& policy) {
        policy["routes"].push_back({{"name", "centrifuge"},
                                    {"path", "/connection/websocket"},
                                    {"hub", {{"protocol", "centrifuge"}}},
                                    {"messages", {{"rate", {{"count", 10000}, {"per", "1s"}}}}}});
        policy["limits"]["messages_per_user"] = "off";
        policy["channels"] =
            Json::array({{{"match", "news.*"},
                          {"subscribe", {"*"}},
                          {"publish", {"*"}},
                          {"history", {{"size", 100}, {"ttl", "5m"}, {"read", {"*"}}}},
                          {"presence", {"*"}},
                          {"join_leave", true}},
                         {{"match", "plain.*"}, {"subscribe", {"*"}}, {"publish", {"*"}}},
                         {{"match", "read.*"}, {"subscribe", {"*"}}, {"publish", {"editor"}}},
                         {{"match", "locked.*"}, {"subscribe", {"*"}}, {"subscribe_token", true}, {"publish", {"*"}}},
                         {{"match", "user.{user}"}, {"subscribe", {"*"}}}});
        if (more)
            more(policy);
    };
}

ProtocolClient::ProtocolClient(const TestServer& server, const std::optional<std::string>& token)
    : m_client(server.plain())
{
    UpgradeOptions options;
    options.path = "/connection/websocket";
    options.token = token;
    if (const HttpAnswer answer = m_client.upgrade(options); answer.status != 101)
        throw std::runtime_error("no 101: " + answer.text);
}

Json ProtocolClient::ask(Json command)
{
    command["id"] = ++m_id;
    send(command.dump());
    for (;;) {
        for (auto reply = m_replies.begin(); reply != m_replies.end(); ++reply) {
            if ((*reply)["id"] != m_id)
                continue;
            Json found = std::move(*reply);
            m_replies.erase(reply);
            return found;
        }
        if (!receive(ceiling))
            return nullptr;
    }
}

Json ProtocolClient::connect(const std::string& token, Json more)
{
    if (!token.empty())
        more["token"] = token;
    return ask({{"connect", std::move(more)}});
}

Json ProtocolClient::push(std::chrono::milliseconds atMost)
{
    while (m_pushes.empty())
        if (!receive(atMost))
            return nullptr;
    Json first = std::move(m_pushes.front());
    m_pushes.pop_front();
    return first;
}

Json ProtocolClient::reply(std::chrono::milliseconds atMost)
{
    while (m_replies.empty())
        if (!receive(atMost))
            return nullptr;
    Json first = std::move(m_replies.front());
    m_replies.pop_front();
    return first;
}

Incoming ProtocolClient::closing()
{
    while (!m_end)
        if (!receive(ceiling) && !m_end)
            return {};
    return *m_end;
}

/// One message, or the end.
bool ProtocolClient::receive(std::chrono::milliseconds atMost)
{
    if (m_end)
        return false;
    const Incoming got = m_client.nextData(atMost);
    if (got.kind != Incoming::Kind::Message) {
        if (got.kind != Incoming::Kind::Nothing)
            m_end = got;
        return false;
    }
    std::istringstream lines(got.payload);
    for (std::string line; std::getline(lines, line);) {
        Json said = Json::parse(line);
        if (said.empty()) {
            ++pings;
            if (pongs)
                send("{}");
        } else if (said.contains("push")) {
            m_pushes.push_back(said["push"]);
        } else {
            m_replies.push_back(std::move(said));
        }
    }
    return true;
}

ProtocolClient connected(const TestServer& server, const std::string& user, const std::vector<std::string>& roles)
{
    ProtocolClient client(server);
    const Json reply = client.connect(server.token(user, roles));
    if (!reply.is_object() || !reply.contains("connect"))
        throw std::runtime_error("not connected: " + reply.dump());
    return client;
}

} // namespace gatehouse::test
