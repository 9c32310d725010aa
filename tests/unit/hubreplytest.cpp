// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clientreply.h"

#include <QTest>

#include <nlohmann/json.hpp>

using namespace gatehouse;
using namespace gatehouse::clientprotocol;
using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

namespace {

template <class... Arguments> std::string replied(std::uint32_t id, const Arguments&... arguments)
{
    std::string message;
    appendReply(message, id, arguments...);
    return message;
}

SharedPublication published(std::string data, std::uint64_t offset)
{
    Publication publication;
    publication.data = std::move(data);
    publication.offset = offset;
    return std::make_shared<const Publication>(std::move(publication));
}

Publication fromAnn()
{
    Publication publication;
    publication.data = R"({"x":1})";
    publication.info = ClientInfo{"c1", "ann", R"({"role":"a"})", {}};
    publication.offset = 7;
    publication.tags = {{"k", "v"}};
    return publication;
}

} // namespace

class HubReplyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_connect_is_answered_with_what_the_client_needs();
    void a_connect_says_nothing_that_is_not_so();
    void a_subscribe_is_answered_with_where_it_stands();
    void what_is_empty_is_answered_with_an_empty_result();
    void presence_and_history_are_there_even_where_they_are_empty();
    void presence_and_history_say_who_and_what();
    void tokens_that_were_taken_are_answered_with_their_time();
    void a_time_that_does_not_fit_is_cut();
    void an_error_has_its_code_its_words_and_whether_to_try_again_data();
    void an_error_has_its_code_its_words_and_whether_to_try_again();
    void an_error_may_say_more();

    void a_publication_has_its_sender_its_place_and_its_tags();
    void a_publication_without_history_has_no_offset();
    void who_comes_and_goes_is_pushed();
    void the_end_of_a_subscription_is_pushed_with_its_code();
    void the_servers_own_pushes();
    void a_ping_is_an_empty_object();
    void messages_are_joined_by_one_line_feed_each();

    void any_text_is_one_line_of_json_and_comes_back_data();
    void any_text_is_one_line_of_json_and_comes_back();
    void bytes_that_are_no_utf8_are_replaced_data();
    void bytes_that_are_no_utf8_are_replaced();
    void json_is_passed_on_as_it_is_but_for_line_feeds();

    void clients_come_back_where_the_design_says_so_data();
    void clients_come_back_where_the_design_says_so();
    void no_reason_is_json();
};

void HubReplyTest::a_connect_is_answered_with_what_the_client_needs()
{
    ConnectResult result;
    result.client = "c1";
    result.version = "1.2";
    result.ttl = 600s;
    result.data = R"({"a":[1]})";
    SubscribeResult sub;
    sub.recoverable = true;
    sub.position = {3, "e"};
    result.subs = {{"s\"1", sub}};
    result.ping = 25s;
    result.pong = true;
    result.node = "n";
    QCOMPARE(replied(1, result),
             std::string(R"({"id":1,"connect":{"client":"c1","version":"1.2","expires":true,"ttl":600,)"
                         R"("data":{"a":[1]},"subs":{"s\"1":{"recoverable":true,"epoch":"e","offset":3}},)"
                         R"("ping":25,"pong":true,"node":"n"}})"));
}

void HubReplyTest::a_connect_says_nothing_that_is_not_so()
{
    ConnectResult result;
    result.client = "c1";
    QCOMPARE(replied(1, result), std::string(R"({"id":1,"connect":{"client":"c1","version":""}})"));
}

