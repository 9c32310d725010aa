// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clientcommandreader.h"

#include <QTest>

#include <array>

using namespace gatehouse;
using namespace gatehouse::clientprotocol;

Q_DECLARE_METATYPE(gatehouse::clientprotocol::ClientCommand)

namespace {

/// The one command of a message; an error as it would be answered: "#5 107 publish/data: missing".
class Reading {
public:
    explicit Reading(std::string_view message)
        : m_reader(m_validator, message, {})
        , m_first(m_reader.next())
    {
    }

    [[nodiscard]] std::string error() const
    {
        if (!m_first || m_first->ok())
            return "none";
        const CommandError& error = m_first->error();
        return "#" + std::to_string(error.id) + " " + std::to_string(static_cast<unsigned>(errorCodeOf(error))) + " " +
               commandErrorText(error);
    }
    [[nodiscard]] const ClientCommand* command() const { return m_first && m_first->ok() ? &**m_first : nullptr; }

private:
    MessageValidator m_validator;
    ClientCommandReader m_reader;
    std::optional<Result<ClientCommand, CommandError>> m_first;
};

std::string repeated(std::string_view text, std::size_t count)
{
    std::string result;
    for (std::size_t i = 0; i < count; ++i)
        result += text;
    return result;
}

SubscribeRequest toNews()
{
    SubscribeRequest request;
    request.channel = "news";
    return request;
}

} // namespace

class HubCommandTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void what_npms_centrifuge_sends_is_read_data();
    void what_npms_centrifuge_sends_is_read();
    void the_protocol_is_read_as_it_is_defined_data();
    void the_protocol_is_read_as_it_is_defined();
    void what_is_wrong_is_named_with_its_place_and_its_id_data();
    void what_is_wrong_is_named_with_its_place_and_its_id();

    void commands_come_one_by_one();
    void a_bad_line_does_not_end_the_message();
    void a_line_feed_may_end_the_message_and_nothing_else_is_empty();
    void ten_thousand_commands_are_read_to_the_limit_and_no_further();
    void a_connect_has_so_many_subscriptions_and_no_more();
    void data_are_the_bytes_that_were_sent_data();
    void data_are_the_bytes_that_were_sent();
    void a_channel_is_named_as_the_client_names_it_data();
    void a_channel_is_named_as_the_client_names_it();
    void a_sender_that_a_client_claims_is_not_read();
    void an_error_repeats_nothing_that_the_client_wrote();
};

void HubCommandTest::what_npms_centrifuge_sends_is_read_data()
{
    // Recorded with version 5.8.0: the id stands last, and a publication of `undefined` has no data.
    QTest::addColumn<std::string>("text");
    QTest::addColumn<ClientCommand>("command");
    const auto row = [](const char* name, const char* text, std::uint32_t id, ClientRequest request) {
        QTest::newRow(name) << std::string(text) << ClientCommand{id, std::move(request)};
    };
    ConnectRequest connect;
    connect.token = "T";
    connect.data = R"({"a":1})";
    connect.name = "n";
    connect.version = "1";
    row("connect", R"({"connect":{"token":"T","data":{"a":1},"name":"n","version":"1"},"id":1})", 1, connect);
    connect = {};
    connect.name = "js";
    SubscribeRequest again;
    again.recover = true;
    again.position = {7, "e"};
    connect.subs = {{"s", again}};
    row("connect again", R"({"connect":{"name":"js","subs":{"s":{"recover":true,"offset":7,"epoch":"e"}}},"id":1})", 1,
        connect);
    SubscribeRequest subscribe = toNews();
    subscribe.flags = ChannelCompaction;
    row("subscribe", R"({"subscribe":{"channel":"news","flag":1},"id":2})", 2, subscribe);
    subscribe.token = "ST";
    subscribe.data = R"({"q":1})";
    subscribe.positioned = subscribe.recoverable = subscribe.joinLeave = subscribe.recover = subscribe.filtered = true;
    subscribe.position = {5, "zz"};
    row("subscribe with everything",
        R"({"subscribe":{"channel":"news","token":"ST","data":{"q":1},"positioned":true,"recoverable":true,)"
        R"("join_leave":true,"flag":1,"recover":true,"offset":5,"epoch":"zz",)"
        R"("tf":{"op":"","key":"k","cmp":"eq","val":"v"}},"id":2})",
        2, subscribe);
    row("publish null", R"({"publish":{"channel":"news","data":null},"id":3})", 3, PublishRequest{"news", "null"});
    row("presence", R"({"presence":{"channel":"news"},"id":5})", 5, PresenceRequest{"news"});
    row("presence_stats", R"({"presence_stats":{"channel":"news"},"id":6})", 6, PresenceStatsRequest{"news"});
    row("history", R"({"history":{"channel":"news"},"id":8})", 8, HistoryRequest{"news", 0, std::nullopt, false});
    row("history with everything",
        R"({"history":{"channel":"news","since":{"offset":1,"epoch":"x"},"limit":10,"reverse":true},"id":7})", 7,
        HistoryRequest{"news", 10, StreamPosition{1, "x"}, true});
    row("rpc", R"({"rpc":{"method":"m"},"id":9})", 9, RpcRequest{"m", {}});
    row("send", R"({"send":{"data":{"z":1}}})", 0, SendRequest{R"({"z":1})"});
    row("send undefined", R"({"send":{}})", 0, SendRequest{});
    row("unsubscribe", R"({"unsubscribe":{"channel":"news"},"id":14})", 14, UnsubscribeRequest{"news"});
    row("refresh", R"({"refresh":{"token":"T2"},"id":15})", 15, RefreshRequest{"T2"});
    row("sub_refresh", R"({"sub_refresh":{"channel":"news","token":"S2"},"id":16})", 16,
        SubRefreshRequest{"news", "S2"});
    row("pong", "{}", 0, Pong{});
}

