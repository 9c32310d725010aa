// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

void prepare(nlohmann::json& policy)
{
    policy["roles"] = {{"editor", nlohmann::json::object()}};
    policy["issuers"][0]["roles_allowed"] = {"*"};
    policy["routes"][0]["authentication"] = {{"from", {"authorization", "first_message"}}};
    policy["routes"][0]["compression"] = {{"max_inflated", "64KiB"}};
    nlohmann::json route = policy["routes"][1];
    route["name"] = "first";
    route["path"] = "/first";
    route["authentication"] = {{"from", {"authorization", "first_message"}}};
    policy["routes"].push_back(route);
    route["name"] = "editors";
    route["path"] = "/editors";
    route["roles"] = {"editor"};
    policy["routes"].push_back(route);
}

} // namespace

class FirstMessageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void a_token_begins_the_session_with_what_follows_it();
    void a_token_in_pieces_between_pings_begins_the_session();
    void a_token_in_a_header_makes_the_first_message_an_ordinary_one();
    void tokens_that_are_refused_close_with_their_word_data();
    void tokens_that_are_refused_close_with_their_word();
    void what_is_no_token_closes_data();
    void what_is_no_token_closes();
    void no_token_in_time_closes_with_4401();
    void bytes_that_trickle_do_not_move_the_deadline();
    void control_frames_are_limited();
    void a_close_is_answered();
    void it_is_pending_until_the_token_is_good();
    void limits_and_bans_hold_behind_the_101();
    void failures_count_towards_a_ban();
    void a_server_that_drains_says_so();
    void a_compressed_token_is_taken();

private:
    [[nodiscard]] ByteClient entered(const std::string& path = "/first", const ByteClient::Options& options = {}) const
    {
        ByteClient client = m_server->plain(options);
        UpgradeOptions upgrade;
        upgrade.path = path;
        if (client.upgrade(upgrade).status != 101)
            throw std::runtime_error("no 101");
        return client;
    }
    ManualClock m_clock;
    std::unique_ptr<TestServer> m_server;
};

void FirstMessageTest::init()
{
    m_server = std::make_unique<TestServer>(prepare, &m_clock);
}

void FirstMessageTest::cleanup()
{
    QTRY_COMPARE(m_server->info().stats.pending, 0u);
    m_server.reset();
}

void FirstMessageTest::a_token_begins_the_session_with_what_follows_it()
{
    ByteClient client = entered();
    const std::string token = m_server->token("ann");
    client.send(rawFrame(0x81, token) + rawFrame(0x81, "one") + rawFrame(0x82, "two") +
                rawFrame(0x81, "th").substr(0, 7));
    QCOMPARE(client.nextData().payload, std::string("one")); // nothing answers the token
    QCOMPARE(client.nextData().payload, std::string("two"));
    client.send(rawFrame(0x81, "th").substr(7));
    QCOMPARE(client.nextData().payload, std::string("th"));
    const auto sessions = m_server->sessions();
    QCOMPARE(sessions.size(), std::size_t{1});
    QCOMPARE(sessions[0].info->user, std::string("ann"));
    QVERIFY(client.close());
    QCOMPARE(client.closing().code, 1000);
}

void FirstMessageTest::a_token_in_pieces_between_pings_begins_the_session()
{
    ByteClient client = entered();
    const std::string token = m_server->token("ann");
    QVERIFY(client.frame(wire::Opcode::Ping, "before"));
    QCOMPARE(client.next().payload, std::string("before"));
    client.send(rawFrame(0x01, token.substr(0, 10)) + rawFrame(0x89, "between") + rawFrame(0x80, token.substr(10)) +
                rawFrame(0x81, "behind"));
    QCOMPARE(client.next().payload, std::string("between"));
    QCOMPARE(client.nextData().payload, std::string("behind"));
}

void FirstMessageTest::a_token_in_a_header_makes_the_first_message_an_ordinary_one()
{
    ByteClient client = m_server->plain();
    UpgradeOptions upgrade;
    upgrade.path = "/first";
    upgrade.token = m_server->token("ann");
    QCOMPARE(client.upgrade(upgrade).status, 101);
    QVERIFY(client.text("hello"));
    QCOMPARE(client.nextData().payload, std::string("hello"));
    upgrade.token = "abc"; // and a bad one there is refused there
    QCOMPARE(m_server->plain().upgrade(upgrade).status, 401);
}

void FirstMessageTest::tokens_that_are_refused_close_with_their_word_data()
{
    QTest::addColumn<std::string>("token");
    QTest::addColumn<std::string>("path");
    QTest::addColumn<int>("code");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, const std::string& token, int code, Reason reason,
                        const char* path = "/first") {
        QTest::newRow(name) << token << std::string(path) << code << reason;
    };
    row("garbage", "abc", 4401, Reason::JwtFormat);
    row("empty", "", 4401, Reason::JwtFormat);
    row("41 depth 10,000", std::string(4000, '[') + std::string(4000, ']'), 4401, Reason::JwtFormat);
    row("41 depth 10,000 in a payload", "DEEP", 4401, Reason::JwtFormat);
    row("signed by another", "FORGED", 4401, Reason::JwtSig);
    row("expired", "EXPIRED", 4401, Reason::JwtTime);
    row("a role is missing", "GOOD", 4403, Reason::Authz, "/editors");
    row("a channel that it may not enter", "GOOD", 4403, Reason::AuthzChannel, "/hub/forbidden");
}

