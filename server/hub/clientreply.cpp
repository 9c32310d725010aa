// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clientreply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>

namespace gatehouse::clientprotocol {

namespace {

/// Bytes of the code point that the text begins with (RFC 3629 §4); 0: they are none.
std::size_t codePointSize(std::string_view text)
{
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(at < text.size() ? text[at] : 0); };
    const auto within = [&byte](std::size_t at, unsigned low, unsigned high) {
        return byte(at) >= low && byte(at) <= high;
    };
    const auto trails = [&within](std::size_t at) { return within(at, 0x80, 0xbf); };
    const unsigned lead = byte(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return trails(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef)
        return within(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && trails(2) ? 3 : 0;
    if (lead >= 0xf0 && lead <= 0xf4)
        return within(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && trails(2) && trails(3) ? 4 : 0;
    return 0;
}

void appendEscaped(std::string& text, unsigned char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        text += '\\';
        text += static_cast<char>(c);
        return;
    }
    text += "\\u00";
    text += digits[c >> 4];
    text += digits[c & 0xf];
}

void appendText(std::string& text, std::string_view value)
{
    text += '"';
    std::size_t plain = 0; // from here on everything can stand as it is
    for (std::size_t at = 0; at < value.size();) {
        const auto c = static_cast<unsigned char>(value[at]);
        const bool escaped = c < 0x20 || c == '"' || c == '\\';
        const std::size_t size = escaped ? 0 : codePointSize(value.substr(at));
        if (size > 0) {
            at += size;
            continue;
        }
        text.append(value, plain, at - plain);
        if (escaped)
            appendEscaped(text, c);
        else
            text += "\xef\xbf\xbd";
        plain = ++at;
    }
    text.append(value, plain);
    text += '"';
}

void appendJson(std::string& text, std::string_view json)
{
    for (;;) {
        const std::size_t end = json.find('\n');
        text.append(json, 0, end);
        if (end == std::string_view::npos)
            return;
        json.remove_prefix(end + 1);
    }
}

template <std::unsigned_integral Number> void appendNumber(std::string& text, Number value)
{
    std::array<char, std::numeric_limits<Number>::digits10 + 1> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text.append(digits.data(), end);
}

/// Members of one object, in the order of the calls. Ends it when it goes.
class Object {
public:
    explicit Object(std::string& text)
        : m_text(text)
    {
        m_text += '{';
    }
    ~Object() { m_text += '}'; }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    /// For the value, which is to follow at once.
    std::string& key(std::string_view name)
    {
        begin();
        m_text += '"';
        m_text += name; // of ours
        m_text += "\":";
        return m_text;
    }
    std::string& foreignKey(std::string_view name)
    {
        begin();
        appendText(m_text, name);
        m_text += ':';
        return m_text;
    }

    void text(std::string_view name, std::string_view value) { appendText(key(name), value); }
    template <std::unsigned_integral Number> void number(std::string_view name, Number value)
    {
        appendNumber(key(name), value);
    }
    void seconds(std::string_view name, std::chrono::seconds value)
    {
        const auto most = std::chrono::seconds(std::numeric_limits<std::uint32_t>::max());
        number(name, static_cast<std::uint32_t>(std::clamp(value, std::chrono::seconds(0), most).count()));
    }

    // Where there is something to say.
    void textIfAny(std::string_view name, std::string_view value)
    {
        if (!value.empty())
            text(name, value);
    }
    void jsonIfAny(std::string_view name, std::string_view value)
    {
        if (!value.empty())
            appendJson(key(name), value);
    }
    void flagIfSet(std::string_view name, bool set)
    {
        if (set)
            key(name) += "true";
    }
    void timeToLive(TimeToLive ttl)
    {
        if (!ttl)
            return;
        flagIfSet("expires", true);
        seconds("ttl", *ttl);
    }
    void position(const StreamPosition& position)
    {
        text("epoch", position.epoch);
        number("offset", position.offset);
    }

private:
    void begin()
    {
        if (m_any)
            m_text += ',';
        m_any = true;
    }

    std::string& m_text;
    bool m_any = false;
};

void appendInfo(std::string& text, const ClientInfo& info)
{
    Object object(text);
    object.text("user", info.user);
    object.text("client", info.client);
    object.jsonIfAny("conn_info", info.connInfo);
    object.jsonIfAny("chan_info", info.chanInfo);
}

void appendTags(std::string& text, const std::vector<std::pair<std::string, std::string>>& tags)
{
    Object object(text);
    for (const auto& [name, value] : tags)
        appendText(object.foreignKey(name), value);
}

void appendContent(std::string& text, const Publication& publication)
{
    Object object(text);
    object.jsonIfAny("data", publication.data);
    if (publication.info)
        appendInfo(object.key("info"), *publication.info);
    if (publication.offset > 0) // clients take one that is there for their position
        object.number("offset", publication.offset);
    if (!publication.tags.empty())
        appendTags(object.key("tags"), publication.tags);
}

void appendContents(std::string& text, const std::vector<SharedPublication>& publications)
{
    text += '[';
    for (const SharedPublication& publication : publications) {
        if (&publication != &publications.front())
            text += ',';
        appendContent(text, *publication);
    }
    text += ']';
}

/// What a reply and a `subscribe` push have in common.
void appendStream(Object& object, const SubscribeResult& result)
{
    object.flagIfSet("recoverable", result.recoverable);
    object.flagIfSet("positioned", result.positioned);
    if (result.recoverable || result.positioned)
        object.position(result.position);
    object.jsonIfAny("data", result.data);
}

void appendResult(std::string& text, const SubscribeResult& result)
{
    Object object(text);
    object.timeToLive(result.ttl);
    appendStream(object, result);
    object.flagIfSet("was_recovering", result.wasRecovering);
    object.flagIfSet("recovered", result.recovered);
    if (!result.publications.empty())
        appendContents(object.key("publications"), result.publications);
}

void appendSubs(std::string& text, const std::vector<std::pair<std::string, SubscribeResult>>& subs)
{
    Object object(text);
    for (const auto& [channel, result] : subs)
        appendResult(object.foreignKey(channel), result);
}

void appendResult(std::string& text, const ConnectResult& result)
{
    Object object(text);
    object.text("client", result.client);
    object.text("version", result.version);
    object.timeToLive(result.ttl);
    object.jsonIfAny("data", result.data);
    if (!result.subs.empty())
        appendSubs(object.key("subs"), result.subs);
    if (result.ping)
        object.seconds("ping", *result.ping);
    object.flagIfSet("pong", result.pong);
    object.textIfAny("node", result.node);
}

void appendResult(std::string& text, const PresenceResult& result)
{
    Object object(text);
    Object clients(object.key("presence")); // ends before the other
    for (const ClientInfo& info : result.clients)
        appendInfo(clients.foreignKey(info.client), info);
}

void appendResult(std::string& text, const PresenceStatsResult& result)
{
    Object object(text);
    object.number("num_clients", result.clients);
    object.number("num_users", result.users);
}

void appendResult(std::string& text, const HistoryResult& result)
{
    Object object(text);
    appendContents(object.key("publications"), result.publications);
    object.position(result.position);
}

void appendResult(std::string& text, const RpcResult& result)
{
    Object(text).jsonIfAny("data", result.data);
}

void appendResult(std::string& text, const TimeToLive& ttl)
{
    Object(text).timeToLive(ttl);
}

void separate(std::string& message)
{
    if (!message.empty())
        message += '\n';
}

/// The empty result for those that have none: clients look into it without asking whether it is there.
template <class... Result>
void appendReplyOf(std::string& message, std::uint32_t id, std::string_view method, const Result&... result)
{
    separate(message);
    Object reply(message);
    reply.number("id", id);
    std::string& text = reply.key(method);
    if constexpr (sizeof...(result) == 0)
        text += "{}";
    else
        (appendResult(text, result), ...);
}

template <class Append> void appendPush(std::string& message, std::string_view channel, const Append& append)
{
    separate(message);
    Object reply(message);
    Object push(reply.key("push"));
    push.textIfAny("channel", channel);
    append(push);
}

void appendInfoPush(std::string& message, std::string_view channel, std::string_view what, const ClientInfo& who)
{
    appendPush(message, channel, [what, &who](Object& push) {
        Object object(push.key(what));
        appendInfo(object.key("info"), who);
    });
}

} // namespace

void appendReply(std::string& message, std::uint32_t id, const ConnectResult& result)
{
    appendReplyOf(message, id, "connect", result);
}

void appendReply(std::string& message, std::uint32_t id, const SubscribeResult& result)
{
    appendReplyOf(message, id, "subscribe", result);
}

void appendReply(std::string& message, std::uint32_t id, const UnsubscribeResult&)
{
    appendReplyOf(message, id, "unsubscribe");
}

void appendReply(std::string& message, std::uint32_t id, const PublishResult&)
{
    appendReplyOf(message, id, "publish");
}

void appendReply(std::string& message, std::uint32_t id, const PresenceResult& result)
{
    appendReplyOf(message, id, "presence", result);
}

void appendReply(std::string& message, std::uint32_t id, const PresenceStatsResult& result)
{
    appendReplyOf(message, id, "presence_stats", result);
}

void appendReply(std::string& message, std::uint32_t id, const HistoryResult& result)
{
    appendReplyOf(message, id, "history", result);
}

void appendReply(std::string& message, std::uint32_t id, const PingResult&)
{
    appendReplyOf(message, id, "ping");
}

void appendReply(std::string& message, std::uint32_t id, const RpcResult& result)
{
    appendReplyOf(message, id, "rpc", result);
}

void appendReply(std::string& message, std::uint32_t id, const RefreshResult& result)
{
    appendReplyOf(message, id, "refresh", result.ttl);
}

void appendReply(std::string& message, std::uint32_t id, const SubRefreshResult& result)
{
    appendReplyOf(message, id, "sub_refresh", result.ttl);
}

void appendError(std::string& message, std::uint32_t id, ErrorCode code, std::string_view text)
{
    separate(message);
    Object reply(message);
    reply.number("id", id);
    Object error(reply.key("error"));
    error.number("code", static_cast<std::uint32_t>(code));
    error.text("message", text.empty() ? errorMessage(code) : text);
    error.flagIfSet("temporary", isTemporary(code));
}

void appendPublication(std::string& message, std::string_view channel, const Publication& publication)
{
    appendPush(message, channel, [&publication](Object& push) { appendContent(push.key("pub"), publication); });
}

void appendJoin(std::string& message, std::string_view channel, const ClientInfo& who)
{
    appendInfoPush(message, channel, "join", who);
}

void appendLeave(std::string& message, std::string_view channel, const ClientInfo& who)
{
    appendInfoPush(message, channel, "leave", who);
}

void appendUnsubscribe(std::string& message, std::string_view channel, UnsubscribeCode code, std::string_view reason)
{
    appendPush(message, channel, [code, reason](Object& push) {
        Object object(push.key("unsubscribe"));
        object.number("code", static_cast<std::uint32_t>(code));
        object.text("reason", reason.empty() ? unsubscribeReason(code) : reason);
    });
}

void appendSubscribe(std::string& message, std::string_view channel, const SubscribeResult& result)
{
    appendPush(message, channel, [&result](Object& push) {
        Object object(push.key("subscribe"));
        appendStream(object, result);
    });
}

void appendMessage(std::string& message, std::string_view data)
{
    appendPush(message, {}, [data](Object& push) { Object(push.key("message")).jsonIfAny("data", data); });
}

void appendDisconnect(std::string& message, DisconnectCode code, std::string_view reason)
{
    appendPush(message, {}, [code, reason](Object& push) {
        Object object(push.key("disconnect"));
        object.number("code", static_cast<std::uint32_t>(code));
        object.text("reason", reason.empty() ? disconnectReason(code) : reason);
        object.flagIfSet("reconnect", reconnects(code));
    });
}

void appendRefresh(std::string& message, TimeToLive ttl)
{
    appendPush(message, {}, [ttl](Object& push) { appendResult(push.key("refresh"), ttl); });
}

void appendPing(std::string& message)
{
    appendEncoded(message, "{}");
}

void appendEncoded(std::string& message, std::string_view encoded)
{
    separate(message);
    message += encoded;
}

} // namespace gatehouse::clientprotocol
