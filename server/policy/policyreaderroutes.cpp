// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/identity.h"
#include "policy/origin.h"
#include "policy/policyreader.h"
#include "policy/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::string_view channelPlaceholder = "{channel}";
constexpr std::uint64_t largestMessage = 1ULL << 30;

bool isPathSegment(std::string_view segment, bool last)
{
    constexpr std::string_view marks = "-._~!$&'()+,;=:@"; // RFC 3986 §3.3 without `*` and what needs encoding
    if (segment == channelPlaceholder || (segment == "*" && last))
        return true;
    return !segment.empty() && segment != "." && segment != ".." &&
           std::all_of(segment.begin(), segment.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      marks.find(c) != std::string_view::npos;
           });
}

std::string_view kindOf(RouteKind kind)
{
    switch (kind) {
    case RouteKind::Plain:
        return "a plain hub's";
    case RouteKind::Echo:
        return "an echo";
    case RouteKind::Gateway:
        return "a gateway";
    case RouteKind::Centrifuge:
        return "a centrifuge";
    }
    return {};
}

bool isRoutePath(std::string_view path)
{
    if (path == "/")
        return true;
    if (!path.starts_with('/'))
        return false;
    for (std::size_t start = 1; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (!isPathSegment(path.substr(start, end - start), end == path.size()))
            return false;
        start = end + 1;
    }
    return true;
}

std::size_t placeholders(std::string_view path)
{
    std::size_t count = 0;
    for (std::size_t i = path.find(channelPlaceholder); i != std::string_view::npos;
         i = path.find(channelPlaceholder, i + 1))
        ++count;
    return count;
}

bool isParameterName(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    });
}

} // namespace

Route PolicyReader::readRoute(const Node& at)
{
    Route route;
    if (!m_document.object(at, "route"))
        return route;
    readName(m_document.required(at, "name"), route.name);
    readKind(at, route);
    readPath(m_document.required(at, "path"), route);
    readAuthentication(m_document.member(at, "authentication"), route);
    readRouteRoles(m_document.member(at, "roles"), route);
    readOrigins(m_document.member(at, "origins"), route);
    checkTokenPlaces(at, route);
    readNetworkRules(m_document.member(at, "networks"), route.networks);
    readSubprotocols(m_document.member(at, "subprotocols"), route);
    readMessages(m_document.member(at, "messages"), route);
    readIdleTimeout(m_document.member(at, "idle_timeout"), route);
    readPing(m_document.member(at, "ping"), route);
    m_document.readRate(m_document.member(at, "control_frames"), route.controlFrames);
    readCompression(at, route);
    checkBytesRate(at, route);
    checkCentrifuge(at, route);
    readSendBuffer(at, route);
    readLifetime(m_document.member(at, "session_lifetime"), route);
    readSlowConsumer(m_document.member(at, "slow_consumer"), route);
    return route;
}

void PolicyReader::readPath(const Node& at, Route& route)
{
    m_document.read(at, route.path);
    if (route.path.empty())
        return;
    if (!isRoutePath(route.path))
        return m_document.unexpected(Code::BadValue, at,
                                     "a path like \"/hub/{channel}\" without empty or dot segments");
    const std::size_t count = placeholders(route.path);
    if (route.kind == RouteKind::Plain && count != 1)
        m_document.unexpected(Code::BadValue, at, "{channel} once as a segment of a plain hub's path");
    if (route.kind != RouteKind::Plain && count != 0)
        m_document.unexpected(Code::BadValue, at,
                              "no {channel} in the path of " + std::string(kindOf(route.kind)) + " route");
}

void PolicyReader::readAuthentication(const Node& at, Route& route)
{
    Authentication& authentication = route.authentication;
    setDefaultTokenPlaces(route);
    if (!m_document.object(at, "authentication"))
        return;
    const Node required = DocumentReader::member(at, "required");
    m_document.read(required, authentication.required);
    if (!authentication.required)
        m_document.warn(Code::Insecure, required, "anybody may connect to this route without a token");
    setDefaultTokenPlaces(route);
    const Node issuers = DocumentReader::member(at, "issuers");
    m_document.readList(issuers, authentication.issuers);
    for (const Node& item : issuers.is(Kind::Array) ? m_document.items(issuers) : std::vector<Node>()) {
        const auto named = [&](const Issuer& issuer) { return issuer.name == item.value->text; };
        if (item.is(Kind::String) && std::none_of(m_policy.issuers.begin(), m_policy.issuers.end(), named))
            m_document.unexpected(Code::BadValue, item, "the name of an issuer");
    }
    readTokenPlaces(DocumentReader::member(at, "from"), route);
    const Node within = DocumentReader::member(at, "first_message_within");
    m_document.readDuration(within, authentication.firstMessageWithin, 100ms, 10min);
    if (within && !looksAt(authentication, TokenPlace::FirstMessage))
        m_document.error(Code::Conflict, within, "no token is looked for in the first message of this route");
}