void FirstMessageTest::tokens_that_are_refused_close_with_their_word()
{
    QFETCH(std::string, token);
    QFETCH(std::string, path);
    QFETCH(int, code);
    QFETCH(Reason, reason);
    const std::string header = R"({"alg":"HS256","typ":"JWT"})";
    nlohmann::json claims = m_server->claims("ann");
    if (token == "GOOD")
        token = m_server->token("ann");
    else if (token == "FORGED")
        token = m_server->signedToken(header, claims.dump(), std::string(43, 'k'));
    else if (token == "DEEP")
        token = m_server->signedToken(header, std::string(2900, '[') + std::string(2900, ']'));
    else if (token == "EXPIRED") {
        claims["exp"] = claims["iat"].get<std::int64_t>() - 3600;
        claims["iat"] = claims["iat"].get<std::int64_t>() - 7200;
        token = m_server->signedToken(header, claims.dump());
    }
    const FaultTrace trace(*m_server);
    ByteClient client = entered(path, trace.source());
    QVERIFY(client.text(token));
    const Incoming end = client.closing();
    QCOMPARE(int(end.code), code);
    QCOMPARE(end.payload, std::string(reasonWord(reason)));
    const std::string route = path == "/hub/forbidden" ? m_server->policy().routes[0].name : path.substr(1);
    COMPARE_TRACE(trace.refused(reason, static_cast<std::uint16_t>(code), route));
    if (reason != Reason::AuthzChannel) {
        const auto failures = std::get<AuthFailureList>(m_server->call(AuthFailuresQuery{}).value());
        QCOMPARE(failures.groups.size(), std::size_t{1});
    }
}

void FirstMessageTest::what_is_no_token_closes_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, const std::string& bytes, int code, Reason reason) {
        QTest::newRow(name) << bytes << code << reason;
    };
    row("binary", rawFrame(0x82, "abc"), 1003, Reason::Type);
    row("over 8 KiB", rawFrame(0x81, std::string(8193, 'a')), 1009, Reason::TooBig);
    row("over 8 KiB in fragments", rawFrame(0x01, std::string(8000, 'a')) + rawFrame(0x80, std::string(193, 'a')), 1009,
        Reason::TooBig);
    row("bad UTF-8", rawFrame(0x81, "\xff"), 1007, Reason::Utf8);
    row("unmasked", rawFrame(0x81, "abc", false), 1002, Reason::Unmasked);
    row("a reserved opcode", rawFrame(0x83, "abc"), 1002, Reason::Opcode);
    row("RSV1 without deflate", rawFrame(0xc1, "abc"), 1002, Reason::Rsv);
    row("a Close of one byte", rawFrame(0x88, "a"), 1002, Reason::ClosePayload);
    row(
        "fragments without an end",
        [] {
            std::string all = rawFrame(0x01, "a");
            for (int i = 0; i < 100; ++i)
                all += rawFrame(0x00, "a");
            return all;
        }(),
        1008, Reason::Fragments);
}

void FirstMessageTest::what_is_no_token_closes()
{
    QFETCH(std::string, bytes);
    QFETCH(int, code);
    QFETCH(Reason, reason);
    const FaultTrace trace(*m_server);
    ByteClient client = entered("/first", trace.source());
    client.send(bytes);
    QCOMPARE(int(client.closing().code), code);
    COMPARE_TRACE(trace.refused(reason, static_cast<std::uint16_t>(code), "first"));
}

