// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamwatch.h"
#include "manualclock.h"

#include <QTest>

#include <condition_variable>
#include <map>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace gatehouse;
using namespace std::chrono_literals;
using test::ManualClock;

namespace {

/// Waits, with a ceiling against hangs.
bool eventually(const std::function<bool()>& condition)
{
    return QTest::qWaitFor(condition, 20'000);
}

/// A port of loopback that takes connections, or none.
struct Port {
    Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t number = 0;

    Port() { bindTo(0); }
    void bindTo(std::uint16_t port)
    {
        socket = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int on = 1;
        setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (bind(socket.get(), any, size) != 0 || listen(socket.get(), 64) != 0 ||
            getsockname(socket.get(), any, &size) != 0)
            throw std::runtime_error("no port");
        number = ntohs(address.sin_port);
    }
    void shut() { socket.reset(); }
    void open() { bindTo(number); }
};

struct Told final : UpstreamEvents {
    bool upstreamChanged(UpstreamChange change) override
    {
        const std::lock_guard lock(mutex);
        if (refusals > 0)
            return --refusals, false;
        all.push_back(std::move(change));
        return true;
    }
    [[nodiscard]] std::size_t count() const
    {
        const std::lock_guard lock(mutex);
        return all.size();
    }
    [[nodiscard]] UpstreamChange at(std::size_t index) const
    {
        const std::lock_guard lock(mutex);
        return all.at(index);
    }
    mutable std::mutex mutex;
    std::vector<UpstreamChange> all;
    int refusals = 0; ///< that are still to come
};

/// Names as the test says.
struct Names {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, ResolvedHost> known;
    std::map<std::string, int> asked;
    bool stuck = false;
    std::size_t most = 0, now = 0;

    ResolvedHost lookUp(const std::string& host)
    {
        std::unique_lock lock(mutex);
        ++asked[host];
        most = std::max(most, ++now);
        changed.wait(lock, [this] { return !stuck; });
        --now;
        const auto found = known.find(host);
        return found == known.end() ? ResolvedHost(Failure{"the name " + host + " does not resolve"}) : found->second;
    }
    void set(const std::string& host, std::optional<std::string> address)
    {
        const std::lock_guard lock(mutex);
        known.erase(host);
        if (address)
            known.emplace(host, std::vector{*IpAddress::parse(*address)});
    }
    void setStuck(bool on)
    {
        {
            const std::lock_guard lock(mutex);
            stuck = on;
        }
        changed.notify_all();
    }
    int times(const std::string& host)
    {
        const std::lock_guard lock(mutex);
        return asked[host];
    }
};

} // namespace

class GatewayWatchTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void a_name_is_looked_up_at_once_and_every_30_s();
    void the_last_good_addresses_stay();
    void a_name_that_never_resolved_is_told_and_tried_again();
    void one_name_is_looked_up_once_for_all_its_upstreams();
    void a_slow_resolver_is_asked_for_few_names_at_once_and_stops_nobody();
    void the_systems_resolver_knows_localhost();
    void a_check_finds_who_is_gone_and_who_is_back();
    void a_check_goes_on_while_it_drains();
    void off_checks_nothing();
    void one_that_takes_no_connections_is_found_in_time();
    void every_address_is_tried();
    void an_upstream_keeps_its_times_over_policies();
    void many_are_checked_at_once();

private:
    [[nodiscard]] std::shared_ptr<Upstream> upstream(const std::string& host, std::uint16_t port)
    {
        return std::make_shared<Upstream>("plc", UpstreamUrl{"ws://" + host + "/", false, host, port, "/"}, *m_clock);
    }
    /// Time passes until it holds.
    [[nodiscard]] bool inTime(std::chrono::milliseconds step, const std::function<bool()>& condition)
    {
        return eventually([&] {
            m_clock->advance(step);
            return condition();
        });
    }
    std::unique_ptr<ManualClock> m_clock;
    std::shared_ptr<Names> m_names;
    std::unique_ptr<Told> m_told;
    std::unique_ptr<UpstreamWatch> m_watch;
};

void GatewayWatchTest::init()
{
    m_clock = std::make_unique<ManualClock>();
    m_names = std::make_shared<Names>();
    m_told = std::make_unique<Told>();
    m_watch = std::make_unique<UpstreamWatch>(
        *m_clock, *m_told, [names = m_names](const std::string& host) { return names->lookUp(host); });
    m_watch->start();
}

void GatewayWatchTest::cleanup()
{
    m_names->setStuck(false);
    m_watch.reset();
}

