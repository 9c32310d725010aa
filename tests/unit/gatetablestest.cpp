// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/gatetables.h"
#include "net/banset.h"
#include "net/ratemeter.h"

#include <QTest>

#include <algorithm>
#include <netinet/in.h>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{std::chrono::hours(1)};
constexpr WallTime today{std::chrono::milliseconds(1'800'000'000'000)};

/// May be forgotten when the test says so.
struct State {
    bool idle(TimePoint) const { return forgettable; }
    bool forgettable = true;
};

Ban banOf(BanSubject subject, const std::string& value, std::optional<WallTime> until = std::nullopt,
          const std::string& issuer = {})
{
    Ban ban;
    ban.subject = subject;
    ban.value = value;
    ban.issuer = issuer;
    ban.until = until;
    return ban;
}

} // namespace

class GateTablesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void slots_are_reserved_up_to_the_limit();
    void slots_are_never_over_the_limit_from_many_threads();
    void a_window_that_fills_blocks_and_a_second_bans();
    void a_window_that_does_not_fill_is_forgotten();
    void a_strike_is_forgotten_in_time();
    void failures_during_a_block_count_nothing();
    void a_table_gives_one_state_for_a_key();
    void a_full_table_forgets_the_idle_and_never_what_is_used();
    void addresses_are_spread_over_the_whole_table_data();
    void addresses_are_spread_over_the_whole_table();
    void a_full_table_is_swept_ten_times_a_second_at_most();
    void users_of_two_issuers_are_two();
    void bans_of_addresses_networks_and_users_match_while_they_hold();
    void a_ban_without_an_issuer_matches_whoever_vouches();
    void cooldowns_end();
    void anonymous_visitors_of_one_ipv6_network_are_one();
    void rates_are_over_the_last_second();
};

void GateTablesTest::slots_are_reserved_up_to_the_limit()
{
    Slots slots_;
    QVERIFY(slots_.reserve(2));
    QVERIFY(slots_.reserve(2));
    QVERIFY(!slots_.reserve(2));
    QVERIFY(slots_.reserve(std::nullopt));
    QCOMPARE(slots_.used(), 3u);
    slots_.release();
    slots_.release();
    QVERIFY(slots_.reserve(2));
}

void GateTablesTest::slots_are_never_over_the_limit_from_many_threads()
{
    Slots slots_;
    std::atomic<std::uint64_t> inside{0}, most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 20000; ++n) {
                if (!slots_.reserve(3))
                    continue;
                const std::uint64_t now = ++inside;
                for (std::uint64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                --inside;
                slots_.release();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    QVERIFY(most <= 3);
    QCOMPARE(slots_.used(), 0u);
}

void GateTablesTest::a_window_that_fills_blocks_and_a_second_bans()
{
    const AuthFailureLimit limit{3, 60s, 600s};
    FailureWindow window;
    QCOMPARE(window.add(limit, start), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start), FailureVerdict::Blocked);
    QCOMPARE(window.blocked(start), std::chrono::nanoseconds(60s));
    QCOMPARE(window.blocked(start + 59s), std::chrono::nanoseconds(1s));
    QCOMPARE(window.blocked(start + 60s), std::chrono::nanoseconds(0));
    QVERIFY(!window.idle(start + 61s));
    QCOMPARE(window.add(limit, start + 61s), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start + 62s), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start + 63s), FailureVerdict::Ban);
    QCOMPARE(window.blocked(start + 63s),
             std::chrono::nanoseconds(FailureWindow::untilBanned)); // while the ban is on its way
    QVERIFY(!window.idle(start + 63s));
    QCOMPARE(window.blocked(start + 64s), 0ns);
    QCOMPARE(window.add(limit, start + 64s), FailureVerdict::Counted); // and begins anew
    QCOMPARE(window.add(limit, start + 64s), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start + 64s), FailureVerdict::Blocked);
    window.forgive();
    QCOMPARE(window.blocked(start + 64s), 0ns);
    QVERIFY(window.idle(start + 64s));
    QCOMPARE(window.add(limit, start + 64s), FailureVerdict::Counted);
}

