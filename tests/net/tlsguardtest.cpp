// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"
#include "tlsforge.h"

#include "net/tlsguard.h"

#include <QTest>

#include <ctime>
#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using Type = TlsForge::Type;

/// What a client says that begins a new handshake: a whole ClientHello without its record header.
std::string helloMessage()
{
    return clientHello().substr(5);
}

std::string textFrame(std::string_view text)
{
    return asText(wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(text)), 7));
}

/// A client whose records are forged from the request on.
struct Forger {
    TlsForge forge;
    ByteClient client;

    Forger(const TestServer& server, int version)
        : client(server.tls(forge.options(version)))
    {
        if (!client.connected())
            throw std::runtime_error("no handshake");
        forge.begin(client);
    }
    bool send(Type type, std::string_view content) { return client.sendRaw(forge.record(type, content)); }
    [[nodiscard]] bool upgraded()
    {
        return send(Type::Application, upgradeText({})) && client.request({}).status == 101;
    }
    [[nodiscard]] bool attempt(int version)
    {
        return version == TLS1_2_VERSION ? send(Type::Handshake, helloMessage())
                                         : client.sendRaw(forge.keyUpdate(true));
    }
};

void addVersions()
{
    QTest::addColumn<int>("version");
    QTest::newRow("renegotiation, 1.2") << TLS1_2_VERSION;
    QTest::newRow("KeyUpdate, 1.3") << TLS1_3_VERSION;
}

void withoutPing(nlohmann::json& policy)
{
    for (auto& route : policy["routes"])
        route["ping"] = "off";
}

std::uint64_t messagesIn(const TestServer& server)
{
    const auto rows = server.sessions();
    return rows.empty() ? 0 : rows[0].activity.messagesIn;
}

std::chrono::milliseconds processTime()
{
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return std::chrono::milliseconds(spent.tv_sec * 1000 + spent.tv_nsec / 1000000);
}

} // namespace

class TlsGuardTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_third_attempt_within_an_hour_is_too_many();
    void records_without_data_have_a_budget_for_an_hour();
    void the_third_attempt_ends_a_session_data() { addVersions(); }
    void the_third_attempt_ends_a_session();
    void the_third_attempt_before_the_request_is_refused_data() { addVersions(); }
    void the_third_attempt_before_the_request_is_refused();
    void attempts_an_hour_apart_are_let_be();
    void a_second_hello_in_parts_ends_the_connection_at_once();
    void early_data_is_refused_data();
    void early_data_is_refused();
    void updates_that_ask_for_ours_get_at_most_one_each();
    void frames_behind_key_updates_are_early_data_too_data();
    void frames_behind_key_updates_are_early_data_too();
    void floods_of_records_end_the_connection_data();
    void floods_of_records_end_the_connection();
    void records_without_data_are_counted_between_data_too_data() { addVersions(); }
    void records_without_data_are_counted_between_data_too();
    void records_of_one_byte_are_data();
    void floods_before_the_handshake_end_the_connection_data();
    void floods_before_the_handshake_end_the_connection();
};

void TlsGuardTest::the_third_attempt_within_an_hour_is_too_many()
{
    TlsGuard guard;
    TimePoint now{}; // also where the clock begins
    guard.attempt(now);
    guard.attempt(now);
    QVERIFY(!guard.excessive());
    guard.attempt(now + TlsGuard::window);
    QVERIFY(!guard.excessive());
    guard.attempt(now + TlsGuard::window);
    QVERIFY(!guard.excessive());
    guard.attempt(now + 2 * TlsGuard::window - 1ns);
    QVERIFY(guard.excessive());
    guard.attempt(now + 9 * TlsGuard::window);
    QVERIFY(guard.excessive());
}

void TlsGuardTest::records_without_data_have_a_budget_for_an_hour()
{
    TlsGuard guard;
    const TimePoint start = TimePoint{} + 5h;
    guard.idle(TlsGuard::mostIdle, start);
    QVERIFY(!guard.excessive());
    guard.idle(TlsGuard::mostIdle, start + TlsGuard::window);
    QVERIFY(!guard.excessive());
    guard.idle(1, start + 2 * TlsGuard::window - 1ns);
    QVERIFY(guard.excessive());
}

void TlsGuardTest::the_third_attempt_ends_a_session() // row 6
{
    QFETCH(int, version);
    TestServer server;
    Forger forger(server, version);
    QVERIFY(forger.upgraded());
    for (std::uint64_t i = 1; i <= 2; ++i) {
        QVERIFY(forger.attempt(version));
        QVERIFY(forger.send(Type::Application, textFrame("on")));
        QVERIFY(eventually([&] { return messagesIn(server) == i; }));
    }
    QCOMPARE(server.refused(Reason::TlsRenegotiation), 0u);
    QVERIFY(forger.attempt(version));
    QVERIFY(eventually([&] { return server.sessions().empty(); }));
    QCOMPARE(server.refused(Reason::TlsRenegotiation), 1u);
    const auto records = server.audit(AuditKind::Close, Reason::TlsRenegotiation);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].code, 1006);
    QVERIFY(forger.client.ends());
    if (version == TLS1_2_VERSION)
        QCOMPARE(forger.client.alert(), SSL_AD_NO_RENEGOTIATION);
}