void HubCommandTest::what_npms_centrifuge_sends_is_read()
{
    QFETCH(std::string, text);
    QFETCH(ClientCommand, command);
    const Reading reading(text);
    QCOMPARE(reading.error(), std::string("none"));
    QVERIFY(*reading.command() == command);
}

void HubCommandTest::the_protocol_is_read_as_it_is_defined_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<ClientCommand>("command");
    const auto row = [](const char* name, const char* text, std::uint32_t id, ClientRequest request) {
        QTest::newRow(name) << std::string(text) << ClientCommand{id, std::move(request)};
    };
    row("ping", R"({"id":1,"ping":{}})", 1, PingRequest{});
    row("pong with blanks", " { } ", 0, Pong{});
    row("the largest id", R"({"id":4294967295,"ping":{}})", 4294967295, PingRequest{});
    row("members that nobody knows",
        R"({"id":1,"new":[{}],"presence":{"channel":"c","new":{"channel":"d"}},"newer":0})", 1, PresenceRequest{"c"});
    row("methods that are null", R"({"id":1,"connect":null,"presence":{"channel":"c"},"rpc":null})", 1,
        PresenceRequest{"c"});
    row("an id for a message", R"({"id":3,"send":{"data":1}})", 3, SendRequest{"1"});
    row("a key in escapes", R"({"\u0069d":1,"pre\u0073ence":{"ch\u0061nnel":"c"}})", 1, PresenceRequest{"c"});
    row("connect with nothing", R"({"id":1,"connect":{}})", 1, ConnectRequest{});
    row("members that are null",
        R"({"id":1,"subscribe":{"channel":"news","token":null,"recover":null,"offset":null,"epoch":null,"type":null,)"
        R"("flag":null,"tf":null,"positioned":null}})",
        1, toNews());
    row("rpc without a method", R"({"id":1,"rpc":{"data":[1]}})", 1, RpcRequest{"", "[1]"});
    row("history without an end", R"({"id":1,"history":{"channel":"c","limit":-1}})", 1,
        HistoryRequest{"c", -1, std::nullopt, false});
    row("history since null", R"({"id":1,"history":{"channel":"c","since":null}})", 1,
        HistoryRequest{"c", 0, std::nullopt, false});
    row("history since the beginning", R"({"id":1,"history":{"channel":"c","since":{}}})", 1,
        HistoryRequest{"c", 0, StreamPosition{}, false});
    row("an offset beyond 2^53", R"({"id":1,"history":{"channel":"c","since":{"offset":9007199254740993}}})", 1,
        HistoryRequest{"c", 0, StreamPosition{9007199254740993, ""}, false});
    row("the largest offset", R"({"id":1,"history":{"channel":"c","since":{"offset":18446744073709551615}}})", 1,
        HistoryRequest{"c", 0, StreamPosition{18446744073709551615U, ""}, false});
    row("a publication to a map", R"({"id":1,"publish":{"channel":"c","type":1,"key":"k","data":1}})", 1,
        PublishRequest{"c", "1", 1});
    ConnectRequest connect;
    connect.subs = {{"c", SubscribeRequest()}};
    row("a subscription's channel is its key", R"({"id":1,"connect":{"subs":{"c":{"channel":"d"}}}})", 1, connect);
    SubscribeRequest map = toNews();
    map.type = 1;
    row("a subscription to a map", R"({"id":1,"subscribe":{"channel":"news","type":1,"phase":2,"limit":100}})", 1, map);
    SubscribeRequest strict = toNews();
    strict.flags = ChannelCompaction | RejectUnrecovered;
    row("a subscription that must recover", R"({"id":1,"subscribe":{"channel":"news","flag":3}})", 1, strict);
}

