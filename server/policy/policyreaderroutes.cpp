// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/origin.h"
#include "policy/policyreader.h"
#include "policy/text.h"

#include <algorithm>
#include <limits>

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

} // namespace

Route PolicyReader::readRoute(const Node& at)
{
    Route route;
    if (!m_document.object(at, {{"name", "path", "hub", "authentication", "origins", "compression", "messages",
                                 "idle_timeout", "ping", "control_frames", "send_buffer"},
                                {"gateway", "roles", "networks", "subprotocols", "session_lifetime", "slow_consumer"}}))
        return route;
    readName(m_document.required(at, "name"), route.name);
    readHub(at, route);
    readPath(m_document.required(at, "path"), route);
    readAuthentication(m_document.member(at, "authentication"), route);
    readOrigins(m_document.member(at, "origins"), route);
    readMessages(m_document.member(at, "messages"), route);
    readIdleTimeout(m_document.member(at, "idle_timeout"), route);
    readPing(m_document.member(at, "ping"), route);
    m_document.readRate(m_document.member(at, "control_frames"), route.controlFrames);
    readCompression(at, route);
    readSendBuffer(at, route);
    return route;
}

void PolicyReader::readHub(const Node& at, Route& route)
{
    const Node hub = DocumentReader::member(at, "hub");
    if (!hub) {
        if (!DocumentReader::member(at, "gateway"))
            m_document.error(Code::Missing, at, "a route is a hub or a gateway: one of the two keys is required");
        return;
    }
    if (!m_document.object(hub, {{"protocol"}}))
        return;
    const Node protocol = m_document.required(hub, "protocol");
    std::string word;
    m_document.read(protocol, word);
    if (word == "echo") {
        route.hub = HubProtocol::Echo;
        m_document.warn(Code::Insecure, protocol, "an echo route is for diagnosis: it answers whoever may connect");
    } else if (word == "centrifuge") {
        m_document.error(Code::NotBuiltYet, protocol, "this protocol is not built yet");
    } else if (!word.empty() && word != "plain") {
        m_document.unexpected(Code::BadValue, protocol, "\"plain\" or \"echo\"");
    }
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
    if (route.hub == HubProtocol::Plain && count != 1)
        m_document.unexpected(Code::BadValue, at, "{channel} once as a segment of a plain hub's path");
    if (route.hub == HubProtocol::Echo && count != 0)
        m_document.unexpected(Code::BadValue, at, "no {channel} in the path of an echo route");
}

void PolicyReader::readAuthentication(const Node& at, Route& route)
{
    Authentication& authentication = route.authentication;
    if (!m_document.object(at, {{"required", "issuers", "from"}, {"first_message_within"}}))
        return;
    const Node required = DocumentReader::member(at, "required");
    m_document.read(required, authentication.required);
    if (!authentication.required)
        m_document.warn(Code::Insecure, required, "anybody may connect to this route without a token");
    const Node issuers = DocumentReader::member(at, "issuers");
    m_document.readList(issuers, authentication.issuers);
    for (const Node& item : issuers.is(Kind::Array) ? m_document.items(issuers) : std::vector<Node>()) {
        const auto named = [&](const Issuer& issuer) { return issuer.name == item.value->text; };
        if (item.is(Kind::String) && std::none_of(m_policy.issuers.begin(), m_policy.issuers.end(), named))
            m_document.unexpected(Code::BadValue, item, "the name of an issuer");
    }
    const Node from = DocumentReader::member(at, "from");
    if (!from)
        return;
    authentication.from.clear();
    for (const Node& item : m_document.items(from)) {
        const std::string word = item.is(Kind::String) ? item.value->text : std::string();
        if (word == "authorization" || word == "subprotocol")
            authentication.from.push_back(word == "authorization" ? TokenPlace::Authorization
                                                                  : TokenPlace::Subprotocol);
        else if (item.is(Kind::Object) || word == "first_message")
            m_document.error(Code::NotBuiltYet, item, "this place of a token is not built yet");
        else
            m_document.unexpected(item.is(Kind::String) ? Code::BadValue : Code::WrongType, item,
                                  "\"authorization\" or \"subprotocol\"");
    }
    auto& places = authentication.from;
    if (places.size() == 2 && places[0] == places[1])
        m_document.error(Code::Conflict, from, "a place stands here a second time");
    if (from.is(Kind::Array) && from.value->items.empty())
        m_document.error(Code::Missing, from, "at least one place of a token is required");
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
        if (rule->kind == OriginRule::Kind::Any && !route.authentication.required)
            m_document.error(Code::Insecure, item, "\"*\" is refused where authentication is not required");
        route.origins.push_back(std::move(*rule));
    }
    if (at.is(Kind::Array) && at.value->items.empty())
        m_document.error(Code::Missing, at, "at least one origin is required: an empty list lets nobody in");
}

