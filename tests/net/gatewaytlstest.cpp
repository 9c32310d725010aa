// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewayresources.h"
#include "gateway/upstreamtls.h"
#include "manualclock.h"
#include "testca.h"
#include "tlsupstream.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

using namespace gatehouse;
using namespace std::chrono_literals;
using test::Credential;
using test::TlsUpstream;
using test::TlsUpstreamOptions;

// The client's side of TLS against a server that is OpenSSL itself.
namespace {

/// What came of a connection.
struct Outcome {
    IoStatus handshake = IoStatus::WouldBlock;
    Reason failure = Reason::None;
    std::string problem;
    std::string echoed;
    std::string version;
    std::string cipher;
};

/// An authority with certificates of servers, on a clock that stands still.
struct Pki {
    test::ManualClock clock;
    QTemporaryDir folder;
    Credential root = authority("upstreams' root");

    Pki() { write("ca.pem", root.certificate); }
    [[nodiscard]] Credential authority(const std::string& name) const
    {
        test::CredentialOptions options;
        options.name = name;
        options.authority = true;
        options.from = clock.wall() - 24h;
        options.lasts = 72h;
        return test::makeCredential(options);
    }
    [[nodiscard]] Credential server(const std::string& alternatives, const Credential* issuer, WallTime from,
                                    const std::string& usage = "serverAuth") const
    {
        test::CredentialOptions options;
        options.name = "localhost";
        options.usage = usage;
        options.alternatives = alternatives;
        options.issuer = issuer;
        options.from = from;
        return test::makeCredential(options);
    }
    [[nodiscard]] Credential server(const std::string& alternatives) const
    {
        return server(alternatives, &root, clock.wall() - 1h);
    }
    void write(const std::string& name, const std::string& text) const
    {
        QFile file(folder.filePath(QString::fromStdString(name)));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text.data(), static_cast<qint64>(text.size())) >= 0);
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const
    {
        return folder.filePath(QString::fromStdString(name)).toStdString();
    }
    [[nodiscard]] Result<std::shared_ptr<const UpstreamTls>, std::string>
    trust(const std::string& name = "ca.pem") const
    {
        return UpstreamTls::create(name.empty() ? std::filesystem::path() : path(name), clock);
    }
};

Fd connectingTo(std::uint16_t port)
{
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    (void)connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return fd;
}

/// False after ten seconds.
bool waitFor(const Transport& transport, short events)
{
    pollfd waiting{transport.fd(), events, 0};
    return poll(&waiting, 1, 10'000) > 0;
}

std::unique_ptr<Transport> transportTo(std::uint16_t port, const std::string& host,
                                       const std::shared_ptr<const UpstreamTls>& tls)
{
    const UpstreamUrl url{"wss://" + host + "/", true, host, port, "/"};
    const GatewayResources resources({}, {}, tls);
    auto transport = resources.transport(connectingTo(port), url);
    if (transport)
        (void)waitFor(*transport, POLLOUT);
    return transport;
}

IoStatus shakeHands(Transport& transport)
{
    for (;;) {
        const IoStatus status = transport.handshake();
        if (status != IoStatus::WouldBlock || !waitFor(transport, transport.wantsWrite() ? POLLOUT : POLLIN))
            return status;
    }
}

/// Until so many bytes came, or it ended.
std::string readSome(Transport& transport, std::size_t size)
{
    std::string all;
    std::array<std::byte, 4096> bytes;
    while (all.size() < size) {
        const IoResult got = transport.read(bytes);
        if (got.status == IoStatus::WouldBlock && waitFor(transport, POLLIN))
            continue;
        if (got.status != IoStatus::Ok)
            return all;
        all.append(reinterpret_cast<const char*>(bytes.data()), got.bytes);
    }
    return all;
}

Outcome tryOut(std::uint16_t port, const std::string& host, const std::shared_ptr<const UpstreamTls>& tls)
{
    Outcome outcome;
    const auto transport = transportTo(port, host, tls);
    if (!transport)
        return outcome;
    outcome.handshake = shakeHands(*transport);
    if (outcome.handshake != IoStatus::Ok) {
        outcome.failure = transport->failure();
        outcome.problem = transport->certificateProblem();
        return outcome;
    }
    outcome.version = transport->tlsVersion();
    outcome.cipher = transport->tlsCipher();
    const std::string text = "hello upstream";
    if (transport->write(std::as_bytes(std::span(text))).bytes == text.size())
        outcome.echoed = readSome(*transport, text.size());
    transport->shutdownWrite();
    return outcome;
}

} // namespace