void HubCommandTest::the_protocol_is_read_as_it_is_defined()
{
    what_npms_centrifuge_sends_is_read();
}

void HubCommandTest::what_is_wrong_is_named_with_its_place_and_its_id_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("error");
    const auto row = [](const char* name, std::string text, const char* error) {
        QTest::newRow(name) << std::move(text) << std::string(error);
    };
    // FAULTS 64. Where the line says an id as far as it can be read, it can be answered.
    row("nothing", "", "#0 107 not JSON");
    row("cut", R"({"id":5,"publish":{"channel":"c","data":)", "#5 107 not JSON");
    row("cut before its id", R"({"publish":{"channel":"c","data":[)", "#0 107 not JSON");
    row("two on a line", R"({"id":5,"ping":{}}{"id":6,"ping":{}})", "#5 107 not JSON");
    row("no UTF-8", "{\"id\":5,\"publish\":{\"channel\":\"\xff\",\"data\":1}}", "#5 107 not UTF-8");
    row("10,000 levels",
        R"({"publish":{"channel":"c","data":)" + std::string(10'000, '[') + std::string(10'000, ']') + R"(},"id":5})",
        "#5 107 arrays and objects too deep within each other");
    row("63 levels of data",
        R"({"publish":{"channel":"c","data":)" + std::string(63, '[') + std::string(63, ']') + R"(},"id":5})",
        "#5 107 arrays and objects too deep within each other");
    row("the same id twice", R"({"id":5,"ping":{},"id":6})", "#0 107 the same key twice in an object");
    row("the same method twice", R"({"id":5,"ping":{},"ping":{}})", "#5 107 the same key twice in an object");
    row("the same channel twice", R"({"id":5,"publish":{"channel":"a","channel":"b","data":1}})",
        "#5 107 the same key twice in an object");
    row("the same key twice in data", R"({"id":5,"publish":{"channel":"a","data":[{"x":1,"\u0078":2}]}})",
        "#5 107 the same key twice in an object");
    row("half a surrogate pair", R"({"publish":{"channel":"c","data":"\ud800"},"id":5})",
        "#5 107 half a surrogate pair");
    row("a number that no double holds", R"({"id":5,"publish":{"channel":"c","data":1e999}})",
        "#5 107 no JSON number, or one out of range");
    row("an id that is none, in what is no JSON", R"({"id":4294967296,)", "#0 107 not JSON");
    row("no object", "[]", "#0 107 no object");
    row("a bare text", R"("ping")", "#0 107 no object");

    row("an id alone", R"({"id":5})", "#5 104 no method that is known");
    row("a method that nobody knows", R"({"id":5,"grab":{}})", "#5 104 no method that is known");
    row("a pong that says something", R"({"pong":{}})", "#0 104 no method that is known");
    row("a method in other letters", R"({"id":5,"Publish":{"channel":"c","data":1}})",
        "#5 104 no method that is known");
    row("no method but null", R"({"id":5,"ping":null})", "#5 104 no method that is known");
    row("two methods", R"({"ping":{},"presence":{"channel":"c"},"id":5})", "#5 107 more than one method");
    row("three methods, one of them wrong", R"({"ping":{},"publish":7,"send":{},"id":5})",
        "#5 107 more than one method");

    row("no id", R"({"publish":{"channel":"c","data":1}})", "#0 107 id: missing");
    row("an id of 0", R"({"id":0,"subscribe":{"channel":"c"}})", "#0 107 id: missing");
    row("an id that is null", R"({"id":null,"ping":{}})", "#0 107 id: missing");
    row("an id of 33 bits", R"({"id":4294967296,"ping":{}})", "#0 107 id: out of range");
    row("an id under 0", R"({"id":-1,"ping":{}})", "#0 107 id: out of range");
    row("an id with a fraction", R"({"id":1.0,"ping":{}})", "#0 107 id: of the wrong type");
    row("an id with an exponent", R"({"id":1e2,"ping":{}})", "#0 107 id: of the wrong type");
    row("an id that is a text", R"({"id":"5","ping":{}})", "#0 107 id: of the wrong type");
    row("an id that is true", R"({"id":true,"send":{}})", "#0 107 id: of the wrong type");

    // FAULTS 65.
    row("a method that is no object", R"({"publish":"c","id":5})", "#5 107 publish: of the wrong type");
    row("no channel", R"({"publish":{"data":1},"id":5})", "#5 107 publish/channel: missing");
    row("an empty channel", R"({"publish":{"channel":"","data":1},"id":5})", "#5 107 publish/channel: missing");
    row("a channel that is null", R"({"presence":{"channel":null},"id":5})", "#5 107 presence/channel: missing");
    row("a channel that is a number", R"({"publish":{"channel":1,"data":1},"id":5})",
        "#5 107 publish/channel: of the wrong type");
    row("no data", R"({"publish":{"channel":"c"},"id":5})", "#5 107 publish/data: missing");
    row("no channel to subscribe to", R"({"subscribe":{},"id":5})", "#5 107 subscribe/channel: missing");
    row("no channel to leave", R"({"unsubscribe":{},"id":5})", "#5 107 unsubscribe/channel: missing");
    row("no channel for counts", R"({"presence_stats":{},"id":5})", "#5 107 presence_stats/channel: missing");
    row("no channel for history", R"({"history":{"limit":1},"id":5})", "#5 107 history/channel: missing");
    row("no token", R"({"refresh":{},"id":5})", "#5 107 refresh/token: missing");
    row("an empty token", R"({"refresh":{"token":""},"id":5})", "#5 107 refresh/token: missing");
    row("no token for a channel", R"({"sub_refresh":{"channel":"c"},"id":5})", "#5 107 sub_refresh/token: missing");
    row("no channel for a token", R"({"sub_refresh":{"token":"t"},"id":5})", "#5 107 sub_refresh/channel: missing");
    row("a token that is an object", R"({"connect":{"token":{}},"id":5})", "#5 107 connect/token: of the wrong type");
    row("a name that is a list", R"({"connect":{"name":[]},"id":5})", "#5 107 connect/name: of the wrong type");
    row("subs that are a list", R"({"connect":{"subs":[]},"id":5})", "#5 107 connect/subs: of the wrong type");
    row("a sub that is a number", R"({"connect":{"subs":{"c":1}},"id":5})", "#5 107 connect/subs/*: of the wrong type");
    row("a sub without a name", R"({"connect":{"subs":{"":{}}},"id":5})", "#5 107 connect/subs: missing");
    row("an offset that is a text", R"({"connect":{"subs":{"c":{"offset":"1"}}},"id":5})",
        "#5 107 connect/subs/*/offset: of the wrong type");
    row("a flag that is a number", R"({"subscribe":{"channel":"c","recover":1},"id":5})",
        "#5 107 subscribe/recover: of the wrong type");
    row("an offset under 0", R"({"subscribe":{"channel":"c","offset":-1},"id":5})",
        "#5 107 subscribe/offset: out of range");
    row("an epoch that is a number", R"({"subscribe":{"channel":"c","epoch":1},"id":5})",
        "#5 107 subscribe/epoch: of the wrong type");
    row("a filter that is a text", R"({"subscribe":{"channel":"c","tf":"x"},"id":5})",
        "#5 107 subscribe/tf: of the wrong type");
    row("a limit of 32 bits", R"({"history":{"channel":"c","limit":2147483648},"id":5})",
        "#5 107 history/limit: out of range");
    row("a limit with a fraction", R"({"history":{"channel":"c","limit":1.5},"id":5})",
        "#5 107 history/limit: of the wrong type");
    row("a position that is a number", R"({"history":{"channel":"c","since":1},"id":5})",
        "#5 107 history/since: of the wrong type");
    row("an offset in a position that is a fraction", R"({"history":{"channel":"c","since":{"offset":0.5}},"id":5})",
        "#5 107 history/since/offset: of the wrong type");
    row("the first of two is named", R"({"history":{"limit":"a","reverse":"b"},"id":5})",
        "#5 107 history/limit: of the wrong type");
}

