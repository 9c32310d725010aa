// SPDX-License-Identifier: GPL-3.0-or-later
#include "testca.h"
#include "testserver.h"

#include "runtime/gate.h"
#include "runtime/generation.h"

#include <QTest>

#include <array>
#include <memory>
#include <openssl/ssl.h>
#include <set>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using SessionPtr = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

struct Client {
    int version = TLS1_3_VERSION;
    const Credential* credential = nullptr;

    [[nodiscard]] ByteClient connect(std::uint16_t port, const SessionPtr& ticket) const
    {
        ByteClient::Options options;
        options.configure = [this](SSL_CTX* context) {
            SSL_CTX_set_max_proto_version(context, version);
            if (credential)
                useCredential(context, *credential);
        };
        options.prepare = [&ticket](SSL* ssl) {
            if (!ticket)
                return;
            const SessionPtr copy(SSL_SESSION_dup(ticket.get()), SSL_SESSION_free); // a handshake that fails spoils it
            SSL_set_session(ssl, copy.get());
        };
        return {port, ByteClient::Security::Tls, options};
    }
    /// A ticket from a whole handshake; null where none came.
    [[nodiscard]] SessionPtr ticket(std::uint16_t port) const { return ticketOf(connect(port, none())); }

    static SessionPtr ticketOf(ByteClient client)
    {
        if (client.upgrade({}).status != 101) // of TLS 1.3 the ticket comes with the first bytes
            return none();
        return SessionPtr(SSL_SESSION_dup(SSL_get0_session(client.ssl())), SSL_SESSION_free);
    }
    [[nodiscard]] bool resumes(std::uint16_t port, const SessionPtr& ticket) const
    {
        ByteClient client = connect(port, ticket);
        return client.upgrade({}).status == 101 && SSL_session_reused(client.ssl());
    }
    /// A whole handshake, that leads to a session as any other.
    [[nodiscard]] bool starts(std::uint16_t port, const SessionPtr& ticket) const
    {
        ByteClient client = connect(port, ticket);
        return client.upgrade({}).status == 101 && !SSL_session_reused(client.ssl());
    }
    static SessionPtr none() { return {nullptr, SSL_SESSION_free}; }
};

void addVersions()
{
    QTest::addColumn<int>("version");
    QTest::newRow("1.2") << TLS1_2_VERSION;
    QTest::newRow("1.3") << TLS1_3_VERSION;
}

/// What a ticket names its key by.
std::string keyName(const SessionPtr& session)
{
    const unsigned char* ticket = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
    return {reinterpret_cast<const char*>(ticket), std::min<std::size_t>(size, 16)};
}

/// Clocks are moved by hours, and no client answers pings.
void withoutPing(nlohmann::json& policy)
{
    for (auto& route : policy["routes"])
        route["ping"] = "off";
}

class Silent final : public EventSink, public GateEvents {
public:
    void record(AuditRecord) noexcept override {}
    void authFailed(AuthFailure) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override { done(ClaimVerdict::Failed); }
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void publish(std::uint32_t, WorkerBatch) override {}
};

/// One context for sealing and opening, as OpenSSL makes them for a handshake.
struct Contexts {
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free};
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> mac{EVP_MAC_CTX_new(hmac.get()), EVP_MAC_CTX_free};
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 16> vector{};

    bool seal(TicketKeys& keys, TimePoint now)
    {
        return keys.seal(now, name.data(), vector.data(), cipher.get(), mac.get());
    }
    TicketKeys::Opened open(TicketKeys& keys, TimePoint now)
    {
        return keys.open(now, name.data(), vector.data(), cipher.get(), mac.get());
    }
};

} // namespace

class TicketsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_key_seals_for_an_hour_opens_for_three_and_is_wiped();
    void a_retired_ring_opens_nothing_and_keeps_nothing();
    void a_ticket_resumes_on_every_worker_data() { addVersions(); }
    void a_ticket_resumes_on_every_worker();
    void a_ticket_outlives_two_rotations_and_is_renewed_data() { addVersions(); }
    void a_ticket_outlives_two_rotations_and_is_renewed();
    void an_idle_gate_wipes_its_keys_too();
    void a_ticket_is_worthless_at_another_listener_data() { addVersions(); }
    void a_ticket_is_worthless_at_another_listener();
    void a_new_context_starts_a_new_ring_data() { addVersions(); }
    void a_new_context_starts_a_new_ring();
    void a_ticket_promises_two_hours_and_no_early_data_data() { addVersions(); }
    void a_ticket_promises_two_hours_and_no_early_data();
    void a_spoilt_ticket_leads_to_a_whole_handshake_data() { addVersions(); }
    void a_spoilt_ticket_leads_to_a_whole_handshake();
    void a_client_certificate_that_ended_is_not_resumed_data() { addVersions(); }
    void a_client_certificate_that_ended_is_not_resumed();
    void an_intermediate_that_ended_is_not_resumed_data() { addVersions(); }
    void an_intermediate_that_ended_is_not_resumed();
    void another_client_ca_resumes_nothing_data() { addVersions(); }
    void another_client_ca_resumes_nothing();
};

void TicketsTest::a_key_seals_for_an_hour_opens_for_three_and_is_wiped()
{
    using Opened = TicketKeys::Opened;
    TicketKeys keys;
    TimePoint now{};
    Contexts first, second;
    QVERIFY(first.seal(keys, now));
    QVERIFY(second.seal(keys, now + 59min));
    QCOMPARE(first.name, second.name);
    QVERIFY(first.vector != second.vector);
    QVERIFY(second.seal(keys, now + 60min));
    QVERIFY(first.name != second.name);
    QCOMPARE(keys.size(), 2u);
    QCOMPARE(second.open(keys, now + 60min), Opened::Yes);
    QCOMPARE(first.open(keys, now + 60min), Opened::Old);
    QCOMPARE(first.open(keys, now + 179min), Opened::Old);
    QCOMPARE(first.open(keys, now + 180min), Opened::No);
    QCOMPARE(keys.size(), 1u);
    for (int minute = 60; minute < 6000; ++minute) {
        QVERIFY(first.seal(keys, now + std::chrono::minutes(minute)));
        QVERIFY(keys.size() <= 3);
    }
    keys.expire(now + 6000min + TicketKeys::opensFor);
    QCOMPARE(keys.size(), 0u);
}

void TicketsTest::a_retired_ring_opens_nothing_and_keeps_nothing()
{
    TicketKeys keys;
    Contexts before, after;
    QVERIFY(before.seal(keys, {}));
    keys.retire();
    QCOMPARE(keys.size(), 0u);
    QVERIFY(after.seal(keys, {})); // a handshake under way goes on
    QCOMPARE(keys.size(), 0u);
    QCOMPARE(before.open(keys, {}), TicketKeys::Opened::No);
    QCOMPARE(after.open(keys, {}), TicketKeys::Opened::No);
}

void TicketsTest::a_ticket_resumes_on_every_worker()
{
    QFETCH(int, version);
    static constexpr std::uint64_t workers = 4;
    TestServer server([](nlohmann::json& policy) { policy["workers"] = workers; });
    const Client client{version};
    SessionPtr ticket = client.ticket(server.port("public"));
    QVERIFY(ticket);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 200 && seen.size() < workers; ++i) {
        ByteClient again = client.connect(server.port("public"), ticket);
        QCOMPARE(again.upgrade({}).status, 101);
        QVERIFY(SSL_session_reused(again.ssl()));
        for (const SessionRow& row : server.sessions())
            if (row.info->port == again.localPort())
                seen.insert(row.info->id.value % workers);
    }
    QCOMPARE(seen.size(), workers);
}

void TicketsTest::a_ticket_outlives_two_rotations_and_is_renewed()
{
    QFETCH(int, version);
    ManualClock clock;
    TestServer server(withoutPing, &clock);
    const Client client{version};
    const std::uint16_t port = server.port("public");
    const SessionPtr ticket = client.ticket(port);
    QVERIFY(client.resumes(port, ticket));
    clock.advance(121min);
    ByteClient late = client.connect(port, ticket);
    QVERIFY(SSL_session_reused(late.ssl()));
    const SessionPtr renewed = Client::ticketOf(std::move(late));
    QVERIFY(renewed);
    QVERIFY(keyName(renewed) != keyName(ticket));
    clock.advance(59min);
    QVERIFY(client.starts(port, ticket));
    QVERIFY(client.resumes(port, renewed));
    clock.advance(24h);
    QVERIFY(client.starts(port, renewed));
    QCOMPARE(server.refused(Reason::TlsAborted), 0u);
}

