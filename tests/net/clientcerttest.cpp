// SPDX-License-Identifier: GPL-3.0-or-later
#include "testca.h"
#include "testserver.h"

#include <QTest>

#include <fstream>
#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// A server whose TLS listener takes the clients of one CA alone.
struct Gate {
    ManualClock clock;
    Credential ca = authority("clients' CA");
    QTemporaryDir folder;
    TestServer server{[this](nlohmann::json& policy) { policy["listeners"][0]["tls"]["client_ca"] = write("ca", ca); },
                      &clock};

    [[nodiscard]] Credential authority(const std::string& name, const Credential* issuer = nullptr) const
    {
        CredentialOptions options;
        options.name = name;
        options.authority = true;
        options.from = clock.wall() - 1h;
        options.lasts = 24h * 100;
        options.issuer = issuer;
        return makeCredential(options);
    }
    [[nodiscard]] CredentialOptions clientOptions() const
    {
        CredentialOptions options;
        options.from = clock.wall() - 1h;
        options.issuer = &ca;
        return options;
    }
    std::string write(const std::string& name, const Credential& credential) const
    {
        const std::filesystem::path at = folder.path().toStdString();
        writeCredential(at, name, credential);
        return at / (name + ".pem");
    }
    [[nodiscard]] ByteClient connect(const std::optional<Credential>& credential, int version = TLS1_3_VERSION) const
    {
        ByteClient::Options options;
        options.configure = [&](SSL_CTX* context) {
            SSL_CTX_set_max_proto_version(context, version);
            if (credential)
                useCredential(context, *credential);
        };
        return server.tls(options);
    }
};

void addVersions()
{
    QTest::addColumn<int>("version");
    QTest::newRow("1.2") << TLS1_2_VERSION;
    QTest::newRow("1.3") << TLS1_3_VERSION;
}

} // namespace

class ClientCertTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_client_of_the_ca_gets_in_data() { addVersions(); }
    void a_client_of_the_ca_gets_in();
    void a_client_of_an_intermediate_gets_in();
    void others_get_a_fatal_alert_data();
    void others_get_a_fatal_alert();
    void the_names_of_the_cas_are_sent_data() { addVersions(); }
    void the_names_of_the_cas_are_sent();
    void a_chain_over_its_depth_is_refused();
    void a_huge_chain_is_refused();
    void the_gates_own_clock_decides_about_expiry();
    void a_bundle_that_is_no_ca_stops_the_start_data();
    void a_bundle_that_is_no_ca_stops_the_start();
    void a_listener_without_client_ca_asks_for_nothing();
};

void ClientCertTest::a_client_of_the_ca_gets_in()
{
    QFETCH(int, version);
    Gate gate;
    ByteClient client = gate.connect(makeCredential(gate.clientOptions()), version);
    QVERIFY(client.connected());
    QCOMPARE(client.upgrade({}).status, 101);
    QVERIFY(client.text("hello"));
    QCOMPARE(client.nextData().payload, std::string("hello"));
    CredentialOptions any = gate.clientOptions();
    any.usage.clear();
    QCOMPARE(gate.connect(makeCredential(any), version).upgrade({}).status, 101);
}

void ClientCertTest::a_client_of_an_intermediate_gets_in()
{
    Gate gate;
    const Credential intermediate = gate.authority("site CA", &gate.ca);
    CredentialOptions options = gate.clientOptions();
    options.issuer = &intermediate;
    QCOMPARE(gate.connect(makeCredential(options)).upgrade({}).status, 101);
}

void ClientCertTest::others_get_a_fatal_alert_data() // row 8
{
    QTest::addColumn<QByteArray>("who");
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("alert");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const char* text = version == TLS1_2_VERSION ? "1.2" : "1.3";
        const auto row = [&](const char* who, int alert) {
            QTest::addRow("%s over %s", who, text) << QByteArray(who) << version << alert;
        };
        row("expired", SSL_AD_CERTIFICATE_EXPIRED);
        row("not yet valid", SSL_AD_BAD_CERTIFICATE);
        row("another CA", SSL_AD_UNKNOWN_CA);
        row("another CA of the same name", SSL_AD_DECRYPT_ERROR);
        row("a CA that the system trusts", SSL_AD_UNKNOWN_CA);
        row("self-signed", SSL_AD_UNKNOWN_CA);
        row("a server's certificate", SSL_AD_UNSUPPORTED_CERTIFICATE);
        row("of a client's certificate", SSL_AD_UNKNOWN_CA);
        row("none", version == TLS1_2_VERSION ? SSL_AD_HANDSHAKE_FAILURE : SSL_AD_CERTIFICATE_REQUIRED);
    }
}

void ClientCertTest::others_get_a_fatal_alert()
{
    QFETCH(QByteArray, who);
    QFETCH(int, version);
    QFETCH(int, alert);
    Gate gate;
    CredentialOptions options = gate.clientOptions();
    const Credential other = gate.authority(who.endsWith("same name") ? "clients' CA" : "another CA");
    const Credential client = makeCredential(options);
    if (who == "expired")
        options.from -= 24h;
    else if (who == "not yet valid")
        options.from += 24h;
    else if (who.startsWith("another CA"))
        options.issuer = &other;
    else if (who == "a CA that the system trusts") {
        qputenv("SSL_CERT_FILE", QByteArray::fromStdString(gate.write("system", other)));
        gate.server.stop();
        gate.server.start();
        options.issuer = &other;
    } else if (who == "self-signed")
        options.issuer = nullptr;
    else if (who == "a server's certificate")
        options.usage = "serverAuth";
    else if (who == "of a client's certificate") {
        options.issuer = &client;
        options.name = "deputy";
    }
    std::optional<Credential> shown;
    if (who != "none")
        shown = makeCredential(options);
    ByteClient refused = gate.connect(shown, version);
    qunsetenv("SSL_CERT_FILE");
    QVERIFY(refused.ends()); // of TLS 1.3 the client is done before the server has looked
    QCOMPARE(refused.alert(), alert);
    QVERIFY(eventually([&] { return gate.server.refused(Reason::TlsClientCert) == 1; }));
    const auto records = gate.server.audit(AuditKind::Refuse, Reason::TlsClientCert);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].address, std::string("127.0.0.1"));
    QCOMPARE(records[0].detail.empty(), who == "none"); // what was wrong with it, where there was one
    QVERIFY(eventually([&] { return gate.server.info().stats.pending == 0; }));
}