void HubCommandTest::what_is_wrong_is_named_with_its_place_and_its_id()
{
    QFETCH(std::string, text);
    QFETCH(std::string, error);
    QCOMPARE(Reading(text).error(), error);
}

void HubCommandTest::commands_come_one_by_one()
{
    MessageValidator validator;
    const std::string message = R"({"publish":{"channel":"a","data":1},"id":1})"
                                "\n"
                                R"({"send":{}})"
                                "\r\n"
                                R"({"publish":{"channel":"b","data":2},"id":2})";
    ClientCommandReader reader(validator, message, {});
    const auto first = reader.next();
    QVERIFY(first && **first == (ClientCommand{1, PublishRequest{"a", "1"}}));
    QCOMPARE(reader.line().size(), message.find('\n'));
    const auto second = reader.next();
    QVERIFY(second && **second == (ClientCommand{0, SendRequest{}}));
    const auto third = reader.next();
    QVERIFY(third && **third == (ClientCommand{2, PublishRequest{"b", "2"}}));
    QVERIFY(!reader.next());
    QVERIFY(!reader.next());
}

void HubCommandTest::a_bad_line_does_not_end_the_message()
{
    MessageValidator validator;
    ClientCommandReader reader(validator, "{\"id\":1,\"grab\":{}}\n{\n\n{\"id\":2,\"ping\":{}}", {});
    for (int i = 0; i < 3; ++i) {
        const auto bad = reader.next();
        QVERIFY(bad && !bad->ok());
    }
    const auto good = reader.next();
    QVERIFY(good && good->ok() && (*good)->id == 2);
    QVERIFY(!reader.next());
}

