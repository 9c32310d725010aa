// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"
#include "tlsforge.h"

#include "net/tlsguard.h"

#include <QTest>
#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

ByteClient::Options withName(const std::string& name, int version = TLS1_3_VERSION, SSL_SESSION* session = nullptr)
{
    ByteClient::Options options;
    options.configure = [version](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); };
    options.prepare = [name, session](SSL* ssl) {
        if (!name.empty()) // SSL_set_tlsext_host_name() casts as C does
            SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
        if (session)
            SSL_set_session(ssl, session);
    };
    return options;
}

UpgradeOptions toHost(const std::string& host)
{
    UpgradeOptions options;
    options.host = host;
    return options;
}

std::span<const unsigned char> bytesOf(const std::string& text)
{
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

} // namespace

class ServerNameTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_host_that_differs_from_the_name_gives_421_data();
    void a_host_that_differs_from_the_name_gives_421();
    void a_resumed_handshake_is_held_to_its_own_name_data();
    void a_resumed_handshake_is_held_to_its_own_name();
    void the_name_is_acknowledged();
    void an_extension_has_one_form_data();
    void an_extension_has_one_form();
    void a_malformed_name_fails_the_handshake_data();
    void a_malformed_name_fails_the_handshake();
};

void ServerNameTest::a_host_that_differs_from_the_name_gives_421_data() // row 17
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("status");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto row = [version](const char* name, const char* host, int status) {
            QTest::addRow("%s as %s, %x", name, host, version)
                << QByteArray(name) << QByteArray(host) << version << status;
        };
        row("gate.example", "gate.example", 101);
        row("gate.example", "GATE.example.:8443", 101);
        row("gate.example", "other.example", 421);
        row("gate.example", "gate.example.other", 421);
        row("", "other.example", 101);
    }
}

void ServerNameTest::a_host_that_differs_from_the_name_gives_421()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, host);
    QFETCH(int, version);
    QFETCH(int, status);
    TestServer server([](nlohmann::json& policy) { policy["listeners"][0].erase("server_names"); });
    ByteClient client = server.tls(withName(name.toStdString(), version));
    QVERIFY(client.connected());
    QCOMPARE(client.upgrade(toHost(host.toStdString())).status, status);
    QCOMPARE(server.refused(Reason::HsHost), status == 421 ? 1u : 0u);
    if (status == 421) {
        const auto records = server.audit(AuditKind::Refuse, Reason::HsHost);
        QCOMPARE(records.size(), 1u);
        QCOMPARE(records[0].decision.limit, name.toStdString());
        QCOMPARE(records[0].decision.rule.name, std::string("public › tls"));
    }
}

void ServerNameTest::a_resumed_handshake_is_held_to_its_own_name_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("1.2") << TLS1_2_VERSION;
    QTest::newRow("1.3") << TLS1_3_VERSION;
}

void ServerNameTest::a_resumed_handshake_is_held_to_its_own_name()
{
    QFETCH(int, version);
    TestServer server([](nlohmann::json& policy) { policy["listeners"][0].erase("server_names"); });
    ByteClient first = server.tls(withName("gate.example", version));
    QCOMPARE(first.upgrade(toHost("gate.example")).status, 101);
    SSL_SESSION* session = SSL_get1_session(first.ssl());

    ByteClient again = server.tls(withName("gate.example", version, session));
    QVERIFY(SSL_session_reused(again.ssl()));
    QCOMPARE(again.upgrade(toHost("other.example")).status, 421);
    ByteClient good = server.tls(withName("gate.example", version, session));
    QVERIFY(SSL_session_reused(good.ssl()));
    QCOMPARE(good.upgrade(toHost("gate.example")).status, 101);

    // A ticket is good for its own name alone; the handshake is then a whole one, under the new name.
    ByteClient other = server.tls(withName("other.example", version, session));
    QVERIFY(!SSL_session_reused(other.ssl()));
    QCOMPARE(other.upgrade(toHost("gate.example")).status, 421);
    ByteClient none = server.tls(withName("", version, session));
    QVERIFY(none.connected());
    QVERIFY(!SSL_session_reused(none.ssl()));
    QCOMPARE(none.upgrade(toHost("other.example")).status, 101);
    SSL_SESSION_free(session);
}

