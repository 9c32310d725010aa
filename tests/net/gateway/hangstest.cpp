// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;

/// An application that hangs, or goes on so slowly that nobody would wait for it (FAULTS row 84). Nobody but its own
/// clients notices.
class GatewayHangsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_attempt_that_hangs_is_504_data();
    void an_attempt_that_hangs_is_504();
    void a_connection_that_does_not_come_about_is_504();
    void an_answer_byte_by_byte_gets_no_more_time();
    void the_next_one_is_asked_where_one_hangs();
    void a_message_byte_by_byte_is_cut_off_data();
    void a_message_byte_by_byte_is_cut_off();
    void one_that_takes_nothing_for_60_s_is_1014();
    void one_that_takes_a_little_now_and_then_stays();
    void a_neighbour_lives_undisturbed_data();
    void a_neighbour_lives_undisturbed();
};

namespace {

/// A port that takes no connection: its queue is full, and nobody accepts.
class FullUpstream {
public:
    FullUpstream()
    {
        m_listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        m_own.sin_family = AF_INET;
        m_own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof m_own;
        auto* generic = static_cast<sockaddr*>(static_cast<void*>(&m_own));
        if (bind(m_listening, generic, length) != 0 || ::listen(m_listening, 0) != 0 ||
            getsockname(m_listening, generic, &length) != 0)
            throw std::runtime_error("an upstream cannot listen");
        for (int& fd : m_waiting) {
            fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            (void)connect(fd, generic, length);
        }
    }
    ~FullUpstream()
    {
        for (const int fd : m_waiting)
            ::close(fd);
        ::close(m_listening);
    }
    FullUpstream(const FullUpstream&) = delete;
    FullUpstream& operator=(const FullUpstream&) = delete;
    [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(ntohs(m_own.sin_port)) + '/'; }

private:
    int m_listening = -1;
    sockaddr_in m_own{};
    std::array<int, 4> m_waiting{};
};

void within2s(nlohmann::json& route)
{
    route["gateway"]["connect_timeout"] = "2s";
}

/// The clock goes on by so much, and everybody has noticed.
void pass(const GatewayDesk& desk, ManualClock& clock, std::chrono::milliseconds time)
{
    desk.settle();
    clock.advance(time);
    desk.settle();
}

} // namespace

