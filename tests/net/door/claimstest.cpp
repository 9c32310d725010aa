// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/token.h"
#include "hub/echo.h"
#include "hub/plainhub.h"
#include "net/worker.h"
#include "testserver.h"

#include <QTest>

#include <mutex>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// Keeps claims until the test answers them, from a thread of its own.
class Claims final : public EventSink, public GateEvents {
public:
    void record(AuditRecord record) noexcept override
    {
        const std::lock_guard lock(m_mutex);
        m_records.push_back(std::move(record));
    }
    void authFailed(AuthFailure) override {}
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void publish(std::uint32_t, WorkerBatch) override {}
    void keyUnknown(const std::string&) override {}
    void claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done) override
    {
        if (atOnce) {
            done(*atOnce);
            return;
        }
        const std::lock_guard lock(m_mutex);
        claims.push_back(std::move(claim));
        m_waiting.push_back(std::move(done));
    }

    [[nodiscard]] std::size_t waiting() const
    {
        const std::lock_guard lock(m_mutex);
        return m_waiting.size();
    }
    void answer(ClaimVerdict verdict)
    {
        std::function<void(ClaimVerdict)> done;
        {
            const std::lock_guard lock(m_mutex);
            done = std::move(m_waiting.front());
            m_waiting.erase(m_waiting.begin());
        }
        std::thread([&] { done(verdict); }).join();
    }
    [[nodiscard]] std::vector<AuditRecord> records(AuditKind kind) const
    {
        const std::lock_guard lock(m_mutex);
        std::vector<AuditRecord> found;
        std::ranges::copy_if(m_records, std::back_inserter(found),
                             [kind](const AuditRecord& record) { return record.kind == kind; });
        return found;
    }

    std::optional<ClaimVerdict> atOnce; ///< set before any client comes
    std::vector<TokenClaim> claims;     ///< read when none is under way

private:
    mutable std::mutex m_mutex;
    std::vector<std::function<void(ClaimVerdict)>> m_waiting;
    std::vector<AuditRecord> m_records;
};

Policy policyWithOneTimeTokens()
{
    Policy policy;
    Listener listener;
    listener.name = "lab";
    listener.address = IpAddress::parse("127.0.0.1").value();
    policy.listeners.push_back(listener);
    Issuer issuer;
    issuer.name = "once";
    issuer.algorithms = {JwtAlgorithm::HS256};
    issuer.secret = "0123456789abcdef0123456789abcdef";
    issuer.issuer = issuer.audience = "gatehouse";
    issuer.oneTime = true;
    policy.issuers.push_back(issuer);
    Route route;
    route.name = "echo";
    route.path = "/echo";
    route.kind = RouteKind::Echo;
    policy.routes.push_back(route);
    route.name = "first";
    route.path = "/first";
    route.authentication.from = {TokenPlace::FirstMessage};
    policy.routes.push_back(route);
    return policy;
}

} // namespace

/// One-time tokens at the door (row 43), with a keeper of used ones that the test plays.
class ClaimsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void a_claimed_token_gets_101_and_not_before();
    void verdicts_of_a_claim_data();
    void verdicts_of_a_claim();
    void an_answer_at_once_is_one_too();
    void a_claim_says_until_when_the_token_counts();
    void nothing_is_claimed_where_another_check_refuses();
    void bytes_before_the_101_come_too_early();
    void bytes_behind_a_first_message_are_the_sessions();
    void a_client_that_leaves_is_forgotten();
    void a_claim_that_takes_too_long_gets_503();
    void whoever_is_banned_meanwhile_is_refused();
    void a_worker_that_drains_answers_whoever_waits();
    void an_answer_after_the_worker_has_gone_does_nothing();
    void a_replay_counts_towards_a_ban();

