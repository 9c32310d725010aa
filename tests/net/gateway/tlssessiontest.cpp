// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"
#include "tlsupstream.h"

#include <QTest>

#include <fstream>
#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// An authority and what it vouches for, by the time of the system.
struct Authority {
    QTemporaryDir folder;
    Credential root = credential({}, std::chrono::hours(2), nullptr);
    std::string file = folder.filePath(QStringLiteral("ca.pem")).toStdString();

    Authority() { std::ofstream(file) << root.certificate; }
    [[nodiscard]] Credential server(const std::string& alternatives = "IP:127.0.0.1",
                                    std::chrono::hours age = std::chrono::hours(1)) const
    {
        return credential(alternatives, age, &root);
    }

private:
    /// Good for a day from its age on; without an issuer an authority.
    static Credential credential(const std::string& alternatives, std::chrono::hours age, const Credential* issuer)
    {
        CredentialOptions options;
        options.name = issuer ? "application" : "root";
        options.authority = !issuer;
        options.usage = issuer ? "serverAuth" : "";
        options.alternatives = alternatives;
        options.from = std::chrono::floor<std::chrono::seconds>(SystemClock().wall()) - age;
        options.issuer = issuer;
        return makeCredential(options);
    }
};

void write(SSL& ssl, const std::string& bytes)
{
    (void)SSL_write(&ssl, bytes.data(), static_cast<int>(bytes.size()));
}

/// Lets in, says hello at once, and answers each message with itself until a Close, which it answers too.
void echo(SSL& ssl)
{
    std::array<char, 16384> buffer{};
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        const int got = SSL_read(&ssl, buffer.data(), buffer.size());
        if (got <= 0)
            return;
        head.append(buffer.data(), static_cast<std::size_t>(got));
    }
    write(ssl, ByteUpstream::switching(head) + rawFrame(0x81, "hello", false));
    wire::Decoder decoder(wire::Role::Server, {});
    for (int got = 0; (got = SSL_read(&ssl, buffer.data(), buffer.size())) > 0;) {
        auto input = std::as_writable_bytes(std::span(buffer)).first(static_cast<std::size_t>(got));
        for (auto event = decoder.next(input); event.kind != wire::Event::Kind::NeedMore; event = decoder.next(input)) {
            if (event.kind == wire::Event::Kind::Message) {
                write(ssl, asText(wire::encodeFrame(event.type, event.payload, std::nullopt)));
                continue;
            }
            if (event.kind == wire::Event::Kind::Close)
                write(ssl, asText(wire::encodeClose(event.closeCode, {}, std::nullopt)));
            return;
        }
    }
}

TestServer::Edit routeTo(const std::string& url, const std::string& ca)
{
    return [=](nlohmann::json& policy) {
        nlohmann::json route = gatewayRoute({url});
        route["gateway"]["ca"] = ca;
        route["gateway"]["connect_timeout"] = "2s";
        policy["routes"].push_back(route);
    };
}

std::string urlOf(std::uint16_t port)
{
    return "wss://127.0.0.1:" + std::to_string(port) + '/';
}

UpgradeOptions toApp()
{
    UpgradeOptions options;
    options.path = "/app/x";
    return options;
}

AuditRecord refusal(const TestServer& server, Reason reason)
{
    std::vector<AuditRecord> records;
    (void)eventually([&] { return !(records = server.audit(AuditKind::Refuse, reason)).empty(); });
    return records.size() == 1 ? records.front() : AuditRecord();
}

} // namespace

/// An application that is reached over TLS: whole sessions through it, and nobody let through where it cannot show that
/// it is who it should be.
class GatewayTlsSessionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void messages_go_both_ways_over_tls();
    void one_that_cannot_show_who_it_is_is_502_data();
    void one_that_cannot_show_who_it_is_is_502();
    void one_that_hangs_in_the_handshake_is_504_data();
    void one_that_hangs_in_the_handshake_is_504();

private:
    const Authority m_authority;
};