void GateTablesTest::a_window_that_does_not_fill_is_forgotten()
{
    const AuthFailureLimit limit{3, 60s, 600s};
    FailureWindow window;
    for (int i = 0; i < 20; ++i)
        QCOMPARE(window.add(limit, start + i * 31s), FailureVerdict::Counted);
    QVERIFY(window.idle(start + 20 * 31s + 61s));
}

void GateTablesTest::a_strike_is_forgotten_in_time()
{
    const AuthFailureLimit limit{1, 60s, 600s};
    FailureWindow window;
    QCOMPARE(window.add(limit, start), FailureVerdict::Blocked);
    QVERIFY(!window.idle(start + 659s));
    QVERIFY(window.idle(start + 660s));
    QCOMPARE(window.add(limit, start + 660s), FailureVerdict::Blocked);
    QCOMPARE(window.add(limit, start + 721s), FailureVerdict::Ban);
}

void GateTablesTest::failures_during_a_block_count_nothing()
{
    const AuthFailureLimit limit{2, 60s, 600s};
    FailureWindow window;
    QCOMPARE(window.add(limit, start), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start), FailureVerdict::Blocked);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(window.add(limit, start + 1s), FailureVerdict::Counted);
    QCOMPARE(window.add(limit, start + 60s), FailureVerdict::Counted);
}

void GateTablesTest::a_table_gives_one_state_for_a_key()
{
    StateTable<std::string, State> table(160);
    const auto a = table.find("a", start);
    QVERIFY(a == table.find("a", start));
    QVERIFY(a != table.find("b", start));
    QCOMPARE(table.size(), 2u);
}

void GateTablesTest::a_full_table_forgets_the_idle_and_never_what_is_used()
{
    StateTable<std::string, State> table(160);
    std::vector<std::shared_ptr<State>> held;
    std::size_t refused = 0;
    for (int i = 0; i < 1000; ++i) {
        auto state = table.find(std::to_string(i), start + i * 1s);
        if (!state)
            ++refused;
        else if (i % 5 == 0)
            held.push_back(state);
        else
            state->forgettable = i % 5 != 1;
        QVERIFY(table.size() <= 160);
    }
    QVERIFY(refused > 0); // those that may not be forgotten fill it in the end
    for (std::size_t i = 0; i < held.size(); ++i)
        QVERIFY(held[i].use_count() == 2);
}

void GateTablesTest::addresses_are_spread_over_the_whole_table_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<int>("counted"); // the byte of the 16 that counts up, beside the one before it
    QTest::newRow("IPv4 addresses of one network") << QByteArray("10.1.0.0") << 15;
    QTest::newRow("IPv4 networks") << QByteArray("10.1.0.1") << 13;
    QTest::newRow("IPv6 networks of one /48") << QByteArray("2001:db8:1::") << 7;
    QTest::newRow("IPv6 networks of one /32") << QByteArray("2001:db8::") << 5;
}

void GateTablesTest::addresses_are_spread_over_the_whole_table()
{
    QFETCH(const QByteArray, first);
    QFETCH(const int, counted);
    const auto base = IpAddress::parse(first.toStdString()).value();
    StateTable<IpAddress, State> table(4096);
    for (unsigned i = 0; i < 3072; ++i) { // none is idle, so that a shard which is full refuses
        in6_addr bytes{};
        std::ranges::copy(base.bytes(), bytes.s6_addr);
        bytes.s6_addr[counted - 1] = static_cast<std::uint8_t>(i >> 8);
        bytes.s6_addr[counted] = static_cast<std::uint8_t>(i);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = bytes;
        const auto state =
            table.find(IpAddress::fromSockaddr(*static_cast<sockaddr*>(static_cast<void*>(&address))), start);
        QVERIFY2(state != nullptr, qPrintable(QString::number(i)));
        state->forgettable = false;
    }
}

void GateTablesTest::a_full_table_is_swept_ten_times_a_second_at_most()
{
    StateTable<std::string, State> table(16); // one of a kind in each shard
    std::size_t given = 0;
    for (int i = 0; i < 1000; ++i)
        given += table.find(std::to_string(i), start) != nullptr;
    QVERIFY(given <= 2 * 16); // each shard's first, and the one that a single sweep made room for
    QVERIFY(table.find("later", start + 100ms) != nullptr);
}

