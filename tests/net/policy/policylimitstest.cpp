// SPDX-License-Identifier: GPL-3.0-or-later
#include "livegate.h"
#include "net/listeners.h"
#include "wire/deflate.h"

#include <QTest>

#include <netinet/in.h>
#include <sys/socket.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// How many of `tries` messages come back before one is refused.
int passes(ByteClient& client, int tries)
{
    for (int i = 0; i < tries; ++i)
        if (!client.text("x") || client.nextData(300ms).kind != Incoming::Kind::Message)
            return i;
    return tries;
}

LiveGate::Change rate(std::uint64_t burst)
{
    return [burst](Policy& policy) {
        policy.routes[0].ping.reset();
        policy.routes[0].messages.rate = Rate{1, 1h, burst};
        policy.routes[0].messages.onExcess = OnExcess::Drop;
    };
}

/// Something that listens and is not the gate.
struct Occupied {
    Fd fd{socket(AF_INET, SOCK_STREAM, 0)};
    std::uint16_t port = 0;

    Occupied()
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
        if (bind(fd.get(), generic, length) != 0 || listen(fd.get(), 1) != 0 ||
            getsockname(fd.get(), generic, &length) != 0)
            throw std::runtime_error("no port");
        port = ntohs(address.sin_port);
    }
};

Listener another(const Policy& policy, const char* name, std::uint16_t port)
{
    Listener made = policy.listeners[1];
    made.name = name;
    made.port = port;
    return made;
}

} // namespace

/// What a policy that comes changes in a session that stays, and in the listeners.
class PolicyLimitsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_bucket_keeps_its_share_data();
    void a_bucket_keeps_its_share();
    void the_bucket_of_a_user_keeps_its_share();
    void sizes_types_and_publishing_change_in_place();
    void roles_limits_and_version_are_shown();
    void a_ping_and_a_pause_begin_anew();
    void compression_that_is_switched_off_is_inflated_to_max_size_data();
    void compression_that_is_switched_off_is_inflated_to_max_size();
    void a_listener_comes_and_goes();
    void a_listener_that_cannot_be_bound_changes_nothing();
    void who_is_at_the_door_of_a_listener_that_goes_is_sent_away();
    void a_listener_that_moves_ends_its_sessions_and_serves_at_its_new_port();
};

void PolicyLimitsTest::a_bucket_keeps_its_share_data()
{
    QTest::addColumn<int>("before"); ///< burst
    QTest::addColumn<int>("used");
    QTest::addColumn<int>("after"); ///< burst
    QTest::addColumn<int>("left");
    QTest::newRow("full stays full") << 10 << 0 << 20 << 20;
    QTest::newRow("empty stays empty") << 10 << 10 << 20 << 0;
    QTest::newRow("half of more") << 10 << 5 << 20 << 10;
    QTest::newRow("half of less") << 10 << 5 << 4 << 2;
    QTest::newRow("the same") << 10 << 3 << 10 << 7;
}

void PolicyLimitsTest::a_bucket_keeps_its_share()
{
    QFETCH(int, before);
    QFETCH(int, used);
    QFETCH(int, after);
    QFETCH(int, left);
    LiveGate live(rate(static_cast<std::uint64_t>(before)));
    ByteClient client = live.join("chat", "ann");
    QCOMPARE(passes(client, used), used);
    QVERIFY(live.apply(rate(static_cast<std::uint64_t>(after))).ended.empty());
    QCOMPARE(live.row("ann").activity.rateLeft, std::optional<std::uint64_t>(left));
    QCOMPARE(passes(client, left + 1), left);
}

void PolicyLimitsTest::the_bucket_of_a_user_keeps_its_share()
{
    const auto user = [](std::uint64_t burst) {
        return [burst](Policy& policy) {
            policy.routes[0].ping.reset();
            policy.routes[0].messages.onExcess = OnExcess::Drop;
            policy.limits.messagesPerUser = Rate{1, 1h, burst};
        };
    };
    LiveGate live(user(20));
    ByteClient one = live.join("one", "ann");
    ByteClient two = live.join("two", "ann");
    QCOMPARE(passes(one, 10), 10);
    QVERIFY(live.apply(user(8)).ended.empty());
    QCOMPARE(passes(two, 4), 4);
    QCOMPARE(passes(one, 1), 0);
}

