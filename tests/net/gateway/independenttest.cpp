// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include "gatewaydesk.h"

#include <QTest>
#include <QWebSocket>
#include <QWebSocketServer>

using namespace gatehouse;
using namespace gatehouse::test;

/// An application and a client that are not ours, with the gate between them.
class IndependentTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_echo_answers_through_the_gate();
};

void IndependentTest::an_echo_answers_through_the_gate()
{
    QWebSocketServer echo(QStringLiteral("echo"), QWebSocketServer::NonSecureMode);
    QVERIFY(echo.listen(QHostAddress::LocalHost));
    connect(&echo, &QWebSocketServer::newConnection, &echo, [&echo] {
        QWebSocket* peer = echo.nextPendingConnection();
        peer->setParent(&echo);
        connect(peer, &QWebSocket::textMessageReceived, peer, &QWebSocket::sendTextMessage);
        connect(peer, &QWebSocket::binaryMessageReceived, peer, &QWebSocket::sendBinaryMessage);
    });
    TestServer server([&](nlohmann::json& policy) {
        nlohmann::json route = gatewayRoute({"ws://127.0.0.1:" + std::to_string(echo.serverPort()) + "/"});
        route["origins"] = {"none", "http://app.example"};
        policy["routes"].push_back(route);
    });
    QWebSocket client(QStringLiteral("http://app.example"));
    QStringList texts;
    QByteArray bytes;
    connect(&client, &QWebSocket::textMessageReceived, &client, [&](const QString& text) { texts.append(text); });
    connect(&client, &QWebSocket::binaryMessageReceived, &client, [&](const QByteArray& all) { bytes = all; });
    client.open(QUrl(QStringLiteral("ws://127.0.0.1:%1/app/echo").arg(server.port())));
    QTRY_COMPARE(client.state(), QAbstractSocket::ConnectedState);
    for (int i = 0; i < 100; ++i)
        client.sendTextMessage(QStringLiteral("Jörg %1").arg(i));
    QTRY_COMPARE(texts.size(), 100);
    QCOMPARE(texts.last(), QStringLiteral("Jörg 99"));
    const QByteArray large(60'000, '\xff');
    client.sendBinaryMessage(large);
    QTRY_VERIFY(bytes == large);
    client.close(QWebSocketProtocol::CloseCodeGoingAway, QStringLiteral("done"));
    QTRY_COMPARE(client.state(), QAbstractSocket::UnconnectedState);
    QTRY_COMPARE(server.sessions().size(), std::size_t{0});
}

QTEST_GUILESS_MAIN(IndependentTest)
#include "independenttest.moc"