void PolicyReader::readTokenPlaces(const Node& at, Route& route)
{
    if (!at)
        return;
    Authentication& authentication = route.authentication;
    auto& places = authentication.from;
    places.clear();
    constexpr std::array words{std::pair{"authorization", TokenPlace::Authorization},
                               std::pair{"subprotocol", TokenPlace::Subprotocol},
                               std::pair{"first_message", TokenPlace::FirstMessage}};
    for (const Node& item : m_document.items(at)) {
        const std::string word = item.is(Kind::String) ? item.value->text : std::string();
        const auto* known =
            std::find_if(words.begin(), words.end(), [&](const auto& one) { return one.first == word; });
        const std::size_t before = places.size();
        if (known != words.end())
            places.push_back(known->second);
        else if (item.is(Kind::Object))
            readNamedPlace(item, authentication);
        else
            m_document.unexpected(item.is(Kind::String) ? Code::BadValue : Code::WrongType, item,
                                  "\"authorization\", \"subprotocol\", \"first_message\", or an object with "
                                  "\"cookie\", \"query\" or \"certificate\"");
        if (places.size() > before && std::count(places.begin(), places.end(), places.back()) > 1)
            m_document.error(Code::Conflict, item, "a place stands here a second time");
    }
    if (at.is(Kind::Array) && at.value->items.empty())
        m_document.error(Code::Missing, at, "at least one place of a token is required");
}

/// { "cookie": NAME }, { "query": NAME } or { "certificate": "cn" }.
void PolicyReader::readNamedPlace(const Node& at, Authentication& target)
{
    m_document.object(at, "token_place");
    const Node cookie = DocumentReader::member(at, "cookie");
    const Node query = DocumentReader::member(at, "query");
    const Node certificate = DocumentReader::member(at, "certificate");
    if (int(bool(cookie)) + int(bool(query)) + int(bool(certificate)) != 1)
        return m_document.error(Code::Missing, at, "one of \"cookie\", \"query\" and \"certificate\" is required");
    if (certificate) {
        std::string word;
        m_document.read(certificate, word);
        if (word != "cn" && word != "san_dns" && word != "san_email" && !word.empty())
            m_document.unexpected(Code::BadValue, certificate, "\"cn\", \"san_dns\" or \"san_email\"");
        target.certificate = word == "san_dns"     ? CertificateName::DnsName
                             : word == "san_email" ? CertificateName::Email
                                                   : CertificateName::CommonName;
        return target.from.push_back(TokenPlace::Certificate);
    }
    const Node named = cookie ? cookie : query;
    std::string& name = cookie ? target.cookie : target.query;
    m_document.read(named, name, 64);
    if (!isParameterName(name) && !name.empty())
        m_document.unexpected(Code::BadValue, named, "a name of 1 to 64 of A–Z a–z 0–9 _ - .");
    target.from.push_back(cookie ? TokenPlace::Cookie : TokenPlace::Query);
}

/// What the places of a token ask of the rest of the policy.
void PolicyReader::checkTokenPlaces(const Node& at, const Route& route)
{
    const Authentication& authentication = route.authentication;
    const Node from = DocumentReader::member(DocumentReader::member(at, "authentication"), "from");
    if (looksAt(authentication, TokenPlace::FirstMessage) && route.kind == RouteKind::Gateway)
        m_document.error(Code::Conflict, from,
                         "a gateway's token comes with the request: its first message is the application's");
    else if (looksAt(authentication, TokenPlace::FirstMessage) && !authentication.required)
        m_document.error(Code::Conflict, from,
                         "where a token may come as the first message it must be required: nothing else tells it from "
                         "a message");
    if (looksAt(authentication, TokenPlace::Query))
        m_document.warn(Code::Insecure, from, "addresses with a token in them end up in histories and logs of proxies");
    if (!looksAt(authentication, TokenPlace::Certificate))
        return;
    const auto asks = [](const Listener& listener) { return listener.tls && !listener.tls->clientCa.empty(); };
    if (std::none_of(m_policy.listeners.begin(), m_policy.listeners.end(), asks))
        m_document.error(Code::Conflict, from, "no listener has a client_ca, so that no client shows a certificate");
    const auto reserved = [](const Issuer& issuer) { return issuer.name == certificateIssuer; };
    if (std::any_of(m_policy.issuers.begin(), m_policy.issuers.end(), reserved))
        m_document.error(Code::Conflict, from,
                         "an issuer has the name \"certificate\", which stands for client certificates");
}

