// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewayresources.h"
#include "manualclock.h"

#include <QTest>

#include <algorithm>
#include <map>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;
using test::ManualClock;

namespace {

UpstreamUrl urlAt(std::uint16_t port)
{
    return {"ws://127.0.0.1:" + std::to_string(port) + "/", false, "127.0.0.1", port, "/"};
}

void failTimes(Upstream& upstream, int times, Reason reason = Reason::UpstreamConnect)
{
    for (int i = 0; i < times; ++i) {
        upstream.attempting();
        upstream.failed(reason, "connection refused");
    }
}

void open(Upstream& upstream, int sessions)
{
    for (int i = 0; i < sessions; ++i) {
        upstream.attempting();
        upstream.answered();
    }
}

/// A route with so many upstreams, called by their ports: 1, 2, 3 …
struct Group {
    ManualClock clock;
    std::vector<std::shared_ptr<Upstream>> all;
    std::unique_ptr<GatewayResources> resources;

    explicit Group(std::uint16_t count, Balance balance = Balance::RoundRobin)
    {
        Gateway settings;
        settings.balance = balance;
        for (std::uint16_t i = 1; i <= count; ++i) {
            settings.upstreams.push_back(urlAt(i));
            all.push_back(std::make_shared<Upstream>("plc", urlAt(i), clock));
        }
        resources = std::make_unique<GatewayResources>(settings, all, nullptr);
    }
    [[nodiscard]] QString order() const
    {
        QString ports;
        for (const auto& one : resources->candidates())
            ports += QString::number(one->url().port);
        return ports;
    }
};

} // namespace

class GatewayUpstreamTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_new_one_is_up_and_knows_where_it_is();
    void sessions_and_attempts_are_its_load();
    void three_failures_in_a_row_eject_it_for_5_s();
    void a_success_between_failures_keeps_it_in();
    void each_ejection_is_twice_as_long_up_to_60_s();
    void attempts_that_fail_while_it_is_ejected_make_it_no_longer();
    void checks_that_fail_while_it_is_ejected_make_it_longer();
    void a_success_ends_an_ejection_and_the_doubling();
    void a_good_check_ends_an_ejection_for_not_taking_connections();
    void a_good_check_says_nothing_about_what_it_answers();
    void failed_checks_alone_eject_it();
    void one_that_declines_is_counted_and_never_ejected();
    void one_that_declines_is_alive();
    void one_that_drains_is_not_usable_until_it_is_told();
    void a_draining_one_that_is_ejected_is_shown_as_draining();
    void a_lost_session_is_counted_with_its_reason();
    void a_long_problem_is_cut_at_a_character();
    void round_robin_begins_with_each_in_turn();
    void the_fewest_sessions_come_first_and_ties_rotate();
    void ejected_ones_come_last_and_the_longest_ejected_first_among_them();
    void draining_ones_are_never_candidates();
    void tls_is_never_left_out();
    void counts_are_exact_from_many_threads();
};