void GatewayHangsTest::an_attempt_that_hangs_is_504_data()
{
    QTest::addColumn<bool>("accepts");
    QTest::addColumn<bool>("reads");
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("the connection is never taken from the queue") << false << false << QByteArray();
    QTest::newRow("before the request is read") << true << false << QByteArray();
    QTest::newRow("behind the request") << true << true << QByteArray();
    QTest::newRow("behind 103") << true << true << QByteArray("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    QTest::newRow("before the answer's empty line")
        << true << true << QByteArray("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n");
}

void GatewayHangsTest::an_attempt_that_hangs_is_504()
{
    QFETCH(bool, accepts);
    QFETCH(bool, reads);
    QFETCH(QByteArray, said);
    ManualClock clock;
    GatewayDesk desk(within2s, &clock);
    ByteClient client = desk.ask();
    ByteClient peer = accepts ? desk.upstream.accept() : ByteClient(-1);
    if (reads)
        QVERIFY(!ByteUpstream::readHead(peer).empty());
    QVERIFY(peer.send(said.toStdString()));
    QVERIFY(eventually([&] { return desk.server.info().stats.pending == 1; }));
    pass(desk, clock, 1900ms);
    QVERIFY(client.receive(0ms).empty());
    clock.advance(200ms);
    QCOMPARE(client.request({}).status, 504);
    const AuditRecord record = desk.record(AuditKind::Refuse, Reason::UpstreamTimeout);
    QCOMPARE(record.decision.met, std::string("no answer in time"));
    QCOMPARE(record.decision.limit, desk.upstream.url());
    QVERIFY(!accepts || peer.ends());
    QVERIFY(eventually([&] { return desk.server.info().stats.backlog == 0; }));
}

void GatewayHangsTest::a_connection_that_does_not_come_about_is_504()
{
    ManualClock clock;
    const FullUpstream full;
    GatewayDesk desk(
        [&](nlohmann::json& route) {
            within2s(route);
            route["gateway"]["upstreams"] = {full.url()};
        },
        &clock);
    ByteClient client = desk.ask();
    QVERIFY(eventually([&] { return desk.server.info().stats.pending == 1; }));
    pass(desk, clock, 1900ms);
    QVERIFY(client.receive(0ms).empty());
    clock.advance(200ms);
    QCOMPARE(client.request({}).status, 504);
    QCOMPARE(desk.record(AuditKind::Refuse, Reason::UpstreamTimeout).decision.met,
             std::string("no connection in time"));
}

void GatewayHangsTest::an_answer_byte_by_byte_gets_no_more_time()
{
    ManualClock clock;
    GatewayDesk desk({}, &clock); // 3 s
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string answer = ByteUpstream::switching(ByteUpstream::readHead(peer));
    for (const char byte : answer.substr(0, 2)) {
        QVERIFY(peer.send(std::string_view(&byte, 1)));
        pass(desk, clock, 1s);
        QVERIFY(client.receive(0ms).empty());
    }
    QVERIFY(peer.send(answer.substr(2, 1)));
    clock.advance(1100ms);
    QCOMPARE(client.request({}).status, 504);
    QVERIFY(peer.ends());
}

void GatewayHangsTest::the_next_one_is_asked_where_one_hangs()
{
    ManualClock clock;
    ByteUpstream second;
    GatewayDesk desk(
        [&](nlohmann::json& route) {
            within2s(route);
            route["gateway"]["upstreams"].push_back(second.url());
        },
        &clock);
    ByteClient client = desk.ask(); // the first turn is the first one's
    ByteClient hanging = desk.upstream.accept();
    QVERIFY(!ByteUpstream::readHead(hanging).empty());
    pass(desk, clock, 1900ms);
    QVERIFY(!second.accept(0ms).connected());
    clock.advance(200ms);
    ByteClient peer = second.accept();
    QVERIFY(peer.send(ByteUpstream::switching(ByteUpstream::readHead(peer))));
    QCOMPARE(client.request({}).status, 101);
    QVERIFY(hanging.ends());
    QVERIFY(peer.text("in"));
    QCOMPARE(client.nextData().payload, std::string("in"));
    QCOMPARE(desk.server.refused(Reason::UpstreamTimeout), std::uint64_t{0});
}

void GatewayHangsTest::a_message_byte_by_byte_is_cut_off_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("of a frame") << QByteArray("\x81\x7e\x01\x00xxxxxxxxxx", 14);
    QTest::newRow("of a frame's head") << QByteArray("\x81\x7f\0\0\0\0\0\0\x80\0", 10);
    QTest::newRow("of fragments") << QByteArray("\x01\x01x\x00\x01y\x00\x01z\x00\x01", 11);
}

void GatewayHangsTest::a_message_byte_by_byte_is_cut_off()
{
    QFETCH(QByteArray, bytes);
    ManualClock clock;
    GatewayDesk desk(
        [](nlohmann::json& route) {
            route["ping"] = "off";
            route["messages"]["complete_within"] = "5s";
        },
        &clock);
    auto pair = desk.open();
    const std::string all = bytes.toStdString();
    QVERIFY(pair.peer.send(rawFrame(0x81, "before", false) + all.substr(0, 1)));
    QCOMPARE(pair.client.nextData().payload, std::string("before"));
    for (std::size_t second = 1; second < 5; ++second) { // its last 1 s is not over yet
        pass(desk, clock, 1s);
        QCOMPARE(desk.server.sessions().size(), std::size_t{1});
        QVERIFY(pair.peer.send(all.substr(second, 1)));
        QVERIFY(pair.client.text("still here"));
        QCOMPARE(pair.peer.nextData().payload, std::string("still here"));
    }
    clock.advance(1100ms);
    const Incoming heard = pair.client.closing();
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string("upstream_message"));
    const Incoming told = pair.peer.closing();
    QCOMPARE(int(told.code), 1008);
    QCOMPARE(told.payload, std::string("msg_timeout"));
    QCOMPARE(desk.record(AuditKind::Close, Reason::UpstreamMessage).decision.rule.pointer,
             desk.rule("messages/complete_within"));
}