void HubCommandTest::a_line_feed_may_end_the_message_and_nothing_else_is_empty()
{
    MessageValidator validator;
    const auto count = [&validator](std::string_view message) {
        ClientCommandReader reader(validator, message, {});
        std::array<int, 2> found{}; // bad, good
        while (const auto command = reader.next())
            ++found[command->ok() ? 1 : 0];
        return found;
    };
    using Found = std::array<int, 2>;
    QCOMPARE(count("{}"), (Found{0, 1}));
    QCOMPARE(count("{}\n"), (Found{0, 1}));
    QCOMPARE(count("{}\n\n"), (Found{1, 1}));
    QCOMPARE(count("\n{}"), (Found{1, 1}));
    QCOMPARE(count("{}\n \n{}"), (Found{1, 2}));
    QCOMPARE(count(""), (Found{1, 0}));
    QCOMPARE(count("\n"), (Found{1, 0}));
}

void HubCommandTest::ten_thousand_commands_are_read_to_the_limit_and_no_further()
{
    MessageValidator validator;
    const std::string message = repeated("{\"id\":1,\"ping\":{}}\n", 10'000);
    ClientCommandReader reader(validator, message, {64, 128});
    std::size_t good = 0;
    auto command = reader.next();
    for (; command && command->ok(); command = reader.next())
        ++good;
    QCOMPARE(good, std::size_t{64});
    QVERIFY(command && command->error().fault == CommandFault::TooManyCommands);
    QCOMPARE(commandErrorText(command->error()), std::string("too many commands in a message"));
    QVERIFY(!reader.next());

    const std::string exactly = repeated("{\"id\":1,\"ping\":{}}\n", 64);
    ClientCommandReader whole(validator, exactly, {64, 128});
    for (good = 0; (command = whole.next()); ++good)
        QVERIFY(command->ok());
    QCOMPARE(good, std::size_t{64});
}

void HubCommandTest::a_connect_has_so_many_subscriptions_and_no_more()
{
    MessageValidator validator;
    const auto read = [&validator](std::size_t subs) {
        std::string message = R"({"connect":{"subs":{)";
        for (std::size_t i = 0; i < subs; ++i)
            message += (i ? ",\"c" : "\"c") + std::to_string(i) + "\":{\"recover\":true,\"offset\":1,\"epoch\":\"e\"}";
        message += R"(},"name":"n"},"id":5})";
        ClientCommandReader reader(validator, message, {64, 3});
        const auto command = reader.next();
        if (command->ok())
            return std::to_string(std::get<ConnectRequest>((*command)->request).subs.size());
        return commandErrorText(command->error()) + " #" + std::to_string(command->error().id);
    };
    QCOMPARE(read(3), std::string("3"));
    QCOMPARE(read(4), std::string("connect/subs: too many subscriptions #5"));
    QCOMPARE(read(5000), std::string("connect/subs: too many subscriptions #5"));
}

void HubCommandTest::data_are_the_bytes_that_were_sent_data()
{
    QTest::addColumn<std::string>("data");
    for (const char* data : {"null", "0", "-0", "1.50e+02", "9007199254740993", "18446744073709551615", "true", "\"\"",
                             R"("\u00e9\/\ud83d\ude00")", "\"é\"", "[ 1 ,\t2 ]", R"({ "b" : 1, "a" : {"}" : "\"{" } })",
                             "{\"offset\":\r1}", R"("\\")", R"({"id":9,"publish":{"channel":"x","data":1}})"})
        QTest::newRow(data) << std::string(data);
}

