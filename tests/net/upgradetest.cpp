// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

class UpgradeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void the_subprotocol_is_echoed_and_never_the_token();
    void a_frame_in_a_record_of_its_own_behind_the_head_is_early();
    void a_refusal_closes_and_reaches_a_peer_that_goes_on_sending();
    void a_refusal_reaches_a_half_closed_peer();

private:
    std::unique_ptr<TestServer> m_server;
};

void UpgradeTest::initTestCase()
{
    m_server = std::make_unique<TestServer>();
}

void UpgradeTest::cleanupTestCase()
{
    m_server.reset();
}

void UpgradeTest::the_subprotocol_is_echoed_and_never_the_token()
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    const std::string token = m_server->token("ann");
    options.subprotocols = {"mqtt", "gatehouse, bearer." + token};
    ByteClient client = m_server->plain();
    const HttpAnswer answer = client.upgrade(options);
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Protocol"), std::string("gatehouse"));
    QVERIFY(answer.text.find(token) == std::string::npos);
}

void UpgradeTest::a_frame_in_a_record_of_its_own_behind_the_head_is_early() // row 23
{
    const std::uint64_t before = m_server->refused(Reason::HsEarlyData);
    ByteClient client = m_server->tls();
    client.hold(true);
    QVERIFY(client.send(upgradeText({})));
    QVERIFY(client.frame(wire::Opcode::Text, "early"));
    client.hold(false);
    QCOMPARE(client.request({}).status, 400);
    QCOMPARE(m_server->refused(Reason::HsEarlyData), before + 1);
}

void UpgradeTest::a_refusal_closes_and_reaches_a_peer_that_goes_on_sending()
{
    UpgradeOptions nowhere;
    nowhere.path = "/nothing";
    ByteClient client = m_server->plain();
    QVERIFY(client.send(upgradeText(nowhere)));
    const std::string more(1 << 20, 'x');
    QVERIFY(client.send(more));
    QCOMPARE(client.request({}).status, 404);
}

void UpgradeTest::a_refusal_reaches_a_half_closed_peer()
{
    UpgradeOptions nowhere;
    nowhere.path = "/nothing";
    for (const bool tls : {false, true}) {
        ByteClient client = tls ? m_server->tls() : m_server->plain();
        QVERIFY(client.send(upgradeText(nowhere)));
        client.shutdownWrite();
        QCOMPARE(client.request({}).status, 404);
        QVERIFY(client.ends());
        QVERIFY(!client.wasReset());
    }
}

QTEST_GUILESS_MAIN(UpgradeTest)
#include "upgradetest.moc"
