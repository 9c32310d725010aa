// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

/// FAULTS row 84, before the 101: what an upstream does instead of answering, what the client is told, and what is
/// recorded. A session through the same gate lives on beside it.
class GatewayEntryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_answer_that_is_none_is_refused_data();
    void an_answer_that_is_none_is_refused();
    void an_upstream_that_hangs_is_given_up_data();
    void an_upstream_that_hangs_is_given_up();
    void one_that_refuses_connections_is_502();
    void the_next_upstream_is_asked();
    void a_client_that_leaves_ends_the_attempt();
    void answers_of_1xx_may_come_before();
    void the_subprotocol_is_what_the_upstream_chose_data();
    void the_subprotocol_is_what_the_upstream_chose();
    void identity_cannot_be_forged();
    void frames_behind_the_101_are_delivered();

private:
    /// The one record of why somebody was not let in.
    static AuditRecord refusal(const TestServer& server, Reason reason);
};

AuditRecord GatewayEntryTest::refusal(const TestServer& server, Reason reason)
{
    std::vector<AuditRecord> records;
    (void)eventually([&] { return !(records = server.audit(AuditKind::Refuse, reason)).empty(); });
    return records.size() == 1 ? records.front() : AuditRecord();
}

void GatewayEntryTest::an_answer_that_is_none_is_refused_data()
{
    QTest::addColumn<QByteArray>("said");
    QTest::addColumn<Reason>("reason");
    QTest::addColumn<QByteArray>("met");
    const auto row = [](const char* name, const QByteArray& said, Reason reason, const char* met) {
        QTest::newRow(name) << said << reason << QByteArray(met);
    };
    row("401", "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", Reason::UpstreamStatus, "status 401");
    row("200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Reason::UpstreamStatus, "status 200");
    row("301", "HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", Reason::UpstreamStatus, "status 301");
    row("500", "HTTP/1.1 500 Oh\r\n\r\n", Reason::UpstreamStatus, "status 500");
    row("without a reason phrase", "HTTP/1.1 403 \r\n\r\n", Reason::UpstreamStatus, "status 403");
    row("garbage", "\x16\x03\x01 garbage\r\n\r\n", Reason::UpstreamAnswer, "not an HTTP/1.1 answer");
    row("HTTP/1.0", "HTTP/1.0 101 X\r\n\r\n", Reason::UpstreamAnswer, "not an HTTP/1.1 answer");
    row("frames at once", QByteArray("\x81\x02hi\r\n\r\n", 8), Reason::UpstreamAnswer, "not an HTTP/1.1 answer");
    row("nothing", "", Reason::UpstreamAnswer, "the connection ended without an answer");
    row("half an answer", "HTTP/1.1 101 Swit", Reason::UpstreamAnswer,
        "the connection ended in the middle of the answer");
    row("a giant head", "HTTP/1.1 101 X\r\nX: " + QByteArray(20000, 'x'), Reason::UpstreamAnswer,
        "a head that is too long");
    row("no upgrade", "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n", Reason::UpstreamAnswer,
        "a 101 that is no WebSocket upgrade");
    row("wrong accept",
        "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        Reason::UpstreamAnswer, "a wrong Sec-WebSocket-Accept");
    row("an unasked subprotocol", "+Sec-WebSocket-Protocol: mqtt\r\n", Reason::UpstreamAnswer,
        "a subprotocol that was not offered");
    row("an unasked extension", "+Sec-WebSocket-Extensions: permessage-deflate\r\n", Reason::UpstreamAnswer,
        "an extension that was not offered");
    row("too much of 1xx", QByteArray("HTTP/1.1 100 Continue\r\n\r\n").repeated(20), Reason::UpstreamStatus,
        "status 100");
}

void GatewayEntryTest::an_answer_that_is_none_is_refused()
{
    QFETCH(QByteArray, said);
    QFETCH(Reason, reason);
    QFETCH(QByteArray, met);
    GatewayDesk desk;
    auto beside = desk.open();
    QCOMPARE(beside.answer.status, 101);
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string head = ByteUpstream::readHead(peer);
    if (said.startsWith('+')) // a right answer, but for that
        peer.send(ByteUpstream::switching(head, said.mid(1).toStdString()));
    else
        peer.send(said.toStdString());
    peer.shutdownWrite();
    const HttpAnswer answer = client.request({});
    QCOMPARE(answer.status, 502);
    QVERIFY(answer.text.ends_with(std::string(reasonWord(reason)) + "\n"));
    QVERIFY(client.ends());
    QVERIFY(peer.ends());
    QCOMPARE(desk.server.refused(reason), std::uint64_t{1});
    const AuditRecord record = refusal(desk.server, reason);
    QCOMPARE(record.decision.met, met.toStdString());
    QCOMPARE(record.decision.rule.pointer,
             "/routes/" + std::to_string(desk.server.policy().routes.size() - 1) + "/gateway/upstreams/0");
    QCOMPARE(record.decision.limit, desk.upstream.url());
    QCOMPARE(int(record.code), 502);
    QVERIFY(beside.client.text("still here"));
    QCOMPARE(beside.peer.nextData().payload, std::string("still here"));
}

void GatewayEntryTest::an_upstream_that_hangs_is_given_up_data()
{
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("before its answer") << QByteArray();
    QTest::newRow("in the middle of its answer") << QByteArray("HTTP/1.1 101 Switching Protocols\r\nUpgr");
}

void GatewayEntryTest::an_upstream_that_hangs_is_given_up()
{
    QFETCH(QByteArray, said);
    ManualClock clock;
    GatewayDesk desk([](nlohmann::json& route) { route["gateway"]["connect_timeout"] = "2s"; }, &clock);
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string head = ByteUpstream::readHead(peer);
    QVERIFY(peer.send(said.toStdString()));
    (void)desk.server.sessions();
    clock.advance(1900ms);
    (void)desk.server.sessions();
    QVERIFY(client.receive(100ms).empty());
    clock.advance(200ms);
    QCOMPARE(client.request({}).status, 504);
    QCOMPARE(desk.server.refused(Reason::UpstreamTimeout), std::uint64_t{1});
    QCOMPARE(refusal(desk.server, Reason::UpstreamTimeout).decision.met, std::string("no answer in time"));
    QVERIFY(peer.ends());
}

void GatewayEntryTest::one_that_refuses_connections_is_502()
{
    GatewayDesk desk;
    desk.upstream.stop();
    ByteClient client = desk.ask();
    QCOMPARE(client.request({}).status, 502);
    QCOMPARE(desk.server.refused(Reason::UpstreamConnect), std::uint64_t{1});
    QCOMPARE(refusal(desk.server, Reason::UpstreamConnect).decision.met, std::string("Connection refused"));
    desk.upstream.listen();
    QCOMPARE(desk.open().answer.status, 101);
}

void GatewayEntryTest::the_next_upstream_is_asked()
{
    ByteUpstream other;
    GatewayDesk desk([&](nlohmann::json& route) { route["gateway"]["upstreams"].push_back(other.url()); });
    desk.upstream.stop();
    for (int i = 0; i < 2; ++i) { // whichever is asked first
        ByteClient client = desk.ask();
        ByteClient peer = other.accept();
        peer.send(ByteUpstream::switching(ByteUpstream::readHead(peer)));
        QCOMPARE(client.request({}).status, 101);
        QVERIFY(eventually([&] { return desk.server.sessions().size() == std::size_t(i) + 1 || i > 0; }));
        QCOMPARE(desk.server.sessions().front().info->upstream, other.url());
        client.close();
        (void)client.closing();
    }
}

void GatewayEntryTest::a_client_that_leaves_ends_the_attempt()
{
    GatewayDesk desk;
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    (void)ByteUpstream::readHead(peer);
    client.disconnect();
    QVERIFY(peer.ends());
    QVERIFY(eventually([&] { return desk.server.info().stats.pending == 0; }));
    QCOMPARE(desk.server.info().stats.backlog, std::uint64_t{0});
}

void GatewayEntryTest::answers_of_1xx_may_come_before()
{
    GatewayDesk desk;
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string head = ByteUpstream::readHead(peer);
    peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ByteUpstream::switching(head));
    QCOMPARE(client.request({}).status, 101);
}

void GatewayEntryTest::the_subprotocol_is_what_the_upstream_chose_data()
{
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<QByteArray>("chosen");
    QTest::addColumn<bool>("required");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("told");
    QTest::newRow("the second") << QByteArray("mqtt,amqp") << QByteArray("amqp") << false << 101 << QByteArray("amqp");
    QTest::newRow("none") << QByteArray("mqtt") << QByteArray() << false << 101 << QByteArray();
    QTest::newRow("none, beside ours") << QByteArray("mqtt,gatehouse") << QByteArray() << true << 101
                                       << QByteArray("gatehouse");
    QTest::newRow("none, and required") << QByteArray("mqtt") << QByteArray() << true << 502 << QByteArray();
    QTest::newRow("ours alone") << QByteArray("gatehouse") << QByteArray() << false << 101 << QByteArray("gatehouse");
    QTest::newRow("ours is not the upstream's")
        << QByteArray("mqtt,gatehouse") << QByteArray("gatehouse") << false << 502 << QByteArray();
    QTest::newRow("nobody offered any") << QByteArray() << QByteArray() << false << 101 << QByteArray();
}

void GatewayEntryTest::the_subprotocol_is_what_the_upstream_chose()
{
    QFETCH(QByteArray, offered);
    QFETCH(QByteArray, chosen);
    QFETCH(bool, required);
    QFETCH(int, status);
    QFETCH(QByteArray, told);
    GatewayDesk desk([&](nlohmann::json& route) {
        route["subprotocols"] = {{"allow", {"mqtt", "amqp"}}, {"require", required}};
    });
    UpgradeOptions options;
    if (!offered.isEmpty())
        options.subprotocols = {offered.toStdString()};
    const auto pair =
        desk.open(options, chosen.isEmpty() ? "" : "Sec-WebSocket-Protocol: " + chosen.toStdString() + "\r\n");
    QCOMPARE(pair.answer.status, status);
    QCOMPARE(pair.answer.header("Sec-WebSocket-Protocol"), told.toStdString());
    QVERIFY(ByteUpstream::header(pair.head, "Sec-WebSocket-Protocol").find("gatehouse") == std::string::npos);
    QCOMPARE(desk.server.refused(Reason::UpstreamAnswer), std::uint64_t(status == 101 ? 0 : 1));
}

void GatewayEntryTest::identity_cannot_be_forged()
{
    GatewayDesk desk([](nlohmann::json& route) {
        route["authentication"] = {{"required", true}};
        route["gateway"]["forward"] = {"X-Forwarded-For", "X-Forwarded-Host", "X-Gatehouse-User", "X-Gatehouse-Roles"};
    });
    UpgradeOptions options;
    options.path = "/app/a/b?x=1";
    options.token = desk.server.token("ann");
    options.headers = {{"X-Gatehouse-User", "root"},   {"x_gatehouse_user", "root"},   {"X-Gatehouse-Roles", "admin"},
                       {"X-Forwarded-For", "8.8.8.8"}, {"X-Forwarded_For", "8.8.8.8"}, {"Forwarded", "for=8.8.8.8"},
                       {"X-Real-IP", "8.8.8.8"},       {"Cookie", "token=x"},          {"X-Kept", "yes"}};
    const auto pair = desk.open(options);
    QCOMPARE(pair.answer.status, 101);
    QVERIFY(pair.head.starts_with("GET /a/b?x=1 HTTP/1.1\r\n"));
    QCOMPARE(ByteUpstream::header(pair.head, "X-Gatehouse-User"), std::string("ann"));
    QCOMPARE(ByteUpstream::header(pair.head, "X-Forwarded-For"), std::string("127.0.0.1"));
    QCOMPARE(ByteUpstream::header(pair.head, "X-Forwarded-Host"), std::string("localhost"));
    QCOMPARE(ByteUpstream::header(pair.head, "X-Kept"), std::string("yes"));
    QCOMPARE(ByteUpstream::header(pair.head, "Host"), "127.0.0.1:" + std::to_string(desk.upstream.port()));
    for (const char* absent : {"root", "admin", "8.8.8.8", "token", "Bearer"})
        QVERIFY2(pair.head.find(absent) == std::string::npos, absent);
    QVERIFY(pair.head.find(*options.token) == std::string::npos);
}

void GatewayEntryTest::frames_behind_the_101_are_delivered()
{
    GatewayDesk desk;
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string head = ByteUpstream::readHead(peer);
    peer.send(ByteUpstream::switching(head) + rawFrame(0x81, "first", false) + rawFrame(0x81, "second", false));
    QCOMPARE(client.request({}).status, 101);
    QCOMPARE(client.nextData().payload, std::string("first"));
    QCOMPARE(client.nextData().payload, std::string("second"));
}

QTEST_GUILESS_MAIN(GatewayEntryTest)
#include "entrytest.moc"
