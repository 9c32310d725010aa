// SPDX-License-Identifier: GPL-3.0-or-later
#include "workerbed.h"

#include <QTest>

#include <array>
#include <fcntl.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// What the endpoints of a test did; outlives them.
struct Log {
    std::atomic<int> alive{0}, hungUp{0}, failed{0}, killed{0}, timers{0}, reads{0};
};

/// Says back what it reads, and throws where it reads "!".
class EchoingEndpoint final : public Endpoint {
public:
    EchoingEndpoint(WorkerContext& context, int socket, Log& log)
        : m_context(context)
        , m_socket(socket)
        , m_log(log)
    {
        interest = EPOLLIN;
        ++m_log.alive;
    }
    ~EchoingEndpoint() override
    {
        ::close(m_socket);
        --m_log.alive;
    }
    [[nodiscard]] int fd() const override { return m_socket; }
    [[nodiscard]] bool dead() const override { return m_dead; }
    [[nodiscard]] bool wantsRead() const override { return !deaf; }
    [[nodiscard]] bool wantsWrite() const override { return !m_out.empty(); }
    [[nodiscard]] bool readWantsWrite() const override { return false; }
    void onReadable() override
    {
        ++m_log.reads;
        std::array<char, 64> bytes{};
        const ssize_t got = ::read(m_socket, bytes.data(), bytes.size());
        if (got == 0)
            kill(Reason::PeerAbort);
        if (got <= 0)
            return;
        m_out.append(bytes.data(), static_cast<std::size_t>(got));
        if (m_out == "!")
            throw std::runtime_error("a fault of ours");
        m_context.requestFlush(*this);
        m_context.wheel.arm(timer, m_context.now + std::chrono::seconds(1));
    }
    void onTimer() override { ++m_log.timers; }
    void flush() override
    {
        const ssize_t sent = ::write(m_socket, m_out.data(), m_out.size());
        if (sent > 0)
            m_out.erase(0, static_cast<std::size_t>(sent));
        m_context.updateInterest(*this);
    }
    void hungUp() override
    {
        ++m_log.hungUp;
        kill(Reason::PeerAbort);
    }
    void fail() noexcept override
    {
        ++m_log.failed;
        kill(Reason::Internal);
    }
    void kill(Reason) override
    {
        if (m_dead)
            return;
        ++m_log.killed;
        m_dead = true;
        timer.unlink();
        m_context.discard(*this);
    }

    bool deaf = false;

private:
    WorkerContext& m_context;
    int m_socket;
    Log& m_log;
    std::string m_out;
    bool m_dead = false;
};

} // namespace

/// Sockets that run in a worker's loop beside its clients'.
class EndpointTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void one_that_is_adopted_is_read_written_and_timed();
    void one_that_throws_ends_alone();
    void a_hang_up_is_told_once_while_nothing_is_read();
    void one_whose_socket_cannot_be_watched_is_gone();
    void the_worker_counts_them_until_they_are_gone();
    void a_worker_that_stops_or_is_cut_off_ends_them_data();
    void a_worker_that_stops_or_is_cut_off_ends_them();

private:
    /// The test's end of a pair whose other end the worker has.
    [[nodiscard]] int adopted(bool deaf = false);
    [[nodiscard]] static std::string echo(int socket, const std::string& text);

    Log m_log;
    std::unique_ptr<WorkerBed> m_bed;
    std::vector<int> m_open;
};

void EndpointTest::init()
{
    m_bed = std::make_unique<WorkerBed>();
    m_log.hungUp = m_log.failed = m_log.killed = m_log.timers = m_log.reads = 0;
}

void EndpointTest::cleanup()
{
    m_bed->worker->stop();
    m_bed.reset();
    QCOMPARE(m_log.alive.load(), 0);
    for (const int socket : m_open)
        ::close(socket);
    m_open.clear();
}