#define REFUSED(outcome, words)                                                                                        \
    do {                                                                                                               \
        const Outcome& it = (outcome);                                                                                 \
        QCOMPARE(it.handshake, IoStatus::Failed);                                                                      \
        QCOMPARE(it.failure, Reason::UpstreamTls);                                                                     \
        QVERIFY2(it.problem.find(words) != std::string::npos, it.problem.c_str());                                     \
        QVERIFY(it.echoed.empty());                                                                                    \
    } while (false)

class GatewayTlsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void a_certificate_of_the_authority_for_the_name_is_good();
    void a_certificate_for_the_address_is_good();
    void a_certificate_that_is_trusted_itself_is_good();
    void only_1_2_is_good_where_its_suite_is();
    void expired_and_future_ones_are_refused();
    void the_gates_own_clock_decides();
    void another_authority_is_refused();
    void the_systems_authorities_do_not_know_ours();
    void a_named_authority_stands_alone();
    void a_wrong_name_is_refused();
    void a_name_in_the_subject_alone_is_refused();
    void a_wrong_address_is_refused();
    void a_certificate_of_a_client_is_refused();
    void tls_1_1_is_refused();
    void old_suites_are_refused();
    void plain_text_is_refused();
    void an_end_within_the_handshake_is_a_failure_of_tls();
    void tickets_and_key_updates_without_end_are_refused();
    void an_end_after_the_handshake_is_told();
    void writing_to_who_is_gone_kills_nothing();
    void plain_upstreams_go_without_tls();
    void files_that_cannot_be_used_are_named_data();
    void files_that_cannot_be_used_are_named();

private:
    Pki m_pki;
};

void GatewayTlsTest::initTestCase()
{
    std::signal(SIGPIPE, SIG_IGN); // as the server does
}

void GatewayTlsTest::a_certificate_of_the_authority_for_the_name_is_good()
{
    TlsUpstream upstream({m_pki.server("DNS:plc.example")});
    const Outcome outcome = tryOut(upstream.port(), "plc.example", m_pki.trust().value());
    QCOMPARE(outcome.handshake, IoStatus::Ok);
    QCOMPARE(outcome.echoed, std::string("hello upstream"));
    QCOMPARE(outcome.version, std::string("1.3"));
    QVERIFY(!outcome.cipher.empty());
    upstream.stop();
    QCOMPARE(upstream.serverName(), std::string("plc.example"));
}

void GatewayTlsTest::a_certificate_for_the_address_is_good()
{
    TlsUpstream upstream({m_pki.server("IP:127.0.0.1,IP:::1")});
    QCOMPARE(tryOut(upstream.port(), "127.0.0.1", m_pki.trust().value()).echoed, std::string("hello upstream"));
    QCOMPARE(tryOut(upstream.port(), "::1", m_pki.trust().value()).echoed, std::string("hello upstream"));
    upstream.stop();
    QCOMPARE(upstream.serverName(), std::string("-")); // RFC 6066 §3: no addresses
}

/// As devices make them for themselves.
void GatewayTlsTest::a_certificate_that_is_trusted_itself_is_good()
{
    const Credential own = m_pki.server("DNS:plc.example", nullptr, m_pki.clock.wall() - 1h);
    m_pki.write("own.pem", own.certificate);
    const TlsUpstream upstream({own});
    QCOMPARE(tryOut(upstream.port(), "plc.example", m_pki.trust("own.pem").value()).echoed,
             std::string("hello upstream"));
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "self");
}

void GatewayTlsTest::only_1_2_is_good_where_its_suite_is()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.maxVersion = TLS1_2_VERSION;
    const TlsUpstream upstream(options);
    const Outcome outcome = tryOut(upstream.port(), "plc.example", m_pki.trust().value());
    QCOMPARE(outcome.echoed, std::string("hello upstream"));
    QCOMPARE(outcome.version, std::string("1.2"));
}

void GatewayTlsTest::expired_and_future_ones_are_refused()
{
    const WallTime now = m_pki.clock.wall();
    const TlsUpstream old({m_pki.server("DNS:plc.example", &m_pki.root, now - 25h)});
    REFUSED(tryOut(old.port(), "plc.example", m_pki.trust().value()), "certificate has expired");
    const TlsUpstream young({m_pki.server("DNS:plc.example", &m_pki.root, now + 1h)});
    REFUSED(tryOut(young.port(), "plc.example", m_pki.trust().value()), "certificate is not yet valid");
}

void GatewayTlsTest::the_gates_own_clock_decides()
{
    Pki pki;
    const TlsUpstream upstream({pki.server("DNS:plc.example")});
    const auto trust = pki.trust().value();
    QCOMPARE(tryOut(upstream.port(), "plc.example", trust).echoed, std::string("hello upstream"));
    pki.clock.advance(24h);
    REFUSED(tryOut(upstream.port(), "plc.example", trust), "certificate has expired");
}