void TlsGuardTest::the_third_attempt_before_the_request_is_refused()
{
    QFETCH(int, version);
    TestServer server;
    Forger forger(server, version);
    for (int i = 0; i < 3; ++i)
        QVERIFY(forger.attempt(version));
    forger.send(Type::Application, "GET"); // OpenSSL keeps an update back while it answers the one before
    QVERIFY(eventually([&] { return server.refused(Reason::TlsRenegotiation) == 1; }));
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsRenegotiation).size(), 1u);
    QCOMPARE(server.info().stats.pending, 0u);
    QVERIFY(forger.client.ends());
}

void TlsGuardTest::attempts_an_hour_apart_are_let_be()
{
    ManualClock clock;
    TestServer server(withoutPing, &clock);
    Forger forger(server, TLS1_3_VERSION);
    QVERIFY(forger.upgraded());
    for (int hour = 0; hour < 3; ++hour) {
        for (int i = 0; i < 2; ++i)
            QVERIFY(forger.client.sendRaw(forger.forge.keyUpdate(false)));
        QVERIFY(forger.send(Type::Application, textFrame("on")));
        QCOMPARE(forger.client.nextData().payload, std::string("on"));
        clock.advance(61min);
    }
    QCOMPARE(server.refused(Reason::TlsRenegotiation), 0u);
}

void TlsGuardTest::a_second_hello_in_parts_ends_the_connection_at_once()
{
    TestServer server;
    Forger forger(server, TLS1_2_VERSION);
    QVERIFY(forger.upgraded());
    QVERIFY(forger.send(Type::Handshake, std::string("\1\1\xff\0\3\3", 6))); // 128 KiB are to come
    QVERIFY(eventually([&] { return server.sessions().empty(); }));
    QCOMPARE(server.audit(AuditKind::Close, Reason::TlsRenegotiation).size(), 1u);
}

void TlsGuardTest::early_data_is_refused_data()
{
    QTest::addColumn<QByteArray>("groups"); // of the second handshake; the first is the client's guess
    QTest::newRow("at once") << QByteArray("X25519");
    QTest::newRow("before a second hello") << QByteArray("P-521:X25519");
}

void TlsGuardTest::early_data_is_refused()
{
    QFETCH(QByteArray, groups);
    TestServer server;
    ByteClient first = server.tls();
    QCOMPARE(first.upgrade({}).status, 101);
    SSL_SESSION* session = SSL_get1_session(first.ssl());
    QCOMPARE(SSL_SESSION_get_max_early_data(session), 0U);
    SSL_SESSION_set_max_early_data(session, 16384); // the client believes otherwise
    ByteClient::Options options;
    std::size_t sent = 0;
    options.prepare = [&](SSL* ssl) {
        SSL_set_session(ssl, session);
        QVERIFY(SSL_set1_groups_list(ssl, groups.constData()) == 1);
        const std::string text = upgradeText({});
        SSL_write_early_data(ssl, text.data(), text.size(), &sent);
    };
    ByteClient early = server.tls(options);
    QVERIFY(sent > 0);
    QVERIFY(early.ends());
    QVERIFY(eventually([&] { return server.refused(Reason::TlsRenegotiation) == 1; }));
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsRenegotiation).size(), 1u);
    QCOMPARE(server.sessions().size(), 1u);
    SSL_SESSION_free(session);
}

void TlsGuardTest::updates_that_ask_for_ours_get_at_most_one_each()
{
    TestServer server;
    Forger forger(server, TLS1_3_VERSION);
    int updates = 0;
    SSL* ssl = forger.client.ssl();
    SSL_set_msg_callback(ssl, [](int out, int, int type, const void* bytes, std::size_t size, SSL*, void* count) {
        if (!out && type == SSL3_RT_HANDSHAKE && size > 0 &&
            *static_cast<const unsigned char*>(bytes) == SSL3_MT_KEY_UPDATE)
            ++*static_cast<int*>(count);
    });
    SSL_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, &updates);
    QVERIFY(forger.upgraded());
    for (int i = 0; i < 2; ++i)
        QVERIFY(forger.client.sendRaw(forger.forge.keyUpdate(true)));
    QVERIFY(forger.send(Type::Application, textFrame("on")));
    QCOMPARE(forger.client.nextData().payload, std::string("on"));
    QVERIFY(updates <= 2);
}

void TlsGuardTest::frames_behind_key_updates_are_early_data_too_data()
{
    QTest::addColumn<int>("updates");
    QTest::addColumn<bool>("requested");
    for (const int updates : {0, 1, 2}) {
        QTest::addRow("%d", updates) << updates << false;
        QTest::addRow("%d that ask for ours", updates) << updates << true;
    }
}

