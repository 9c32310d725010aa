// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

#include <functional>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using Pairs = std::vector<GatewayDesk::Pair>;
using Act = std::function<void(GatewayDesk::Pair&)>;

} // namespace

Q_DECLARE_METATYPE(Act)

/// Both sides of many sessions end in the same turn of the only worker, or as good as that: each session ends once, and
/// nothing of it is left.
class GatewaySimultaneousTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_kick_meets_an_end_of_the_application_data();
    void a_kick_meets_an_end_of_the_application();
    void a_kick_in_quarantine_meets_what_was_not_read_data();
    void a_kick_in_quarantine_meets_what_was_not_read();
    void both_sides_say_goodbye_at_once();

private:
    static constexpr std::size_t many = 40;
    static void rows();
    static TestServer::Edit oneWorker();
    /// So many sessions; their ids.
    static std::vector<SessionId> open(const GatewayDesk& desk, Pairs& pairs, std::size_t count);
    /// Every session has ended, and nobody holds anything.
    static void nothingIsLeft(const GatewayDesk& desk, std::size_t sessions);
    static void eachEndedOnce(const GatewayDesk& desk, std::size_t sessions);
};

void GatewaySimultaneousTest::rows()
{
    QTest::addColumn<Act>("act");
    const auto row = [](const char* name, Act act) { QTest::newRow(name) << std::move(act); };
    row("a Close", [](GatewayDesk::Pair& pair) { pair.peer.close(1000, "bye"); });
    row("messages and a Close", [](GatewayDesk::Pair& pair) {
        pair.peer.send(rawFrame(0x82, std::string(60'000, 'x'), false) + rawFrame(0x81, "last", false) +
                       rawFrame(0x88, "", false));
    });
    row("a violation", [](GatewayDesk::Pair& pair) { pair.peer.send(rawFrame(0x83, "", false)); });
    row("the end of its connection", [](GatewayDesk::Pair& pair) { pair.peer.disconnect(); });
    row("a reset", [](GatewayDesk::Pair& pair) { pair.peer.reset(); });
    row("a Close, and the client is gone", [](GatewayDesk::Pair& pair) {
        pair.peer.close(1000);
        pair.client.reset();
    });
    row("both resets", [](GatewayDesk::Pair& pair) {
        pair.peer.reset();
        pair.client.reset();
    });
}

TestServer::Edit GatewaySimultaneousTest::oneWorker()
{
    return [](nlohmann::json& policy) { policy["workers"] = 1; };
}

std::vector<SessionId> GatewaySimultaneousTest::open(const GatewayDesk& desk, Pairs& pairs, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
        pairs.push_back(desk.open());
    std::vector<SessionId> ids;
    for (const SessionRow& row : desk.server.sessions())
        ids.push_back(row.info->id);
    return ids;
}

void GatewaySimultaneousTest::nothingIsLeft(const GatewayDesk& desk, std::size_t sessions)
{
    QVERIFY(eventually([&] { return desk.server.sessions().empty(); }));
    QVERIFY(eventually([&] {
        const GateStats stats = desk.server.info().stats;
        return stats.sessions == 0 && stats.pending == 0 && stats.backlog == 0 && stats.upstreams.at(0).sessions == 0;
    }));
    const GateStats stats = desk.server.info().stats;
    QCOMPARE(stats.upstreams[0].opened, std::uint64_t(sessions));
    QVERIFY(stats.upstreams[0].lost <= sessions);
    QCOMPARE(desk.open().answer.status, 101); // and it goes on
}

void GatewaySimultaneousTest::eachEndedOnce(const GatewayDesk& desk, std::size_t sessions)
{
    AuditQuery query;
    query.kind = AuditKind::Close;
    query.limit = 1000;
    const auto ended = [&] {
        std::vector<SessionId> ids;
        for (const AuditRecord& record : desk.server.audit(query))
            if (record.decision.reason != Reason::CloseTimeout) // which is of a session that had ended
                ids.push_back(record.session);
        std::ranges::sort(ids);
        return ids;
    };
    QVERIFY(eventually([&] { return ended().size() >= sessions; }));
    const std::vector<SessionId> ids = ended();
    QCOMPARE(ids.size(), sessions);
    QVERIFY(std::ranges::adjacent_find(ids) == ids.end());
}

void GatewaySimultaneousTest::a_kick_meets_an_end_of_the_application_data()
{
    rows();
}

void GatewaySimultaneousTest::a_kick_meets_an_end_of_the_application()
{
    QFETCH(Act, act);
    const GatewayDesk desk({}, nullptr, 0, oneWorker());
    Pairs pairs;
    const auto ids = open(desk, pairs, many);
    QCOMPARE(ids.size(), many);
    for (std::size_t i = 0; i < many; ++i) {
        if (i == many / 2) // between them: what the others did is read behind it, or with it
            QVERIFY(desk.server.call(KickCommand{ids, "out", std::nullopt}).ok());
        act(pairs[i]);
    }
    for (GatewayDesk::Pair& pair : pairs) {
        const Incoming heard = pair.client.closing();
        QVERIFY2(heard.kind == Incoming::Kind::End || heard.code == 4403 || heard.code == 1000 || heard.code == 1005 ||
                     heard.code == 1014,
                 std::to_string(heard.code).c_str());
        pair.client.disconnect();
        pair.peer.disconnect();
    }
    eachEndedOnce(desk, many);
    nothingIsLeft(desk, many);
}

void GatewaySimultaneousTest::a_kick_in_quarantine_meets_what_was_not_read_data()
{
    rows();
}

/// Of a session in quarantine its upstream is not read: what it did meets the end in that very turn.
void GatewaySimultaneousTest::a_kick_in_quarantine_meets_what_was_not_read()
{
    QFETCH(Act, act);
    const GatewayDesk desk({}, nullptr, 0, oneWorker());
    Pairs pairs;
    const auto ids = open(desk, pairs, 8);
    QVERIFY(desk.server.call(QuarantineCommand{ids, true, std::nullopt, "look"}).ok());
    for (GatewayDesk::Pair& pair : pairs)
        act(pair);
    desk.settle();
    QVERIFY(desk.server.call(KickCommand{ids, "out", std::nullopt}).ok());
    for (GatewayDesk::Pair& pair : pairs) {
        const Incoming heard = pair.client.closing();
        QVERIFY2(heard.kind == Incoming::Kind::End || heard.code == 4403 || heard.code == 1014,
                 std::to_string(heard.code).c_str());
        pair.client.disconnect();
        pair.peer.disconnect();
    }
    eachEndedOnce(desk, pairs.size());
    nothingIsLeft(desk, pairs.size());
}

void GatewaySimultaneousTest::both_sides_say_goodbye_at_once()
{
    const GatewayDesk desk({}, nullptr, 0, oneWorker());
    Pairs pairs;
    (void)open(desk, pairs, many);
    for (GatewayDesk::Pair& pair : pairs)
        QVERIFY(pair.client.close(3001) && pair.peer.close(3002));
    for (GatewayDesk::Pair& pair : pairs) {
        const int toClient = pair.client.closing().code;
        const int toPeer = pair.peer.closing().code;
        QVERIFY2(toClient == 3001 || toClient == 3002, std::to_string(toClient).c_str());
        QVERIFY2(toPeer == 3001 || toPeer == 3002, std::to_string(toPeer).c_str());
        QVERIFY(pair.peer.ends());
    }
    nothingIsLeft(desk, many);
}

QTEST_GUILESS_MAIN(GatewaySimultaneousTest)
#include "simultaneoustest.moc"