void GatewayUpstreamTest::a_new_one_is_up_and_knows_where_it_is()
{
    const ManualClock clock;
    const Upstream numeric("plc", urlAt(1880), clock);
    QCOMPARE(numeric.addresses(), std::vector{*IpAddress::parse("127.0.0.1")});
    QVERIFY(numeric.usable() && !numeric.down());
    const UpstreamStatus status = numeric.status();
    QCOMPARE(status.state, UpstreamState::Up);
    QCOMPARE(status.route, std::string("plc"));
    QCOMPARE(status.url, std::string("ws://127.0.0.1:1880/"));
    QCOMPARE(status.since, clock.wall());
    QVERIFY(!status.ejectedUntil);

    Upstream named("plc", {"ws://plc.example/", false, "plc.example", 80, "/"}, clock);
    QVERIFY(named.addresses().empty());
    named.setAddresses({*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")});
    QCOMPARE(named.addresses().size(), 2u);
}

void GatewayUpstreamTest::sessions_and_attempts_are_its_load()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    open(upstream, 2);
    upstream.attempting();
    QCOMPARE(upstream.load(), 3u);
    QCOMPARE(upstream.status().sessions, 2u);
    upstream.abandoned();
    QCOMPARE(upstream.load(), 2u);
    upstream.closed(false);
    QCOMPARE(upstream.load(), 1u);
    const UpstreamStatus status = upstream.status();
    QCOMPARE(status.opened, 2u);
    QCOMPARE(status.failures, 0u);
    QCOMPARE(status.lost, 0u);
}

void GatewayUpstreamTest::three_failures_in_a_row_eject_it_for_5_s()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 2);
    QVERIFY(upstream.usable());
    clock.advance(1s);
    failTimes(upstream, 1);
    QVERIFY(!upstream.usable() && upstream.down());
    UpstreamStatus status = upstream.status();
    QCOMPARE(status.state, UpstreamState::Ejected);
    QCOMPARE(status.since, clock.wall());
    QCOMPARE(status.ejectedUntil, std::optional(clock.wall() + 5s));
    QCOMPARE(status.failures, 3u);
    QCOMPARE(status.lastFailure, Reason::UpstreamConnect);
    QCOMPARE(status.problem, std::string("connection refused"));
    QCOMPARE(upstream.load(), 0u);

    clock.advance(4999ms);
    QVERIFY(!upstream.usable());
    clock.advance(1ms);
    QVERIFY(upstream.usable());
    clock.advance(10s);
    status = upstream.status();
    QCOMPARE(status.state, UpstreamState::Up);
    QCOMPARE(status.since, clock.wall() - 10s);
    QVERIFY(!status.ejectedUntil);
    QVERIFY2(upstream.down(), "no sign of life came since");
}

void GatewayUpstreamTest::a_success_between_failures_keeps_it_in()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    for (int i = 0; i < 5; ++i) {
        failTimes(upstream, 2);
        open(upstream, 1);
    }
    QVERIFY(upstream.usable() && !upstream.down());
    QCOMPARE(upstream.status().failures, 10u);
}

void GatewayUpstreamTest::each_ejection_is_twice_as_long_up_to_60_s()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3);
    for (const auto length : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
        QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + length));
        clock.advance(length);
        QVERIFY(upstream.usable());
        failTimes(upstream, 1);
    }
}

void GatewayUpstreamTest::attempts_that_fail_while_it_is_ejected_make_it_no_longer()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 100);
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 5s));
    clock.advance(5s);
    failTimes(upstream, 100);
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 10s));
}

void GatewayUpstreamTest::checks_that_fail_while_it_is_ejected_make_it_longer()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3);
    const WallTime since = clock.wall();
    clock.advance(2s);
    upstream.checked("connection refused");
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 10s));
    QCOMPARE(upstream.status().since, since);
    clock.advance(9s);
    upstream.checked("connection refused");
    clock.advance(19s);
    QVERIFY(!upstream.usable());
}

void GatewayUpstreamTest::a_success_ends_an_ejection_and_the_doubling()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3);
    clock.advance(5s);
    failTimes(upstream, 1);
    open(upstream, 1);
    QVERIFY(upstream.usable() && !upstream.down());
    QCOMPARE(upstream.status().since, clock.wall());
    failTimes(upstream, 3);
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 5s));
}

void GatewayUpstreamTest::a_good_check_ends_an_ejection_for_not_taking_connections()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3);
    clock.advance(1s);
    upstream.checked(std::nullopt);
    QVERIFY(upstream.usable() && !upstream.down());
    QCOMPARE(upstream.status().state, UpstreamState::Up);
    QCOMPARE(upstream.status().since, clock.wall());
}

void GatewayUpstreamTest::a_good_check_says_nothing_about_what_it_answers()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3, Reason::UpstreamStatus);
    upstream.checked(std::nullopt);
    QVERIFY2(!upstream.usable(), "it takes connections and refuses every upgrade");
    clock.advance(5s);
    failTimes(upstream, 1, Reason::UpstreamStatus);
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 10s));
}

void GatewayUpstreamTest::failed_checks_alone_eject_it()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    upstream.checked("timed out");
    upstream.checked("timed out");
    upstream.checked(std::nullopt);
    upstream.checked("timed out");
    upstream.checked("timed out");
    QVERIFY2(upstream.usable(), "they were not in a row");
    upstream.checked("timed out");
    QVERIFY(!upstream.usable());
    QCOMPARE(upstream.status().failures, 5u);
    QCOMPARE(upstream.status().problem, std::string("timed out"));
}