void GatewayWatchTest::a_name_is_looked_up_at_once_and_every_30_s()
{
    m_names->set("plc.example", "192.0.2.1");
    const auto one = upstream("plc.example", 80);
    m_watch->watch({{one, 1s, {}}});
    QVERIFY(m_watch->waitUntilLookedUp(20s));
    QCOMPARE(one->addresses(), std::vector{*IpAddress::parse("192.0.2.1")});
    QCOMPARE(m_names->times("plc.example"), 1);
    m_names->set("plc.example", "192.0.2.2");
    m_clock->advance(29s);
    m_watch->watch({{one, 1s, {}}}); // a turn of the watch, at the least
    QVERIFY(m_watch->waitUntilLookedUp(20s));
    QCOMPARE(m_names->times("plc.example"), 1);
    m_clock->advance(1s);
    QVERIFY(eventually([&] { return one->addresses() == std::vector{*IpAddress::parse("192.0.2.2")}; }));
    QCOMPARE(m_told->count(), 0u);
}

void GatewayWatchTest::the_last_good_addresses_stay()
{
    m_names->set("plc.example", "192.0.2.1");
    const auto one = upstream("plc.example", 80);
    m_watch->watch({{one, 1s, {}}});
    QVERIFY(m_watch->waitUntilLookedUp(20s));
    m_names->set("plc.example", {});
    {
        const std::lock_guard lock(m_told->mutex);
        m_told->refusals = 2; // it is told again
    }
    m_clock->advance(30s);
    QVERIFY(eventually([&] { return m_told->count() == 1; }));
    QCOMPARE(m_told->at(0).route, std::string("plc"));
    QCOMPARE(m_told->at(0).url, std::string("ws://plc.example/"));
    QCOMPARE(m_told->at(0).reason, Reason::UpstreamConnect);
    QCOMPARE(m_told->at(0).detail, std::string("the name plc.example does not resolve; its last addresses are kept"));
    QCOMPARE(one->addresses(), std::vector{*IpAddress::parse("192.0.2.1")});
    m_names->set("plc.example", "192.0.2.9");
    QVERIFY(inTime(1s, [&] { return m_told->count() == 2; }));
    QCOMPARE(m_told->at(1).reason, Reason::None);
    QCOMPARE(one->addresses(), std::vector{*IpAddress::parse("192.0.2.9")});
}

void GatewayWatchTest::a_name_that_never_resolved_is_told_and_tried_again()
{
    const auto one = upstream("plc.example", 80);
    m_watch->watch({{one, 1s, 10s}});
    QVERIFY(eventually([&] { return m_told->count() == 1; }));
    QVERIFY2(m_told->at(0).detail.ends_with("; nobody can reach it"), m_told->at(0).detail.c_str());
    QVERIFY2(inTime(1s, [&] { return one->down(); }), "health checks fail too");
    const int before = m_names->times("plc.example");
    QVERIFY(inTime(1s, [&] { return m_names->times("plc.example") > before + 3; }));
    m_names->set("plc.example", "127.0.0.1");
    QVERIFY(inTime(1s, [&] { return !one->addresses().empty(); }));
}

void GatewayWatchTest::one_name_is_looked_up_once_for_all_its_upstreams()
{
    m_names->set("plc.example", "192.0.2.1");
    std::vector<WatchedUpstream> all;
    for (std::uint16_t port = 1; port <= 20; ++port)
        all.push_back({upstream("plc.example", port), 1s, {}});
    m_watch->watch(all);
    QVERIFY(m_watch->waitUntilLookedUp(20s));
    QCOMPARE(m_names->times("plc.example"), 1);
    for (const auto& one : all)
        QCOMPARE(one.upstream->addresses().size(), 1u);
}

void GatewayWatchTest::a_slow_resolver_is_asked_for_few_names_at_once_and_stops_nobody()
{
    m_names->setStuck(true);
    Port port;
    std::vector<WatchedUpstream> all;
    for (int i = 0; i < 50; ++i)
        all.push_back({upstream("plc" + std::to_string(i) + ".example", 80), 1s, {}});
    const auto numeric = upstream("127.0.0.1", port.number);
    numeric->checked("before");
    numeric->checked("before");
    numeric->checked("before");
    all.push_back({numeric, 1s, 10s});
    m_watch->watch(all);
    QVERIFY(!m_watch->waitUntilLookedUp(50ms));
    QVERIFY2(eventually([&] { return !numeric->down(); }), "health goes on");
    const auto began = std::chrono::steady_clock::now();
    m_watch->stop();
    QVERIFY2(std::chrono::steady_clock::now() - began < 5s, "it does not wait for the resolver");
    {
        const std::lock_guard lock(m_names->mutex);
        QCOMPARE(m_names->most, UpstreamWatch::mostLookUps);
    }
}

void GatewayWatchTest::the_systems_resolver_knows_localhost()
{
    const auto found = lookUpHost("localhost");
    QVERIFY(found);
    for (const IpAddress& address : *found)
        QVERIFY(address.isLoopback());
    const auto unknown = lookUpHost("no-such-name.invalid");
    QVERIFY(!unknown);
    QVERIFY2(unknown.error().starts_with("the name no-such-name.invalid does not resolve: "), unknown.error().c_str());
}