void PolicyReader::readRouteRoles(const Node& at, Route& route)
{
    m_document.readList(at, route.roles);
    checkRoleNames(at, route.roles, false);
    if (!route.roles.empty() && !route.authentication.required)
        m_document.error(Code::Conflict, at, "roles are of no use where authentication is not required");
}

void PolicyReader::readSubprotocols(const Node& at, Route& route)
{
    if (!m_document.object(at, "subprotocols"))
        return;
    const Node allow = DocumentReader::member(at, "allow");
    m_document.readList(allow, route.subprotocols.allow);
    for (const Node& item : allow.is(Kind::Array) ? m_document.items(allow) : std::vector<Node>()) {
        const std::string name = item.is(Kind::String) ? item.value->text : std::string();
        if (!name.empty() && (!isHttpToken(name) || name.starts_with("bearer.")))
            m_document.unexpected(Code::BadValue, item,
                                  "a name that may stand in Sec-WebSocket-Protocol, and no \"bearer.\"");
    }
    m_document.read(DocumentReader::member(at, "require"), route.subprotocols.require);
}

void PolicyReader::readLifetime(const Node& at, Route& route)
{
    if (at.isOff())
        return route.sessionLifetime.reset();
    m_document.readDuration(at, *route.sessionLifetime, 1s, 24h * 366);
}

void PolicyReader::readSlowConsumer(const Node& at, Route& route)
{
    std::string word;
    m_document.read(at, word);
    if (word == "drop_newest")
        route.slowConsumer = SlowConsumer::DropNewest;
    else if (!word.empty() && word != "close")
        m_document.unexpected(Code::BadValue, at, "\"close\" or \"drop_newest\"");
}

void PolicyReader::readOrigins(const Node& at, Route& route)
{
    if (!at)
        return;
    std::vector<std::string> words;
    m_document.readList(at, words);
    route.origins.clear();
    for (const Node& item : at.is(Kind::Array) ? m_document.items(at) : std::vector<Node>()) {
        if (!item.is(Kind::String) || item.value->text.empty())
            continue;
        auto rule = parseOriginRule(item.value->text);
        if (!rule) {
            m_document.unexpected(Code::BadValue, item, "\"none\", \"*\", scheme://host[:port] or \"*.example\"");
            continue;
        }
        const Authentication& authentication = route.authentication;
        const bool ambient =
            looksAt(authentication, TokenPlace::Cookie) || looksAt(authentication, TokenPlace::Certificate);
        if (rule->kind == OriginRule::Kind::Any && (ambient || !authentication.required))
            m_document.error(Code::Insecure, item,
                             authentication.required
                                 ? "\"*\" is refused where a browser shows a cookie or a certificate by itself"
                                 : "\"*\" is refused where authentication is not required");
        route.origins.push_back(std::move(*rule));
    }
    if (at.is(Kind::Array) && at.value->items.empty())
        m_document.error(Code::Missing, at, "at least one origin is required: an empty list lets nobody in");
}

