// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulatedclient.h"

#include <QNetworkRequest>

namespace gatehouse::demo {

SimulatedClient::SimulatedClient(Behaviour behaviour, const QSslConfiguration& tls, std::uint32_t seed, QObject* parent)
    : QObject(parent)
    , m_behaviour(std::move(behaviour))
    , m_socket(m_behaviour.origin)
    , m_random(seed)
{
    m_socket.setSslConfiguration(tls);
    m_sending.setSingleShot(true);
    m_connecting.setSingleShot(true);
    connect(&m_connecting, &QTimer::timeout, this, &SimulatedClient::connectNow);
    connect(&m_sending, &QTimer::timeout, this, &SimulatedClient::sendBurst);
    connect(&m_socket, &QWebSocket::connected, this, [this] {
        if (m_behaviour.every.count() > 0)
            m_sending.start(spread(m_behaviour.every, 0.5));
    });
    connect(&m_socket, &QWebSocket::disconnected, this, &SimulatedClient::connectLater);
    connect(&m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this,
            &SimulatedClient::connectLater);
}

void SimulatedClient::start()
{
    m_connecting.start(spread(std::chrono::milliseconds(1000), 0.9));
}

void SimulatedClient::connectNow()
{
    QNetworkRequest request(m_behaviour.url);
    if (const QString token = m_behaviour.token(); !token.isEmpty())
        request.setRawHeader("Authorization", "Bearer " + token.toUtf8());
    m_socket.open(request);
}

void SimulatedClient::sendBurst()
{
    if (m_socket.state() != QAbstractSocket::ConnectedState)
        return;
    for (int i = 0; i < m_behaviour.burst; ++i)
        m_socket.sendTextMessage(QStringLiteral("{\"from\":\"%1\",\"n\":%2}").arg(m_behaviour.user).arg(++m_sent));
    m_sending.start(spread(m_behaviour.every, 0.5));
}

void SimulatedClient::connectLater()
{
    m_sending.stop();
    if (!m_connecting.isActive())
        m_connecting.start(spread(m_behaviour.retry, 0.3));
}

std::chrono::milliseconds SimulatedClient::spread(std::chrono::milliseconds time, double by)
{
    std::uniform_real_distribution<double> factor(1 - by, 1 + by);
    return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * factor(m_random)));
}

} // namespace gatehouse::demo