void GatewayUpstreamTest::one_that_declines_is_counted_and_never_ejected()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    for (int i = 0; i < 10; ++i) {
        upstream.attempting();
        QCOMPARE(upstream.load(), 1u);
        upstream.declined(Reason::UpstreamStatus, "status 404");
        QCOMPARE(upstream.load(), 0u);
    }
    QVERIFY(upstream.usable() && !upstream.down());
    const UpstreamStatus status = upstream.status();
    QCOMPARE(status.state, UpstreamState::Up);
    QCOMPARE(status.failures, 10u);
    QCOMPARE(status.opened, 0u);
    QCOMPARE(status.lost, 0u);
    QCOMPARE(status.lastFailure, Reason::UpstreamStatus);
    QCOMPARE(status.problem, std::string("status 404"));
    QCOMPARE(status.since, clock.wall());
}

void GatewayUpstreamTest::one_that_declines_is_alive()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    const auto decline = [&] {
        upstream.attempting();
        upstream.declined(Reason::UpstreamStatus, std::string(1000, 'x'));
    };
    failTimes(upstream, 2);
    decline();
    failTimes(upstream, 2);
    QVERIFY2(upstream.usable(), "they were not in a row");
    failTimes(upstream, 1);
    QVERIFY(!upstream.usable());
    clock.advance(1s);
    decline();
    QVERIFY2(upstream.usable() && !upstream.down(), "an answer ends an ejection");
    QCOMPARE(upstream.status().since, clock.wall());
    QCOMPARE(upstream.status().problem.size(), Upstream::longestProblem);
    failTimes(upstream, 3);
    QCOMPARE(upstream.status().ejectedUntil, std::optional(clock.wall() + 5s)); // and its doubling
}

void GatewayUpstreamTest::one_that_drains_is_not_usable_until_it_is_told()
{
    ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    clock.advance(1min);
    upstream.setDraining(true);
    const WallTime began = clock.wall();
    QVERIFY(!upstream.usable() && upstream.draining());
    clock.advance(1min);
    upstream.setDraining(true);
    QCOMPARE(upstream.status().state, UpstreamState::Draining);
    QCOMPARE(upstream.status().since, began);
    upstream.setDraining(false);
    QVERIFY(upstream.usable());
    QCOMPARE(upstream.status().state, UpstreamState::Up);
    QCOMPARE(upstream.status().since, clock.wall());
}

void GatewayUpstreamTest::a_draining_one_that_is_ejected_is_shown_as_draining()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    failTimes(upstream, 3);
    upstream.setDraining(true);
    QCOMPARE(upstream.status().state, UpstreamState::Draining);
    QVERIFY(!upstream.status().ejectedUntil);
    upstream.setDraining(false);
    QCOMPARE(upstream.status().state, UpstreamState::Ejected);
    QVERIFY(!upstream.usable());
}

void GatewayUpstreamTest::a_lost_session_is_counted_with_its_reason()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    open(upstream, 5);
    for (int i = 0; i < 4; ++i)
        upstream.closed(true, Reason::UpstreamProtocol, "unmasked");
    const UpstreamStatus status = upstream.status();
    QCOMPARE(status.lost, 4u);
    QCOMPARE(status.sessions, 1u);
    QCOMPARE(status.lastFailure, Reason::UpstreamProtocol);
    QCOMPARE(status.problem, std::string("unmasked"));
    QVERIFY2(upstream.usable(), "attempts decide whether it is tried");
}

void GatewayUpstreamTest::a_long_problem_is_cut_at_a_character()
{
    const ManualClock clock;
    Upstream upstream("plc", urlAt(1), clock);
    upstream.attempting();
    upstream.failed(Reason::UpstreamAnswer, std::string(Upstream::longestProblem - 1, 'a') + "\u00fc and more");
    QCOMPARE(upstream.status().problem, std::string(Upstream::longestProblem - 1, 'a'));
}

