// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

#include <functional>
#include <random>

using namespace gatehouse;
using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

Q_DECLARE_METATYPE(std::function<void(ByteClient&)>)

/// Peers that do what no client does. Whatever they do, the server says nothing that RFC 6455 does not let it say, and
/// keeps nothing of them.
class AbuseCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void a_connection_that_ends_in_any_state_is_freed_data();
    void a_connection_that_ends_in_any_state_is_freed();
    void a_half_closed_peer_that_never_reads_is_freed_at_the_deadline();
    void a_half_closed_peer_that_resets_is_freed_at_once();
    void pings_behind_the_servers_close_are_not_answered();
    void messages_behind_the_servers_close_are_not_echoed();
    void a_peer_that_reads_nothing_of_a_large_backlog_still_hears_its_close();
    void a_slow_reader_hears_4008_behind_whole_frames_data();
    void a_slow_reader_hears_4008_behind_whole_frames();
    void random_sessions_data();
    void random_sessions();

private:
    using Act = std::function<void(ByteClient&)>;

    [[nodiscard]] static UpgradeOptions echo();
    [[nodiscard]] static bool nothingLeft(const TestServer& server);
    [[nodiscard]] static std::vector<std::string> randomWrites(std::mt19937& random);
};

namespace {

ByteClient::Options reading(int buffer)
{
    ByteClient::Options options;
    options.receiveBuffer = buffer;
    return options;
}

void kickEverybody(const TestServer& server)
{
    KickCommand kick;
    for (const SessionRow& row : server.sessions())
        kick.sessions.push_back(row.info->id);
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
}

} // namespace

UpgradeOptions AbuseCases::echo()
{
    return {};
}

bool AbuseCases::nothingLeft(const TestServer& server)
{
    const GateStats stats = server.info().stats;
    return stats.sessions == 0 && stats.pending == 0 && stats.backlog == 0;
}

void AbuseCases::a_connection_that_ends_in_any_state_is_freed_data()
{
    QTest::addColumn<Act>("act");
    QTest::addColumn<bool>("upgraded");
    const auto row = [](const char* name, bool upgraded, Act act) {
        QTest::newRow(name) << std::move(act) << upgraded;
    };
    const std::string large = masked(raw::binary, raw::filler(8 << 20));
    row("before its head", false, [](ByteClient&) {});
    row("in its head", false, [](ByteClient& client) { client.send(upgradeText(echo()).substr(0, 40)); });
    row("behind its head", false, [](ByteClient& client) { client.send(upgradeText(echo())); });
    row("behind a refused head", false, [](ByteClient& client) { client.send("GET / HTTP/1.0\r\n\r\n"); });
    row("when idle", true, [](ByteClient&) {});
    row("in a frame's header", true, [](ByteClient& client) { client.send(masked(raw::text, "abc").substr(0, 3)); });
    row("in a payload", true, [](ByteClient& client) { client.send(masked(raw::text, "abc").substr(0, 7)); });
    row("between fragments", true, [](ByteClient& client) { client.send(masked(raw::firstOfText, "abc")); });
    row("in a large message", true, [large](ByteClient& client) { client.send(large.substr(0, large.size() / 2)); });
    row("with a large echo unread", true, [large](ByteClient& client) { client.send(large); });
    row("with a large echo half read", true, [large](ByteClient& client) {
        client.send(large);
        (void)client.receive();
    });
    row("behind its Close, with a large echo unread", true, [large](ByteClient& client) {
        client.send(large + masked(raw::close, raw::closing(1000)));
        (void)client.receive();
    });
    row("half-closed behind its Close, with a large echo unread", true, [large](ByteClient& client) {
        client.send(large + masked(raw::close, raw::closing(1000)));
        client.shutdownWrite();
        (void)client.receive();
    });
    row("half-closed without a Close", true, [](ByteClient& client) { client.shutdownWrite(); });
    row("behind its Close", true, [](ByteClient& client) { client.close(); });
    row("behind both Closes", true, [](ByteClient& client) {
        client.close();
        (void)client.closing();
    });
    row("behind a refused frame", true, [](ByteClient& client) { client.send(masked(0xf1, "x")); });
    row("behind 1009, still sending", true, [](ByteClient& client) {
        client.send(raw::header(raw::binary, std::uint64_t{1} << 40, 8));
        for (int i = 0; i < 8; ++i)
            client.send(raw::filler(1 << 20));
    });
}