void GatewayHangsTest::one_that_takes_nothing_for_60_s_is_1014()
{
    ManualClock clock;
    GatewayDesk desk([](nlohmann::json& route) { route["ping"] = "off"; }, &clock, 4096);
    auto pair = desk.open();
    pass(desk, clock, 10min); // nothing is to be taken
    Talker talker{rawFrame(0x82, std::string(60'000, 'x'))};
    QVERIFY(talker.fill(pair.client, desk.server, 131'072));
    pass(desk, clock, 59s);
    QCOMPARE(desk.server.sessions().size(), std::size_t{1});
    clock.advance(2s);
    const Incoming heard = pair.client.closing();
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string("upstream_timeout"));
    const AuditRecord record = desk.record(AuditKind::Close, Reason::UpstreamTimeout);
    QCOMPARE(record.decision.met, std::string("took nothing for 61000 ms"));
    QCOMPARE(record.decision.rule.pointer, desk.rule("gateway/upstreams/0")); // no key of the policy says so
    QVERIFY(pair.peer.ends());
    QVERIFY(eventually([&] { return desk.server.info().stats.backlog == 0; }));
}

void GatewayHangsTest::one_that_takes_a_little_now_and_then_stays()
{
    ManualClock clock;
    GatewayDesk desk(
        [](nlohmann::json& route) {
            route["ping"] = "off";
            route["messages"]["complete_within"] = "10m"; // the client's last one stays half
        },
        &clock, 4096);
    auto pair = desk.open();
    Talker talker{rawFrame(0x82, std::string(60'000, 'x'))};
    QVERIFY(talker.fill(pair.client, desk.server, 131'072));
    for (int i = 0; i < 3; ++i) {
        pass(desk, clock, 50s);
        const std::uint64_t waits = desk.server.info().stats.backlog;
        bool whole = true;
        QVERIFY(eventually([&] { // what was read makes room a moment later
            const Incoming got = pair.peer.nextData(20ms);
            whole = whole && (got.kind == Incoming::Kind::Nothing || got.payload.size() == 60'000);
            return desk.server.info().stats.backlog < waits;
        }));
        QVERIFY(whole);
    }
    QCOMPARE(desk.server.sessions().size(), std::size_t{1});
    pass(desk, clock, 50s);
    QVERIFY(pair.peer.text("still here"));
    QCOMPARE(pair.client.nextData().payload, std::string("still here"));
}

void GatewayHangsTest::a_neighbour_lives_undisturbed_data()
{
    QTest::addColumn<QByteArray>("hangs");
    for (const char* phase : {"answer", "message", "reading"})
        QTest::newRow(phase) << QByteArray(phase);
}

/// One worker serves both.
void GatewayHangsTest::a_neighbour_lives_undisturbed()
{
    QFETCH(QByteArray, hangs);
    ByteUpstream other;
    GatewayDesk desk({}, nullptr, 4096, [&](nlohmann::json& policy) {
        policy["workers"] = 1;
        nlohmann::json route = gatewayRoute({other.url()});
        route["name"] = "other";
        route["path"] = "/other/*";
        policy["routes"].push_back(route);
    });
    const auto neighbour = [&] {
        UpgradeOptions options;
        options.path = "/other/x";
        GatewayDesk::Pair pair{desk.ask(options), other.accept(), {}, {}};
        pair.head = ByteUpstream::readHead(pair.peer);
        pair.peer.send(ByteUpstream::switching(pair.head));
        pair.answer = pair.client.request({});
        return pair;
    };
    auto before = neighbour();
    ByteClient client = desk.ask();
    ByteClient peer = desk.upstream.accept();
    const std::string head = ByteUpstream::readHead(peer);
    Talker talker{rawFrame(0x82, std::string(60'000, 'x'))};
    if (hangs != "answer") {
        QVERIFY(peer.send(ByteUpstream::switching(head)));
        QCOMPARE(client.request({}).status, 101);
    }
    if (hangs == "message")
        QVERIFY(peer.send("\x81\x05he"));
    if (hangs == "reading")
        QVERIFY(talker.fill(client, desk.server, 131'072));
    auto after = neighbour();
    QCOMPARE(after.answer.status, 101);
    for (auto* pair : {&before, &after}) {
        for (int i = 0; i < 100; ++i) {
            const std::string text = std::to_string(i) + std::string(std::size_t(i) * 200, '.');
            QVERIFY(pair->client.text(text));
            QCOMPARE(pair->peer.nextData().payload, text);
            QVERIFY(pair->peer.text(text));
            QCOMPARE(pair->client.nextData().payload, text);
        }
    }
    QVERIFY(client.connected() && client.receive(0ms).empty()); // and it hung all the time
    before.client.close();
    QCOMPARE(int(before.peer.closing().code), 1000);
}

QTEST_GUILESS_MAIN(GatewayHangsTest)
#include "hangstest.moc"
