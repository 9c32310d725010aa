// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "hub/clientcommandreader.h"
#include "hub/clientreply.h"
#include "input.h"
#include "plainjson.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using namespace gatehouse::clientprotocol;
using Json = nlohmann::json;

namespace {

// A second reading of the protocol, by nlohmann-json: a table of members instead of code for each. Both make of a
// command the same object, in which every member stands, with its default where the client left it out.

enum class Form { Text, Flag, Whole64, Whole32, Offset, Data, Filter, Since };

struct Member {
    Form form;
    bool needed = false;
};

using Members = std::map<std::string, Member>;

const Members& streamMembers()
{
    static const Members members{
        {"token", {Form::Text}},       {"data", {Form::Data}},       {"recover", {Form::Flag}},
        {"offset", {Form::Offset}},    {"epoch", {Form::Text}},      {"positioned", {Form::Flag}},
        {"recoverable", {Form::Flag}}, {"join_leave", {Form::Flag}}, {"tf", {Form::Filter}},
        {"type", {Form::Whole64}},     {"flag", {Form::Whole64}},
    };
    return members;
}

const std::map<std::string, Members>& methods()
{
    static const Members channel{{"channel", {Form::Text, true}}};
    static const std::map<std::string, Members> all = [] {
        Members subscribe = streamMembers();
        subscribe["channel"] = {Form::Text, true};
        return std::map<std::string, Members>{
            {"connect",
             {{"token", {Form::Text}}, {"data", {Form::Data}}, {"name", {Form::Text}}, {"version", {Form::Text}}}},
            {"subscribe", subscribe},
            {"unsubscribe", channel},
            {"publish", {{"channel", {Form::Text, true}}, {"data", {Form::Data, true}}, {"type", {Form::Whole64}}}},
            {"presence", channel},
            {"presence_stats", channel},
            {"history",
             {{"channel", {Form::Text, true}},
              {"limit", {Form::Whole32}},
              {"since", {Form::Since}},
              {"reverse", {Form::Flag}}}},
            {"ping", {}},
            {"send", {{"data", {Form::Data}}}},
            {"rpc", {{"method", {Form::Text}}, {"data", {Form::Data}}}},
            {"refresh", {{"token", {Form::Text, true}}}},
            {"sub_refresh", {{"channel", {Form::Text, true}}, {"token", {Form::Text, true}}}},
        };
    }();
    return all;
}

/// Thrown where the protocol does not have it so.
struct NotSo {};

void must(bool holds)
{
    if (!holds)
        throw NotSo{};
}

Json readMembers(const Json& object, const Members& members);

Json readMember(const Json& value, Form form)
{
    const bool absent = value.is_null() || value.is_discarded();
    switch (form) {
    case Form::Text:
        must(absent || value.is_string());
        return absent ? Json("") : value;
    case Form::Flag:
        must(absent || value.is_boolean());
        return absent ? Json(false) : value;
    case Form::Offset:
        must(absent || value.is_number_unsigned());
        return absent ? Json(0U) : value;
    case Form::Whole32:
    case Form::Whole64: {
        must(absent || value.is_number_integer());
        if (absent)
            return 0;
        must(!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
        const auto number = value.get<std::int64_t>();
        must(form == Form::Whole64 || (number >= INT32_MIN && number <= INT32_MAX));
        return number;
    }
    case Form::Data: // null is something here
        return value.is_discarded() ? Json::array() : Json::array({value});
    case Form::Filter:
        must(absent || value.is_object());
        return !absent;
    case Form::Since:
        return absent ? Json() : readMembers(value, {{"offset", {Form::Offset}}, {"epoch", {Form::Text}}});
    }
    return {};
}

Json readMembers(const Json& object, const Members& members)
{
    must(object.is_object());
    Json result = Json::object();
    for (const auto& [name, member] : members) {
        const auto at = object.find(name);
        result[name] = readMember(at == object.end() ? Json(Json::value_t::discarded) : *at, member.form);
        must(!member.needed || !result[name].empty());
        must(!member.needed || result[name] != "");
    }
    return result;
}

Json readSubs(const Json& connect, std::size_t most)
{
    const auto at = connect.find("subs");
    Json subs = Json::object();
    if (at == connect.end() || at->is_null())
        return subs;
    must(at->is_object() && at->size() <= most);
    for (const auto& [channel, sub] : at->items()) {
        must(!channel.empty());
        subs[channel] = readMembers(sub, streamMembers());
    }
    return subs;
}

std::uint32_t idOf(const Json& command)
{
    const auto at = command.find("id");
    if (at == command.end() || at->is_null())
        return 0;
    must(at->is_number_unsigned() && at->get<std::uint64_t>() <= UINT32_MAX);
    return at->get<std::uint32_t>();
}

/// 0 where there is none that is right.
std::uint32_t idToAnswer(std::string_view line)
{
    const Json command = Json::parse(line);
    try {
        return command.is_object() ? idOf(command) : 0;
    } catch (const NotSo&) {
        return 0;
    }
}

Json secondReading(std::string_view line, std::size_t mostSubs)
{
    const Json command = Json::parse(line);
    must(command.is_object());
    std::string method;
    for (const auto& [name, value] : command.items()) {
        if (value.is_null() || methods().count(name) == 0)
            continue;
        must(method.empty());
        method = name;
    }
    const std::uint32_t id = idOf(command);
    if (method.empty()) {
        must(command.empty());
        return {{"id", 0}, {"pong", Json::object()}};
    }
    must(id != 0 || method == "send");
    Json request = readMembers(command[method], methods().at(method));
    if (method == "connect")
        request["subs"] = readSubs(command[method], mostSubs);
    return {{"id", id}, {method, request}};
}

/// The same object of what is to be judged. `line`: where data must lie.
class FirstReading {
public:
    explicit FirstReading(std::string_view line)
        : m_line(line)
    {
    }

    Json operator()(const Pong&) const { return {{"pong", Json::object()}}; }
    Json operator()(const PingRequest&) const { return {{"ping", Json::object()}}; }
    Json operator()(const ConnectRequest& r) const
    {
        Json subs = Json::object();
        for (const auto& [channel, sub] : r.subs) {
            CHECK(sub.channel.empty());
            subs[channel] = stream(sub);
        }
        CHECK(subs.size() == r.subs.size());
        return {
            {"connect",
             {{"token", r.token}, {"data", data(r.data)}, {"name", r.name}, {"version", r.version}, {"subs", subs}}}};
    }
    Json operator()(const SubscribeRequest& r) const
    {
        Json request = stream(r);
        request["channel"] = r.channel;
        return {{"subscribe", request}};
    }
    Json operator()(const UnsubscribeRequest& r) const { return {{"unsubscribe", {{"channel", r.channel}}}}; }
    Json operator()(const PublishRequest& r) const
    {
        return {{"publish", {{"channel", r.channel}, {"data", data(r.data)}, {"type", r.type}}}};
    }
    Json operator()(const PresenceRequest& r) const { return {{"presence", {{"channel", r.channel}}}}; }
    Json operator()(const PresenceStatsRequest& r) const { return {{"presence_stats", {{"channel", r.channel}}}}; }
    Json operator()(const HistoryRequest& r) const
    {
        Json since;
        if (r.since)
            since = {{"offset", r.since->offset}, {"epoch", r.since->epoch}};
        return {{"history", {{"channel", r.channel}, {"limit", r.limit}, {"since", since}, {"reverse", r.reverse}}}};
    }
    Json operator()(const SendRequest& r) const { return {{"send", {{"data", data(r.data)}}}}; }
    Json operator()(const RpcRequest& r) const { return {{"rpc", {{"method", r.method}, {"data", data(r.data)}}}}; }
    Json operator()(const RefreshRequest& r) const { return {{"refresh", {{"token", r.token}}}}; }
    Json operator()(const SubRefreshRequest& r) const
    {
        return {{"sub_refresh", {{"channel", r.channel}, {"token", r.token}}}};
    }

private:
    [[nodiscard]] Json stream(const SubscribeRequest& r) const
    {
        return {{"token", r.token},
                {"data", data(r.data)},
                {"recover", r.recover},
                {"offset", r.position.offset},
                {"epoch", r.position.epoch},
                {"positioned", r.positioned},
                {"recoverable", r.recoverable},
                {"join_leave", r.joinLeave},
                {"tf", r.filtered},
                {"type", r.type},
                {"flag", r.flags}};
    }
    /// The value, as a list of one; it is exactly its bytes of the line.
    [[nodiscard]] Json data(std::string_view written) const
    {
        if (written.empty())
            return Json::array();
        constexpr std::string_view blanks = " \t\r\n";
        CHECK(written.data() >= m_line.data() && written.data() + written.size() <= m_line.data() + m_line.size());
        CHECK(blanks.find(written.front()) == std::string_view::npos);
        CHECK(blanks.find(written.back()) == std::string_view::npos);
        return Json::array({Json::parse(written)});
    }

    std::string_view m_line;
};

/// What a client published goes on to the others as one line, and means the same there.
void checkPublication(const PublishRequest& request)
{
    Publication publication;
    publication.data = request.data;
    publication.info = ClientInfo{request.channel, request.channel, publication.data, {}};
    publication.tags = {{request.channel, request.channel}};
    std::string message;
    appendPublication(message, request.channel, publication);
    CHECK(message.find('\n') == std::string::npos);
    const Json push = Json::parse(message)["push"];
    const Json data = Json::parse(request.data);
    CHECK(push["channel"] == request.channel && push["pub"]["data"] == data);
    CHECK(push["pub"]["info"]["user"] == request.channel && push["pub"]["info"]["conn_info"] == data);
    CHECK(push["pub"]["tags"][request.channel] == request.channel);
}

bool hasLongNumber(std::string_view text)
{
    std::size_t run = 0;
    for (const char c : text) {
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        if (run >= 19) // which an integer beyond 64 bits needs
            return true;
    }
    return false;
}

/// What refuses a line before the protocol is asked has a target of its own, `json`.
void checkJsonFault(std::string_view line, const CommandError& error)
{
    const auto plain = readPlainJson(line);
    const bool good = plain && plain->depth <= MessageValidator::deepest && plain->duplicates == 0;
    CHECK(error.json && (!good || (*error.json == JsonFault::Number && hasLongNumber(line))));
}

void checkLine(std::string_view line, const Result<ClientCommand, CommandError>& found, std::size_t mostSubs)
{
    if (!found.ok() && found.error().fault == CommandFault::Json)
        return checkJsonFault(line, found.error());
    Json expected;
    bool right = true;
    try {
        expected = secondReading(line, mostSubs);
    } catch (const NotSo&) {
        right = false;
    }
    CHECK(found.ok() == right);
    if (!right) {
        const CommandError& error = found.error();
        CHECK(!commandErrorText(error).empty() && !error.json);
        CHECK(error.id == idToAnswer(line));
        return;
    }
    Json reading = std::visit(FirstReading(line), found->request);
    reading["id"] = found->id;
    CHECK(reading == expected);
    if (const auto* publish = std::get_if<PublishRequest>(&found->request))
        checkPublication(*publish);
}

} // namespace

/// Two bytes: how many commands a message may have, and how many subscriptions a connect; the rest is a message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const CommandLimits limits{input.byte(), input.byte()};
    const std::string_view message = asText(input.rest());
    std::vector<std::string_view> lines;
    for (std::string_view rest = message; lines.empty() || !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    MessageValidator validator;
    ClientCommandReader reader(validator, message, limits);
    for (std::size_t i = 0; i < std::min(lines.size(), limits.commands); ++i) {
        const auto found = reader.next();
        CHECK(found && reader.line() == lines[i]);
        checkLine(lines[i], *found, limits.subs);
    }
    if (lines.size() > limits.commands) {
        const auto last = reader.next();
        CHECK(last && !last->ok() && last->error().fault == CommandFault::TooManyCommands && last->error().id == 0);
    }
    CHECK(!reader.next());
    return 0;
}