void HubReplyTest::a_subscribe_is_answered_with_where_it_stands()
{
    QCOMPARE(replied(2, SubscribeResult()), std::string(R"({"id":2,"subscribe":{}})"));
    SubscribeResult result;
    result.ttl = 0s;
    result.positioned = true;
    result.position = {0, "e"}; // 0 is said too: clients recover from it
    QCOMPARE(replied(2, result),
             std::string(R"({"id":2,"subscribe":{"expires":true,"ttl":0,"positioned":true,"epoch":"e","offset":0}})"));
    result.ttl = std::nullopt;
    result.recoverable = result.wasRecovering = result.recovered = true;
    result.position.offset = 18446744073709551612U;
    result.publications = {published("1", 18446744073709551613U), published("null", 18446744073709551614U)};
    result.data = "\"d\"";
    QCOMPARE(replied(2, result),
             std::string(R"({"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"e",)"
                         R"("offset":18446744073709551612,"data":"d","was_recovering":true,"recovered":true,)"
                         R"("publications":[{"data":1,"offset":18446744073709551613},)"
                         R"({"data":null,"offset":18446744073709551614}]}})"));
}

void HubReplyTest::what_is_empty_is_answered_with_an_empty_result()
{
    // Clients look into the result without asking whether it is there.
    QCOMPARE(replied(4294967295U, PublishResult()), std::string(R"({"id":4294967295,"publish":{}})"));
    QCOMPARE(replied(3, UnsubscribeResult()), std::string(R"({"id":3,"unsubscribe":{}})"));
    QCOMPARE(replied(3, PingResult()), std::string(R"({"id":3,"ping":{}})"));
    QCOMPARE(replied(3, RpcResult()), std::string(R"({"id":3,"rpc":{}})"));
    QCOMPARE(replied(3, RpcResult{"[1]"}), std::string(R"({"id":3,"rpc":{"data":[1]}})"));
}

void HubReplyTest::presence_and_history_are_there_even_where_they_are_empty()
{
    QCOMPARE(replied(4, PresenceResult()), std::string(R"({"id":4,"presence":{"presence":{}}})"));
    QCOMPARE(replied(4, PresenceStatsResult()),
             std::string(R"({"id":4,"presence_stats":{"num_clients":0,"num_users":0}})"));
    QCOMPARE(replied(4, HistoryResult()),
             std::string(R"({"id":4,"history":{"publications":[],"epoch":"","offset":0}})"));
}

void HubReplyTest::presence_and_history_say_who_and_what()
{
    const PresenceResult presence{{{"c1", "ann", "{}", "1"}, {"c2", "", {}, {}}}};
    QCOMPARE(replied(4, presence), std::string(R"({"id":4,"presence":{"presence":{)"
                                               R"("c1":{"user":"ann","client":"c1","conn_info":{},"chan_info":1},)"
                                               R"("c2":{"user":"","client":"c2"}}}})"));
    QCOMPARE(replied(4, PresenceStatsResult{2, 1}),
             std::string(R"({"id":4,"presence_stats":{"num_clients":2,"num_users":1}})"));
    const HistoryResult history{{std::make_shared<const Publication>(fromAnn())}, {9, "e"}};
    QCOMPARE(replied(4, history),
             std::string(R"({"id":4,"history":{"publications":[{"data":{"x":1},"info":{"user":"ann","client":"c1",)"
                         R"("conn_info":{"role":"a"}},"offset":7,"tags":{"k":"v"}}],"epoch":"e","offset":9}})"));
}

void HubReplyTest::tokens_that_were_taken_are_answered_with_their_time()
{
    QCOMPARE(replied(5, RefreshResult{90s}), std::string(R"({"id":5,"refresh":{"expires":true,"ttl":90}})"));
    QCOMPARE(replied(5, RefreshResult{}), std::string(R"({"id":5,"refresh":{}})"));
    QCOMPARE(replied(5, SubRefreshResult{90s}), std::string(R"({"id":5,"sub_refresh":{"expires":true,"ttl":90}})"));
}

void HubReplyTest::a_time_that_does_not_fit_is_cut()
{
    QCOMPARE(replied(5, RefreshResult{-1s}), std::string(R"({"id":5,"refresh":{"expires":true,"ttl":0}})"));
    QCOMPARE(replied(5, RefreshResult{std::chrono::seconds::max()}),
             std::string(R"({"id":5,"refresh":{"expires":true,"ttl":4294967295}})"));
}