void FirstMessageTest::no_token_in_time_closes_with_4401()
{
    const FaultTrace trace(*m_server);
    ByteClient client = entered("/first", trace.source());
    m_clock.advance(4900ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    m_clock.advance(200ms);
    const Incoming end = client.closing();
    QCOMPARE(int(end.code), 4401);
    QCOMPARE(end.payload, std::string("auth_missing"));
    COMPARE_TRACE(trace.refused(Reason::AuthMissing, 4401, "first"));
    const AuditRecord record = m_server->audit(AuditKind::Refuse, Reason::AuthMissing).front();
    QCOMPARE(record.decision.rule.pointer, std::string("/routes/2/authentication/first_message_within"));
    QCOMPARE(record.decision.limit, std::string("5s"));
}

void FirstMessageTest::bytes_that_trickle_do_not_move_the_deadline()
{
    ByteClient client = entered();
    const std::string frame = rawFrame(0x81, m_server->token("ann"));
    for (std::size_t i = 0; i < 5; ++i) {
        client.send(frame.substr(i, 1));
        m_clock.advance(1010ms);
    }
    QCOMPARE(int(client.closing().code), 4401);
}

void FirstMessageTest::control_frames_are_limited() // row 59
{
    const FaultTrace trace(*m_server);
    ByteClient client = entered("/first", trace.source());
    for (int i = 0; i < 21; ++i)
        client.frame(wire::Opcode::Ping, "flood");
    QCOMPARE(int(client.closing().code), 1008);
    COMPARE_TRACE(trace.refused(Reason::ControlRate, 1008, "first"));
}

void FirstMessageTest::a_close_is_answered()
{
    const FaultTrace trace(*m_server);
    ByteClient client = entered("/first", trace.source());
    QVERIFY(client.close(1001));
    QCOMPARE(int(client.closing().code), 1001);
    QVERIFY(client.ends());
    client.disconnect();
    QTRY_COMPARE(m_server->info().stats.pending, 0u);
    QVERIFY(m_server->sessions().empty());
    QVERIFY(m_server->info().stats.refused.empty());
}

void FirstMessageTest::it_is_pending_until_the_token_is_good() // row 88
{
    m_server = nullptr;
    m_server = std::make_unique<TestServer>(
        [](nlohmann::json& policy) {
            prepare(policy);
            policy["limits"]["pending_per_ip"] = 3;
        },
        &m_clock);
    std::vector<ByteClient> waiting;
    for (int i = 0; i < 3; ++i)
        waiting.push_back(entered());
    QTRY_COMPARE(m_server->info().stats.pending, 3u);
    QVERIFY(m_server->plain().ends());
    QCOMPARE(m_server->refused(Reason::LimitPending), 1u);
    QVERIFY(waiting[0].text(m_server->token("ann")));
    QVERIFY(waiting[0].text("hello"));
    QCOMPARE(waiting[0].nextData().payload, std::string("hello"));
    QCOMPARE(m_server->info().stats.pending, 2u);
    waiting.push_back(entered());
    waiting.clear();
}

void FirstMessageTest::limits_and_bans_hold_behind_the_101() // row 32
{
    m_server = nullptr;
    m_server = std::make_unique<TestServer>(
        [](nlohmann::json& policy) {
            prepare(policy);
            policy["limits"]["sessions_per_user"] = 1;
        },
        &m_clock);
    ByteClient first = entered();
    QVERIFY(first.text(m_server->token("ann")));
    QTRY_COMPARE(m_server->sessions().size(), std::size_t{1});
    ByteClient second = entered();
    QVERIFY(second.text(m_server->token("ann")));
    const Incoming limited = second.closing();
    QCOMPARE(int(limited.code), 1013);
    QCOMPARE(limited.payload, std::string("limit_user"));
    ByteClient third = entered();
    BanCommand ban;
    ban.subject = BanSubject::User;
    ban.value = "bob";
    QVERIFY(m_server->call(ban).ok());
    QVERIFY(third.text(m_server->token("bob")));
    const Incoming banned = third.closing();
    QCOMPARE(int(banned.code), 4403);
    QCOMPARE(banned.payload, std::string("banned"));
}

void FirstMessageTest::failures_count_towards_a_ban() // row 45
{
    m_server = nullptr;
    m_server = std::make_unique<TestServer>(
        [](nlohmann::json& policy) {
            prepare(policy);
            policy["limits"]["auth_failures_per_ip"] = {{"count", 2}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &m_clock);
    ByteClient before = entered();
    for (int i = 0; i < 2; ++i) {
        ByteClient client = entered();
        QVERIFY(client.text("abc"));
        QCOMPARE(int(client.closing().code), 4401);
    }
    QVERIFY(before.text(m_server->token("ann"))); // it had its 101 already
    const Incoming end = before.closing();
    QCOMPARE(int(end.code), 4401);
    QCOMPARE(end.payload, std::string("auth_bruteforce"));
    UpgradeOptions upgrade;
    upgrade.path = "/first";
    QCOMPARE(m_server->plain().upgrade(upgrade).status, 429);
}

void FirstMessageTest::a_server_that_drains_says_so()
{
    ByteClient client = entered();
    QVERIFY(m_server->call(DrainCommand{}).ok());
    const Incoming end = client.closing();
    QCOMPARE(int(end.code), 1001);
    QCOMPARE(end.payload, std::string("drain"));
}

void FirstMessageTest::a_compressed_token_is_taken()
{
    ByteClient client = m_server->plain();
    UpgradeOptions upgrade;
    upgrade.path = "/hub/news.a";
    upgrade.headers = {{"Sec-WebSocket-Extensions", "permessage-deflate"}};
    const HttpAnswer answer = client.upgrade(upgrade);
    QCOMPARE(answer.status, 101);
    QVERIFY(!answer.header("Sec-WebSocket-Extensions").empty());
    const std::string token = m_server->token("ann");
    const auto frame = wire::encodeDeflated(wire::Opcode::Text, std::as_bytes(std::span(token)), 15, 0x12345678U);
    QVERIFY(frame.has_value());
    QVERIFY(client.send(*frame));
    QTRY_COMPARE(m_server->sessions().size() + m_server->refused(Reason::AuthzChannel), std::size_t{1});
}

QTEST_GUILESS_MAIN(FirstMessageTest)
#include "firstmessagetest.moc"
