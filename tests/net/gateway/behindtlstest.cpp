// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

#include <fstream>

using namespace gatehouse;
using namespace gatehouse::test;

/// An application that is reached over TLS and asks for a token of its own: a second gate, with an echo.
class GatewayBehindTlsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_application_behind_tls_echoes();
};

namespace {

std::filesystem::path authorityOf(const TestServer& application)
{
    return application.policyFile().parent_path() / "tls/ca.pem";
}

/// A gate in front of `url`; `keys` are more of the gateway's.
TestServer gateTo(const std::string& url, const nlohmann::json& keys)
{
    return TestServer([&](nlohmann::json& policy) {
        nlohmann::json route = gatewayRoute({url});
        route["gateway"].update(keys);
        policy["routes"].push_back(route);
    });
}

std::string urlOf(const TestServer& application)
{
    return "wss://localhost:" + std::to_string(application.port("public")) + "/echo";
}

UpgradeOptions asking()
{
    UpgradeOptions options;
    options.path = "/app/";
    return options;
}

} // namespace

void GatewayBehindTlsTest::an_application_behind_tls_echoes()
{
    const TestServer application([](nlohmann::json& policy) {
        policy["routes"].back()["authentication"] = {{"required", true}};
    });
    const std::filesystem::path secret = application.policyFile().parent_path() / "upstream.header";
    std::ofstream(secret) << "Authorization: Bearer " << application.token("gate") << '\n';
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const TestServer gate =
        gateTo(urlOf(application), {{"ca", authorityOf(application).string()}, {"auth_header_file", secret.string()}});
    ByteClient client = gate.plain();
    QCOMPARE(client.upgrade(asking()).status, 101);
    for (const std::size_t size : {0U, 1U, 125U, 126U, 65'000U}) {
        const std::string text(size, 'x');
        QVERIFY(client.text(text));
        QCOMPARE(client.nextData().payload, text);
    }
    const auto sessions = application.sessions();
    QCOMPARE(sessions.size(), std::size_t{1});
    QCOMPARE(sessions[0].info->user, std::string("gate"));
    QVERIFY(client.close(4001, "done"));
    QCOMPARE(int(client.closing().code), 4001);
    QVERIFY(eventually([&] { return application.sessions().empty() && gate.sessions().empty(); }));
    const auto closed = application.audit(AuditKind::Close, Reason::PeerClosed);
    QCOMPARE(closed.size(), std::size_t{1});
    QCOMPARE(int(closed[0].code), 4001);
}

QTEST_GUILESS_MAIN(GatewayBehindTlsTest)
#include "behindtlstest.moc"