void HubCommandTest::data_are_the_bytes_that_were_sent()
{
    QFETCH(std::string, data);
    const std::string first = R"({"publish":{"data": )" + data + R"( ,"channel":"c"},"id":5})";
    const std::string last = R"({"id":5,"publish":{"channel":"c","data":)" + data + "}}";
    for (const std::string& text : {first, last}) {
        const Reading reading(text);
        QCOMPARE(reading.error(), std::string("none"));
        QVERIFY(*reading.command() == (ClientCommand{5, PublishRequest{"c", data}}));
        const std::string_view view = std::get<PublishRequest>(reading.command()->request).data;
        QVERIFY(view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size());
    }
    const std::string rpc = R"({"rpc":{"data":)" + data + R"(},"id":5})";
    QVERIFY(*Reading(rpc).command() == (ClientCommand{5, RpcRequest{"", data}}));
}

/// FAULTS 66: what is not allowed is for the rules of channels to say, so the name must reach them whole.
void HubCommandTest::a_channel_is_named_as_the_client_names_it_data()
{
    QTest::addColumn<std::string>("written");
    QTest::addColumn<std::string>("channel");
    const auto row = [](const char* name, std::string written, std::string channel) {
        QTest::newRow(name) << std::move(written) << std::move(channel);
    };
    row("wildcards", "news.*", "news.*");
    row("a wildcard in an escape", R"(news.\u002a)", "news.*");
    row("look-alike characters", "nеws", "n\xd0\xb5ws"); // a Cyrillic letter
    row("composed and not", R"(\u0065\u0301)", "e\xcc\x81");
    row("NUL inside", R"(news\u0000.secret)", std::string("news\0.secret", 12));
    row("right-to-left override", R"(\u202egnp)", "\xe2\x80\xaegnp");
    row("32 KiB", std::string(32 << 10, 'x'), std::string(32 << 10, 'x'));
    row("blanks are part of it", " news ", " news ");
}

void HubCommandTest::a_channel_is_named_as_the_client_names_it()
{
    QFETCH(std::string, written);
    QFETCH(std::string, channel);
    const std::string quoted = '"' + written + '"';
    const std::string subscribe = R"({"id":5,"subscribe":{"channel":)" + quoted + "}}";
    SubscribeRequest request;
    request.channel = channel;
    QVERIFY(*Reading(subscribe).command() == (ClientCommand{5, request}));
    const std::string connect = R"({"id":5,"connect":{"subs":{)" + quoted + ":{}}}}";
    const Reading reading(connect);
    QCOMPARE(std::get<ConnectRequest>(reading.command()->request).subs.at(0).first, channel);
}

/// FAULTS 68: there is no place that it could go to.
void HubCommandTest::a_sender_that_a_client_claims_is_not_read()
{
    const Reading reading(R"({"id":5,"user":"admin","publish":{"channel":"c","data":1,"user":"admin","client":"x",)"
                          R"("info":{"user":"admin","client":"x","conn_info":{}},"offset":9,"tags":{"a":"b"}}})");
    QVERIFY(*reading.command() == (ClientCommand{5, PublishRequest{"c", "1"}}));
}

void HubCommandTest::an_error_repeats_nothing_that_the_client_wrote()
{
    for (const char* text : {R"({"id":5,"subscribe":{"channel":"c","token":{"hush":1}}})",
                             R"({"id":5,"connect":{"subs":{"hush":{"epoch":1}}}})", R"({"id":5,"hush":{}})",
                             R"({"id":"hush","ping":{}})", R"({"id":5,"publish":{"channel":"hush")"}) {
        const std::string error = Reading(text).error();
        QVERIFY2(error != "none" && error.find("hush") == std::string::npos, error.c_str());
    }
}

QTEST_GUILESS_MAIN(HubCommandTest)
#include "hubcommandtest.moc"