void HubReplyTest::an_error_has_its_code_its_words_and_whether_to_try_again_data()
{
    QTest::addColumn<std::uint32_t>("code");
    QTest::addColumn<QString>("words");
    QTest::addColumn<bool>("temporary");
    const auto row = [](std::uint32_t code, const char* words, bool temporary = false) {
        QTest::addRow("%u", code) << code << words << temporary;
    };
    row(100, "internal server error", true);
    row(101, "unauthorized");
    row(102, "unknown channel");
    row(103, "permission denied");
    row(104, "method not found");
    row(105, "already subscribed");
    row(106, "limit exceeded");
    row(107, "bad request");
    row(108, "not available");
    row(109, "token expired");
    row(110, "expired");
    row(111, "too many requests", true);
    row(112, "unrecoverable position");
    row(113, "token revoked");
}

void HubReplyTest::an_error_has_its_code_its_words_and_whether_to_try_again()
{
    QFETCH(std::uint32_t, code);
    QFETCH(QString, words);
    QFETCH(bool, temporary);
    std::string message;
    appendError(message, 6, ErrorCode(code));
    Json expected{{"id", 6}, {"error", {{"code", code}, {"message", words.toStdString()}}}};
    if (temporary)
        expected["error"]["temporary"] = true;
    QCOMPARE(message, expected.dump());
}

void HubReplyTest::an_error_may_say_more()
{
    std::string message;
    appendError(message, 6, ErrorCode::BadRequest, "publish/data: missing");
    QCOMPARE(message, std::string(R"({"id":6,"error":{"code":107,"message":"publish/data: missing"}})"));
}

void HubReplyTest::a_publication_has_its_sender_its_place_and_its_tags()
{
    std::string message;
    appendPublication(message, "news", fromAnn());
    QCOMPARE(message,
             std::string(R"({"push":{"channel":"news","pub":{"data":{"x":1},"info":{"user":"ann","client":"c1",)"
                         R"("conn_info":{"role":"a"}},"offset":7,"tags":{"k":"v"}}}})"));
}

void HubReplyTest::a_publication_without_history_has_no_offset()
{
    std::string message;
    Publication publication;
    publication.data = "0";
    appendPublication(message, "news", publication);
    QCOMPARE(message, std::string(R"({"push":{"channel":"news","pub":{"data":0}}})"));
}

void HubReplyTest::who_comes_and_goes_is_pushed()
{
    std::string message;
    appendJoin(message, "news", {"c1", "ann", {}, R"({"b":2})"});
    appendLeave(message, "news", {"c1", "ann", {}, {}});
    QCOMPARE(
        message,
        std::string(R"({"push":{"channel":"news","join":{"info":{"user":"ann","client":"c1","chan_info":{"b":2}}}}})"
                    "\n"
                    R"({"push":{"channel":"news","leave":{"info":{"user":"ann","client":"c1"}}}})"));
}