void ClientCertTest::the_names_of_the_cas_are_sent()
{
    QFETCH(int, version);
    Gate gate;
    ByteClient client = gate.connect(makeCredential(gate.clientOptions()), version);
    QVERIFY(client.connected());
    const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(client.ssl());
    QVERIFY(names);
    QCOMPARE(sk_X509_NAME_num(names), 1);
    char text[64] = {};
    X509_NAME_get_text_by_NID(sk_X509_NAME_value(names, 0), NID_commonName, text, sizeof text);
    QCOMPARE(std::string(text), std::string("clients' CA"));
}

void ClientCertTest::a_chain_over_its_depth_is_refused()
{
    Gate gate;
    std::vector<Credential> chain{gate.ca};
    for (int i = 1; i <= 4; ++i)
        chain.push_back(gate.authority("CA " + std::to_string(i), &chain.back()));
    CredentialOptions options = gate.clientOptions();
    options.issuer = &chain[3];
    QCOMPARE(gate.connect(makeCredential(options)).upgrade({}).status, 101);
    options.issuer = &chain[4];
    ByteClient refused = gate.connect(makeCredential(options));
    QVERIFY(refused.ends());
    QVERIFY(eventually([&] { return gate.server.refused(Reason::TlsClientCert) == 1; }));
}

void ClientCertTest::a_huge_chain_is_refused()
{
    Gate gate;
    Credential client = makeCredential(gate.clientOptions());
    const std::string stranger = gate.authority(std::string(60, 'x')).certificate;
    for (int i = 0; i < 120; ++i)
        client.certificate += stranger;
    ByteClient refused = gate.connect(client);
    QVERIFY(refused.ends());
    QVERIFY(eventually([&] { return gate.server.refused(Reason::TlsClientCert) == 1; }));
}

void ClientCertTest::the_gates_own_clock_decides_about_expiry()
{
    Gate gate;
    const Credential client = makeCredential(gate.clientOptions());
    QCOMPARE(gate.connect(client).upgrade({}).status, 101);
    gate.clock.stepWall(24h);
    ByteClient late = gate.connect(client);
    QVERIFY(late.ends());
    QCOMPARE(late.alert(), SSL_AD_CERTIFICATE_EXPIRED);
}

void ClientCertTest::a_bundle_that_is_no_ca_stops_the_start_data()
{
    QTest::addColumn<QByteArray>("what");
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("missing") << QByteArray("missing") << QByteArray("/listeners/0/tls/client_ca");
    QTest::newRow("empty") << QByteArray("") << QByteArray("it is empty");
    QTest::newRow("text") << QByteArray("not PEM at all\n") << QByteArray("holds no certificate");
    QTest::newRow("a key") << QByteArray("key") << QByteArray("holds no certificate");
    QTest::newRow("broken") << QByteArray("broken") << QByteArray("cannot be read");
    QTest::newRow("a client's") << QByteArray("client") << QByteArray("not a CA's: CN=client");
    QTest::newRow("one too many") << QByteArray("many") << QByteArray("more than 128");
}

void ClientCertTest::a_bundle_that_is_no_ca_stops_the_start()
{
    QFETCH(QByteArray, what);
    QFETCH(QByteArray, said);
    Gate gate;
    const Credential client = makeCredential(gate.clientOptions());
    const std::filesystem::path file = std::filesystem::path(gate.folder.path().toStdString()) / "bundle.pem";
    std::string text = what.toStdString();
    if (what == "key")
        text = client.key;
    else if (what == "broken")
        text = gate.ca.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    else if (what == "client")
        text = gate.ca.certificate + client.certificate;
    else if (what == "many")
        for (text.clear(); text.size() < 129 * gate.ca.certificate.size();)
            text += gate.ca.certificate;
    if (what != "missing")
        std::ofstream(file) << text;
    try {
        TestServer server([&](nlohmann::json& policy) { policy["listeners"][0]["tls"]["client_ca"] = file; });
        QFAIL("started");
    } catch (const std::runtime_error& error) {
        QVERIFY2(QByteArray(error.what()).contains(said), error.what());
        QVERIFY2(QByteArray(error.what()).contains("bundle.pem"), error.what());
    }
}

void ClientCertTest::a_listener_without_client_ca_asks_for_nothing()
{
    Gate gate;
    TestServer open;
    ByteClient::Options options;
    const Credential client = makeCredential(gate.clientOptions());
    bool asked = false;
    options.configure = [&](SSL_CTX* context) {
        useCredential(context, client);
        SSL_CTX_set_cert_cb(
            context,
            [](SSL*, void* flag) {
                *static_cast<bool*>(flag) = true;
                return 1;
            },
            &asked);
    };
    QCOMPARE(open.tls(options).upgrade({}).status, 101);
    QVERIFY(!asked);
}

QTEST_GUILESS_MAIN(ClientCertTest)
#include "clientcerttest.moc"