private:
    [[nodiscard]] std::string token() const
    {
        return mintToken(*m_policy, {"ann", {}, std::chrono::minutes(5), {}}, m_clock.wall()).value();
    }
    /// A client whose request has been sent, and whose claim is being waited for.
    [[nodiscard]] ByteClient asking()
    {
        const std::size_t before = m_claims.waiting();
        ByteClient client(m_port, ByteClient::Security::Plain);
        UpgradeOptions upgrade;
        upgrade.token = token();
        client.send(upgradeText(upgrade));
        if (!eventually([&] { return m_claims.waiting() == before + 1; }))
            throw std::runtime_error("nothing was claimed");
        return client;
    }
    [[nodiscard]] ByteClient askingByFirstMessage(const std::string& behind = {})
    {
        const std::size_t before = m_claims.waiting();
        ByteClient client(m_port, ByteClient::Security::Plain);
        UpgradeOptions upgrade;
        upgrade.path = "/first";
        if (client.upgrade(upgrade).status != 101)
            throw std::runtime_error("no 101");
        client.send(rawFrame(0x81, token()) + behind);
        if (!eventually([&] { return m_claims.waiting() == before + 1; }))
            throw std::runtime_error("nothing was claimed");
        return client;
    }

    ManualClock m_clock;
    Claims m_claims;
    std::shared_ptr<Policy> m_policy;
    std::unique_ptr<GateTables> m_tables;
    std::unique_ptr<GateEnvironment> m_environment;
    HubBudget m_budget{HubLimits{}, 1};
    std::unique_ptr<Worker> m_worker;
    std::uint16_t m_port = 0;
};

void ClaimsTest::init()
{
    m_claims.atOnce.reset();
    m_claims.claims.clear();
    m_policy = std::make_shared<Policy>(policyWithOneTimeTokens());
    auto generation = std::make_shared<PolicyGeneration>();
    generation->policy = m_policy;
    generation->tls.push_back(nullptr);
    generation->keys = IssuerKeys::make(*m_policy, {}).value();
    m_tables = std::make_unique<GateTables>();
    m_environment = std::make_unique<GateEnvironment>(GateEnvironment{m_clock, m_claims, m_claims, *m_tables});
    m_worker = std::make_unique<Worker>(*m_environment, 0, 1, generation, std::make_shared<const BanSet>());
    auto sockets = openListener(m_policy->listeners[0], 1);
    QVERIFY(sockets.ok());
    m_port = sockets->port;
    m_worker->addListener(std::move(sockets->sockets[0]), 0);
    m_worker->setPeers({m_worker.get()});
    m_worker->start([this](WorkerBus& bus, WorkerContext& context) {
        std::vector<std::unique_ptr<RouteHandler>> handlers;
        handlers.push_back(std::make_unique<PlainHub>(
            context, std::make_shared<ChannelHub>(bus, 0U, m_budget, NameHash{}, [] { return "epoch123"; })));
        handlers.push_back(std::make_unique<Echo>());
        return handlers;
    });
}

void ClaimsTest::cleanup()
{
    if (m_worker)
        m_worker->stop();
    m_worker.reset();
    QCOMPARE(m_tables->sessions.used(), 0u);
    QCOMPARE(m_tables->pending.used(), 0u);
    while (m_claims.waiting() > 0)
        m_claims.answer(ClaimVerdict::Claimed);
}

void ClaimsTest::a_claimed_token_gets_101_and_not_before()
{
    ByteClient client = asking();
    QVERIFY(client.receive(200ms).empty());
    QCOMPARE(m_worker->figures().sessions.value(), 0u);
    QCOMPARE(m_tables->sessions.used(), 1u); // its place is kept
    QCOMPARE(m_tables->pending.used(), 1u);
    m_claims.answer(ClaimVerdict::Claimed);
    QVERIFY(client.receive().starts_with("HTTP/1.1 101 "));
    QTRY_COMPARE(m_worker->figures().sessions.value(), 1u);
    QCOMPARE(m_tables->pending.used(), 0u);
}

