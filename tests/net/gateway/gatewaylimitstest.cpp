// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"
#include "net/timingwheel.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// Limits of time and number that hold for a route with an application behind it as for any other.
class GatewayLimitsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_message_in_parts_is_slowed_down_between_them();
    void violations_of_either_side_are_forgotten_after_their_window_data();
    void violations_of_either_side_are_forgotten_after_their_window();
    void bad_tokens_lead_to_a_ban_and_reach_nobody();
    void an_application_that_answers_401_bans_nobody();
    void a_one_time_token_is_used_up_whatever_the_application_answers_data();
    void a_one_time_token_is_used_up_whatever_the_application_answers();
    void a_one_time_token_is_claimed_once_for_all_attempts();
};

namespace {

TestServer::Edit authenticated()
{
    return [](nlohmann::json& route) { route["authentication"] = {{"required", true}}; };
}

UpgradeOptions with(const std::string& token)
{
    UpgradeOptions options;
    options.token = token;
    return options;
}

void goodOnce(nlohmann::json& policy)
{
    policy["issuers"][0]["one_time"] = true;
}

} // namespace

/// 64 KiB at 16 KiB a second: what has begun to go on is not broken off, and comes no faster than the rate.
void GatewayLimitsTest::a_message_in_parts_is_slowed_down_between_them()
{
    ManualClock clock;
    GatewayDesk desk(
        [](nlohmann::json& route) {
            route["ping"] = "off";
            route["messages"]["bytes"] = {{"count", 16'384}, {"per", "1s"}, {"burst", 1}};
            route["messages"]["complete_within"] = "2s"; // stands still meanwhile
        },
        &clock);
    auto pair = desk.open();
    constexpr std::size_t part = 16'384;
    constexpr std::size_t head = 8; // of a frame of ours with that
    const std::string frame = rawFrame(0x82, std::string(4 * part, 'x'));
    QVERIFY(pair.client.send(frame.substr(0, frame.size() - 1))); // so that it never lies whole in the input
    std::size_t come = 0;
    const auto comeTo = [&](std::size_t bytes) {
        while (come < bytes)
            come += pair.peer.receive().size();
        desk.settle();
        come += pair.peer.receive(0ms).size();
        return come;
    };
    QCOMPARE(comeTo(part + head), part + head);
    for (std::size_t parts = 2; parts <= 3; ++parts) {
        clock.advance(900ms);
        QCOMPARE(comeTo(0), (parts - 1) * (part + head));
        clock.advance(100ms + 2 * TimingWheel::tick);
        QCOMPARE(comeTo(parts * (part + head)), parts * (part + head));
    }
    QCOMPARE(desk.server.refused(Reason::RateSession), std::uint64_t{0});
    QCOMPARE(desk.server.info().stats.throttled, std::uint64_t{3});
    QVERIFY(pair.peer.text("nobody slows the application down"));
    QCOMPARE(pair.client.nextData().payload, std::string("nobody slows the application down"));
    QVERIFY(pair.client.send(frame.substr(frame.size() - 1)));
    clock.advance(1s + 2 * TimingWheel::tick);
    QCOMPARE(comeTo(4 * (part + head)), 4 * (part + head));
    QCOMPARE(desk.server.sessions().at(0).activity.bytesIn, std::uint64_t{4 * part});
}

void GatewayLimitsTest::violations_of_either_side_are_forgotten_after_their_window_data()
{
    QTest::addColumn<bool>("client");
    QTest::newRow("the client's") << true;
    QTest::newRow("the application's") << false;
}

void GatewayLimitsTest::violations_of_either_side_are_forgotten_after_their_window()
{
    QFETCH(bool, client);
    ManualClock clock;
    GatewayDesk desk(
        [&](nlohmann::json& route) {
            route["ping"] = "off";
            route["messages"]["violations_within"] = "10s";
            if (!client) {
                route["messages"]["types"] = {"text"};
                return;
            }
            route["messages"]["rate"] = {{"count", 1}, {"per", "1h"}, {"burst", 1}};
            route["messages"]["on_excess"] = "close";
        },
        &clock);
    auto pair = desk.open();
    const Reason reason = client ? Reason::RateSession : Reason::UpstreamMessage;
    if (client)
        QVERIFY(pair.client.text("the only good one"));
    const auto violate = [&] {
        const std::uint64_t before = desk.server.refused(reason);
        QVERIFY(client ? pair.client.text("too much") : pair.peer.frame(wire::Opcode::Binary, "no text"));
        QVERIFY(eventually([&] { return desk.server.refused(reason) == before + 1; }));
    };
    for (int window = 0; window < 3; ++window) {
        violate();
        violate();
        desk.settle();
        QCOMPARE(desk.server.sessions().size(), std::size_t{1});
        clock.advance(10s);
    }
    violate();
    clock.advance(9s);
    violate();
    violate(); // the third within 10 s
    QCOMPARE(int(pair.client.closing().code), client ? 1008 : 1014);
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

void GatewayLimitsTest::bad_tokens_lead_to_a_ban_and_reach_nobody()
{
    ManualClock clock;
    GatewayDesk desk(authenticated(), &clock, 0, [](nlohmann::json& policy) {
        policy["limits"]["auth_failures_per_ip"] = {{"count", 3}, {"per", "10s"}, {"then_ban", "10m"}};
    });
    ByteClient::Options elsewhere;
    elsewhere.source = "127.0.0.2";
    auto good = desk.open(with(desk.server.token("ann")));
    QCOMPARE(good.answer.status, 101);
    const std::string forged = desk.server.signedToken(R"({"alg":"HS256"})", desk.server.claims("ann").dump(), "guess");
    const auto status = [&] { return desk.ask(with(forged), elsewhere).request({}).status; };
    for (int i = 0; i < 3; ++i)
        QCOMPARE(status(), 401);
    QCOMPARE(status(), 429);
    clock.advance(11s);
    for (int i = 0; i < 3; ++i) // a second full window
        QCOMPARE(status(), 401);
    const auto bans = [&] { return std::get<BanList>(desk.server.call(BansQuery{}).value()).bans; };
    QVERIFY(eventually([&] { return bans().size() == 1; }));
    QCOMPARE(bans()[0].value, std::string("127.0.0.2"));
    clock.advance(11s);
    QVERIFY(eventually([&] { return desk.ask(with(desk.server.token("ann")), elsewhere).request({}).status != 101; }));
    QVERIFY(!desk.upstream.accept(0ms).connected()); // none of it was the application's business
    QVERIFY(good.client.text("still here"));
    QCOMPARE(good.peer.nextData().payload, std::string("still here"));
    QCOMPARE(desk.open(with(desk.server.token("bob"))).answer.status, 101); // from where nobody guessed
}

void GatewayLimitsTest::an_application_that_answers_401_bans_nobody()
{
    GatewayDesk desk({}, nullptr, 0, [](nlohmann::json& policy) {
        policy["limits"]["auth_failures_per_ip"] = {{"count", 1}, {"per", "1s"}, {"then_ban", "10m"}};
    });
    for (int i = 0; i < 10; ++i) {
        ByteClient client = desk.ask();
        ByteClient peer = desk.upstream.accept();
        (void)ByteUpstream::readHead(peer);
        QVERIFY(peer.send("HTTP/1.1 401 No\r\n\r\n"));
        QCOMPARE(client.request({}).status, 502);
    }
    QVERIFY(std::get<BanList>(desk.server.call(BansQuery{}).value()).bans.empty());
    QCOMPARE(desk.open().answer.status, 101);
    QCOMPARE(desk.server.info().stats.upstreams.at(0).state, UpstreamState::Up); // nor is it to blame
}

void GatewayLimitsTest::a_one_time_token_is_used_up_whatever_the_application_answers_data()
{
    QTest::addColumn<QByteArray>("said");
    QTest::addColumn<int>("status");
    QTest::newRow("500") << QByteArray("HTTP/1.1 500 Oh\r\n\r\n") << 502;
    QTest::newRow("401") << QByteArray("HTTP/1.1 401 No\r\n\r\n") << 502;
    QTest::newRow("nothing") << QByteArray() << 502;
    QTest::newRow("101") << QByteArray("+") << 101;
}

/// It is claimed before the application is asked, which is told whose it is: whoever overhears it comes too late.
void GatewayLimitsTest::a_one_time_token_is_used_up_whatever_the_application_answers()
{
    QFETCH(QByteArray, said);
    QFETCH(int, status);
    GatewayDesk desk(authenticated(), nullptr, 0, goodOnce);
    const std::string token = desk.server.token("ann");
    {
        ByteClient client = desk.ask(with(token));
        ByteClient peer = desk.upstream.accept();
        const std::string head = ByteUpstream::readHead(peer);
        QVERIFY(peer.send(said == "+" ? ByteUpstream::switching(head) : said.toStdString()));
        if (said != "+")
            peer.shutdownWrite();
        QCOMPARE(client.request({}).status, status);
    }
    for (int i = 0; i < 2; ++i)
        QCOMPARE(desk.ask(with(token)).request({}).status, 401);
    QCOMPARE(desk.server.refused(Reason::JwtReplay), std::uint64_t{2});
    QVERIFY(!desk.upstream.accept(0ms).connected());
    QCOMPARE(desk.open(with(desk.server.token("ann"))).answer.status, 101);
}

void GatewayLimitsTest::a_one_time_token_is_claimed_once_for_all_attempts()
{
    ByteUpstream second;
    GatewayDesk desk(
        [&](nlohmann::json& route) {
            authenticated()(route);
            route["gateway"]["upstreams"].push_back(second.url());
        },
        nullptr, 0, goodOnce);
    const std::string token = desk.server.token("ann");
    ByteClient client = desk.ask(with(token));
    ByteClient refusing = desk.upstream.accept();
    (void)ByteUpstream::readHead(refusing);
    QVERIFY(refusing.send("HTTP/1.1 503 Later\r\n\r\n"));
    ByteClient peer = second.accept();
    QVERIFY(peer.send(ByteUpstream::switching(ByteUpstream::readHead(peer))));
    QCOMPARE(client.request({}).status, 101);
    QCOMPARE(desk.server.refused(Reason::JwtReplay), std::uint64_t{0});
    QCOMPARE(desk.ask(with(token)).request({}).status, 401);
}

QTEST_GUILESS_MAIN(GatewayLimitsTest)
#include "gatewaylimitstest.moc"
