// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSslConfiguration>
#include <QTimer>
#include <QUrl>
#include <QWebSocket>

#include <functional>
#include <random>

namespace gatehouse::demo {

/// How one simulated client behaves.
struct Behaviour {
    QString user;
    QUrl url;
    QString origin;                        ///< empty: none is sent
    std::function<QString()> token;        ///< asked for at each connect; may answer a bad one, or an empty one
    std::chrono::milliseconds every{1000}; ///< between messages, ±50 %; zero: never sends
    int burst = 1;                         ///< messages at once
    std::chrono::milliseconds retry{5000}; ///< before it connects again, ±30 %
};

/// A WebSocket client of Qt's, over loopback, that connects, sends, reads, and comes back. Owner: the main thread.
class SimulatedClient final : public QObject {
    Q_OBJECT
public:
    SimulatedClient(Behaviour behaviour, const QSslConfiguration& tls, std::uint32_t seed, QObject* parent = nullptr);
    void start();

private:
    void connectNow();
    void sendBurst();
    void connectLater();
    [[nodiscard]] std::chrono::milliseconds spread(std::chrono::milliseconds time, double by);

    Behaviour m_behaviour;
    QWebSocket m_socket;
    QTimer m_sending;
    QTimer m_connecting;
    std::mt19937 m_random;
    quint64 m_sent = 0;
};

} // namespace gatehouse::demo