void TlsGuardTest::frames_behind_key_updates_are_early_data_too()
{
    QFETCH(int, updates);
    QFETCH(bool, requested);
    TestServer server;
    Forger forger(server, TLS1_3_VERSION);
    std::string burst = forger.forge.record(Type::Application, upgradeText({}));
    for (int i = 0; i < updates; ++i)
        burst += forger.forge.keyUpdate(requested);
    burst += forger.forge.record(Type::Application, textFrame("early"));
    QVERIFY(forger.client.sendRaw(burst));
    QCOMPARE(forger.client.request({}).status, 400);
    QCOMPARE(server.refused(Reason::HsEarlyData), 1u);
}

void TlsGuardTest::floods_of_records_end_the_connection_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("type");
    QTest::addColumn<QByteArray>("content");
    const auto row = [](const char* title, int version, Type type, const char* content, int size) {
        QTest::addRow("%s", title) << version << static_cast<int>(type) << QByteArray(content, size);
    };
    row("empty records, 1.2", TLS1_2_VERSION, Type::Application, "", 0);
    row("empty records, 1.3", TLS1_3_VERSION, Type::Application, "", 0);
    row("warnings, 1.2", TLS1_2_VERSION, Type::Alert, "\x01\x5a", 2); // user_canceled
    row("warnings, 1.3", TLS1_3_VERSION, Type::Alert, "\x01\x5a", 2);
    row("empty alerts, 1.2", TLS1_2_VERSION, Type::Alert, "", 0);
    row("empty alerts, 1.3", TLS1_3_VERSION, Type::Alert, "", 0);
    row("halves of alerts, 1.2", TLS1_2_VERSION, Type::Alert, "\x01", 1);
    row("empty handshake records, 1.2", TLS1_2_VERSION, Type::Handshake, "", 0);
    row("empty handshake records, 1.3", TLS1_3_VERSION, Type::Handshake, "", 0);
    row("change_cipher_spec, 1.2", TLS1_2_VERSION, Type::ChangeCipherSpec, "\x01", 1);
    row("change_cipher_spec, 1.3", TLS1_3_VERSION, Type::ChangeCipherSpec, "\x01", 1);
    row("HelloRequests, 1.2", TLS1_2_VERSION, Type::Handshake, "\0\0\0\0", 4);
}

void TlsGuardTest::floods_of_records_end_the_connection()
{
    QFETCH(int, version);
    QFETCH(int, type);
    QFETCH(QByteArray, content);
    TestServer server;
    Forger forger(server, version);
    QVERIFY(forger.upgraded());
    int sent = 0;
    while (sent < 100000 && forger.send(static_cast<Type>(type), content.toStdString()))
        ++sent;
    QVERIFY(eventually([&] { return server.sessions().empty(); }));
    qInfo("%d records were taken", sent);
}

void TlsGuardTest::records_without_data_are_counted_between_data_too()
{
    QFETCH(int, version);
    TestServer server;
    Forger forger(server, version);
    QVERIFY(forger.upgraded());
    for (int i = 0; i < 1000 && !server.sessions().empty(); ++i) {
        for (int j = 0; j < 30; ++j)
            forger.send(Type::Application, "");
        forger.send(Type::Application, textFrame("on"));
    }
    QVERIFY(server.sessions().empty());
    QCOMPARE(server.audit(AuditKind::Close, Reason::TlsRenegotiation).size(), 1u);
}

void TlsGuardTest::records_of_one_byte_are_data()
{
    TestServer server;
    Forger forger(server, TLS1_3_VERSION);
    QVERIFY(forger.upgraded());
    for (int i = 0; i < 100; ++i)
        for (const char c : textFrame("on"))
            QVERIFY(forger.send(Type::Application, std::string_view(&c, 1)));
    for (int i = 0; i < 100; ++i)
        QCOMPARE(forger.client.nextData().payload, std::string("on"));
    QCOMPARE(server.refused(Reason::TlsRenegotiation), 0u);
}

void TlsGuardTest::floods_before_the_handshake_end_the_connection_data()
{
    QTest::addColumn<QByteArray>("record");
    QTest::newRow("warnings") << QByteArray("\x15\3\1\0\2\1\x5a", 7);
    QTest::newRow("empty handshake records") << QByteArray("\x16\3\1\0\0", 5);
    QTest::newRow("change_cipher_spec") << QByteArray("\x14\3\1\0\1\1", 6);
    QTest::newRow("empty application data") << QByteArray("\x17\3\1\0\0", 5);
}

void TlsGuardTest::floods_before_the_handshake_end_the_connection()
{
    QFETCH(QByteArray, record);
    TestServer server;
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    const auto before = processTime();
    int sent = 0;
    while (sent < 100000 && client.sendRaw(record.toStdString()))
        ++sent;
    QVERIFY(client.ends());
    QVERIFY(eventually([&] { return server.info().stats.pending == 0; }));
    QVERIFY(sent < 100000 || processTime() - before < 10s);
    qInfo("%d records were taken", sent);
}

QTEST_GUILESS_MAIN(TlsGuardTest)
#include "tlsguardtest.moc"