void GatewayTlsSessionTest::messages_go_both_ways_over_tls()
{
    TlsUpstream application({m_authority.server(), 0, {}, false, echo});
    const TestServer server(routeTo(urlOf(application.port()), m_authority.file));
    ByteClient client = server.tls();
    QCOMPARE(client.upgrade(toApp()).status, 101);
    QCOMPARE(client.nextData().payload, std::string("hello"));
    QCOMPARE(server.sessions().at(0).info->upstream, urlOf(application.port()));
    for (const std::size_t size : {0U, 1U, 125U, 126U, 16'384U, 65'535U, 65'536U}) {
        const std::string bytes(size, '\xfe');
        QVERIFY(client.frame(wire::Opcode::Binary, bytes));
        const Incoming heard = client.nextData();
        QCOMPARE(heard.kind, Incoming::Kind::Message);
        QCOMPARE(heard.type, wire::Opcode::Binary);
        QVERIFY(heard.payload == bytes);
    }
    QVERIFY(client.send(rawFrame(0x01, std::string(40'000, 'a')) + rawFrame(0x00, "") + rawFrame(0x80, "z")));
    QVERIFY(client.nextData().payload == std::string(40'000, 'a') + "z");
    for (int i = 0; i < 500; ++i)
        QVERIFY(client.text(std::to_string(i)));
    for (int i = 0; i < 500; ++i)
        QCOMPARE(client.nextData().payload, std::to_string(i));
    QVERIFY(client.close(3001, "done"));
    QCOMPARE(int(client.closing().code), 3001);
    QVERIFY(eventually([&] { return server.sessions().empty() && server.info().stats.backlog == 0; }));
}

void GatewayTlsSessionTest::one_that_cannot_show_who_it_is_is_502_data()
{
    QTest::addColumn<QByteArray>("how");
    QTest::addColumn<QByteArray>("met");
    QTest::newRow("another authority") << QByteArray("authority") << QByteArray("its certificate: ");
    QTest::newRow("another name") << QByteArray("name") << QByteArray("its certificate: ");
    QTest::newRow("expired") << QByteArray("expired") << QByteArray("its certificate: certificate has expired");
    QTest::newRow("no TLS at all") << QByteArray("plain") << QByteArray("it does not speak TLS");
}

void GatewayTlsSessionTest::one_that_cannot_show_who_it_is_is_502()
{
    QFETCH(QByteArray, how);
    QFETCH(QByteArray, met);
    const Authority other;
    Credential shown = m_authority.server();
    if (how == "authority")
        shown = other.server();
    else if (how == "name")
        shown = m_authority.server("DNS:elsewhere.example");
    else if (how == "expired")
        shown = m_authority.server("IP:127.0.0.1", 48h);
    std::atomic<int> reached{0};
    TlsUpstream application({shown, 0, {}, how == "plain", [&](SSL&) { ++reached; }});
    const TestServer server(routeTo(urlOf(application.port()), m_authority.file));
    ByteClient client = server.plain();
    const HttpAnswer answer = client.upgrade(toApp());
    QCOMPARE(answer.status, 502);
    QVERIFY(answer.text.ends_with("upstream_tls\n"));
    const AuditRecord record = refusal(server, Reason::UpstreamTls);
    QVERIFY2(record.decision.met.starts_with(met.toStdString()), record.decision.met.c_str());
    QCOMPARE(record.decision.limit, urlOf(application.port()));
    QCOMPARE(server.refused(Reason::UpstreamTls), std::uint64_t{1});
    application.stop();
    QCOMPARE(reached.load(), 0);
}

void GatewayTlsSessionTest::one_that_hangs_in_the_handshake_is_504_data()
{
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("before a word") << QByteArray();
    QTest::newRow("within its first record") << QByteArray("\x16\x03\x03\x00", 4);
}

void GatewayTlsSessionTest::one_that_hangs_in_the_handshake_is_504()
{
    QFETCH(QByteArray, said);
    ManualClock clock;
    const ByteUpstream application;
    const TestServer server(routeTo(urlOf(application.port()), m_authority.file), &clock);
    ByteClient client = server.plain();
    QVERIFY(client.send(upgradeText(toApp())));
    ByteClient peer = application.accept();
    QVERIFY(peer.receive().starts_with('\x16')); // its ClientHello
    QVERIFY(peer.send(said.toStdString()));
    const auto pass = [&](std::chrono::milliseconds time) {
        (void)server.sessions();
        clock.advance(time);
        (void)server.sessions();
    };
    pass(1900ms);
    (void)server.sessions();
    QVERIFY(client.receive(0ms).empty());
    pass(200ms);
    QCOMPARE(client.request({}).status, 504);
    QCOMPARE(refusal(server, Reason::UpstreamTimeout).decision.met, std::string("no TLS in time"));
    QVERIFY(peer.ends());
}

QTEST_GUILESS_MAIN(GatewayTlsSessionTest)
#include "tlssessiontest.moc"
