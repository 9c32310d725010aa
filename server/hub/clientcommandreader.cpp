// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clientcommandreader.h"

#include "schema/jsoncursor.h"

#include <algorithm>
#include <concepts>
#include <span>
#include <utility>

namespace gatehouse::clientprotocol {

namespace {

/// Makes a command of a line that is good JSON. The first thing that is wrong is kept; reading goes on for the id,
/// which npm's centrifuge writes last.
class CommandParser {
public:
    CommandParser(std::string_view line, std::size_t mostSubs)
        : m_cursor(line)
        , m_mostSubs(mostSubs)
    {
    }

    [[nodiscard]] Result<ClientCommand, CommandError> parse();

private:
    void member(std::string_view key);
    template <class Request> void method(std::string_view name);
    template <class Each> void members(std::string_view path, const Each& each);

    void fail(CommandFault fault, std::string_view field = {});
    void require(bool there, std::string_view field);
    void read(std::string& value, std::string_view field);
    void read(bool& value, std::string_view field);
    template <std::integral Number> void read(Number& value, std::string_view field);
    void readSubs(ConnectRequest& request);
    void readSince(HistoryRequest& request);
    void readFilter(SubscribeRequest& request);

    // Takes the value of a member and returns true; false, and nothing is taken, where the request has none so named.
    bool field(ConnectRequest& request, std::string_view key);
    bool field(SubscribeRequest& request, std::string_view key);
    bool position(StreamPosition& position, std::string_view key);
    bool field(PublishRequest& request, std::string_view key);
    bool field(HistoryRequest& request, std::string_view key);
    bool field(SendRequest& request, std::string_view key);
    bool field(RpcRequest& request, std::string_view key);
    bool field(RefreshRequest& request, std::string_view key);
    bool field(SubRefreshRequest& request, std::string_view key);
    bool field(PingRequest&, std::string_view) { return false; }
    /// Of those that have a channel alone.
    template <class Request> bool field(Request& request, std::string_view key);