void TicketsTest::an_idle_gate_wipes_its_keys_too()
{
    ManualClock clock;
    TestServer server(withoutPing, &clock); // for its certificate
    const auto policy = std::make_shared<const Policy>(server.policy());
    const auto made = makeGeneration(policy, clock);
    const auto next = makeGeneration(policy, clock);
    QVERIFY(made && next);
    TicketKeys& keys = (*made)->tls[0]->tickets();
    TicketKeys& nextKeys = (*next)->tls[0]->tickets();
    Silent events;
    Gate gate(clock, events, events);
    QVERIFY(gate.start(*made, std::make_shared<const BanSet>(), std::make_shared<const RevocationSet>(), 0));
    Contexts contexts;
    QVERIFY(contexts.seal(keys, clock.now()));
    QCOMPARE(keys.size(), 1u);
    QVERIFY(eventually([&] {
        clock.advance(1min); // the worker may have looked at the clock or not
        return keys.size() == 0;
    }));

    QVERIFY(contexts.seal(keys, clock.now()));
    QVERIFY(contexts.seal(nextKeys, clock.now()));
    QCOMPARE(keys.size(), 1u);
    gate.post([&next](Worker& worker) { worker.setPolicy(*next); });
    QVERIFY(eventually([&] { return keys.size() == 0; }));
    QCOMPARE(nextKeys.size(), 1u);
    gate.stop();
}

void TicketsTest::a_ticket_is_worthless_at_another_listener()
{
    QFETCH(int, version);
    TestServer server([](nlohmann::json& policy) {
        nlohmann::json second = policy["listeners"][0];
        second["name"] = "second";
        policy["listeners"].push_back(second);
    });
    const Client client{version};
    const SessionPtr ticket = client.ticket(server.port("public"));
    QVERIFY(client.starts(server.port("second"), ticket));
    QVERIFY(client.resumes(server.port("public"), ticket));
}

void TicketsTest::a_new_context_starts_a_new_ring()
{
    QFETCH(int, version);
    TestServer server;
    const Client client{version};
    const SessionPtr ticket = client.ticket(server.port("public"));
    QVERIFY(client.resumes(server.port("public"), ticket));
    const auto number = server.info().policyVersion;
    server.edit([](nlohmann::json& policy) { policy["listeners"][0]["tls"]["handshake_timeout"] = "6s"; });
    QVERIFY(server.call(ReloadCommand{}));
    QVERIFY(eventually([&] { return server.info().policyVersion > number; }));
    QVERIFY(client.starts(server.port("public"), ticket));
}

void TicketsTest::a_ticket_promises_two_hours_and_no_early_data()
{
    QFETCH(int, version);
    TestServer server;
    const SessionPtr ticket = Client{version}.ticket(server.port("public"));
    QVERIFY(ticket);
    QCOMPARE(SSL_SESSION_get_ticket_lifetime_hint(ticket.get()), 7200UL);
    QCOMPARE(SSL_SESSION_get_max_early_data(ticket.get()), 0U);
}

void TicketsTest::a_spoilt_ticket_leads_to_a_whole_handshake()
{
    QFETCH(int, version);
    TestServer server;
    const Client client{version};
    const SessionPtr ticket = client.ticket(server.port("public"));
    unsigned char* bytes = nullptr;
    const int size = i2d_SSL_SESSION(ticket.get(), &bytes);
    QVERIFY(size > 0);
    const unsigned char* plain = nullptr;
    std::size_t length = 0;
    SSL_SESSION_get0_ticket(ticket.get(), &plain, &length);
    auto* const found = std::search(bytes, bytes + size, plain, plain + length);
    for (const std::size_t at : {std::size_t{0}, std::size_t{16}, std::size_t{40}, length - 1}) { // name, IV, text, MAC
        found[at] ^= 1U;
        const unsigned char* from = bytes;
        const SessionPtr spoilt(d2i_SSL_SESSION(nullptr, &from, size), SSL_SESSION_free);
        QVERIFY(client.starts(server.port("public"), spoilt));
        found[at] ^= 1U;
    }
    OPENSSL_free(bytes);
}

