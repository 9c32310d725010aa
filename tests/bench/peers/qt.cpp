// SPDX-License-Identifier: GPL-3.0-or-later
// Echo on /echo, everybody's messages to everybody else on /all: a QWebSocketServer of a page, as Qt's own examples have it.
#include <QCoreApplication>
#include <QFile>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QWebSocket>
#include <QWebSocketServer>

#include <cstdio>

namespace {

QByteArray contents(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication app(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() != 4)
        return 64;
    QSslConfiguration tls;
    tls.setLocalCertificateChain(QSslCertificate::fromData(contents(arguments[2])));
    tls.setPrivateKey(QSslKey(contents(arguments[3]), QSsl::Ec));
    tls.setPeerVerifyMode(QSslSocket::VerifyNone);

    QWebSocketServer server(QStringLiteral("peer"), QWebSocketServer::SecureMode);
    server.setSslConfiguration(tls);
    QSet<QWebSocket*> all;
    QObject::connect(&server, &QWebSocketServer::newConnection, [&] {
        QWebSocket* socket = server.nextPendingConnection();
        QObject::connect(socket, &QWebSocket::disconnected, [&all, socket] {
            all.remove(socket);
            socket->deleteLater();
        });
        if (socket->requestUrl().path() != QStringLiteral("/all")) {
            QObject::connect(socket, &QWebSocket::textMessageReceived, socket, &QWebSocket::sendTextMessage);
            return;
        }
        all.insert(socket);
        QObject::connect(socket, &QWebSocket::textMessageReceived, [&all, socket](const QString& text) {
            for (QWebSocket* other : std::as_const(all))
                if (other != socket)
                    other->sendTextMessage(text);
        });
    });
    if (!server.listen(QHostAddress::LocalHost, arguments[1].toUShort()))
        return 1;
    std::puts("ready");
    std::fflush(stdout);
    return QCoreApplication::exec();
}
