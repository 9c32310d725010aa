// SPDX-License-Identifier: GPL-3.0-or-later
#include "testca.h"
#include "testserver.h"

#include <QTest>

#include <openssl/ssl.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// A server whose TLS listener takes the clients of one CA, with a route for each kind of name.
struct Gate {
    ManualClock clock;
    QTemporaryDir folder;
    Credential ca = authority();
    TestServer server{[this](nlohmann::json& policy) { prepare(policy); }, &clock};

    [[nodiscard]] Credential authority() const
    {
        CredentialOptions options;
        options.name = "clients' CA";
        options.authority = true;
        options.from = clock.wall() - 1h;
        options.lasts = 24h * 100;
        return makeCredential(options);
    }
    void prepare(nlohmann::json& policy) const
    {
        const std::filesystem::path at = folder.path().toStdString();
        writeCredential(at, "ca", ca);
        policy["listeners"][0]["tls"]["client_ca"] = at / "ca.pem";
        policy["roles"] = {{"editor", nlohmann::json::object()}};
        const auto add = [&](const std::string& name, const nlohmann::json& from, const nlohmann::json& roles) {
            nlohmann::json route = policy["routes"][1];
            route["name"] = name;
            route["path"] = "/" + name;
            route["authentication"] = {{"required", true}, {"from", from}};
            route["roles"] = roles;
            policy["routes"].push_back(route);
        };
        for (const char* kind : {"cn", "san_dns", "san_email"})
            add(kind, {{{"certificate", kind}}}, nlohmann::json::array());
        add("both", {{{"certificate", "cn"}}, "authorization"}, nlohmann::json::array());
        add("editors", {{{"certificate", "cn"}}}, {"editor"});
    }
    [[nodiscard]] Credential client(const std::string& name, const std::string& alternatives = {}) const
    {
        CredentialOptions options;
        options.name = name;
        options.alternatives = alternatives;
        options.from = clock.wall() - 1h;
        options.issuer = &ca;
        return makeCredential(options);
    }
    [[nodiscard]] ByteClient connect(const Credential& credential) const
    {
        ByteClient::Options options;
        options.configure = [&](SSL_CTX* context) { useCredential(context, credential); };
        return server.tls(options);
    }
    [[nodiscard]] int status(const Credential& credential, const std::string& path,
                             const std::optional<std::string>& token = std::nullopt) const
    {
        UpgradeOptions upgrade;
        upgrade.path = path;
        upgrade.token = token;
        return connect(credential).upgrade(upgrade).status;
    }
};

} // namespace

class CertificateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_name_of_the_certificate_is_the_user_data();
    void a_name_of_the_certificate_is_the_user();
    void a_certificate_without_one_such_name_is_no_token();
    void a_certificate_beside_a_token_is_ambiguous();
    void a_certificate_gives_no_role();
    void a_session_ends_with_its_certificate();
    void over_a_listener_without_client_ca_there_is_none();
};

void CertificateTest::a_name_of_the_certificate_is_the_user_data()
{
    QTest::addColumn<std::string>("path");
    QTest::addColumn<std::string>("user");
    QTest::newRow("cn") << std::string("/cn") << std::string("machine 7");
    QTest::newRow("san_dns") << std::string("/san_dns") << std::string("m7.plant.example");
    QTest::newRow("san_email") << std::string("/san_email") << std::string("m7@plant.example");
}

void CertificateTest::a_name_of_the_certificate_is_the_user()
{
    QFETCH(std::string, path);
    QFETCH(std::string, user);
    const Gate gate;
    ByteClient client = gate.connect(gate.client("machine 7", "DNS:m7.plant.example,email:m7@plant.example"));
    UpgradeOptions upgrade;
    upgrade.path = path;
    QCOMPARE(client.upgrade(upgrade).status, 101);
    const auto sessions = gate.server.sessions();
    QCOMPARE(sessions.size(), std::size_t{1});
    const SessionInfo& info = *sessions[0].info;
    QCOMPARE(info.user, user);
    QCOMPARE(info.issuer, std::string("certificate"));
    QVERIFY(info.roles.empty());
    QVERIFY(!info.tokenId.empty() && info.tokenId.find_first_not_of("0123456789ABCDEF") == std::string::npos);
    QVERIFY(info.tokenExpires.has_value());
    const auto left = *info.tokenExpires - gate.clock.wall();
    QVERIFY(left > 22h && left <= 23h);
}

void CertificateTest::a_certificate_without_one_such_name_is_no_token()
{
    const Gate gate;
    QCOMPARE(gate.status(gate.client("m7"), "/san_dns"), 401);
    QCOMPARE(gate.status(gate.client("m7", "DNS:a.example,DNS:b.example"), "/san_dns"), 401);
    QCOMPARE(gate.status(gate.client("m\n7"), "/cn"), 401);
    QCOMPARE(gate.server.refused(Reason::AuthMissing), 3u);
    QCOMPARE(gate.status(gate.client("m7"), "/echo"), 101); // which does not look
}

void CertificateTest::a_certificate_beside_a_token_is_ambiguous() // row 33
{
    const Gate gate;
    const std::string token = gate.server.token("ann");
    const Credential named = gate.client("m7");
    QCOMPARE(gate.status(named, "/both"), 101);
    QCOMPARE(gate.status(named, "/both", token), 400);
    QCOMPARE(gate.status(gate.client("m\n7"), "/both", token), 101);
    QCOMPARE(gate.status(named, "/cn", token), 101); // where it is not looked at
    QCOMPARE(gate.server.refused(Reason::AuthAmbiguous), 1u);
}

void CertificateTest::a_certificate_gives_no_role() // row 42
{
    const Gate gate;
    QCOMPARE(gate.status(gate.client("m7"), "/editors"), 403);
    QCOMPARE(gate.server.refused(Reason::Authz), 1u);
}

void CertificateTest::a_session_ends_with_its_certificate() // row 44
{
    Gate gate;
    ByteClient client = gate.connect(gate.client("m7"));
    UpgradeOptions upgrade;
    upgrade.path = "/cn";
    QCOMPARE(client.upgrade(upgrade).status, 101);
    gate.clock.advance(23h + 1s);
    const Incoming end = client.closing();
    QCOMPARE(int(end.code), 4401);
    QCOMPARE(end.payload, std::string("expired"));
}

void CertificateTest::over_a_listener_without_client_ca_there_is_none()
{
    const Gate gate;
    UpgradeOptions upgrade;
    upgrade.path = "/cn";
    QCOMPARE(gate.server.plain().upgrade(upgrade).status, 401);
}

QTEST_GUILESS_MAIN(CertificateTest)
#include "certificatetest.moc"