void ClaimsTest::verdicts_of_a_claim_data()
{
    QTest::addColumn<int>("verdict");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("word");
    QTest::newRow("replayed") << int(ClaimVerdict::Replayed) << 401 << 4401 << QByteArray("jwt_replay");
    QTest::newRow("full") << int(ClaimVerdict::Full) << 503 << 1013 << QByteArray("limit_total");
    QTest::newRow("failed") << int(ClaimVerdict::Failed) << 503 << 1013 << QByteArray("audit_failed");
}

void ClaimsTest::verdicts_of_a_claim()
{
    QFETCH(int, verdict);
    QFETCH(int, status);
    QFETCH(int, code);
    QFETCH(QByteArray, word);
    ByteClient client = asking();
    m_claims.answer(static_cast<ClaimVerdict>(verdict));
    const std::string answer = client.receiveAll();
    QVERIFY2(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "), answer.c_str());
    QVERIFY(answer.find(word.toStdString()) != std::string::npos);
    QCOMPARE(answer.find("Retry-After:") != std::string::npos, status == 503);
    const AuditRecord record = m_claims.records(AuditKind::Refuse).back();
    QCOMPARE(std::string(reasonWord(record.decision.reason)), word.toStdString());
    QCOMPARE(record.decision.rule.pointer, std::string("/issuers/0/one_time"));
    QCOMPARE(record.user, std::string("ann"));

    ByteClient first = askingByFirstMessage();
    m_claims.answer(static_cast<ClaimVerdict>(verdict));
    const Incoming end = first.closing();
    QCOMPARE(int(end.code), code);
    QCOMPARE(end.payload, word.toStdString());
    QTRY_COMPARE(m_tables->sessions.used(), 0u);
}

void ClaimsTest::an_answer_at_once_is_one_too()
{
    m_claims.atOnce = ClaimVerdict::Claimed;
    ByteClient client(m_port, ByteClient::Security::Plain);
    UpgradeOptions upgrade;
    upgrade.token = token();
    QCOMPARE(client.upgrade(upgrade).status, 101);
}

void ClaimsTest::a_claim_says_until_when_the_token_counts()
{
    ByteClient client = asking();
    QCOMPARE(m_claims.claims.size(), std::size_t{1});
    const TokenClaim& claim = m_claims.claims[0];
    QCOMPARE(claim.issuer, std::string("once"));
    QVERIFY(!claim.tokenId.empty());
    const auto left = claim.until - m_clock.wall();
    QVERIFY(left >= 5min && left <= 6min); // its own time and the leeway
}

void ClaimsTest::nothing_is_claimed_where_another_check_refuses()
{
    ByteClient client(m_port, ByteClient::Security::Plain);
    UpgradeOptions upgrade;
    upgrade.token = token();
    upgrade.origin = "https://elsewhere.example";
    QCOMPARE(client.upgrade(upgrade).status, 403);
    QCOMPARE(m_claims.claims.size(), std::size_t{0});
}

void ClaimsTest::bytes_before_the_101_come_too_early() // row 23
{
    ByteClient client = asking();
    client.send(rawFrame(0x81, "early"));
    const std::string answer = client.receiveAll();
    QVERIFY(answer.starts_with("HTTP/1.1 400 ") && answer.find("hs_early_data") != std::string::npos);
    m_claims.answer(ClaimVerdict::Claimed); // too late, and used up
    QTRY_COMPARE(m_tables->sessions.used(), 0u);
    QCOMPARE(m_worker->figures().accepted.value(), 0u);
}

void ClaimsTest::bytes_behind_a_first_message_are_the_sessions()
{
    ByteClient client = askingByFirstMessage(rawFrame(0x81, "one"));
    client.send(rawFrame(0x81, "two"));
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    m_claims.answer(ClaimVerdict::Claimed);
    QCOMPARE(client.nextData().payload, std::string("one"));
    QCOMPARE(client.nextData().payload, std::string("two"));

    ByteClient flood = askingByFirstMessage(rawFrame(0x81, "three"));
    const std::string much = rawFrame(0x81, std::string(60000, 'm'));
    for (int i = 0; i < 200; ++i) // far more than is kept of it
        if (flood.sendSome(much) < much.size())
            break;
    m_claims.answer(ClaimVerdict::Claimed);
    QCOMPARE(flood.nextData().payload, std::string("three"));
    QCOMPARE(flood.nextData().payload.size(), std::size_t{60000});
}

void ClaimsTest::a_client_that_leaves_is_forgotten()
{
    {
        ByteClient client = asking();
        client.reset();
    }
    QTRY_COMPARE(m_tables->sessions.used(), 0u);
    QCOMPARE(m_tables->pending.used(), 0u);
    m_claims.answer(ClaimVerdict::Claimed);
    ByteClient other = asking(); // the worker lives, and answers the next one
    m_claims.answer(ClaimVerdict::Claimed);
    QVERIFY(other.receive().starts_with("HTTP/1.1 101 "));
    QCOMPARE(m_worker->figures().accepted.value(), 1u);
}

void ClaimsTest::a_claim_that_takes_too_long_gets_503()
{
    ByteClient client = asking();
    ByteClient first = askingByFirstMessage();
    m_clock.advance(5100ms);
    const std::string answer = client.receiveAll();
    QVERIFY(answer.starts_with("HTTP/1.1 503 ") && answer.find("audit_failed") != std::string::npos);
    QCOMPARE(int(first.closing().code), 1013);
    QTRY_COMPARE(m_tables->sessions.used(), 0u);
    m_claims.answer(ClaimVerdict::Claimed);
    m_claims.answer(ClaimVerdict::Claimed);
    QCOMPARE(m_worker->figures().accepted.value(), 0u);
}

void ClaimsTest::whoever_is_banned_meanwhile_is_refused()
{
    ByteClient client = asking();
    ByteClient first = askingByFirstMessage();
    Ban ban;
    ban.subject = BanSubject::User;
    ban.value = "ann";
    m_worker->post([bans = std::make_shared<const BanSet>(std::vector<Ban>{ban}, std::vector<BanSet::Cooldown>())](
                       Worker& worker) { worker.setBans(bans); });
    m_claims.answer(ClaimVerdict::Claimed);
    m_claims.answer(ClaimVerdict::Claimed);
    QVERIFY(client.receiveAll().starts_with("HTTP/1.1 403 "));
    QCOMPARE(int(first.closing().code), 4403);
}

void ClaimsTest::a_worker_that_drains_answers_whoever_waits()
{
    ByteClient client = asking();
    ByteClient first = askingByFirstMessage();
    m_worker->post([](Worker& worker) { worker.drain(std::chrono::milliseconds(0)); });
    const std::string answer = client.receiveAll();
    QVERIFY(answer.starts_with("HTTP/1.1 503 ") && answer.find("drain") != std::string::npos);
    QCOMPARE(int(first.closing().code), 1001);
}

void ClaimsTest::an_answer_after_the_worker_has_gone_does_nothing()
{
    ByteClient client = asking();
    m_worker->stop();
    m_worker.reset();
    m_claims.answer(ClaimVerdict::Claimed);
    QVERIFY(client.ends());
}

void ClaimsTest::a_replay_counts_towards_a_ban() // row 45
{
    for (int i = 0; i < 10; ++i) {
        ByteClient client = asking();
        m_claims.answer(ClaimVerdict::Replayed);
        QVERIFY(client.receiveAll().starts_with("HTTP/1.1 401 "));
    }
    ByteClient client(m_port, ByteClient::Security::Plain);
    UpgradeOptions upgrade;
    upgrade.token = token();
    QCOMPARE(client.upgrade(upgrade).status, 429);
}

QTEST_GUILESS_MAIN(ClaimsTest)
#include "claimstest.moc"