void PolicyLimitsTest::sizes_types_and_publishing_change_in_place()
{
    LiveGate live;
    ByteClient sized = live.join("sized", "ann");
    ByteClient typed = live.join("typed", "bob");
    ByteClient muted = live.join("muted", "eve");
    for (ByteClient* client : {&sized, &typed, &muted})
        QVERIFY(stillServed(*client, std::string(200, 'x')));
    QVERIFY(typed.frame(wire::Opcode::Binary, "x"));
    QCOMPARE(typed.nextData().payload, std::string("x"));
    const PolicyMet met = live.apply([](Policy& policy) {
        policy.routes[0].messages.maxSize = 100;
        policy.routes[0].messages.binary = false;
        policy.routes[0].messages.violationsBeforeClose = 1;
        policy.channels.insert(policy.channels.begin(), {"muted", {"*"}, {}, {}});
    });
    QVERIFY(met.ended.empty());
    QVERIFY(stillServed(sized, std::string(100, 'x')));
    QVERIFY(sized.text(std::string(101, 'x')));
    QCOMPARE(int(sized.closing().code), 1009);
    QVERIFY(typed.frame(wire::Opcode::Binary, "x"));
    QCOMPARE(int(typed.closing().code), 1003);
    QVERIFY(muted.text("x"));
    const Incoming last = muted.closing();
    QCOMPARE(int(last.code), 1008);
    QCOMPARE(last.payload, std::string("authz_channel"));
}

void PolicyLimitsTest::roles_limits_and_version_are_shown()
{
    LiveGate live;
    ByteClient client = live.join("chat", "ann", {"reader", "editor"});
    QCOMPARE(live.row("ann").info->roles, (std::vector<std::string>{"reader", "editor"}));
    const auto since = live.row("ann").info->since;
    live.clock.advance(1s);
    const auto next = live.next([](Policy& policy) {
        policy.roles = {"editor"};
        policy.routes[0].name = "center";
        policy.routes[0].messages.rate = Rate{7, 1s, 9};
        policy.routes[0].sendBuffer = 12345;
    });
    QVERIFY(live.apply(next).ended.empty());
    const SessionInfo info = *live.row("ann").info;
    QCOMPARE(info.roles, std::vector<std::string>{"editor"});
    QCOMPARE(info.route, std::string("center"));
    QCOMPARE(info.rateLimit, 7.0);
    QCOMPARE(info.rateBurst, 9u);
    QCOMPARE(info.sendBufferLimit, 12345u);
    QCOMPARE(info.policyVersion, next->policy->version);
    QCOMPARE(info.since, since);
}

void PolicyLimitsTest::a_ping_and_a_pause_begin_anew()
{
    LiveGate live([](Policy& policy) {
        policy.routes[0].ping.reset();
        policy.routes[0].messages.rate = Rate{1, 1h, 1};
        policy.routes[0].messages.onExcess = OnExcess::Throttle;
    });
    ByteClient client = live.join("chat", "ann");
    QVERIFY(client.text("one") && client.text("two"));
    QCOMPARE(client.nextData().payload, std::string("one"));
    QVERIFY(eventually([&] { return live.row("ann").activity.throttled > 0; }));
    live.clock.advance(10min);
    QVERIFY(live.apply([](Policy& policy) {
                    policy.routes[0].messages.rate = Rate{1000, 1s, 1000};
                    policy.routes[0].ping = Ping{1min, 10s};
                })
                .ended.empty());
    live.clock.advance(10ms);
    QVERIFY(eventually([&] {
        live.clock.advance(20ms);
        return live.row("ann").activity.messagesIn == 2;
    }));
    QCOMPARE(client.next().payload, std::string("two")); // and no ping before its time
    live.clock.advance(61s);
    QCOMPARE(client.next().kind, Incoming::Kind::Ping);
}

void PolicyLimitsTest::compression_that_is_switched_off_is_inflated_to_max_size_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("code"); ///< 0: it comes back
    QTest::newRow("as long as max_size") << 1000 << 0;
    QTest::newRow("longer") << 1001 << 1009;
}

void PolicyLimitsTest::compression_that_is_switched_off_is_inflated_to_max_size()
{
    QFETCH(int, size);
    QFETCH(int, code);
    LiveGate live([](Policy& policy) { policy.routes[0].compression = Compression{100000, 1}; });
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat";
    upgrade.token = live.token("ann");
    upgrade.headers = {{"Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover"}};
    ByteClient client = live.enter("lab", upgrade);
    QVERIFY(live.apply([](Policy& policy) {
                    policy.routes[0].compression.reset();
                    policy.routes[0].messages.maxSize = 1000;
                })
                .ended.empty());
    const std::string text(static_cast<std::size_t>(size), 'x');
    const auto frame = wire::encodeDeflated(wire::Opcode::Text, std::as_bytes(std::span(text)), 15, 0x1234U);
    QVERIFY(frame.has_value());
    QVERIFY(client.send(*frame));
    const Incoming answer = client.nextData();
    if (code != 0) {
        QCOMPARE(int(answer.code), code);
        return;
    }
    QCOMPARE(answer.kind, Incoming::Kind::Message); // plain: the client of these tests inflates nothing
    QCOMPARE(answer.payload, text);
}