void HubReplyTest::the_end_of_a_subscription_is_pushed_with_its_code()
{
    const auto pushed = [](UnsubscribeCode code, std::string_view reason = {}) {
        std::string message;
        appendUnsubscribe(message, "news", code, reason);
        return message;
    };
    QCOMPARE(pushed(UnsubscribeCode::Server),
             std::string(R"({"push":{"channel":"news","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"));
    QCOMPARE(pushed(UnsubscribeCode::InsufficientState),
             std::string(R"({"push":{"channel":"news","unsubscribe":{"code":2500,"reason":"insufficient state"}}})"));
    QCOMPARE(pushed(UnsubscribeCode::Expired),
             std::string(R"({"push":{"channel":"news","unsubscribe":{"code":2501,"reason":"subscription expired"}}})"));
    QCOMPARE(pushed(UnsubscribeCode::StateInvalidated),
             std::string(R"({"push":{"channel":"news","unsubscribe":{"code":2502,"reason":"state invalidated"}}})"));
    QCOMPARE(pushed(UnsubscribeCode::Server, "closed for the night"),
             std::string(R"({"push":{"channel":"news","unsubscribe":{"code":2000,"reason":"closed for the night"}}})"));
}

void HubReplyTest::the_servers_own_pushes()
{
    std::string message;
    SubscribeResult stream;
    stream.recoverable = stream.positioned = true;
    stream.position = {4, "e"};
    stream.data = "{}";
    appendSubscribe(message, "s", stream);
    appendMessage(message, R"({"hello":1})");
    appendRefresh(message, 30s);
    appendDisconnect(message, DisconnectCode::ForceDisconnect, "operator");
    appendDisconnect(message, DisconnectCode::Shutdown);
    QCOMPARE(message,
             std::string(R"({"push":{"channel":"s","subscribe":{"recoverable":true,"positioned":true,"epoch":"e",)"
                         R"("offset":4,"data":{}}}})"
                         "\n"
                         R"({"push":{"message":{"data":{"hello":1}}}})"
                         "\n"
                         R"({"push":{"refresh":{"expires":true,"ttl":30}}})"
                         "\n"
                         R"({"push":{"disconnect":{"code":3503,"reason":"operator"}}})"
                         "\n"
                         R"({"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}})"));
}

void HubReplyTest::a_ping_is_an_empty_object()
{
    std::string message;
    appendPing(message);
    QCOMPARE(message, std::string("{}"));
}

void HubReplyTest::messages_are_joined_by_one_line_feed_each()
{
    std::string encoded;
    appendPublication(encoded, "news", *published("1", 1));
    std::string message;
    appendReply(message, 1, PublishResult());
    appendEncoded(message, encoded);
    appendError(message, 2, ErrorCode::LimitExceeded);
    appendPing(message);
    QCOMPARE(message, std::string("{\"id\":1,\"publish\":{}}\n"
                                  "{\"push\":{\"channel\":\"news\",\"pub\":{\"data\":1,\"offset\":1}}}\n"
                                  "{\"id\":2,\"error\":{\"code\":106,\"message\":\"limit exceeded\"}}\n"
                                  "{}"));
}

void HubReplyTest::any_text_is_one_line_of_json_and_comes_back_data()
{
    QTest::addColumn<std::string>("text");
    for (int c = 0; c < 0x80; ++c)
        QTest::addRow("0x%02x", unsigned(c)) << "a" + std::string(1, char(c)) + "b";
    QTest::newRow("that ends its JSON") << std::string(R"("},"disconnect":{"code":3503}})");
    QTest::newRow("that ends its line") << std::string("x\"}}\n{\"id\":1,\"error\":{}}\r\n");
    QTest::newRow("backslashes") << std::string(R"(\\\"\u0000\)");
    QTest::newRow("separators of lines") << std::string("\u2028\u2029\u0085");
    QTest::newRow("right-to-left override") << std::string("\u202e");
    QTest::newRow("first and last of each size") << std::string("\u0080\u07ff\u0800\ue000\uffff\U00010000\U0010ffff");
    QTest::newRow("markup") << std::string("</script><!--");
    QTest::newRow("long") << std::string(100'000, '"');
}