void AbuseCases::a_connection_that_ends_in_any_state_is_freed()
{
    QFETCH(Act, act);
    QFETCH(bool, upgraded);
    for (const bool reset : {false, true}) {
        ByteClient client = overTls() ? server().tls(reading(65536)) : server().plain(reading(65536));
        if (upgraded)
            QCOMPARE(client.upgrade(echo()).status, 101);
        act(client);
        if (reset)
            client.reset();
        else
            client.disconnect();
        QVERIFY(eventually([&] { return nothingLeft(server()); }));
    }
}

void AbuseCases::a_half_closed_peer_that_never_reads_is_freed_at_the_deadline()
{
    ManualClock clock;
    TestServer mine([](nlohmann::json& policy) { policy = committedPolicy(); }, &clock);
    ByteClient client = overTls() ? mine.tls(reading(4096)) : mine.plain(reading(4096));
    QCOMPARE(client.upgrade(echo()).status, 101);
    QVERIFY(client.send(masked(raw::binary, raw::filler(16 << 20)) + masked(raw::close, raw::closing(1000))));
    client.shutdownWrite();
    QVERIFY(eventually([&] { return mine.info().stats.backlog > (8 << 20); }));
    QTest::qWait(50);
    QCOMPARE(mine.info().stats.sessions, 1u);
    clock.advance(16s); // five close timeouts, whatever it may have taken
    QVERIFY(eventually([&] { return nothingLeft(mine); }));
}

void AbuseCases::a_half_closed_peer_that_resets_is_freed_at_once()
{
    ManualClock clock; // which stands still: no deadline comes
    TestServer mine([](nlohmann::json& policy) { policy = committedPolicy(); }, &clock);
    ByteClient client = overTls() ? mine.tls(reading(4096)) : mine.plain(reading(4096));
    QCOMPARE(client.upgrade(echo()).status, 101);
    QVERIFY(client.send(masked(raw::binary, raw::filler(16 << 20)) + masked(raw::close, raw::closing(1000))));
    client.shutdownWrite();
    QVERIFY(eventually([&] { return mine.info().stats.backlog > (8 << 20); }));
    client.reset();
    QVERIFY(eventually([&] { return nothingLeft(mine); }));
}