int EndpointTest::adopted(bool deaf)
{
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw std::runtime_error("no sockets");
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    m_open.push_back(pair[0]);
    bool taken = false;
    m_bed->run([&](Worker&, ScriptedRoute& route) {
        auto endpoint = std::make_unique<EchoingEndpoint>(route.context(), pair[1], m_log);
        endpoint->deaf = deaf;
        endpoint->interest = deaf ? 0U : static_cast<std::uint32_t>(EPOLLIN);
        taken = route.context().adopt(std::move(endpoint));
    });
    if (!taken)
        throw std::runtime_error("not adopted");
    return pair[0];
}

std::string EndpointTest::echo(int socket, const std::string& text)
{
    if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
        return {};
    std::string got(64, '\0');
    const ssize_t size = ::recv(socket, got.data(), got.size(), 0); // a hang is the test's time limit
    got.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return got;
}

void EndpointTest::one_that_is_adopted_is_read_written_and_timed()
{
    const int socket = adopted();
    QCOMPARE(echo(socket, "hello"), std::string("hello"));
    m_bed->clock.advance(1100ms);
    QVERIFY(eventually([this] { return m_log.timers == 1; }));
    QCOMPARE(echo(socket, "again"), std::string("again"));
    ::shutdown(socket, SHUT_WR);
    QVERIFY(eventually([this] { return m_log.alive == 0; }));
}

void EndpointTest::one_that_throws_ends_alone() // row 82
{
    const int socket = adopted();
    const int other = adopted();
    ByteClient client = m_bed->entered();
    QCOMPARE(echo(socket, "!"), std::string());
    QVERIFY(eventually([this] { return m_log.alive == 1; }));
    QCOMPARE(m_log.failed.load(), 1);
    QCOMPARE(echo(other, "not disturbed"), std::string("not disturbed"));
    QVERIFY(client.text("not disturbed"));
    QVERIFY(eventually([this] { return m_bed->seen().messages.size() == 1; }));
}

void EndpointTest::a_hang_up_is_told_once_while_nothing_is_read()
{
    (void)adopted(true);
    ::close(m_open.back());
    m_open.clear();
    QVERIFY(eventually([this] { return m_log.alive == 0; }));
    QCOMPARE(m_log.hungUp.load(), 1);
    QCOMPARE(m_log.reads.load(), 0);
}

void EndpointTest::one_whose_socket_cannot_be_watched_is_gone()
{
    bool taken = true;
    m_bed->run([&](Worker&, ScriptedRoute& route) {
        const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC); // epoll takes no such thing
        taken = route.context().adopt(std::make_unique<EchoingEndpoint>(route.context(), file, m_log));
    });
    QVERIFY(!taken);
    QCOMPARE(m_log.alive.load(), 0);
}

void EndpointTest::the_worker_counts_them_until_they_are_gone()
{
    const int socket = adopted();
    const auto open = [this] {
        std::size_t count = 0;
        m_bed->run([&](Worker& worker, ScriptedRoute&) { count = worker.open(); });
        return count;
    };
    QCOMPARE(open(), std::size_t{1});
    ::shutdown(socket, SHUT_RDWR);
    QVERIFY(eventually([&] { return open() == 0; }));
}

void EndpointTest::a_worker_that_stops_or_is_cut_off_ends_them_data()
{
    QTest::addColumn<bool>("stops");
    QTest::newRow("stops") << true;
    QTest::newRow("is cut off") << false;
}

void EndpointTest::a_worker_that_stops_or_is_cut_off_ends_them()
{
    QFETCH(bool, stops);
    (void)adopted();
    (void)adopted();
    if (stops)
        m_bed->worker->stop();
    else
        m_bed->run([](Worker& worker, ScriptedRoute&) { worker.cutOff(); });
    QVERIFY(eventually([this] { return m_log.alive == 0; }));
    QCOMPARE(m_log.killed.load(), 2);
}

QTEST_GUILESS_MAIN(EndpointTest)
#include "endpointtest.moc"