namespace {

struct MutualGate {
    ManualClock clock;
    QTemporaryDir folder;
    Credential ca = make("CA", 24h * 100, true, nullptr);
    Credential intermediate = make("site CA", 2h, true, &ca);
    TestServer server{[this](nlohmann::json& policy) {
                          withoutPing(policy);
                          policy["listeners"][0]["tls"]["client_ca"] = bundle();
                      },
                      &clock};

    [[nodiscard]] Credential make(const std::string& name, std::chrono::hours lasts, bool authority,
                                  const Credential* issuer) const
    {
        CredentialOptions options;
        options.name = name;
        options.authority = authority;
        options.from = clock.wall() - 1h;
        options.lasts = lasts;
        options.issuer = issuer;
        return makeCredential(options);
    }
    [[nodiscard]] std::string bundle() const
    {
        writeCredential(folder.path().toStdString(), "ca", ca);
        return folder.filePath(QStringLiteral("ca.pem")).toStdString();
    }
};

} // namespace

void TicketsTest::a_client_certificate_that_ended_is_not_resumed()
{
    QFETCH(int, version);
    MutualGate gate;
    const Credential own = gate.make("client", 2h, false, &gate.ca);
    const Credential later = gate.make("client", 24h, false, &gate.ca);
    const std::uint16_t port = gate.server.port("public");
    const SessionPtr ticket = Client{version, &own}.ticket(port);
    QVERIFY(ticket);
    gate.clock.stepWall(59min);
    QVERIFY((Client{version, &own}.resumes(port, ticket)));
    gate.clock.stepWall(2min);
    ByteClient ended = Client{version, &own}.connect(port, ticket);
    QVERIFY(ended.ends());
    QCOMPARE(ended.alert(), SSL_AD_CERTIFICATE_EXPIRED);
    QVERIFY((Client{version, &later}.starts(port, ticket)));
}

void TicketsTest::an_intermediate_that_ended_is_not_resumed()
{
    QFETCH(int, version);
    MutualGate gate;
    const Credential own = gate.make("client", 24h, false, &gate.intermediate);
    const Client client{version, &own};
    const std::uint16_t port = gate.server.port("public");
    const SessionPtr ticket = client.ticket(port);
    QVERIFY(ticket);
    ByteClient again = client.connect(port, ticket);
    QVERIFY(SSL_session_reused(again.ssl()));
    const SessionPtr second = Client::ticketOf(std::move(again));
    gate.clock.stepWall(61min);
    for (const SessionPtr* old : {&ticket, &second}) {
        ByteClient ended = client.connect(port, *old);
        QVERIFY(ended.ends());
        QCOMPARE(ended.alert(), SSL_AD_CERTIFICATE_EXPIRED);
    }
}

void TicketsTest::another_client_ca_resumes_nothing()
{
    QFETCH(int, version);
    MutualGate gate;
    const Credential own = gate.make("client", 24h, false, &gate.ca);
    const Client client{version, &own};
    const SessionPtr ticket = client.ticket(gate.server.port("public"));
    const std::uint16_t port = gate.server.port("public");
    QVERIFY(client.resumes(port, ticket));
    const Credential other = gate.make("another CA", 24h, true, nullptr);
    const std::filesystem::path folder = gate.folder.path().toStdString();
    writeCredential(folder, "other", other);
    gate.server.edit(
        [&](nlohmann::json& policy) { policy["listeners"][0]["tls"]["client_ca"] = folder / "other.pem"; });
    QVERIFY(gate.server.call(ReloadCommand{}));
    ByteClient refused = client.connect(port, ticket);
    QVERIFY(refused.ends());
    QCOMPARE(refused.alert(), SSL_AD_UNKNOWN_CA);
}

QTEST_GUILESS_MAIN(TicketsTest)
#include "ticketstest.moc"