void GateTablesTest::users_of_two_issuers_are_two()
{
    QVERIFY(userKey("a", "bc") != userKey("ab", "c"));
    QCOMPARE(userKey("local", "ann"), userKey("local", "ann"));
}

void GateTablesTest::bans_of_addresses_networks_and_users_match_while_they_hold()
{
    const BanSet set({banOf(BanSubject::Address, "10.0.0.1", today + 1s), banOf(BanSubject::Network, "10.1.0.0/16"),
                      banOf(BanSubject::User, "ann", std::nullopt, "local"), banOf(BanSubject::Network, "fd00::/64")},
                     {});
    const auto address = [](const char* text) { return IpAddress::parse(text).value(); };
    QVERIFY(set.matchAddress(address("10.0.0.1"), today));
    QVERIFY(set.matchAddress(address("::ffff:10.0.0.1"), today)); // row 31: its mapped form is the same
    QVERIFY(!set.matchAddress(address("10.0.0.1"), today + 1s));
    QVERIFY(!set.matchAddress(address("10.0.0.2"), today));
    QVERIFY(set.matchAddress(address("10.1.0.0"), today + 1h));
    QVERIFY(set.matchAddress(address("10.1.255.255"), today));
    QVERIFY(!set.matchAddress(address("10.2.0.0"), today));
    QVERIFY(set.matchAddress(address("fd00::1"), today));
    QVERIFY(!set.matchAddress(address("fd00:0:0:1::1"), today));
    QVERIFY(set.matchUser("local", "ann", today));
    QVERIFY(!set.matchUser("corp", "ann", today));
    QVERIFY(!set.matchUser("local", "bob", today));
}

void GateTablesTest::a_ban_without_an_issuer_matches_whoever_vouches()
{
    const BanSet set({banOf(BanSubject::User, "ann")}, {});
    QVERIFY(set.matchUser("local", "ann", today));
    QVERIFY(set.matchUser("corp", "ann", today));
}

void GateTablesTest::cooldowns_end()
{
    const BanSet set({}, {{userKey("local", "ann"), start + 10s}});
    QCOMPARE(set.cooldown(userKey("local", "ann"), start), std::chrono::nanoseconds(10s));
    QCOMPARE(set.cooldown(userKey("local", "ann"), start + 10s), std::chrono::nanoseconds(0));
    QCOMPARE(set.cooldown(userKey("local", "bob"), start), std::chrono::nanoseconds(0));
}

void GateTablesTest::anonymous_visitors_of_one_ipv6_network_are_one()
{
    const auto key = [](std::string_view address) { return visitorKey(IpAddress::parse(address).value()); };
    QCOMPARE(key("2001:db8::1"), key("2001:db8::ffff:1"));
    QVERIFY(key("2001:db8::1") != key("2001:db8:0:1::1"));
    QVERIFY(key("192.0.2.1") != key("192.0.2.2"));
    QCOMPARE(key("192.0.2.1"), key("::ffff:192.0.2.1"));
}

void GateTablesTest::rates_are_over_the_last_second()
{
    RateMeter meter({100, 0, 0, 0});
    RateMeter::Totals totals{100, 0, 0, 0};
    QVERIFY(meter.quiet());
    for (int i = 0; i < 8; ++i) {
        totals[0] += 10;
        totals[3] += 1000;
        meter.sample(totals);
        QCOMPARE(meter.rate(0), 10.0 * std::min(i + 1, 4));
        QCOMPARE(meter.rate(3), 1000.0 * std::min(i + 1, 4));
        QCOMPARE(meter.rate(1), 0.0);
    }
    for (int i = 0; i < 4; ++i) {
        QVERIFY(!meter.quiet());
        meter.sample(totals);
    }
    QVERIFY(meter.quiet());
}

QTEST_GUILESS_MAIN(GateTablesTest)
#include "gatetablestest.moc"
