// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// What is counted of each upstream while sessions come, fail and go: exactly that, and of the right one.
class GatewayCountsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sessions_and_failures_are_counted_of_whose_they_are();
    void who_chooses_no_subprotocol_where_one_is_required_opened_none();
    void attempts_that_hang_fail_once_each();
    void where_all_drain_everybody_is_told_when_to_come_back();

private:
    struct Bed;
};

/// Two upstreams that take turns: `a` is asked first by every other client.
struct GatewayCountsTest::Bed {
    ManualClock clock;
    ByteUpstream b;
    GatewayDesk desk;
    UpstreamStatus first, second; ///< as they should be counted

    explicit Bed(const TestServer::Edit& edit = {})
        : desk(
              [&](nlohmann::json& route) {
                  route["gateway"]["upstreams"].push_back(b.url());
                  if (edit)
                      edit(route);
              },
              &clock)
    {
        first.route = second.route = "app";
        first.url = desk.upstream.url();
        second.url = b.url();
        first.since = second.since = clock.wall();
    }

    /// A session with the one whose turn it is.
    [[nodiscard]] GatewayDesk::Pair enter(const ByteUpstream& at)
    {
        GatewayDesk::Pair pair{desk.ask(), at.accept(), {}, {}};
        pair.head = ByteUpstream::readHead(pair.peer);
        pair.peer.send(ByteUpstream::switching(pair.head));
        pair.answer = pair.client.request({});
        UpstreamStatus& expected = &at == &b ? second : first;
        ++expected.sessions;
        ++expected.opened;
        return pair;
    }
    static void lost(UpstreamStatus& expected, Reason reason, const std::string& problem)
    {
        --expected.sessions;
        ++expected.lost;
        expected.lastFailure = reason;
        expected.problem = problem;
    }
    static void failed(UpstreamStatus& expected, Reason reason, const std::string& problem)
    {
        ++expected.failures;
        expected.lastFailure = reason;
        expected.problem = problem;
    }
    [[nodiscard]] bool counted() const
    {
        const std::vector<UpstreamStatus> expected{first, second};
        return eventually([&] { return desk.server.info().stats.upstreams == expected; });
    }
};

void GatewayCountsTest::sessions_and_failures_are_counted_of_whose_they_are()
{
    Bed bed;
    QVERIFY(bed.counted()); // nothing yet
    auto one = bed.enter(bed.desk.upstream);
    auto two = bed.enter(bed.b);
    auto three = bed.enter(bed.desk.upstream);
    QVERIFY(bed.counted());

    { // b refuses, a lets in: a failure of the one and a session of the other
        ByteClient client = bed.desk.ask();
        ByteClient peer = bed.b.accept();
        (void)ByteUpstream::readHead(peer);
        QVERIFY(peer.send("HTTP/1.1 500 Oh\r\n\r\n"));
        ByteClient other = bed.desk.upstream.accept();
        QVERIFY(other.send(ByteUpstream::switching(ByteUpstream::readHead(other))));
        QCOMPARE(client.request({}).status, 101);
        Bed::failed(bed.second, Reason::UpstreamStatus, "status 500");
        ++bed.first.opened;
        ++bed.first.sessions;
        QVERIFY(bed.counted());
        QVERIFY(client.close(1000)); // which no upstream is to blame for
        QCOMPARE(int(other.closing().code), 1000);
        --bed.first.sessions;
        QVERIFY(bed.counted());
    }
    { // a client that leaves before the answer counts nowhere
        ByteClient client = bed.desk.ask();
        ByteClient peer = bed.desk.upstream.accept();
        (void)ByteUpstream::readHead(peer);
        client.disconnect();
        QVERIFY(peer.ends());
        QVERIFY(bed.counted());
    }
    QVERIFY(two.peer.close(1000)); // neither does an upstream that says goodbye
    QCOMPARE(int(two.client.closing().code), 1000);
    --bed.second.sessions;
    QVERIFY(bed.counted());

    three.peer.disconnect();
    QCOMPARE(int(three.client.closing().code), 1014);
    Bed::lost(bed.first, Reason::UpstreamLost, "the connection ended without a Close");
    QVERIFY(bed.counted());
    QVERIFY(one.peer.send(rawFrame(0x83, "", false)));
    QCOMPARE(int(one.client.closing().code), 1014);
    Bed::lost(bed.first, Reason::UpstreamProtocol, "opcode");
    QVERIFY(bed.counted());

    auto last = bed.enter(bed.b);
    KickCommand kick{{}, {}, std::nullopt};
    for (const SessionRow& row : bed.desk.server.sessions())
        if (row.activity.phase == SessionPhase::Open)
            kick.sessions.push_back(row.info->id);
    QCOMPARE(kick.sessions.size(), std::size_t{1});
    QVERIFY(bed.desk.server.call(kick));
    QCOMPARE(int(last.peer.closing().code), 1001);
    --bed.second.sessions;
    QVERIFY(bed.counted());
}

