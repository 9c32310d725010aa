// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelrules.h"
#include "hub/clienttokens.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

/// What the hub makes of tokens, rules and messages before anybody is told.
class HubValuesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_token_is_to_be_replaced_well_before_its_end_data();
    void a_token_is_to_be_replaced_well_before_its_end();
    void claims_of_centrifugo_are_read();
    void claims_of_another_type_open_nothing();
    void a_plain_message_becomes_json_data();
    void news_have_one_form_for_each_protocol();
    void a_rule_says_what_is_kept_and_told();
};

namespace {

HubClaims claimsOf(const char* json)
{
    TokenEvidence evidence;
    evidence.claims = json;
    return readHubClaims(evidence);
}

std::string textOf(const OutgoingMessage& message)
{
    const auto payload = message.payload();
    return {static_cast<const char*>(static_cast<const void*>(payload.data())), payload.size()};
}

std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

void HubValuesTest::a_token_is_to_be_replaced_well_before_its_end_data()
{
    QTest::addColumn<int>("left");
    QTest::addColumn<int>("ttl");
    QTest::newRow("an hour") << 3600 << 3240;
    QTest::newRow("a hundred seconds") << 100 << 90;
    QTest::newRow("a minute") << 60 << 50;
    QTest::newRow("eleven seconds") << 11 << 1;
    QTest::newRow("ten seconds") << 10 << 1;
    QTest::newRow("over") << -5 << 1;
}

void HubValuesTest::a_token_is_to_be_replaced_well_before_its_end()
{
    QFETCH(const int, left);
    QFETCH(const int, ttl);
    const WallTime now{std::chrono::hours(500000)};
    QVERIFY(timeToLive(now + std::chrono::seconds(left), now) == std::chrono::seconds(ttl));
    QVERIFY(!timeToLive(std::nullopt, now));
}

void HubValuesTest::claims_of_centrifugo_are_read()
{
    const HubClaims claims =
        claimsOf(R"({"sub":"ann","channels":["a","b","a"],"info":{"name":"Ann","n":1.50},"channel":"c"})");
    QVERIFY(claims.channel == "c");
    QCOMPARE(claims.channels, (std::vector<std::string>{"a", "b"}));
    QVERIFY(claims.info.find("1.50") != std::string::npos); // as it was signed
    const HubClaims none = claimsOf(R"({"sub":"ann","info":null})");
    QVERIFY(!none.channel && none.channels.empty() && none.info.empty());
}

void HubValuesTest::claims_of_another_type_open_nothing()
{
    QVERIFY(claimsOf(R"({"channel":7})").channel == "");
    QVERIFY(claimsOf(R"({"channel":null})").channel == "");
    QVERIFY(claimsOf("no JSON").channel == "");
    QVERIFY(claimsOf(R"({"channels":"a"})").channels.empty());
    QCOMPARE(claimsOf(R"({"channels":[1,"a",{}]})").channels, std::vector<std::string>{"a"});
}

void HubValuesTest::a_plain_message_becomes_json_data()
{
    using wire::Opcode;
    QCOMPARE(publicationData(Opcode::Text, bytesOf("{\"n\": 1.0}"), true), std::string("{\"n\": 1.0}"));
    QCOMPARE(publicationData(Opcode::Text, bytesOf("a \"b\"\n"), false), std::string(R"("a \"b\"\n")"));
    QCOMPARE(publicationData(Opcode::Text, {}, false), std::string("\"\""));
    QCOMPARE(publicationData(Opcode::Binary, bytesOf("{}"), true), std::string("\"e30=\""));
    QCOMPARE(publicationData(Opcode::Binary, bytesOf("\xfb\xff\xfe"), false), std::string("\"+//+\""));
    QCOMPARE(publicationData(Opcode::Binary, bytesOf("a"), false), std::string("\"YQ==\""));
}

void HubValuesTest::news_have_one_form_for_each_protocol()
{
    Publication publication;
    publication.data = R"({"n":1})";
    publication.offset = 7;
    const ChannelNews news("room", std::make_shared<const Publication>(publication), {7, "epoch"}, nullptr);
    QCOMPARE(textOf(news.plain()), std::string(R"({"n":1})"));
    QCOMPARE(textOf(news.push()), std::string(R"({"push":{"channel":"room","pub":{"data":{"n":1},"offset":7}}})"));
    QVERIFY(&news.push() == &news.push()); // made once
    const auto sent = std::make_shared<const OutgoingMessage>(wire::Opcode::Binary, bytesOf("\x01"));
    const ChannelNews raw("room", std::make_shared<const Publication>(), {}, sent);
    QVERIFY(&raw.plain() == sent.get());
    QCOMPARE(textOf(raw.push()), std::string(R"({"push":{"channel":"room","pub":{"data":"AQ=="}}})"));
    const auto ann = std::make_shared<const ClientInfo>(ClientInfo{"1", "ann", {}, {}});
    QCOMPARE(textOf(ChannelNews(ChannelNews::Kind::Joined, "room", ann).push()),
             std::string(R"({"push":{"channel":"room","join":{"info":{"user":"ann","client":"1"}}}})"));
    QCOMPARE(textOf(ChannelNews(ChannelNews::Kind::Left, "room", ann).push()),
             std::string(R"({"push":{"channel":"room","leave":{"info":{"user":"ann","client":"1"}}}})"));
}

void HubValuesTest::a_rule_says_what_is_kept_and_told()
{
    ChannelRule rule;
    QVERIFY(!streamRule(rule));
    QVERIFY(!channelEntry(rule, {}).who);
    rule.history = HistoryRule{5, 1min, {}};
    QVERIFY(streamRule(rule) == StreamRule(5, 1min));
    rule.joinLeave = true;
    QVERIFY(!channelEntry(rule, {}).kept && channelEntry(rule, {}).announced && channelEntry(rule, {}).who);
    rule.presence = {"*"};
    QVERIFY(channelEntry(rule, {}).kept);
}

QTEST_GUILESS_MAIN(HubValuesTest)
#include "hubvaluestest.moc"
