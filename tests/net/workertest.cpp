// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/worker.h"
#include "net/session.h"
#include "testserver.h"

#include <QTest>

#include <mutex>
#include <new>
#include <stdexcept>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// Fails where a message, or the address, says so.
class FailingHandler final : public RouteHandler {
public:
    explicit FailingHandler(const std::atomic<bool>& failsToOpen)
        : m_failsToOpen(failsToOpen)
    {
    }

    Decision admit(const Policy&, const Identity&, const RouteMatch&) override { return Decision::allow(); }
    void opened(Session&) override
    {
        ++open;
        if (m_failsToOpen)
            throw std::bad_alloc();
    }
    Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override
    {
        const std::string text(static_cast<const char*>(static_cast<const void*>(payload.data())), payload.size());
        if (text == "throw")
            throw std::runtime_error("a fault of ours");
        if (text == "no memory")
            throw std::bad_alloc();
        session.send(OutgoingMessage(type, payload));
        return Decision::allow();
    }
    void closed(Session&) override { --open; }
    void received(BusItem) override {}

    static inline std::atomic<int> open{0};

private:
    const std::atomic<bool>& m_failsToOpen;
};

class Sink final : public EventSink, public GateEvents {
public:
    void record(AuditRecord record) noexcept override
    {
        const std::lock_guard lock(m_mutex);
        m_records.push_back(std::move(record));
    }
    void authFailed(AuthFailure) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override { done(ClaimVerdict::Failed); }
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void publish(std::uint32_t, WorkerBatch) override {}

    [[nodiscard]] std::size_t closes(Reason reason) const
    {
        const std::lock_guard lock(m_mutex);
        return static_cast<std::size_t>(std::ranges::count_if(m_records, [reason](const AuditRecord& record) {
            return record.kind == AuditKind::Close && record.decision.reason == reason;
        }));
    }

private:
    mutable std::mutex m_mutex;
    std::vector<AuditRecord> m_records;
};

} // namespace

class WorkerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void a_handler_that_throws_ends_that_session_with_1011_alone_data();
    void a_handler_that_throws_ends_that_session_with_1011_alone();
    void a_handler_that_throws_while_opening_leaves_nothing_behind();

private:
    [[nodiscard]] ByteClient open() const
    {
        ByteClient client(m_port, ByteClient::Security::Plain);
        if (client.upgrade({}).status != 101)
            throw std::runtime_error("not let in");
        return client;
    }

    SystemClock m_clock;
    Sink m_sink;
    std::atomic<bool> m_failsToOpen{false};
    std::unique_ptr<GateTables> m_tables;
    std::unique_ptr<GateEnvironment> m_environment;
    std::unique_ptr<Worker> m_worker;
    std::uint16_t m_port = 0;
};

void WorkerTest::init()
{
    auto policy = std::make_shared<Policy>();
    Listener listener;
    listener.name = "lab";
    listener.address = IpAddress::parse("127.0.0.1").value();
    policy->listeners.push_back(listener);
    Route route;
    route.name = "echo";
    route.path = "/echo";
    route.authentication.required = false;
    policy->routes.push_back(route);
    auto generation = std::make_shared<PolicyGeneration>();
    generation->policy = policy;
    generation->tls.push_back(nullptr);
    m_failsToOpen = false;
    m_tables = std::make_unique<GateTables>();
    m_environment = std::make_unique<GateEnvironment>(GateEnvironment{m_clock, m_sink, m_sink, *m_tables});
    m_worker = std::make_unique<Worker>(*m_environment, 0, 1, generation, std::make_shared<const BanSet>());
    auto sockets = openListener(listener, 1);
    QVERIFY(sockets.ok());
    m_port = sockets->port;
    m_worker->addListener(std::move(sockets->sockets[0]), 0);
    m_worker->setPeers({m_worker.get()});
    m_worker->start([this](WorkerBus&, WorkerContext&) {
        std::vector<std::unique_ptr<RouteHandler>> handlers;
        handlers.push_back(std::make_unique<FailingHandler>(m_failsToOpen));
        return handlers;
    });
}

void WorkerTest::cleanup()
{
    m_worker->stop();
    QCOMPARE(FailingHandler::open.load(), 0);
    QCOMPARE(m_tables->sessions.used(), 0u);
    QCOMPARE(m_tables->pending.used(), 0u);
    m_worker.reset();
}

void WorkerTest::a_handler_that_throws_ends_that_session_with_1011_alone_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("an exception") << QByteArray("throw");
    QTest::newRow("out of memory") << QByteArray("no memory");
}

void WorkerTest::a_handler_that_throws_ends_that_session_with_1011_alone() // row 82
{
    QFETCH(QByteArray, message);
    const std::size_t before = m_sink.closes(Reason::Internal);
    ByteClient other = open();
    ByteClient client = open();
    QVERIFY(client.text("before"));
    QVERIFY(client.text(message.toStdString()));
    QVERIFY(client.text("after"));
    QCOMPARE(client.next().payload, std::string("before"));
    const Incoming end = client.next();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, 1011);
    client.disconnect();
    QTRY_COMPARE(m_worker->figures().sessions.value(), 1u);
    QCOMPARE(m_sink.closes(Reason::Internal), before + 1);
    QCOMPARE(m_worker->figures().refused[static_cast<std::size_t>(Reason::Internal)].value(), 1u);
    QVERIFY(other.text("not disturbed"));
    QCOMPARE(other.next().payload, std::string("not disturbed"));
}

void WorkerTest::a_handler_that_throws_while_opening_leaves_nothing_behind() // row 82
{
    ByteClient other = open();
    m_failsToOpen = true;
    for (int i = 0; i < 20; ++i) {
        ByteClient client(m_port, ByteClient::Security::Plain);
        QCOMPARE(client.upgrade({}).status, 101);
        QCOMPARE(client.closing().code, 1011);
    }
    m_failsToOpen = false;
    QTRY_COMPARE(m_worker->figures().sessions.value(), 1u);
    QCOMPARE(m_worker->figures().pending.value(), 0u);
    QCOMPARE(m_tables->sessions.used(), 1u);
    QTRY_COMPARE(FailingHandler::open.load(), 1);
    QVERIFY(other.text("not disturbed"));
    QCOMPARE(other.next().payload, std::string("not disturbed"));
}

QTEST_GUILESS_MAIN(WorkerTest)
#include "workertest.moc"