void PolicyReader::readMessages(const Node& at, Route& route)
{
    Messages& messages = route.messages;
    if (!m_document.object(at, {{"types", "max_size", "max_fragments", "complete_within", "rate", "on_excess",
                                 "violations_before_close", "violations_within"},
                                {"bytes", "schema", "on_violation", "max_commands_per_frame"}}))
        return;
    readTypes(DocumentReader::member(at, "types"), messages);
    m_document.readSize(DocumentReader::member(at, "max_size"), messages.maxSize, 1, largestMessage);
    m_document.readWhole(DocumentReader::member(at, "max_fragments"), messages.maxFragments, 1, 1'000'000);
    m_document.readDuration(DocumentReader::member(at, "complete_within"), messages.completeWithin, 100ms, 1h);
    m_document.readRate(DocumentReader::member(at, "rate"), messages.rate);
    const Node onExcess = DocumentReader::member(at, "on_excess");
    std::string word = "close";
    m_document.read(onExcess, word);
    if (word == "drop" || word == "throttle")
        m_document.error(Code::NotBuiltYet, onExcess, "only \"close\" is built yet");
    else if (word != "close")
        m_document.unexpected(Code::BadValue, onExcess, "\"close\"");
    std::uint64_t violations = messages.violationsBeforeClose;
    m_document.readWhole(DocumentReader::member(at, "violations_before_close"), violations, 1, 10'000);
    messages.violationsBeforeClose = static_cast<std::uint32_t>(violations);
    m_document.readDuration(DocumentReader::member(at, "violations_within"), messages.violationsWithin, 1s, 24h);
}

void PolicyReader::readCompression(const Node& route, Route& target)
{
    const Node at = DocumentReader::member(route, "compression");
    if (!at || at.isOff())
        return;
    if (!at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, {{"max_inflated", "min_size"}}))
        return;
    Compression compression;
    m_document.readSize(DocumentReader::member(at, "max_inflated"), compression.maxInflated, 1, largestMessage);
    const Node minSize = DocumentReader::member(at, "min_size");
    m_document.readSize(minSize, compression.minSize, 1, largestMessage);
    if (compression.minSize > std::max(compression.maxInflated, target.messages.maxSize))
        m_document.error(Code::Conflict, minSize ? minSize : at, "no message would be as long as min_size");
    target.compression = compression;
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
    if (!at || at.isOff())
        return;
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
    if (!m_document.object(at, {{"every", "timeout"}}))
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

void PolicyReader::readLimits(const Node& at)
{
    Limits& limits = m_policy.limits;
    if (!m_document.object(at, {{"sessions", "sessions_per_ip", "sessions_per_user", "pending", "pending_per_ip",
                                 "connects_per_ip", "auth_failures_per_ip", "messages_per_user", "bytes_per_user",
                                 "messages_per_ip", "request_line", "request_target", "request_header", "request_head",
                                 "request_headers", "request_timeout", "close_timeout", "channel_name"},
                                {"memory_for_buffers", "channels", "memory_for_history"}}))
        return;
    const auto key = [&](std::string_view name) { return DocumentReader::member(at, name); };
    readCount(key("sessions"), limits.sessions);
    readCount(key("sessions_per_ip"), limits.sessionsPerIp);
    readCount(key("sessions_per_user"), limits.sessionsPerUser);
    readCount(key("pending"), limits.pending);
    readCount(key("pending_per_ip"), limits.pendingPerIp);
    m_document.readRate(key("connects_per_ip"), limits.connectsPerIp);
    readAuthFailures(key("auth_failures_per_ip"));
    m_document.readRate(key("messages_per_user"), limits.messagesPerUser);
    m_document.readRate(key("bytes_per_user"), limits.bytesPerUser);
    m_document.readRate(key("messages_per_ip"), limits.messagesPerIp);
    readRequestLimits(at);
    m_document.readDuration(key("close_timeout"), limits.closeTimeout, 100ms, 10min);
    m_document.readWhole(key("channel_name"), limits.channelName, 1, 4096);
}

void PolicyReader::readCount(const Node& at, std::optional<std::uint64_t>& target)
{
    if (at.isOff()) {
        target.reset();
        return;
    }
    std::uint64_t count = 0;
    m_document.readWhole(at, count, 1, 100'000'000);
    if (count > 0)
        target = count;
}

void PolicyReader::readAuthFailures(const Node& at)
{
    auto& target = m_policy.limits.authFailuresPerIp;
    if (at.isOff()) {
        target.reset();
        return;
    }
    if (at && !at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, {{"count", "per", "then_ban"}}))
        return;
    AuthFailureLimit limit;
    m_document.readWhole(DocumentReader::member(at, "count"), limit.count, 1, 1'000'000);
    m_document.readDuration(DocumentReader::member(at, "per"), limit.per, 1s, 24h);
    m_document.readDuration(DocumentReader::member(at, "then_ban"), limit.thenBan, 1s, 24h * 366);
    target = limit;
}

void PolicyReader::readRequestLimits(const Node& at)
{
    constexpr std::uint64_t largest = 1 << 20;
    Limits& limits = m_policy.limits;
    const auto key = [&](std::string_view name) { return DocumentReader::member(at, name); };
    m_document.readSize(key("request_line"), limits.requestLine, 64, largest);
    m_document.readSize(key("request_target"), limits.requestTarget, 16, largest);
    m_document.readSize(key("request_header"), limits.requestHeader, 256, largest);
    m_document.readSize(key("request_head"), limits.requestHead, 512, largest);
    m_document.readWhole(key("request_headers"), limits.requestHeaders, 8, 1000);
    m_document.readDuration(key("request_timeout"), limits.requestTimeout, 100ms, 10min);
    const auto within = [&](std::string_view name, std::uint64_t inner, std::string_view outerName,
                            std::uint64_t outer) {
        const Node place = key(name) ? key(name) : key(outerName);
        if (inner > outer)
            m_document.error(Code::Conflict, place, std::string(name) + " is over " + std::string(outerName));
    };
    within("request_target", limits.requestTarget, "request_line", limits.requestLine);
    within("request_line", limits.requestLine, "request_head", limits.requestHead);
    within("request_header", limits.requestHeader, "request_head", limits.requestHead);
}

} // namespace gatehouse