void GatewayWatchTest::a_check_finds_who_is_gone_and_who_is_back()
{
    Port port;
    const auto one = upstream("127.0.0.1", port.number);
    m_watch->watch({{one, 1s, 10s}});
    port.shut();
    QVERIFY(inTime(1s, [&] { return one->down(); }));
    QVERIFY(inTime(1s, [&] { return m_told->count() == 1; }));
    QCOMPARE(m_told->at(0).reason, Reason::UpstreamConnect);
    QVERIFY2(m_told->at(0).detail.starts_with("ejected: "), m_told->at(0).detail.c_str());
    QVERIFY2(m_told->at(0).detail.find("Connection refused") != std::string::npos, m_told->at(0).detail.c_str());
    port.open();
    QVERIFY(inTime(1s, [&] { return one->usable() && !one->down(); }));
    QVERIFY(inTime(1s, [&] { return m_told->count() == 2; }));
    QCOMPARE(m_told->at(1).reason, Reason::None);
    QCOMPARE(m_told->at(1).detail, std::string("back"));
}

void GatewayWatchTest::a_check_goes_on_while_it_drains()
{
    Port port;
    port.shut();
    const auto one = upstream("127.0.0.1", port.number);
    one->setDraining(true);
    m_watch->watch({{one, 1s, 10s}});
    QVERIFY(inTime(1s, [&] { return one->down(); }));
    QCOMPARE(one->status().state, UpstreamState::Draining);
}

void GatewayWatchTest::off_checks_nothing()
{
    Port checked;
    checked.shut();
    Port unchecked;
    unchecked.shut();
    const auto one = upstream("127.0.0.1", checked.number);
    const auto other = upstream("127.0.0.1", unchecked.number);
    m_watch->watch({{other, 1s, {}}, {one, 1s, 10s}});
    QVERIFY(inTime(1s, [&] { return one->down(); }));
    QCOMPARE(other->status().failures, 0u);
}

/// A listener whose queue is full answers nothing.
void GatewayWatchTest::one_that_takes_no_connections_is_found_in_time()
{
    Port port;
    QCOMPARE(listen(port.socket.get(), 0), 0);
    std::vector<Fd> fill;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.number);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 4; ++i) {
        fill.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        (void)::connect(fill.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    const auto one = upstream("127.0.0.1", port.number);
    m_watch->watch({{one, 2s, 60s}});
    QVERIFY(inTime(500ms, [&] { return one->status().failures >= 1; }));
    QCOMPARE(one->status().problem, std::string("it took no connection within 2000 ms"));
}

void GatewayWatchTest::every_address_is_tried()
{
    Port port;
    {
        const std::lock_guard lock(m_names->mutex);
        m_names->known.emplace("plc.example",
                               std::vector{*IpAddress::parse("127.0.0.7"), *IpAddress::parse("127.0.0.1")});
    }
    const auto one = upstream("plc.example", port.number);
    for (int i = 0; i < 3; ++i)
        one->checked("before");
    m_watch->watch({{one, 1s, 10s}});
    QVERIFY2(eventually([&] { return !one->down(); }), "the first address refuses, the second does not");
    QCOMPARE(one->status().failures, 3u);
}

void GatewayWatchTest::an_upstream_keeps_its_times_over_policies()
{
    m_names->set("plc.example", "127.0.0.1");
    m_names->set("other.example", "127.0.0.1");
    Port port;
    port.shut();
    const auto one = upstream("plc.example", port.number);
    m_watch->watch({{one, 1s, 10s}});
    QVERIFY(eventually([&] { return one->status().failures == 1; }));
    for (int i = 0; i < 5; ++i) {
        const auto another = upstream("other.example", static_cast<std::uint16_t>(i + 1));
        m_watch->watch({{another, 1s, {}}, {one, 1s, 10s}});
        QVERIFY(m_watch->waitUntilLookedUp(20s));
    }
    QCOMPARE(one->status().failures, 1u);
    QCOMPARE(m_names->times("plc.example"), 1);
}

void GatewayWatchTest::many_are_checked_at_once()
{
    Port port;
    port.shut();
    std::vector<WatchedUpstream> all;
    for (std::size_t i = 0; i < 3 * UpstreamWatch::mostChecks; ++i)
        all.push_back({upstream("127.0.0.1", port.number), 1s, 10s});
    m_watch->watch(all);
    QVERIFY(eventually([&] {
        return std::ranges::all_of(all, [](const auto& one) { return one.upstream->status().failures == 1; });
    }));
}

QTEST_GUILESS_MAIN(GatewayWatchTest)
#include "gatewaywatchtest.moc"
