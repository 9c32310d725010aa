// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"
#include "tlsforge.h"

#include <QTest>
#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

ByteClient::Options withTls(std::function<void(SSL_CTX*)> configure)
{
    ByteClient::Options options;
    options.configure = std::move(configure);
    return options;
}

ByteClient::Options withoutHandshake()
{
    ByteClient::Options options;
    options.handshake = false;
    return options;
}

} // namespace

class TlsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_session_over_tls_echoes();
    void plain_http_gets_no_http_answer();
    void old_versions_get_an_alert_data();
    void old_versions_get_an_alert();
    void suites_without_aead_get_an_alert();
    void min_version_13_refuses_12();
    void silence_ends_at_the_handshake_deadline();
    void a_hello_that_trickles_ends_at_the_same_deadline();
    void connects_that_reset_leave_no_trace_and_the_next_gets_in();
    void alpn_without_http11_gets_alert_120();
    void alpn_with_http11_is_answered();
    void one_byte_records_are_understood();
};

void TlsTest::a_session_over_tls_echoes()
{
    TestServer server;
    ByteClient client = server.tls();
    QVERIFY(client.connected());
    QCOMPARE(client.upgrade({}).status, 101);
    const auto rows = server.sessions();
    QCOMPARE(rows.size(), 1u);
    QCOMPARE(rows[0].info->tlsVersion, std::string("1.3"));
    QCOMPARE(rows[0].info->port, client.localPort());
    const std::string large(60000, 'x');
    for (const std::string& text : {std::string("a"), large, std::string()}) {
        QVERIFY(client.text(text));
        const Incoming got = client.next();
        QCOMPARE(got.kind, Incoming::Kind::Message);
        QVERIFY(got.payload == text);
    }
    QVERIFY(client.close());
    QCOMPARE(client.next().code, 1000);
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
}

void TlsTest::plain_http_gets_no_http_answer() // row 1
{
    TestServer server;
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = client.receiveAll();
    QVERIFY(answer.find("HTTP") == std::string::npos);
    QTRY_COMPARE(server.refused(Reason::TlsNotHello), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsNotHello).size(), 1u);
}

void TlsTest::old_versions_get_an_alert_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("1.0") << TLS1_VERSION;
    QTest::newRow("1.1") << TLS1_1_VERSION;
}

void TlsTest::old_versions_get_an_alert() // row 2
{
    QFETCH(int, version);
    TestServer server;
    ByteClient client = server.tls(withTls([version](SSL_CTX* context) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    }));
    QVERIFY(!client.connected());
    QCOMPARE(client.alert(), SSL_AD_PROTOCOL_VERSION);
    QTRY_COMPARE(server.refused(Reason::TlsVersion), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsVersion).size(), 1u);
}

void TlsTest::suites_without_aead_get_an_alert() // row 3
{
    TestServer server;
    ByteClient client = server.tls(withTls([](SSL_CTX* context) {
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0");
    }));
    QVERIFY(!client.connected());
    QCOMPARE(client.alert(), SSL_AD_HANDSHAKE_FAILURE);
    QTRY_COMPARE(server.refused(Reason::TlsCipher), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsCipher).size(), 1u);
}

void TlsTest::min_version_13_refuses_12()
{
    TestServer server([](nlohmann::json& policy) { policy["listeners"][0]["tls"]["min_version"] = "1.3"; });
    ByteClient old =
        server.tls(withTls([](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); }));
    QVERIFY(!old.connected());
    QCOMPARE(old.alert(), SSL_AD_PROTOCOL_VERSION);
    QVERIFY(server.tls().connected());
}

void TlsTest::silence_ends_at_the_handshake_deadline() // row 4
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.tls(withoutHandshake());
    QTRY_COMPARE(server.info().stats.pending, 1u);
    clock.advance(4900ms);
    QVERIFY(!client.ends(200ms));
    clock.advance(200ms);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.refused(Reason::TlsTimeout), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsTimeout).size(), 1u);
    QCOMPARE(server.info().stats.pending, 0u);
}

void TlsTest::a_hello_that_trickles_ends_at_the_same_deadline() // row 4
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.tls(withoutHandshake());
    const std::string hello = clientHello();
    QVERIFY(hello.size() > 10);
    QTRY_COMPARE(server.info().stats.pending, 1u);
    for (std::size_t i = 0; i < 4; ++i) {
        QVERIFY(client.sendRaw(hello.substr(i, 1)));
        clock.advance(1000ms);
        QVERIFY(!client.ends(20ms));
    }
    QVERIFY(client.sendRaw(hello.substr(4, 1)));
    clock.advance(1100ms);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.refused(Reason::TlsTimeout), 1u);
}

void TlsTest::connects_that_reset_leave_no_trace_and_the_next_gets_in() // row 5
{
    TestServer server;
    const std::string hello = clientHello();
    for (int i = 0; i < 300; ++i) {
        ByteClient client = server.tls(withoutHandshake());
        if (i % 2 == 0)
            client.sendRaw(hello);
        client.reset();
    }
    const auto started = std::chrono::steady_clock::now();
    ByteClient next = server.tls();
    QCOMPARE(next.upgrade({}).status, 101);
    QVERIFY(std::chrono::steady_clock::now() - started < 10s);
    QTRY_COMPARE(server.info().stats.pending, 0u);
    QTRY_COMPARE(server.refused(Reason::TlsAborted), 300u);
    QVERIFY(!server.audit(AuditKind::Refuse, Reason::TlsAborted).empty());
}

void TlsTest::alpn_without_http11_gets_alert_120() // row 7
{
    TestServer server;
    ByteClient client = server.tls(withTls([](SSL_CTX* context) {
        static constexpr unsigned char offer[] = "\x02h2";
        SSL_CTX_set_alpn_protos(context, offer, 3);
    }));
    QVERIFY(!client.connected());
    QCOMPARE(client.alert(), 120);
    QTRY_COMPARE(server.refused(Reason::TlsAlpn), 1u);
}

void TlsTest::alpn_with_http11_is_answered()
{
    TestServer server;
    ByteClient client = server.tls(withTls([](SSL_CTX* context) {
        static constexpr unsigned char offer[] = "\x02h2\x08http/1.1";
        SSL_CTX_set_alpn_protos(context, offer, 12);
    }));
    QVERIFY(client.connected());
    QCOMPARE(client.upgrade({}).status, 101);
}

void TlsTest::one_byte_records_are_understood()
{
    TestServer server;
    ByteClient client = server.tls();
    for (const char c : upgradeText({}))
        QVERIFY(client.send(std::string_view(&c, 1)));
    QCOMPARE(client.request({}).status, 101);
    for (const char c : asText(wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span("hello", 5)), 7)))
        QVERIFY(client.send(std::string_view(&c, 1)));
    QCOMPARE(client.next().payload, std::string("hello"));
}

QTEST_GUILESS_MAIN(TlsTest)
#include "tlstest.moc"