void PolicyLimitsTest::a_listener_comes_and_goes()
{
    LiveGate live;
    ByteClient before = live.join("chat", "ann");
    const std::uint16_t lab = live.port("lab");
    QVERIFY(
        live.apply([](Policy& policy) { policy.listeners.insert(policy.listeners.begin(), another(policy, "new", 0)); })
            .ended.empty());
    QCOMPARE(live.gate.listeners().size(), std::size_t(4));
    QCOMPARE(live.gate.listeners()[0].name, std::string("new"));
    QCOMPARE(live.port("lab"), lab);
    QVERIFY(!live.gate.listeners()[1].certificateSubject.empty());
    const std::uint16_t opened = live.port("new");
    std::vector<ByteClient> clients; // more than one worker has
    for (int i = 0; i < 8; ++i)
        clients.push_back(live.enter("new", {}));
    QVERIFY(stillServed(before, "still"));
    const PolicyMet met = live.apply([](Policy& policy) { policy.listeners.erase(policy.listeners.begin()); });
    QCOMPARE(met.ended.size(), clients.size());
    for (ByteClient& client : clients)
        QCOMPARE(client.closing().payload, std::string("listener"));
    QVERIFY(eventually([&] { return !ByteClient(opened, ByteClient::Security::Plain).connected(); }));
    QVERIFY(stillServed(before, "still"));
    ByteClient after = live.join("chat", "bob");
    QVERIFY(stillServed(after, "too"));
}

void PolicyLimitsTest::a_listener_that_cannot_be_bound_changes_nothing()
{
    const Occupied occupied;
    LiveGate live;
    ByteClient client = live.join("chat", "ann");
    const auto listeners = live.gate.listeners();
    const auto next = live.next([&](Policy& policy) {
        policy.listeners.push_back(another(policy, "free", 0));
        policy.listeners.push_back(another(policy, "taken", occupied.port));
        policy.routes.clear();
    });
    bool answered = false;
    const auto applied = live.gate.apply(next, [&answered](const PolicyMet&) { answered = true; });
    QVERIFY(!applied);
    QVERIFY2(applied.error().find(std::to_string(occupied.port)) != std::string::npos, applied.error().c_str());
    QVERIFY(live.gate.listeners() == listeners);
    QVERIFY(stillServed(client, "still"));
    ByteClient another = live.join("chat", "bob");
    QVERIFY(stillServed(another, "too"));
    QVERIFY(!answered);
}

void PolicyLimitsTest::who_is_at_the_door_of_a_listener_that_goes_is_sent_away()
{
    LiveGate live;
    ByteClient goes(live.port("edge"), ByteClient::Security::Plain);
    ByteClient stays(live.port("lab"), ByteClient::Security::Plain);
    QVERIFY(goes.send("GET /ec") && stays.send(upgradeText({}).substr(0, 20)));
    QVERIFY(eventually(
        [&] { return live.gate.counters()[0]->pending.value() + live.gate.counters()[1]->pending.value() == 2; }));
    (void)live.apply([](Policy& policy) {
        policy.listeners.pop_back();
        std::swap(policy.listeners[0], policy.listeners[1]);
    });
    QVERIFY(goes.ends());
    QVERIFY(stays.request(upgradeText({}).substr(20)).status == 101);
    QVERIFY(stillServed(stays, "hello"));
    QCOMPARE(live.notes.records(AuditKind::Refuse).back().decision.reason, Reason::Listener);
}

void PolicyLimitsTest::a_listener_that_moves_ends_its_sessions_and_serves_at_its_new_port()
{
    std::uint16_t free = 0;
    {
        const Occupied occupied;
        free = occupied.port;
    }
    LiveGate live;
    ByteClient old = live.join("chat", "ann");
    ByteClient other = live.enter("edge", {});
    const PolicyMet met = live.apply([&](Policy& policy) { policy.listeners[1].port = free; });
    QCOMPARE(met.ended.size(), std::size_t(1));
    QCOMPARE(old.closing().payload, std::string("listener"));
    QCOMPARE(live.port("lab"), free);
    ByteClient back = live.join("chat", "ann");
    QVERIFY(stillServed(back, "back"));
    QVERIFY(stillServed(other, "all the time"));
}

QTEST_GUILESS_MAIN(PolicyLimitsTest)
#include "policylimitstest.moc"
