// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::test;

/// Whether a peer that reads slowly, or not at all, still hears why its session ended.
class ClosingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_slow_reader_hears_1001_behind_its_backlog();
    void a_peer_that_never_reads_is_freed_at_the_close_deadline();
    void a_kick_is_not_kept_waiting_behind_the_backlog();

private:
    static TestServer::Edit generous();
    /// Publishes until the reader, which does not read, has a backlog at the server.
    static void fill(TestServer& server, ByteClient& publisher);
};

TestServer::Edit ClosingTest::generous()
{
    return [](nlohmann::json& policy) {
        policy["limits"]["messages_per_user"] = "off";
        for (auto& route : policy["routes"]) {
            route["messages"]["rate"] = "off";
            route["send_buffer"] = "16MiB";
        }
    };
}

void ClosingTest::fill(TestServer& server, ByteClient& publisher)
{
    const std::string message(60'000, 'x');
    for (int i = 0; i < 400 && server.info().stats.backlog < 4'000'000; ++i) {
        QVERIFY(publisher.text(message));
        QCOMPARE(publisher.nextData().kind, Incoming::Kind::Message);
    }
    QVERIFY(server.info().stats.backlog >= 4'000'000);
}

void ClosingTest::a_slow_reader_hears_1001_behind_its_backlog()
{
    ManualClock clock;
    TestServer server(generous(), &clock);
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient slow = server.join("chat.a", "slow", small);
    ByteClient publisher = server.join("chat.a", "publisher");
    fill(server, publisher);
    QVERIFY(server.call(DrainCommand{}).ok());
    QTRY_COMPARE(server.info().stats.state, GateState::Draining);
    // Two seconds pass whenever the server could write more, ten in all: longer than the close timeout of three. What
    // the kernel holds may be read in no time, so that the clock must not run by what was read.
    Incoming last;
    int steps = 0;
    std::uint64_t backlog = server.info().stats.backlog;
    do {
        last = slow.nextData();
        if (server.info().stats.backlog < backlog && steps < 5) {
            clock.advance(2s);
            (void)server.sessions(); // every worker has read the clock again: what it writes from here on is later
            backlog = server.info().stats.backlog;
            ++steps;
        }
    } while (last.kind == Incoming::Kind::Message);
    QVERIFY(steps > 1);
    QCOMPARE(last.kind, Incoming::Kind::Close);
    QCOMPARE(last.code, std::uint16_t{1001});
}

void ClosingTest::a_peer_that_never_reads_is_freed_at_the_close_deadline()
{
    ManualClock clock;
    TestServer server(generous(), &clock);
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient deaf = server.join("chat.a", "deaf", small);
    ByteClient publisher = server.join("chat.a", "publisher");
    fill(server, publisher);
    publisher.disconnect();
    QTRY_COMPARE(server.sessions().size(), std::size_t{1});
    QVERIFY(server.call(KickCommand{{server.sessions().front().info->id}, "out", std::nullopt}).ok());
    QTest::qWait(100);
    QCOMPARE(server.sessions().size(), std::size_t{1});
    clock.advance(4s);
    QTRY_COMPARE(server.sessions().size(), std::size_t{0});
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), std::size_t{1});
    QCOMPARE(server.info().stats.backlog, std::uint64_t{0});
}

void ClosingTest::a_kick_is_not_kept_waiting_behind_the_backlog()
{
    TestServer server(generous());
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient slow = server.join("chat.a", "slow", small);
    ByteClient publisher = server.join("chat.a", "publisher");
    fill(server, publisher);
    const auto rows = server.sessions();
    const auto row = std::ranges::find(rows, "slow", [](const SessionRow& one) { return one.info->user; });
    QVERIFY(row != rows.end());
    QVERIFY(server.call(KickCommand{{row->info->id}, "out", std::nullopt}).ok());
    QTRY_VERIFY(server.info().stats.backlog < 200'000); // what TLS or the kernel has not taken yet is forgotten
    const Incoming end = slow.closing();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, std::uint16_t{4403});
    QCOMPARE(end.payload, std::string("out"));
}

QTEST_GUILESS_MAIN(ClosingTest)
#include "closingtest.moc"