void GatewayUpstreamTest::round_robin_begins_with_each_in_turn()
{
    const Group group(3);
    QCOMPARE(group.order(), QStringLiteral("123"));
    QCOMPARE(group.order(), QStringLiteral("231"));
    QCOMPARE(group.order(), QStringLiteral("312"));
    QCOMPARE(group.order(), QStringLiteral("123"));
}

void GatewayUpstreamTest::the_fewest_sessions_come_first_and_ties_rotate()
{
    const Group group(3, Balance::LeastSessions);
    open(*group.all[0], 2);
    group.all[2]->attempting();
    QCOMPARE(group.order(), QStringLiteral("231"));
    group.all[2]->abandoned();
    QString firsts;
    for (int i = 0; i < 6; ++i)
        firsts += group.order().front();
    QCOMPARE(firsts.count(QLatin1Char('1')), 0);
    QVERIFY2(firsts.count(QLatin1Char('2')) >= 2 && firsts.count(QLatin1Char('3')) >= 2, qPrintable(firsts));
}

void GatewayUpstreamTest::ejected_ones_come_last_and_the_longest_ejected_first_among_them()
{
    Group group(4);
    failTimes(*group.all[2], 3);
    group.clock.advance(1s);
    failTimes(*group.all[0], 3);
    QCOMPARE(group.order(), QStringLiteral("2431"));
    QCOMPARE(group.order(), QStringLiteral("4231"));
    group.clock.advance(4s);
    for (int i = 0; i < 3; ++i)
        QVERIFY2(group.order().endsWith(QLatin1Char('1')), "the third one's time is over");
    failTimes(*group.all[1], 3);
    failTimes(*group.all[3], 3);
    QCOMPARE(group.order(), QStringLiteral("3124"));
}

void GatewayUpstreamTest::draining_ones_are_never_candidates()
{
    const Group group(3);
    group.all[1]->setDraining(true);
    QCOMPARE(group.order(), QStringLiteral("13"));
    QCOMPARE(group.order(), QStringLiteral("31"));
    failTimes(*group.all[0], 3);
    group.all[0]->setDraining(true);
    group.all[2]->setDraining(true);
    QVERIFY(group.order().isEmpty());
}

void GatewayUpstreamTest::tls_is_never_left_out()
{
    const Group group(1);
    const UpstreamUrl url{"wss://127.0.0.1:1/", true, "127.0.0.1", 1, "/"};
    QVERIFY(!group.resources->transport(Fd(), url));
}

void GatewayUpstreamTest::counts_are_exact_from_many_threads()
{
    Group group(2, Balance::LeastSessions);
    constexpr int rounds = 3000;
    std::atomic<int> opened{0};
    const auto work = [&](int self) {
        for (int i = 0; i < rounds; ++i) {
            const auto candidates = group.resources->candidates();
            if (candidates.empty()) // both drained for a moment
                continue;
            Upstream& one = *candidates.front();
            one.attempting();
            switch ((i + self) % 3) {
            case 0:
                one.failed(Reason::UpstreamTimeout, "it did not answer within 3 s");
                break;
            case 1:
                one.abandoned();
                break;
            default:
                one.answered();
                ++opened;
                one.closed(i % 2 == 0, Reason::UpstreamLost, "it is gone");
            }
        }
    };
    std::vector<std::thread> threads;
    for (int self = 0; self < 4; ++self)
        threads.emplace_back(work, self);
    threads.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
            Upstream& one = *group.all[static_cast<std::size_t>(i % 2)];
            one.setAddresses({*IpAddress::parse("127.0.0.1")});
            one.checked(i % 3 == 0 ? std::optional<std::string>("connection refused") : std::nullopt);
            one.setDraining(i % 64 == 0);
            group.clock.advance(100ms);
            QVERIFY(one.status().sessions <= 4 && !one.addresses().empty());
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    std::uint64_t ever = 0;
    for (const auto& one : group.all) {
        QCOMPARE(one->load(), 0u);
        QCOMPARE(one->status().sessions, 0u);
        ever += one->status().opened;
    }
    QCOMPARE(ever, static_cast<std::uint64_t>(opened.load()));
}

QTEST_APPLESS_MAIN(GatewayUpstreamTest)
#include "gatewayupstreamtest.moc"