void PolicyReader::readMessages(const Node& at, Route& route)
{
    Messages& messages = route.messages;
    if (!m_document.object(at, "messages"))
        return;
    readTypes(DocumentReader::member(at, "types"), messages);
    m_document.readSize(DocumentReader::member(at, "max_size"), messages.maxSize, 1, largestMessage);
    m_document.readWhole(DocumentReader::member(at, "max_fragments"), messages.maxFragments, 1, 1'000'000);
    m_document.readDuration(DocumentReader::member(at, "complete_within"), messages.completeWithin, 100ms, 1h);
    m_document.readRate(DocumentReader::member(at, "rate"), messages.rate);
    m_document.readRate(DocumentReader::member(at, "bytes"), messages.bytes);
    readConduct(at, route);
    std::uint64_t violations = messages.violationsBeforeClose;
    m_document.readWhole(DocumentReader::member(at, "violations_before_close"), violations, 1, 10'000);
    messages.violationsBeforeClose = static_cast<std::uint32_t>(violations);
    m_document.readDuration(DocumentReader::member(at, "violations_within"), messages.violationsWithin, 1s, 24h);
    const Node commands = DocumentReader::member(at, "max_commands_per_frame");
    m_document.readWhole(commands, messages.maxCommandsPerFrame, 1, 10'000);
    if (commands && route.kind != RouteKind::Centrifuge)
        m_document.error(Code::Conflict, commands, "only the protocol \"centrifuge\" has commands");
}

void PolicyReader::readConduct(const Node& at, Route& route)
{
    Messages& messages = route.messages;
    const Node onExcess = DocumentReader::member(at, "on_excess");
    std::string word;
    m_document.read(onExcess, word);
    if (word == "close" || word == "drop" || word == "throttle")
        messages.onExcess = word == "close" ? OnExcess::Close : word == "drop" ? OnExcess::Drop : OnExcess::Throttle;
    else if (!word.empty())
        m_document.unexpected(Code::BadValue, onExcess, "\"close\", \"drop\" or \"throttle\"");
    readSchemas(DocumentReader::member(at, "schema"), route);
    const Node onViolation = DocumentReader::member(at, "on_violation");
    word.clear();
    m_document.read(onViolation, word);
    if (word == "drop" || word == "report")
        messages.onViolation = word == "drop" ? OnViolation::Drop : OnViolation::Report;
    else if (!word.empty() && word != "close")
        m_document.unexpected(Code::BadValue, onViolation, "\"close\", \"drop\" or \"report\"");
}

void PolicyReader::readCompression(const Node& route, Route& target)
{
    const Node at = DocumentReader::member(route, "compression");
    if (!at || at.isOff())
        return;
    if (!at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, "compression"))
        return;
    Compression compression;
    m_document.readSize(DocumentReader::member(at, "max_inflated"), compression.maxInflated, 1, largestMessage);
    const Node minSize = DocumentReader::member(at, "min_size");
    m_document.readSize(minSize, compression.minSize, 1, largestMessage);
    if (compression.minSize > std::max(compression.maxInflated, target.messages.maxSize))
        m_document.error(Code::Conflict, minSize ? minSize : at, "no message would be as long as min_size");
    target.compression = compression;
}

/// A message costs its bytes as it comes or as it was inflated, whichever are more.
void PolicyReader::checkBytesRate(const Node& at, const Route& route)
{
    const Messages& messages = route.messages;
    if (!messages.bytes || messages.onExcess == OnExcess::Throttle)
        return;
    const Node bytes = DocumentReader::member(DocumentReader::member(at, "messages"), "bytes");
    if (messages.bytes->burst < messages.maxSize)
        m_document.error(Code::Conflict, bytes, "a message of max_size would never fit into the burst");
    else if (route.compression && messages.bytes->burst < route.compression->maxInflated)
        m_document.error(Code::Conflict, bytes, "a message of max_inflated would never fit into the burst");
}

void PolicyReader::readSendBuffer(const Node& route, Route& target)
{
    const Node at = DocumentReader::member(route, "send_buffer");
    m_document.readSize(at, target.sendBuffer, 4096, 4 * largestMessage);
    constexpr std::uint64_t largestHeader = 10; // RFC 6455 §5.2, unmasked
    const auto mustFit = [&](std::uint64_t size, std::string_view key, std::string_view section) {
        if (size + largestHeader > target.sendBuffer)
            m_document.error(Code::Conflict, at ? at : DocumentReader::member(route, section),
                             "a message of " + std::string(key) + " would not fit into send_buffer");
    };
    mustFit(target.messages.maxSize, "max_size", "messages");
    if (target.compression)
        mustFit(target.compression->maxInflated, "max_inflated", "compression");
}

void PolicyReader::readTypes(const Node& at, Messages& messages)
{
    if (!at)
        return;
    std::vector<std::string> words;
    m_document.readList(at, words);
    messages.text = std::find(words.begin(), words.end(), "text") != words.end();
    messages.binary = std::find(words.begin(), words.end(), "binary") != words.end();
    for (const Node& item : at.is(Kind::Array) ? m_document.items(at) : std::vector<Node>())
        if (item.is(Kind::String) && item.value->text != "text" && item.value->text != "binary")
            m_document.unexpected(Code::BadValue, item, "\"text\" or \"binary\"");
    if (at.is(Kind::Array) && at.value->items.empty())
        m_document.error(Code::Missing, at, "at least one type is required");
}

void PolicyReader::readIdleTimeout(const Node& at, Route& route)
{
    if (!at)
        return;
    if (at.isOff())
        return route.idleTimeout.reset();
    std::chrono::milliseconds timeout{0};
    m_document.readDuration(at, timeout, 1s, 24h * 366);
    if (timeout > 0ms)
        route.idleTimeout = timeout;
}

void PolicyReader::readPing(const Node& at, Route& route)
{
    if (at.isOff()) {
        route.ping.reset();
        return;
    }
    if (at && !at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, "ping"))
        return;
    Ping ping;
    m_document.readDuration(DocumentReader::member(at, "every"), ping.every, 100ms, 24h);
    const Node timeout = DocumentReader::member(at, "timeout");
    m_document.readDuration(timeout, ping.timeout, 100ms, 24h);
    if (ping.timeout >= ping.every)
        m_document.error(Code::Conflict, timeout,
                         "timeout must be shorter than every: an answer is due before the next ping");
    route.ping = ping;
}

void PolicyReader::checkRoutes(const std::vector<Node>& nodes)
{
    checkUnique(nodes, "name");
    checkUnique(nodes, "path");
}

} // namespace gatehouse