void ServerNameTest::the_name_is_acknowledged()
{
    TestServer server;
    ByteClient::Options options = withName("localhost", TLS1_2_VERSION);
    bool acknowledged = false;
    const auto configure = options.configure;
    options.configure = [&](SSL_CTX* context) {
        configure(context);
        SSL_CTX_set_app_data(context, &acknowledged);
        SSL_CTX_set_msg_callback(context, [](int, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*) {
            const std::string text(static_cast<const char*>(bytes), size);
            const std::string empty("\0\0\0\0", 4); // an extension of type 0 and no length
            if (type == SSL3_RT_HANDSHAKE && text.starts_with('\x02') && text.find(empty) != std::string::npos)
                *static_cast<bool*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))) = true;
        });
    };
    QVERIFY(server.tls(options).connected());
    QVERIFY(acknowledged);
}

void ServerNameTest::an_extension_has_one_form_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("name"); // null: malformed
    const auto row = [](const char* title, const std::string& bytes, const char* name) {
        QTest::newRow(title) << QByteArray::fromStdString(bytes) << QByteArray(name);
    };
    row("one name", std::string("\0\4\0\0\1a", 6), "a");
    row("longest", std::string("\1\2\0\0\xff", 5) + std::string(255, 'x'), std::string(255, 'x').c_str());
    row("too long", std::string("\1\3\0\1\0", 5) + std::string(256, 'x'), nullptr);
    row("nothing", "", nullptr);
    row("empty list", std::string("\0\0", 2), nullptr);
    row("empty name", std::string("\0\3\0\0\0", 5), nullptr);
    row("another type", std::string("\0\4\1\0\1a", 6), nullptr);
    row("two names", std::string("\0\x08\0\0\1a\0\0\1b", 10), nullptr);
    row("list too short", std::string("\0\3\0\0\1a", 6), nullptr);
    row("list too long", std::string("\0\5\0\0\1a", 6), nullptr);
    row("name too short", std::string("\0\5\0\0\1ab", 7), nullptr);
    row("name too long", std::string("\0\4\0\0\2a", 6), nullptr);
    row("NUL", std::string("\0\6\0\0\3a\0b", 8), nullptr);
    row("blank", std::string("\0\6\0\0\3a b", 8), nullptr);
    row("beyond ASCII", std::string("\0\5\0\0\2\xc3\xa4", 7), nullptr);
}

void ServerNameTest::an_extension_has_one_form()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, name);
    const std::string text = bytes.toStdString();
    const auto sent = sentServerName(bytesOf(text));
    QCOMPARE(sent.has_value(), !name.isNull());
    if (sent)
        QCOMPARE(std::string(*sent), name.toStdString());
}

void ServerNameTest::a_malformed_name_fails_the_handshake_data()
{
    QTest::addColumn<QByteArray>("bytes"); // as long as the good ones
    QTest::newRow("list too short") << QByteArray("\0\x0a\0\0\x08"
                                                  "12345678",
                                                  13);
    QTest::newRow("name too short") << QByteArray("\0\x0b\0\0\x07"
                                                  "12345678",
                                                  13);
    QTest::newRow("another type") << QByteArray("\0\x0b\1\0\x08"
                                                "12345678",
                                                13);
    QTest::newRow("two names") << QByteArray("\0\x0b\0\0\2"
                                             "12\0\0\3"
                                             "345",
                                             13);
    QTest::newRow("NUL") << QByteArray("\0\x0b\0\0\x08"
                                       "1234\000678",
                                       13);
    QTest::newRow("escape") << QByteArray("\0\x0b\0\0\x08"
                                          "1234\033678",
                                          13);
}

void ServerNameTest::a_malformed_name_fails_the_handshake()
{
    QFETCH(QByteArray, bytes);
    TestServer server;
    const std::string good("\0\x0b\0\0\x08"
                           "12345678",
                           13);
    std::string hello = clientHello("12345678");
    const std::size_t at = hello.find(good);
    QVERIFY(at != std::string::npos);
    hello.replace(at, good.size(), bytes.toStdString());
    ByteClient client(server.port("public"), ByteClient::Security::Plain);
    QVERIFY(client.sendRaw(hello));
    QCOMPARE(client.receiveAll(), std::string("\x15\x03\x03\0\2\2\x32", 7)); // fatal, decode_error
    QVERIFY(eventually([&] { return server.refused(Reason::TlsNotHello) == 1; }));
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsNotHello).size(), 1u);
}

QTEST_GUILESS_MAIN(ServerNameTest)
#include "servernametest.moc"
