// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policyreader.h"
#include "policy/privatefile.h"
#include "policy/text.h"
#include "policy/upstreamheader.h"
#include "policy/upstreamurl.h"

#include <algorithm>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::size_t mostUpstreams = 64;    // each is connected to for its health
constexpr std::size_t mostDropped = 64;      // compared with each header of each request
constexpr std::size_t largestFile = 1 << 20; // bytes

std::string forwardedNames()
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < forwardedHeaderCount; ++i)
        names.emplace_back(forwardedHeaderName(static_cast<ForwardedHeader>(i)));
    return "one of " + joined(names, ", ");
}

} // namespace

/// A route is either a hub or a gateway.
void PolicyReader::readKind(const Node& at, Route& route)
{
    const Node hub = DocumentReader::member(at, "hub");
    const Node gateway = DocumentReader::member(at, "gateway");
    if (!hub && !gateway)
        m_document.error(Code::Missing, at, "a route is a hub or a gateway: one of the two keys is required");
    if (hub && gateway)
        m_document.error(Code::Conflict, gateway, "a route is a hub or a gateway: only one of the two keys may stand");
    if (hub)
        return readHub(hub, route);
    if (!gateway)
        return;
    route.kind = RouteKind::Gateway;
    route.messages.onExcess = OnExcess::Throttle;
    route.idleTimeout = 5min;
    readGateway(gateway, route.gateway.emplace());
}

void PolicyReader::readGateway(const Node& at, Gateway& gateway)
{
    if (!m_document.object(at, "gateway"))
        return;
    readUpstreams(m_document.required(at, "upstreams"), gateway);
    const Node balance = DocumentReader::member(at, "balance");
    std::string word;
    m_document.read(balance, word);
    if (word == "least_sessions")
        gateway.balance = Balance::LeastSessions;
    else if (!word.empty() && word != "round_robin")
        m_document.unexpected(Code::BadValue, balance, "\"round_robin\" or \"least_sessions\"");
    readAuthorities(at, gateway);
    readAuthHeader(DocumentReader::member(at, "auth_header_file"), gateway);
    m_document.readDuration(DocumentReader::member(at, "connect_timeout"), gateway.connectTimeout, 100ms, 1min);
    readHealth(DocumentReader::member(at, "health"), gateway);
    m_document.read(DocumentReader::member(at, "strip_prefix"), gateway.stripPrefix);
    m_document.read(DocumentReader::member(at, "forward_query"), gateway.forwardQuery);
    readForward(DocumentReader::member(at, "forward"), gateway);
    readDrop(DocumentReader::member(at, "drop"), gateway);
}

void PolicyReader::readUpstreams(const Node& at, Gateway& gateway)
{
    auto items = m_document.items(at);
    if (at.is(Kind::Array) && items.empty())
        m_document.error(Code::Missing, at, "at least one upstream is required");
    if (items.size() > mostUpstreams) {
        m_document.error(Code::BadValue, at, "at most " + std::to_string(mostUpstreams) + " upstreams are allowed");
        items.resize(mostUpstreams);
    }
    for (const Node& item : items) {
        std::string text;
        m_document.read(item, text, longestUpstreamUrl);
        if (text.empty())
            continue;
        auto url = parseUpstreamUrl(text);
        if (!url) {
            m_document.error(Code::BadValue, item, url.error());
            continue;
        }
        const auto same = [&](const UpstreamUrl& other) { return isSameUpstream(*url, other); };
        if (std::any_of(gateway.upstreams.begin(), gateway.upstreams.end(), same))
            m_document.error(Code::Conflict, item, jsonQuoted(text) + " stands here a second time");
        if (!url->tls && !isNearby(*url))
            m_document.warn(Code::Insecure, item,
                            "messages and what the gate says of its users cross the network in the clear");
        checkLoop(item, *url);
        gateway.upstreams.push_back(std::move(*url));
    }
}

/// A session that comes back to the gate would open the next one, until no more fit in.
void PolicyReader::checkLoop(const Node& at, const UpstreamUrl& url)
{
    for (const Listener& listener : m_policy.listeners) {
        const std::string name = "the gate's own listener " + jsonQuoted(listener.name);
        switch (reaches(url, listener)) {
        case Reaches::Surely:
            return m_document.error(Code::Conflict, at,
                                    "this is " + name + ": expected the address and port of the application");
        case Reaches::Perhaps:
            return m_document.warn(Code::Conflict, at,
                                   "this may be " + name + ", where sessions would only come back to the gate");
        case Reaches::No:
            break;
        }
    }
}