void GatewayTlsTest::another_authority_is_refused()
{
    const Credential other = m_pki.authority("elsewhere");
    const TlsUpstream upstream({m_pki.server("DNS:plc.example", &other, m_pki.clock.wall() - 1h)});
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "unable to get local issuer certificate");
    const Credential likeOurs = m_pki.authority("upstreams' root");
    const TlsUpstream forged({m_pki.server("DNS:plc.example", &likeOurs, m_pki.clock.wall() - 1h)});
    REFUSED(tryOut(forged.port(), "plc.example", m_pki.trust().value()), "certificate");
}

void GatewayTlsTest::the_systems_authorities_do_not_know_ours()
{
    const TlsUpstream upstream({m_pki.server("DNS:plc.example")});
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust("").value()), "unable to get local issuer certificate");
}

/// SSL_CERT_FILE names what the system trusts.
void GatewayTlsTest::a_named_authority_stands_alone()
{
    const Credential system = m_pki.authority("the system's");
    m_pki.write("system.pem", system.certificate);
    qputenv("SSL_CERT_FILE", QByteArray::fromStdString(m_pki.path("system.pem").string()));
    const TlsUpstream upstream({m_pki.server("DNS:plc.example", &system, m_pki.clock.wall() - 1h)});
    const auto systems = m_pki.trust("").value();
    const auto named = m_pki.trust().value();
    QCOMPARE(tryOut(upstream.port(), "plc.example", systems).echoed, std::string("hello upstream"));
    REFUSED(tryOut(upstream.port(), "plc.example", named), "unable to get local issuer certificate");
    qunsetenv("SSL_CERT_FILE");
}

void GatewayTlsTest::a_wrong_name_is_refused()
{
    const TlsUpstream upstream({m_pki.server("DNS:plc.example,DNS:*.hall.example,DNS:w*.example")});
    const auto trust = m_pki.trust().value();
    QCOMPARE(tryOut(upstream.port(), "a.hall.example", trust).echoed, std::string("hello upstream"));
    for (const char* host : {"localhost", "plc.example.net", "a.b.hall.example", "hall.example", "wide.example"})
        REFUSED(tryOut(upstream.port(), host, trust), "hostname mismatch");
}

void GatewayTlsTest::a_name_in_the_subject_alone_is_refused()
{
    const TlsUpstream upstream({m_pki.server("")});
    REFUSED(tryOut(upstream.port(), "localhost", m_pki.trust().value()), "hostname mismatch");
}

void GatewayTlsTest::a_wrong_address_is_refused()
{
    const TlsUpstream upstream({m_pki.server("IP:127.0.0.2,DNS:127.0.0.1")});
    REFUSED(tryOut(upstream.port(), "127.0.0.1", m_pki.trust().value()), "IP address mismatch");
}

void GatewayTlsTest::a_certificate_of_a_client_is_refused()
{
    const TlsUpstream upstream({m_pki.server("DNS:plc.example", &m_pki.root, m_pki.clock.wall() - 1h, "clientAuth")});
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "certificate purpose");
}

void GatewayTlsTest::tls_1_1_is_refused()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.maxVersion = TLS1_1_VERSION;
    const TlsUpstream upstream(options);
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "it speaks no TLS of version 1.2 or later");
}

void GatewayTlsTest::old_suites_are_refused()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.maxVersion = TLS1_2_VERSION;
    options.ciphers = "ECDHE-ECDSA-AES128-SHA";
    const TlsUpstream upstream(options);
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "none of the cipher suites");
}

void GatewayTlsTest::plain_text_is_refused()
{
    TlsUpstreamOptions options;
    options.plain = true;
    const TlsUpstream upstream(options);
    REFUSED(tryOut(upstream.port(), "plc.example", m_pki.trust().value()), "it does not speak TLS");
}

void GatewayTlsTest::an_end_within_the_handshake_is_a_failure_of_tls()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.maxVersion = TLS1_2_VERSION;
    const TlsUpstream upstream(options);
    const auto transport = transportTo(upstream.port(), "plc.example", m_pki.trust().value());
    ::shutdown(transport->fd(), SHUT_RD);
    QCOMPARE(shakeHands(*transport), IoStatus::Failed);
    QCOMPARE(transport->failure(), Reason::UpstreamTls);
    QCOMPARE(transport->certificateProblem(), std::string("it ended the connection within the TLS handshake"));
}

