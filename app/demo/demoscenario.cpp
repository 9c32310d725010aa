// SPDX-License-Identifier: GPL-3.0-or-later
#include "demoscenario.h"

#include "auth/token.h"

#include <QFile>
#include <QSslCertificate>

#include <algorithm>

namespace gatehouse::demo {

namespace {

using namespace std::chrono_literals;

struct Steady {
    const char* user;
    const char* channel;
    std::chrono::milliseconds every;
};

constexpr Steady steadyUsers[] = {
    {"alice", "chat.lobby", 1200ms},     {"bjorn", "chat.lobby", 2500ms},     {"mei", "chat.lobby", 4000ms},
    {"omar", "chat.shift", 9000ms},      {"priya", "chat.shift", 6000ms},     {"line-1-plc", "chat.line-1", 90ms},
    {"line-2-plc", "chat.line-2", 60ms}, {"scada-ro", "chat.line-1", 0ms},    {"svc-report", "chat.line-2", 700ms},
    {"kiosk-02", "chat.lobby", 15000ms}, {"kiosk-07", "chat.lobby", 20000ms}, {"svc-mail", "chat.shift", 0ms},
};

std::string mint(const Policy& policy, const std::string& user, WallTime now)
{
    TokenRequest request;
    request.user = user;
    request.roles = policy.roles.empty() ? std::vector<std::string>() : std::vector<std::string>{policy.roles.front()};
    const auto token = mintToken(policy, request, now);
    return token ? *token : std::string();
}

std::string forged(std::string token)
{
    if (!token.empty())
        token.back() = token.back() == 'A' ? 'E' : 'A'; // another signature, of the right form
    return token;
}

/// One after the other: no token, an expired one, a wrong origin's … and, rarely, a forged one.
QString refusedToken(const Policy& policy, int attempt)
{
    const SystemClock clock;
    switch (attempt % 6) {
    case 0:
    case 3:
        return {};
    case 5:
        return QString::fromStdString(forged(mint(policy, "guest-118", clock.wall())));
    default:
        return QString::fromStdString(mint(policy, "guest-118", clock.wall() - std::chrono::hours(30)));
    }
}

} // namespace

Result<std::vector<std::unique_ptr<SimulatedClient>>, std::string>
makeScenario(const std::shared_ptr<const Policy>& policy, quint16 port)
{
    const auto route = std::ranges::find(policy->routes, RouteKind::Plain, &Route::kind);
    const auto listener =
        std::ranges::find_if(policy->listeners, [](const Listener& one) { return one.tls.has_value(); });
    if (route == policy->routes.end() || listener == policy->listeners.end())
        return Failure{std::string("the demo needs a listener with TLS and a route with the plain hub")};
    const auto caFile = listener->tls->certificate.parent_path() / "ca.pem";
    const auto authorities = QSslCertificate::fromPath(QString::fromStdString(caFile.string()));
    if (authorities.isEmpty())
        return Failure{"the demo's clients trust the CA in " + caFile.string() + ", which cannot be read"};
    if (mint(*policy, "alice", SystemClock().wall()).empty())
        return Failure{std::string("the demo needs an issuer of its own with HS256")};

    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setCaCertificates(authorities);
    const auto url = [&](const char* channel) {
        QString path = QString::fromStdString(route->path);
        path.replace(QStringLiteral("{channel}"), QString::fromLatin1(channel));
        return QUrl(QStringLiteral("wss://localhost:%1%2").arg(port).arg(path));
    };
    std::vector<std::unique_ptr<SimulatedClient>> clients;
    const auto add = [&](Behaviour behaviour) {
        clients.push_back(std::make_unique<SimulatedClient>(std::move(behaviour), tls,
                                                            static_cast<std::uint32_t>(clients.size() + 1)));
    };
    const auto goodToken = [policy](const char* user) {
        return [policy, name = std::string(user)] {
            return QString::fromStdString(mint(*policy, name, SystemClock().wall()));
        };
    };
    for (const Steady& steady : steadyUsers)
        add({QString::fromLatin1(steady.user),
             url(steady.channel),
             {},
             goodToken(steady.user),
             steady.every,
             1,
             5000ms});
    // Over the default rate of 50 a second with a burst of 100: limited after some seconds, closed after three
    // refusals.
    add({QStringLiteral("line-3-plc"), url("chat.line-3"), {}, goodToken("line-3-plc"), 34ms, 2, 8000ms});
    auto attempt = std::make_shared<int>(0);
    add({QStringLiteral("guest-118"),
         url("chat.lobby"),
         {},
         [policy, attempt] { return refusedToken(*policy, (*attempt)++); },
         0ms,
         0,
         2500ms});
    return clients;
}

} // namespace gatehouse::demo