void AbuseCases::pings_behind_the_servers_close_are_not_answered()
{
    ByteClient client = connected();
    raw::Reader reader(client);
    kickEverybody(server());
    COMPARE_EXCHANGE(heard(reader, {{raw::close, raw::closing(4403)}}));
    std::string flood;
    for (int i = 0; i < 10'000; ++i)
        flood += masked(raw::ping, "still there?");
    QVERIFY(client.send(flood + masked(raw::close, raw::closing(4403))));
    COMPARE_EXCHANGE(ended(client, reader));
    client.disconnect();
    QVERIFY(eventually([&] { return nothingLeft(server()); }));
}

void AbuseCases::messages_behind_the_servers_close_are_not_echoed()
{
    ByteClient client = connected();
    raw::Reader reader(client);
    QVERIFY(client.send(masked(raw::firstOfText, "open")));
    kickEverybody(server());
    QVERIFY(client.send(masked(raw::last, "and finished late") + masked(raw::binary, raw::filler(1 << 20)) +
                        masked(raw::close, raw::closing(4403))));
    COMPARE_EXCHANGE(heard(reader, {{raw::close, raw::closing(4403)}}));
    COMPARE_EXCHANGE(ended(client, reader));
}

void AbuseCases::a_peer_that_reads_nothing_of_a_large_backlog_still_hears_its_close()
{
    ByteClient client = connected("/echo", reading(4096));
    raw::Reader reader(client);
    const std::string payload = raw::filler(1 << 20);
    std::vector<Frame> answers;
    for (int i = 0; i < 12; ++i) {
        QVERIFY(client.send(masked(raw::binary, payload)));
        answers.push_back({raw::binary, payload});
    }
    QVERIFY(client.send(masked(raw::close, raw::closing(1000))));
    QVERIFY(eventually([&] { return server().info().stats.backlog > (4 << 20); }));
    answers.push_back({raw::close, raw::closing(1000)});
    COMPARE_EXCHANGE(heard(reader, answers));
    COMPARE_EXCHANGE(ended(client, reader));
}

void AbuseCases::a_slow_reader_hears_4008_behind_whole_frames_data()
{
    QTest::addColumn<quint64>("size");
    for (const std::uint64_t size : {1U, 100U, 10'000U, 16'381U, 65'536U})
        QTest::newRow((std::to_string(size) + " bytes each").c_str()) << quint64{size};
}

/// What was not begun is dropped; what was begun comes whole, also where TLS holds half of a frame.
void AbuseCases::a_slow_reader_hears_4008_behind_whole_frames()
{
    QFETCH(quint64, size);
    TestServer mine([](nlohmann::json& policy) {
        policy = committedPolicy();
        policy["routes"][0]["messages"]["max_size"] = "64KiB";
        policy["routes"][0]["send_buffer"] = "128KiB";
    });
    ByteClient client = overTls() ? mine.tls(reading(4096)) : mine.plain(reading(4096));
    QCOMPARE(client.upgrade(echo()).status, 101);
    const std::string payload = raw::filler(size);
    std::string batch;
    while (batch.size() < 65'536)
        batch += masked(raw::binary, payload);
    while (mine.refused(Reason::SlowConsumer) == 0 && mine.audit(AuditKind::Close, Reason::SlowConsumer).empty())
        QVERIFY(client.send(batch));
    raw::Reader reader(client);
    std::optional<Frame> frame = reader.next();
    for (; frame && frame->first == raw::binary; frame = reader.next())
        QVERIFY(frame->payload == payload);
    QCOMPARE(reader.fault(), std::string());
    QVERIFY(frame && *frame == refused(4008, "slow_consumer"));
    QVERIFY(client.send(masked(raw::close, raw::closing(4008))));
    COMPARE_EXCHANGE(ended(client, reader));
}

void AbuseCases::random_sessions_data()
{
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 20; ++seed)
        QTest::newRow(std::to_string(seed).c_str()) << seed;
}

/// Frames of a session, mostly good ones, cut at random; some bytes may be wrong.
std::vector<std::string> AbuseCases::randomWrites(std::mt19937& random)
{
    const auto upTo = [&](std::size_t largest) {
        return std::uniform_int_distribution<std::size_t>(0, largest)(random);
    };
    std::string bytes;
    for (std::size_t frames = upTo(12); frames > 0; --frames) {
        static constexpr std::array firsts{
            raw::text,          raw::binary, raw::text, raw::binary, raw::ping, raw::pong, raw::firstOfText,
            raw::firstOfBinary, raw::middle, raw::last, raw::close,  0xc1U,     0x83U,     raw::text};
        const unsigned first = firsts[upTo(firsts.size() - 1)];
        const std::size_t size = (first & 0x08U) != 0 ? upTo(125) : upTo(4) == 0 ? upTo(200'000) : upTo(300);
        bytes += first == raw::close ? masked(first, raw::closing(unsigned(990 + upTo(30)), "bye"))
                                     : masked(first, raw::filler(size));
    }
    if (upTo(3) == 0 && !bytes.empty())
        bytes[upTo(bytes.size() - 1)] ^= static_cast<char>(1U << upTo(7));
    std::vector<std::string> writes;
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t size = 1 + (upTo(2) == 0 ? upTo(10) : upTo(50'000));
        writes.push_back(bytes.substr(i, size));
        i += size;
    }
    return writes;
}

void AbuseCases::random_sessions()
{
    QFETCH(unsigned, seed);
    std::mt19937 random(seed);
    for (int i = 0; i < 10; ++i) {
        ByteClient client = connected("/echo", reading(random() % 2 == 0 ? 4096 : 0));
        for (const std::string& bytes : randomWrites(random))
            QVERIFY(client.send(bytes));
        const auto how = random() % 4;
        if (how == 0) {
            client.reset();
            continue;
        }
        if (how > 1)
            client.send(masked(raw::close, raw::closing(1000)));
        client.shutdownWrite(); // a wrong byte may have made the Close part of a payload
        raw::Reader reader(client);
        bool closed = false;
        while (const auto frame = reader.next()) { // to the end, which comes without a Close where none was understood
            QVERIFY2(!closed, described(*frame).c_str()); // nothing behind a Close
            closed = frame->first == raw::close;
        }
        QCOMPARE(reader.fault(), std::string());
        QVERIFY(client.ends(0ms));
        QVERIFY(!client.wasReset());
    }
    QVERIFY(eventually([&] { return nothingLeft(server()); }));
}

QTEST_GUILESS_MAIN(AbuseCases)
#include "abusecases.moc"
