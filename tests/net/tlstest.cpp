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

/// A ClientHello of TLS 1.2 without extensions (RFC 5246 §7.4.1.2).
std::string hello12(const std::string& suites)
{
    const auto number = [](std::size_t value) {
        return std::string{static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
    };
    const std::string body =
        "\3\3" + std::string(32, 'r') + '\0' + number(suites.size()) + suites + std::string("\1\0", 2);
    return "\x16\3\1" + number(body.size() + 4) + std::string("\1\0", 2) + number(body.size()) + body;
}

} // namespace

class TlsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_session_over_tls_echoes();
    void what_is_no_hello_gets_no_answer_of_its_own_kind_data();
    void what_is_no_hello_gets_no_answer_of_its_own_kind();
    void old_versions_get_an_alert_data();
    void old_versions_get_an_alert();
    void suites_that_are_not_ours_get_an_alert_data();
    void suites_that_are_not_ours_get_an_alert();
    void groups_and_signatures_that_are_not_ours_get_an_alert_data();
    void groups_and_signatures_that_are_not_ours_get_an_alert();
    void a_downgrade_is_refused();
    void min_version_13_refuses_12();
    void silence_ends_at_the_handshake_deadline();
    void a_hello_that_trickles_ends_at_the_same_deadline();
    void connects_that_reset_leave_no_trace_and_the_next_gets_in();
    void a_peer_that_ends_after_the_handshake_is_no_failure_of_tls_data();
    void a_peer_that_ends_after_the_handshake_is_no_failure_of_tls();
    void alpn_without_http11_gets_alert_120_data();
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

void TlsTest::what_is_no_hello_gets_no_answer_of_its_own_kind_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTest::newRow("POST") << QByteArray("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    QTest::newRow("a proxy's CONNECT") << QByteArray("CONNECT localhost:443 HTTP/1.1\r\n\r\n");
    QTest::newRow("another word") << QByteArray("BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTest::newRow("HTTP/2") << QByteArray("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    QTest::newRow("SSH") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n");
    QTest::newRow("NULs") << QByteArray(64, '\0');
    QTest::newRow("a record of data") << QByteArray("\x17\3\3\0\1x", 6);
    QTest::newRow("a record too long") << QByteArray("\x16\3\1\xff\xff\1\0\0\1\0\0", 11);
    QTest::newRow("a ServerHello") << QByteArray("\x16\3\3\0\4\2\0\0\0", 9);
    QTest::newRow("a hello in the form of SSL 2.0") << QByteArray("\x80\x2e\1\3\3\0\x15\0\0\0\x10", 11) +
                                                           QByteArray("\0\xc0\x2b", 3).repeated(7) +
                                                           QByteArray(16, 'r');
    QTest::newRow("a hello of 128 KiB") << QByteArray("\x16\3\1\0\x08\1\1\xff\xf0\3\3\0\0", 13);
    QTest::newRow("a hello of 128 KiB by the byte")
        << QByteArray("\x16\3\1\0\1\1\x16\3\1\0\1\1\x16\3\1\0\1\xff\x16\3\1\0\1\xf0", 24);
    QTest::newRow("a hello that ends early") << QByteArray("\x16\3\1\0\6\1\0\0\2\3\3", 11);
}

void TlsTest::what_is_no_hello_gets_no_answer_of_its_own_kind() // row 1
{
    QFETCH(QByteArray, sent);
    TestServer server;
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    client.send(sent.toStdString());
    const std::string answer = client.receiveAll();
    QVERIFY(answer.empty() || (answer.starts_with('\x15') && answer.size() == 7)); // one alert
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

void TlsTest::suites_that_are_not_ours_get_an_alert_data()
{
    QTest::addColumn<QByteArray>("suites"); // as TLS numbers them
    const auto row = [](const char* name, const char* hex) { QTest::newRow(name) << QByteArray::fromHex(hex); };
    row("CBC", "c009c013c023c027002f0035003c");
    row("3DES", "000ac008c012");
    row("RC4", "00040005c007c011");
    row("without forward secrecy", "009c009d");
    row("finite-field Diffie-Hellman", "009e009f");
    row("CCM", "c0acc0adc0aec0af");
    row("without encryption", "00010002003bc006c010");
    row("without a certificate", "0018001b0034003ac016c017c018");
    row("unknown", "eeeeefef");
}

void TlsTest::suites_that_are_not_ours_get_an_alert() // row 3
{
    QFETCH(QByteArray, suites);
    TestServer server;
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    QVERIFY(client.sendRaw(hello12(suites.toStdString())));
    QCOMPARE(client.receiveAll(), std::string("\x15\3\3\0\2\2\x28", 7)); // fatal, handshake_failure
    QTRY_COMPARE(server.refused(Reason::TlsCipher), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsCipher).size(), 1u);
}

void TlsTest::groups_and_signatures_that_are_not_ours_get_an_alert_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QByteArray>("groups");
    QTest::addColumn<QByteArray>("signatures");
    QTest::addColumn<QByteArray>("suites13");
    const auto row = [](const char* name, int version, const char* groups, const char* signatures, const char* suites) {
        QTest::newRow(name) << version << QByteArray(groups) << QByteArray(signatures) << QByteArray(suites);
    };
    row("P-521, 1.2", TLS1_2_VERSION, "P-521", nullptr, nullptr);
    row("P-521, 1.3", TLS1_3_VERSION, "P-521", nullptr, nullptr);
    row("ffdhe2048, 1.3", TLS1_3_VERSION, "ffdhe2048", nullptr, nullptr);
    row("SHA-1, 1.2", TLS1_2_VERSION, nullptr, "ECDSA+SHA1:RSA+SHA1", nullptr);
    row("SHA-224, 1.2", TLS1_2_VERSION, nullptr, "ECDSA+SHA224:RSA+SHA224", nullptr);
    row("CCM, 1.3", TLS1_3_VERSION, nullptr, nullptr, "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256");
}