void GatewayCountsTest::who_chooses_no_subprotocol_where_one_is_required_opened_none()
{
    Bed bed([](nlohmann::json& route) { route["subprotocols"] = {{"allow", {"mqtt"}}, {"require", true}}; });
    UpgradeOptions options;
    options.subprotocols = {"mqtt"};
    ByteClient client = bed.desk.ask(options);
    ByteClient peer = bed.desk.upstream.accept();
    QVERIFY(peer.send(ByteUpstream::switching(ByteUpstream::readHead(peer))));
    QCOMPARE(client.request({}).status, 502);
    QCOMPARE(int(peer.closing().code), 1001);
    Bed::failed(bed.first, Reason::UpstreamAnswer, "no subprotocol was chosen");
    QVERIFY(bed.counted());
}

void GatewayCountsTest::attempts_that_hang_fail_once_each()
{
    Bed bed([](nlohmann::json& route) { route["gateway"]["connect_timeout"] = "1s"; });
    ByteClient client = bed.desk.ask();
    ByteClient first = bed.desk.upstream.accept();
    (void)ByteUpstream::readHead(first);
    QVERIFY(bed.counted()); // an attempt under way is none that failed
    bed.clock.advance(1100ms);
    ByteClient second = bed.b.accept();
    (void)ByteUpstream::readHead(second);
    Bed::failed(bed.first, Reason::UpstreamTimeout, "no answer in time");
    QVERIFY(bed.counted());
    bed.desk.settle();
    bed.clock.advance(1100ms);
    QCOMPARE(client.request({}).status, 504);
    Bed::failed(bed.second, Reason::UpstreamTimeout, "no answer in time");
    QVERIFY(bed.counted());
    QCOMPARE(bed.desk.server.refused(Reason::UpstreamTimeout), std::uint64_t{1}); // one client was refused
}

void GatewayCountsTest::where_all_drain_everybody_is_told_when_to_come_back()
{
    Bed bed;
    auto stays = bed.enter(bed.desk.upstream);
    for (const std::string& url : {bed.first.url, bed.second.url})
        QVERIFY(bed.desk.server.call(UpstreamDrainCommand{url}));
    for (int i = 0; i < 3; ++i) {
        const HttpAnswer answer = bed.desk.ask().request({});
        QCOMPARE(answer.status, 503);
        QCOMPARE(answer.header("Retry-After"), std::string("5"));
        QVERIFY(answer.text.ends_with("upstream_none\n"));
    }
    QCOMPARE(bed.desk.server.refused(Reason::UpstreamNone), std::uint64_t{3});
    QVERIFY(!bed.desk.upstream.accept(0ms).connected() && !bed.b.accept(0ms).connected());
    const auto records = bed.desk.server.audit(AuditKind::Refuse, Reason::UpstreamNone);
    QCOMPARE(records.size(), std::size_t{3});
    QCOMPARE(records[0].decision.met, std::string("every upstream drains"));
    QCOMPARE(records[0].decision.rule.pointer, bed.desk.rule("gateway/upstreams"));
    bed.first.state = bed.second.state = UpstreamState::Draining;
    QVERIFY(bed.counted()); // nobody was asked, and nobody failed
    QVERIFY(stays.client.text("still here"));
    QCOMPARE(stays.peer.nextData().payload, std::string("still here"));

    UpstreamDrainCommand back{bed.second.url};
    back.on = false;
    QVERIFY(bed.desk.server.call(back));
    bed.second.state = UpstreamState::Up;
    QCOMPARE(bed.enter(bed.b).answer.status, 101);
}

QTEST_GUILESS_MAIN(GatewayCountsTest)
#include "countstest.moc"
