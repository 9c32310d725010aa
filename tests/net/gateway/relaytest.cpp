// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// What goes through between a client and an application behind the gate.
class RelayTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_message_goes_to_the_application_and_its_answer_back();
};

void RelayTest::a_message_goes_to_the_application_and_its_answer_back()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QCOMPARE(pair.answer.status, 101);
    QVERIFY(pair.client.text("ping?"));
    Incoming heard = pair.peer.nextData();
    QCOMPARE(heard.kind, Incoming::Kind::Message);
    QCOMPARE(heard.payload, std::string("ping?"));
    QVERIFY(pair.peer.text("pong!"));
    heard = pair.client.nextData();
    QCOMPARE(heard.kind, Incoming::Kind::Message);
    QCOMPARE(heard.payload, std::string("pong!"));
    QVERIFY(pair.client.close(3000, "done"));
    heard = pair.peer.closing();
    QCOMPARE(heard.kind, Incoming::Kind::Close);
    QCOMPARE(int(heard.code), 3000);
}

QTEST_GUILESS_MAIN(RelayTest)
#include "relaytest.moc"
