// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policyreader.h"

#include <algorithm>

// Hub routes and channels.
namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Code = PolicyErrorCode;
using Kind = JsonValue::Kind;

} // namespace

void PolicyReader::readHub(const Node& at, Route& route)
{
    if (!m_document.object(at, "hub"))
        return;
    const Node protocol = m_document.required(at, "protocol");
    std::string word;
    m_document.read(protocol, word);
    if (word == "echo") {
        route.kind = RouteKind::Echo;
        m_document.warn(Code::Insecure, protocol, "an echo route is for diagnosis: it answers whoever may connect");
    } else if (word == "centrifuge") {
        route.kind = RouteKind::Centrifuge;
    } else if (!word.empty() && word != "plain") {
        m_document.unexpected(Code::BadValue, protocol, "\"centrifuge\", \"plain\" or \"echo\"");
    }
}

/// Clients of Centrifugo put their token nowhere but in `connect`, the first message. Where a token is not required
/// nothing tells one from a message.
void PolicyReader::setDefaultTokenPlaces(Route& route)
{
    Authentication& authentication = route.authentication;
    authentication.from = Authentication{}.from;
    if (route.kind == RouteKind::Centrifuge && authentication.required)
        authentication.from.push_back(TokenPlace::FirstMessage);
}

void PolicyReader::checkCentrifuge(const Node& at, const Route& route)
{
    if (route.kind != RouteKind::Centrifuge)
        return;
    const Node types = DocumentReader::member(DocumentReader::member(at, "messages"), "types");
    if (route.messages.binary)
        m_document.error(Code::Conflict, types, "the protocol is JSON text: \"text\" alone");
    const Node allow = DocumentReader::member(DocumentReader::member(at, "subprotocols"), "allow");
    for (const Node& item : allow.is(Kind::Array) ? m_document.items(allow) : std::vector<Node>())
        if (item.is(Kind::String) && item.value->text == "centrifuge-protobuf")
            m_document.error(Code::Conflict, item, "the protocol is JSON text: who offers this would speak another");
}

ChannelRule PolicyReader::readChannel(const Node& at)
{
    ChannelRule rule;
    if (!m_document.object(at, "channel"))
        return rule;
    m_document.read(m_document.required(at, "match"), rule.match);
    readRoleList(m_document.member(at, "subscribe"), rule.subscribe);
    readRoleList(m_document.member(at, "publish"), rule.publish);
    readHistory(m_document.member(at, "history"), rule);
    readRoleList(m_document.member(at, "presence"), rule.presence);
    m_document.read(m_document.member(at, "join_leave"), rule.joinLeave);
    m_document.read(m_document.member(at, "subscribe_token"), rule.subscribeToken);
    readSchema(m_document.member(at, "schema"), rule.schema);
    return rule;
}

void PolicyReader::readRoleList(const Node& at, std::vector<std::string>& roles)
{
    m_document.readList(at, roles);
    checkRoleNames(at, roles, true);
}

void PolicyReader::readHistory(const Node& at, ChannelRule& rule)
{
    if (!at || !m_document.object(at, "history"))
        return;
    HistoryRule& history = rule.history.emplace();
    m_document.readWhole(m_document.member(at, "size"), history.size, 1, 100'000);
    m_document.readDuration(m_document.member(at, "ttl"), history.ttl, 1s, 24h * 366);
    readRoleList(m_document.member(at, "read"), history.read);
}

/// Whoever recovers must not miss what was dropped for being slow.
void PolicyReader::checkHistories(const std::vector<Node>& routes)
{
    const auto remembers = [](const ChannelRule& rule) { return rule.history.has_value(); };
    if (std::none_of(m_policy.channels.begin(), m_policy.channels.end(), remembers))
        return;
    for (std::size_t i = 0; i < m_policy.routes.size() && i < routes.size(); ++i) {
        const Route& route = m_policy.routes[i];
        const bool hub = route.kind == RouteKind::Plain || route.kind == RouteKind::Centrifuge;
        if (hub && route.slowConsumer == SlowConsumer::DropNewest)
            m_document.error(Code::Conflict, DocumentReader::member(routes[i], "slow_consumer"),
                             "a channel has history: what is dropped there would be missing; \"close\" lets clients "
                             "come back and recover");
    }
}

} // namespace gatehouse