void TlsTest::groups_and_signatures_that_are_not_ours_get_an_alert()
{
    QFETCH(int, version);
    QFETCH(QByteArray, groups);
    QFETCH(QByteArray, signatures);
    QFETCH(QByteArray, suites13);
    TestServer server;
    ByteClient client = server.tls(withTls([&](SSL_CTX* context) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        QVERIFY(groups.isNull() || SSL_CTX_set1_groups_list(context, groups.constData()) == 1);
        QVERIFY(signatures.isNull() || SSL_CTX_set1_sigalgs_list(context, signatures.constData()) == 1);
        QVERIFY(suites13.isNull() || SSL_CTX_set_ciphersuites(context, suites13.constData()) == 1);
    }));
    QVERIFY(!client.connected());
    QCOMPARE(client.alert(), SSL_AD_HANDSHAKE_FAILURE);
    QTRY_COMPARE(server.refused(Reason::TlsCipher), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsCipher).size(), 1u);
}

void TlsTest::a_downgrade_is_refused() // RFC 7507
{
    TestServer server;
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    QVERIFY(client.sendRaw(hello12(std::string("\xc0\x2b\x56\0", 4))));  // the second says: I can do better than this
    QCOMPARE(client.receiveAll(), std::string("\x15\3\3\0\2\2\x56", 7)); // fatal, inappropriate_fallback
    QTRY_COMPARE(server.refused(Reason::TlsVersion), 1u);
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
    for (int i = 0; i < 1000; ++i) {
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
    QTRY_COMPARE(server.refused(Reason::TlsAborted), 1000u);
    QVERIFY(!server.audit(AuditKind::Refuse, Reason::TlsAborted).empty());
}

void TlsTest::a_peer_that_ends_after_the_handshake_is_no_failure_of_tls_data()
{
    QTest::addColumn<QByteArray>("listener");
    QTest::addColumn<bool>("reset");
    QTest::newRow("FIN over TLS") << QByteArray("public") << false;
    QTest::newRow("RST over TLS") << QByteArray("public") << true;
    QTest::newRow("FIN in the clear") << QByteArray("lab") << false;
    QTest::newRow("RST in the clear") << QByteArray("lab") << true;
}

void TlsTest::a_peer_that_ends_after_the_handshake_is_no_failure_of_tls()
{
    QFETCH(QByteArray, listener);
    QFETCH(bool, reset);
    TestServer server;
    ByteClient client = listener == "lab" ? server.plain() : server.tls();
    QVERIFY(client.connected());
    QVERIFY(client.send("GET /echo HTTP/1.1\r\n"));
    if (reset)
        client.reset();
    else
        client.shutdownWrite();
    QTRY_COMPARE(server.refused(Reason::PeerAbort), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::PeerAbort).size(), 1u);
    QCOMPARE(server.refused(Reason::TlsAborted), 0u);
}

void TlsTest::alpn_without_http11_gets_alert_120_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QByteArray>("offer");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        QTest::addRow("h2, %x", version) << version << QByteArray("\x02h2");
        QTest::addRow("look-alikes, %x", version) << version << QByteArray("\x08HTTP/1.1\x09http/1.1 \x07http/1.");
    }
}

void TlsTest::alpn_without_http11_gets_alert_120() // row 7
{
    QFETCH(int, version);
    QFETCH(QByteArray, offer);
    TestServer server;
    ByteClient client = server.tls(withTls([&](SSL_CTX* context) {
        SSL_CTX_set_max_proto_version(context, version);
        const std::string text = offer.toStdString();
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<unsigned>(text.size()));
    }));
    QVERIFY(!client.connected());
    QCOMPARE(client.alert(), 120);
    QTRY_COMPARE(server.refused(Reason::TlsAlpn), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsAlpn).size(), 1u);
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