    JsonCursor m_cursor;
    std::size_t m_mostSubs;
    std::string_view m_path; ///< of the object that is being read
    bool m_empty = true;     ///< `{}`
    ClientCommand m_command;
    std::optional<CommandError> m_error;
};

Result<ClientCommand, CommandError> CommandParser::parse()
{
    if (m_cursor.kind() == JsonKind::Object)
        members({}, [this](std::string_view key) {
            m_empty = false;
            member(key);
            return true;
        });
    else
        fail(CommandFault::NoObject);
    const bool hasMethod = !std::holds_alternative<Pong>(m_command.request);
    const bool needsId = hasMethod && !std::holds_alternative<SendRequest>(m_command.request);
    if (!m_error && !hasMethod && !m_empty)
        fail(CommandFault::UnknownMethod);
    if (!m_error && needsId && m_command.id == 0)
        fail(CommandFault::Missing, "id");
    if (!m_error)
        return std::move(m_command);
    m_error->id = m_command.id;
    return Failure{std::move(*m_error)};
}

void CommandParser::member(std::string_view key)
{
    if (key == "id")
        read(m_command.id, "id");
    else if (m_cursor.kind() == JsonKind::Null)
        m_cursor.take();
    else if (key == "publish")
        method<PublishRequest>("publish");
    else if (key == "subscribe")
        method<SubscribeRequest>("subscribe");
    else if (key == "unsubscribe")
        method<UnsubscribeRequest>("unsubscribe");
    else if (key == "connect")
        method<ConnectRequest>("connect");
    else if (key == "presence")
        method<PresenceRequest>("presence");
    else if (key == "presence_stats")
        method<PresenceStatsRequest>("presence_stats");
    else if (key == "history")
        method<HistoryRequest>("history");
    else if (key == "ping")
        method<PingRequest>("ping");
    else if (key == "send")
        method<SendRequest>("send");
    else if (key == "rpc")
        method<RpcRequest>("rpc");
    else if (key == "refresh")
        method<RefreshRequest>("refresh");
    else if (key == "sub_refresh")
        method<SubRefreshRequest>("sub_refresh");
    else
        m_cursor.take();
}

template <class Request> void CommandParser::method(std::string_view name)
{
    if (!std::holds_alternative<Pong>(m_command.request)) {
        fail(CommandFault::TwoMethods);
        m_cursor.take();
        return;
    }
    Request& request = m_command.request.emplace<Request>();
    members(name, [this, &request](std::string_view key) { return field(request, key); });
    const auto outer = std::exchange(m_path, name);
    if constexpr (requires { request.channel; })
        require(!request.channel.empty(), "channel");
    if constexpr (std::same_as<Request, PublishRequest>)
        require(!request.data.empty(), "data");
    if constexpr (std::same_as<Request, RefreshRequest> || std::same_as<Request, SubRefreshRequest>)
        require(!request.token.empty(), "token");
    m_path = outer;
}

/// Those of the object that comes next. What `each` has no use for, it leaves to be skipped.
template <class Each> void CommandParser::members(std::string_view path, const Each& each)
{
    const auto outer = std::exchange(m_path, path);
    if (m_cursor.enter()) {
        while (const auto key = m_cursor.key())
            if (!each(*key))
                m_cursor.take();
    } else {
        m_cursor.take();
        fail(CommandFault::Type);
    }
    m_path = outer;
}

void CommandParser::fail(CommandFault fault, std::string_view field)
{
    if (m_error)
        return;
    std::string where(m_path);
    if (!where.empty() && !field.empty())
        where += '/';
    where += field;
    m_error = CommandError{fault, std::nullopt, 0, std::move(where)};
}

void CommandParser::require(bool there, std::string_view field)
{
    if (!there)
        fail(CommandFault::Missing, field);
}

void CommandParser::read(std::string& value, std::string_view field)
{
    const std::string_view written = m_cursor.take();
    if (jsonKind(written) == JsonKind::Null)
        return;
    if (auto text = jsonString(written))
        value = std::move(*text);
    else
        fail(CommandFault::Type, field);
}

void CommandParser::read(bool& value, std::string_view field)
{
    const std::string_view written = m_cursor.take();
    if (jsonKind(written) == JsonKind::Null)
        return;
    if (const auto found = jsonBoolean(written))
        value = *found;
    else
        fail(CommandFault::Type, field);
}

template <std::integral Number> void CommandParser::read(Number& value, std::string_view field)
{
    const std::string_view written = m_cursor.take();
    const JsonKind kind = jsonKind(written);
    if (kind == JsonKind::Null)
        return;
    const auto found = [written] {
        if constexpr (std::unsigned_integral<Number>)
            return jsonUnsigned(written);
        else
            return jsonSigned(written);
    }();
    const bool whole = written.find_first_not_of("-0123456789") == std::string_view::npos;
    if (found && std::in_range<Number>(*found))
        value = static_cast<Number>(*found);
    else
        fail(kind == JsonKind::Number && whole ? CommandFault::Range : CommandFault::Type, field);
}

void CommandParser::readSubs(ConnectRequest& request)
{
    constexpr std::string_view path = "connect/subs/*";
    members("connect/subs", [this, &request, path](std::string_view key) {
        if (request.subs.size() == m_mostSubs) {
            fail(CommandFault::TooManySubs);
            return false;
        }
        if (key.empty())
            fail(CommandFault::Missing);
        SubscribeRequest& sub = request.subs.emplace_back(key, SubscribeRequest()).second;
        members(path, [this, &sub](std::string_view name) { return name != "channel" && field(sub, name); });
        return true;
    });
}

void CommandParser::readSince(HistoryRequest& request)
{
    StreamPosition& since = request.since.emplace();
    members("history/since", [this, &since](std::string_view key) { return position(since, key); });
}

/// That there is one is all that is of use.
void CommandParser::readFilter(SubscribeRequest& request)
{
    if (jsonKind(m_cursor.take()) == JsonKind::Object)
        request.filtered = true;
    else
        fail(CommandFault::Type, "tf");
}

bool CommandParser::field(ConnectRequest& request, std::string_view key)
{
    if (key == "token")
        read(request.token, "token");
    else if (key == "data")
        request.data = m_cursor.take();
    else if (key == "name")
        read(request.name, "name");
    else if (key == "version")
        read(request.version, "version");
    else if (key == "subs" && m_cursor.kind() != JsonKind::Null)
        readSubs(request);
    else
        return false;
    return true;
}

bool CommandParser::field(SubscribeRequest& request, std::string_view key)
{
    if (key == "channel")
        read(request.channel, "channel");
    else if (key == "token")
        read(request.token, "token");
    else if (key == "data")
        request.data = m_cursor.take();
    else if (key == "recover")
        read(request.recover, "recover");
    else if (key == "positioned")
        read(request.positioned, "positioned");
    else if (key == "recoverable")
        read(request.recoverable, "recoverable");
    else if (key == "join_leave")
        read(request.joinLeave, "join_leave");
    else if (key == "type")
        read(request.type, "type");
    else if (key == "flag")
        read(request.flags, "flag");
    else if (key == "tf" && m_cursor.kind() != JsonKind::Null)
        readFilter(request);
    else
        return position(request.position, key);
    return true;
}

bool CommandParser::position(StreamPosition& position, std::string_view key)
{
    if (key == "offset")
        read(position.offset, "offset");
    else if (key == "epoch")
        read(position.epoch, "epoch");
    else
        return false;
    return true;
}

bool CommandParser::field(PublishRequest& request, std::string_view key)
{
    if (key == "channel")
        read(request.channel, "channel");
    else if (key == "data")
        request.data = m_cursor.take();
    else if (key == "type")
        read(request.type, "type");
    else
        return false;
    return true;
}

bool CommandParser::field(HistoryRequest& request, std::string_view key)
{
    if (key == "channel")
        read(request.channel, "channel");
    else if (key == "limit")
        read(request.limit, "limit");
    else if (key == "reverse")
        read(request.reverse, "reverse");
    else if (key == "since" && m_cursor.kind() != JsonKind::Null)
        readSince(request);
    else
        return false;
    return true;
}

bool CommandParser::field(SendRequest& request, std::string_view key)
{
    if (key == "data")
        request.data = m_cursor.take();
    return key == "data";
}

bool CommandParser::field(RpcRequest& request, std::string_view key)
{
    if (key == "method")
        read(request.method, "method");
    else if (key == "data")
        request.data = m_cursor.take();
    else
        return false;
    return true;
}

bool CommandParser::field(RefreshRequest& request, std::string_view key)
{
    if (key == "token")
        read(request.token, "token");
    return key == "token";
}

bool CommandParser::field(SubRefreshRequest& request, std::string_view key)
{
    if (key == "channel")
        read(request.channel, "channel");
    else if (key == "token")
        read(request.token, "token");
    else
        return false;
    return true;
}

template <class Request> bool CommandParser::field(Request& request, std::string_view key)
{
    if (key == "channel")
        read(request.channel, "channel");
    return key == "channel";
}

/// What a line that is no good JSON says of its id; 0 where it says nothing, or more than one thing.
std::uint32_t guessedId(std::string_view line)
{
    JsonCursor cursor(line);
    std::uint32_t id = 0;
    if (!cursor.enter())
        return id;
    while (const auto key = cursor.key()) {
        const bool isId = *key == "id";
        const std::string_view written = cursor.take();
        if (!isId)
            continue;
        const auto found = jsonUnsigned(written);
        if (id != 0 || !found || !std::in_range<std::uint32_t>(*found))
            return 0;
        id = static_cast<std::uint32_t>(*found);
    }
    return id;
}

std::string_view faultText(CommandFault fault)
{
    switch (fault) {
    case CommandFault::Json:
        return "not JSON";
    case CommandFault::NoObject:
        return "no object";
    case CommandFault::UnknownMethod:
        return "no method that is known";
    case CommandFault::TwoMethods:
        return "more than one method";
    case CommandFault::Missing:
        return "missing";
    case CommandFault::Type:
        return "of the wrong type";
    case CommandFault::Range:
        return "out of range";
    case CommandFault::TooManySubs:
        return "too many subscriptions";
    case CommandFault::TooManyCommands:
        return "too many commands in a message";
    }
    return {};
}

} // namespace

std::string commandErrorText(const CommandError& error)
{
    std::string text = error.where;
    if (!text.empty())
        text += ": ";
    text += error.json ? jsonFaultText(*error.json) : faultText(error.fault);
    return text;
}

ErrorCode errorCodeOf(const CommandError& error)
{
    switch (error.fault) {
    case CommandFault::UnknownMethod:
        return ErrorCode::MethodNotFound;
    case CommandFault::TooManySubs:
    case CommandFault::TooManyCommands:
        return ErrorCode::LimitExceeded;
    default:
        return ErrorCode::BadRequest;
    }
}

std::optional<Result<ClientCommand, CommandError>> ClientCommandReader::next()
{
    if (m_ended)
        return std::nullopt;
    if (m_count++ == m_limits.commands) {
        m_ended = true;
        m_line = m_message;
        return Failure{CommandError{CommandFault::TooManyCommands, std::nullopt, 0, {}}};
    }
    const std::size_t end = std::min(m_message.find('\n'), m_message.size());
    m_line = m_message.substr(0, end);
    m_message.remove_prefix(std::min(end + 1, m_message.size()));
    m_ended = m_message.empty();
    if (const auto fault = m_validator.read(std::as_bytes(std::span(m_line))))
        return Failure{CommandError{CommandFault::Json, fault, guessedId(m_line), {}}};
    return CommandParser(m_line, m_limits.subs).parse();
}

} // namespace gatehouse::clientprotocol