void PolicyReader::readAuthorities(const Node& gatewayAt, Gateway& gateway)
{
    const Node at = DocumentReader::member(gatewayAt, "ca");
    readPath(at, gateway.ca);
    if (gateway.ca.empty())
        return;
    const Node upstreams = DocumentReader::member(gatewayAt, "upstreams");
    const bool allRead = !gateway.upstreams.empty() && gateway.upstreams.size() == upstreams.value->items.size();
    const auto isTls = [](const UpstreamUrl& url) { return url.tls; };
    if (allRead && std::none_of(gateway.upstreams.begin(), gateway.upstreams.end(), isTls))
        m_document.error(Code::Conflict, at, "only a wss upstream has use for this");
    const auto text = readWholeFile(gateway.ca, largestFile);
    if (!text)
        return m_document.error(Code::BadFile, at, text.error());
    const std::size_t begin = text->find("-----BEGIN CERTIFICATE-----");
    if (begin == std::string::npos || text->find("-----END CERTIFICATE-----", begin) == std::string::npos)
        m_document.error(Code::BadFile, at, gateway.ca.string() + ": holds no certificate in PEM form");
}

void PolicyReader::readAuthHeader(const Node& at, Gateway& gateway)
{
    readPath(at, gateway.authHeaderFile);
    if (gateway.authHeaderFile.empty())
        return;
    if (const auto problem = checkPrivateFile(gateway.authHeaderFile))
        return m_document.error(problem->insecure ? Code::Insecure : Code::BadFile, at, problem->detail);
    const auto text = readWholeFile(gateway.authHeaderFile, largestFile);
    if (!text)
        return m_document.error(Code::BadFile, at, text.error());
    auto header = parseAuthHeader(*text);
    if (!header)
        return m_document.error(Code::BadFile, at, gateway.authHeaderFile.string() + ": " + header.error());
    gateway.authHeaderName = std::move(header->name);
    gateway.authHeaderValue = std::move(header->value);
}

void PolicyReader::readHealth(const Node& at, Gateway& gateway)
{
    if (at.isOff())
        return gateway.healthEvery.reset();
    if (at && !at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, "health"))
        return;
    const Node kind = DocumentReader::member(at, "kind");
    std::string word;
    m_document.read(kind, word);
    if (!word.empty() && word != "tcp")
        m_document.unexpected(Code::BadValue, kind, "\"tcp\"");
    m_document.readDuration(DocumentReader::member(at, "every"), *gateway.healthEvery, 1s, 1h);
}

void PolicyReader::readForward(const Node& at, Gateway& gateway)
{
    if (!at)
        return;
    gateway.forward.clear();
    for (const Node& item : m_document.items(at)) {
        std::string name;
        m_document.read(item, name);
        const auto header = forwardedHeaderFromName(name);
        if (header && std::find(gateway.forward.begin(), gateway.forward.end(), *header) != gateway.forward.end())
            m_document.error(Code::Conflict, item, jsonQuoted(name) + " stands here a second time");
        else if (header)
            gateway.forward.push_back(*header);
        else if (!name.empty())
            m_document.unexpected(Code::BadValue, item, forwardedNames());
    }
}

void PolicyReader::readDrop(const Node& at, Gateway& gateway)
{
    if (!at)
        return;
    gateway.drop.clear();
    auto items = m_document.items(at);
    if (items.size() > mostDropped) {
        m_document.error(Code::BadValue, at, "at most " + std::to_string(mostDropped) + " headers are allowed");
        items.resize(mostDropped);
    }
    for (const Node& item : items) {
        std::string name;
        m_document.read(item, name);
        const auto same = [&](const std::string& other) { return toLower(other) == toLower(name); };
        if (name.empty())
            continue;
        if (!isHttpToken(name))
            m_document.unexpected(Code::BadValue, item, "the name of a header");
        else if (isConnectionHeader(name))
            m_document.error(Code::Conflict, item, jsonQuoted(name) + " never goes through: the gate makes it itself");
        else if (std::any_of(gateway.drop.begin(), gateway.drop.end(), same))
            m_document.error(Code::Conflict, item, jsonQuoted(name) + " stands here a second time");
        else
            gateway.drop.push_back(std::move(name));
    }
}

/// A file on a hub's route; on a gateway's one for each direction.
void PolicyReader::readSchemas(const Node& at, Route& route)
{
    if (route.kind != RouteKind::Gateway) {
        if (at.is(Kind::Object))
            return m_document.error(Code::Conflict, at,
                                    "expected a file: only a gateway has a \"client\" and an \"upstream\" direction");
        return readSchema(at, route.messages.schema);
    }
    if (at.is(Kind::String))
        return m_document.error(Code::Conflict, at,
                                "expected { \"client\": FILE, \"upstream\": FILE }: a gateway has two directions");
    if (!m_document.object(at, "message_schemas"))
        return;
    readSchema(DocumentReader::member(at, "client"), route.messages.schema);
    readSchema(DocumentReader::member(at, "upstream"), route.messages.upstreamSchema);
}

} // namespace gatehouse