void HubReplyTest::any_text_is_one_line_of_json_and_comes_back()
{
    QFETCH(std::string, text);
    ConnectResult connect;
    connect.client = connect.version = connect.node = text;
    SubscribeResult sub;
    sub.positioned = true;
    sub.position.epoch = text;
    connect.subs = {{text, sub}};
    Publication publication;
    publication.data = "1";
    publication.info = ClientInfo{text, text, {}, {}};
    publication.tags = {{text, text}};

    std::string message;
    appendReply(message, 1, connect);
    appendReply(message, 2, PresenceResult{{*publication.info}});
    appendError(message, 3, ErrorCode::Internal, text);
    appendPublication(message, text, publication);
    appendUnsubscribe(message, text, UnsubscribeCode::Server, text);
    appendDisconnect(message, DisconnectCode::Shutdown, text);

    std::vector<Json> lines;
    for (const QByteArray& line : QByteArray::fromStdString(message).split('\n'))
        lines.push_back(Json::parse(line.toStdString()));
    QCOMPARE(lines.size(), std::size_t{6});
    const Json who{{"user", text}, {"client", text}};
    QVERIFY(lines[0]["connect"]["client"] == text && lines[0]["connect"]["version"] == text);
    QVERIFY(lines[0]["connect"]["node"] == text && lines[0]["connect"]["subs"][text]["epoch"] == text);
    QVERIFY(lines[1]["presence"]["presence"] == (Json{{text, who}}));
    QVERIFY(lines[2]["error"]["message"] == text);
    QVERIFY(lines[3]["push"]["channel"] == text && lines[3]["push"]["pub"]["info"] == who);
    QVERIFY(lines[3]["push"]["pub"]["tags"] == (Json{{text, text}}));
    QVERIFY(lines[4]["push"]["channel"] == text && lines[4]["push"]["unsubscribe"]["reason"] == text);
    QVERIFY(lines[5]["push"]["disconnect"]["reason"] == text);
}

void HubReplyTest::bytes_that_are_no_utf8_are_replaced_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("sent");
    const auto row = [](const char* name, std::string text, std::string sent) {
        QTest::newRow(name) << std::move(text) << std::move(sent);
    };
    row("never a byte of it", "a\xff\xfe z", "a\ufffd\ufffd z");
    row("trail alone", "\x80", "\ufffd");
    row("overlong slash", "\xc0\xaf", "\ufffd\ufffd");
    row("overlong of three", "\xe0\x80\xaf", "\ufffd\ufffd\ufffd");
    row("surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd");
    row("beyond the last one", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd");
    row("cut at the end", "\xe2\x82", "\ufffd\ufffd");
    row("cut by a quotation mark", "\xe2\x82\"", "\ufffd\ufffd\"");
    row("cut by another", "\xe2\u20ac", "\ufffd\u20ac");
}

void HubReplyTest::bytes_that_are_no_utf8_are_replaced()
{
    QFETCH(std::string, text);
    QFETCH(std::string, sent);
    std::string message;
    appendPublication(message, text, *published("1", 0));
    QCOMPARE(Json::parse(message)["push"]["channel"].get<std::string>(), sent);
}

void HubReplyTest::json_is_passed_on_as_it_is_but_for_line_feeds()
{
    std::string message;
    appendMessage(message, "{\n  \"b\": 1.50,\r\n  \"a\": \"\\n\\u00e9\"\n}\n");
    QCOMPARE(message, std::string("{\"push\":{\"message\":{\"data\":{  \"b\": 1.50,\r  \"a\": \"\\n\\u00e9\"}}}}"));
}

void HubReplyTest::clients_come_back_where_the_design_says_so_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("back");
    for (const int code : {3001, 3004, 3005, 3006, 3008, 3010, 3012, 3013, 3014, 4013})
        QTest::addRow("%d", code) << code << true;
    for (const int code : {3500, 3501, 3502, 3503, 3504, 3505, 3507, 3508, 3509, 4503, 4508})
        QTest::addRow("%d", code) << code << false;
}

void HubReplyTest::clients_come_back_where_the_design_says_so()
{
    QFETCH(int, code);
    QFETCH(bool, back);
    QCOMPARE(reconnects(DisconnectCode(code)), back);
    QVERIFY(!disconnectReason(DisconnectCode(code)).empty());
}

void HubReplyTest::no_reason_is_json()
{
    // npm's centrifuge takes one that is for its options, and `reconnect` that is not among them for false.
    for (int code = 3000; code < 5000; ++code) {
        const std::string_view reason = disconnectReason(DisconnectCode(code));
        QVERIFY(reason.empty() || !Json::accept(reason));
        QVERIFY(reason.size() <= 123);
    }
}

QTEST_GUILESS_MAIN(HubReplyTest)
#include "hubreplytest.moc"