void GatewayTlsTest::tickets_and_key_updates_without_end_are_refused()
{
    for (const bool tickets : {true, false}) {
        TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
        options.then = [tickets](SSL& ssl) {
            for (int i = 0; i < 100; ++i) {
                if (tickets)
                    SSL_new_session_ticket(&ssl);
                else
                    SSL_key_update(&ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
                if (SSL_do_handshake(&ssl) != 1)
                    return;
            }
            SSL_write(&ssl, "x", 1);
        };
        const TlsUpstream upstream(options);
        const auto transport = transportTo(upstream.port(), "plc.example", m_pki.trust().value());
        QCOMPARE(shakeHands(*transport), IoStatus::Ok);
        QCOMPARE(readSome(*transport, 1), std::string());
        QCOMPARE(transport->failure(), Reason::UpstreamTls);
        QVERIFY2(transport->certificateProblem().find("without end") != std::string::npos,
                 transport->certificateProblem().c_str());
    }
}

void GatewayTlsTest::an_end_after_the_handshake_is_told()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.then = [](SSL& ssl) { SSL_write(&ssl, "bye", 3); };
    const TlsUpstream upstream(options);
    const auto transport = transportTo(upstream.port(), "plc.example", m_pki.trust().value());
    QCOMPARE(shakeHands(*transport), IoStatus::Ok);
    QVERIFY(waitFor(*transport, POLLIN));
    QVERIFY2(transport->readable() || waitFor(*transport, POLLIN), "tickets stand before it");
    QCOMPARE(readSome(*transport, 100), std::string("bye"));
    std::array<std::byte, 16> bytes;
    QCOMPARE(transport->read(bytes).status, IoStatus::Closed);
    QCOMPARE(transport->failure(), Reason::UpstreamLost);
}

void GatewayTlsTest::writing_to_who_is_gone_kills_nothing()
{
    TlsUpstreamOptions options{m_pki.server("DNS:plc.example")};
    options.then = [](SSL&) {};
    const TlsUpstream upstream(options);
    const auto transport = transportTo(upstream.port(), "plc.example", m_pki.trust().value());
    QCOMPARE(shakeHands(*transport), IoStatus::Ok);
    (void)readSome(*transport, 100);
    const std::string text(1000, 'x');
    IoStatus last = IoStatus::Ok;
    for (int i = 0; i < 1000 && last == IoStatus::Ok; ++i) {
        last = transport->write(std::as_bytes(std::span(text))).status;
        (void)waitFor(*transport, POLLOUT);
    }
    QVERIFY2(last == IoStatus::Failed || last == IoStatus::Closed, "by what OpenSSL met first");
    QCOMPARE(transport->failure(), Reason::UpstreamLost);
}

void GatewayTlsTest::plain_upstreams_go_without_tls()
{
    TlsUpstreamOptions options;
    options.plain = true;
    const TlsUpstream upstream(options);
    const UpstreamUrl url{"ws://127.0.0.1/", false, "127.0.0.1", upstream.port(), "/"};
    const GatewayResources resources({}, {}, nullptr);
    const auto transport = resources.transport(connectingTo(upstream.port()), url);
    QVERIFY(transport && !transport->secure() && waitFor(*transport, POLLOUT));
    QCOMPARE(transport->handshake(), IoStatus::Ok);
    const std::string text = "GET / HTTP/1.1\r\n\r\n";
    QCOMPARE(transport->write(std::as_bytes(std::span(text))).bytes, text.size());
    QVERIFY(waitFor(*transport, POLLIN) && transport->readable());
    QCOMPARE(readSome(*transport, 12), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"));
    transport->shutdownWrite();
    QVERIFY(transport->tlsVersion().empty() && transport->tlsCipher().empty());
}

void GatewayTlsTest::files_that_cannot_be_used_are_named_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("problem");
    const QByteArray good = QByteArray::fromStdString(m_pki.root.certificate);
    QTest::newRow("empty") << QByteArray("") << QStringLiteral("holds no certificate");
    QTest::newRow("text") << QByteArray("hello\n") << QStringLiteral("holds no certificate");
    QTest::newRow("a key") << QByteArray::fromStdString(m_pki.root.key) << QStringLiteral("holds no certificate");
    QTest::newRow("cut off") << good + good.left(good.size() / 2)
                             << QStringLiteral("holds a certificate that cannot be read, after 1 good ones");
    QTest::newRow("too many") << good.repeated(513) << QStringLiteral("holds more than 512 certificates");
}

void GatewayTlsTest::files_that_cannot_be_used_are_named()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, problem);
    m_pki.write("bad.pem", text.toStdString());
    const auto trust = m_pki.trust("bad.pem");
    QVERIFY(!trust);
    const QString expected = QString::fromStdString("ca " + m_pki.path("bad.pem").string() + ' ') + problem;
    QCOMPARE(QString::fromStdString(trust.error()), expected);
    const auto absent = m_pki.trust("absent.pem");
    QVERIFY(!absent);
    QVERIFY2(absent.error().find("absent.pem") != std::string::npos, absent.error().c_str());
}

QTEST_GUILESS_MAIN(GatewayTlsTest)
#include "gatewaytlstest.moc"
