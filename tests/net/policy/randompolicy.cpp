// SPDX-License-Identifier: GPL-3.0-or-later
#include "randompolicy.h"

#include "auth/token.h"

#include <openssl/ssl.h>

namespace gatehouse::test {

namespace {

NetworkRules denying(const std::string& network)
{
    return {{}, {*Network::parse(network)}};
}

} // namespace

LiveGate::Change RandomPolicy::change()
{
    Policy policy = m_base;
    for (int i = upTo(4); i > 0; --i) {
        switch (upTo(5)) {
        case 0:
            changeListener(policy);
            break;
        case 1:
            changeRequest(policy.routes[0]);
            break;
        case 2:
            changeToken(policy);
            break;
        case 3:
            changeAuthorization(policy);
            break;
        case 4:
            changeHub(policy);
            break;
        default:
            changeTimes(policy);
            break;
        }
    }
    return [policy](Policy& next) {
        const auto version = next.version;
        next = policy;
        next.version = version;
    };
}

void RandomPolicy::changeListener(Policy& policy)
{
    Listener& any = policy.listeners[static_cast<std::size_t>(upTo(2))];
    switch (upTo(4)) {
    case 0:
        any.networks = denying(oneOf<std::string>({"127.0.0.2/32", "127.50.0.1/32", "10.0.0.0/8"}));
        break;
    case 1:
        any.serverNames = {oneOf<std::string>({"localhost", "gate.example"})};
        break;
    case 2:
        policy.listeners[0].tls->minVersion = TlsVersion::Tls13;
        break;
    case 3:
        policy.listeners[2].trustedProxies = {*Network::parse("127.50.0.1/32")};
        break;
    default:
        std::swap(policy.listeners[0], policy.listeners[1]);
        std::swap(policy.listeners[0], policy.listeners[1]);
        break;
    }
}

void RandomPolicy::changeRequest(Route& route)
{
    switch (upTo(4)) {
    case 0:
        route.origins.erase(route.origins.begin() + upTo(static_cast<int>(route.origins.size()) - 1));
        break;
    case 1:
        route.subprotocols.allow.clear();
        break;
    case 2:
        route.subprotocols.require = flag();
        break;
    case 3:
        route.networks = denying(oneOf<std::string>({"192.0.2.0/25", "127.0.0.2/32", "198.51.100.0/24"}));
        break;
    default:
        route.path = oneOf<std::string>({"/hub/{channel}", "/other/{channel}"});
        break;
    }
}

void RandomPolicy::changeToken(Policy& policy)
{
    Issuer& issuer = policy.issuers[static_cast<std::size_t>(upTo(1))];
    Authentication& authentication = policy.routes[0].authentication;
    switch (upTo(7)) {
    case 0:
        authentication.issuers = {issuer.name};
        break;
    case 1:
        authentication.from.erase(authentication.from.begin());
        break;
    case 2:
        issuer.previous = {{"old.key", issuer.secret, flag() ? WallTime::max() : WallTime{}}};
        issuer.secret = std::string(43, 'n');
        break;
    case 3:
        issuer.algorithms = {oneOf<JwtAlgorithm>({JwtAlgorithm::HS256, JwtAlgorithm::HS512})};
        break;
    case 4:
        issuer.audience = oneOf<std::string>({"gatehouse", "another"});
        break;
    case 5:
        issuer.maxLifetime = std::chrono::minutes(1 + upTo(40));
        break;
    case 6:
        issuer.require.emplace_back(oneOf<std::string>({"jti", "badge"}));
        break;
    default:
        policy.routes[1].authentication.required = flag();
        break;
    }
}

void RandomPolicy::changeAuthorization(Policy& policy)
{
    const auto role = oneOf<std::string>({"reader", "editor", "guest"});
    switch (upTo(3)) {
    case 0:
        policy.routes[0].roles = {role};
        break;
    case 1:
        policy.channels.insert(policy.channels.begin(),
                               {oneOf<std::string>({"c.1*", "c.*2", "**"}), {role}, {role}, {}});
        break;
    case 2:
        std::erase(policy.roles, role);
        break;
    default:
        policy.issuers[static_cast<std::size_t>(upTo(1))].rolesAllowed = {role};
        break;
    }
}

void RandomPolicy::changeTimes(Policy& policy)
{
    Route& route = policy.routes[static_cast<std::size_t>(upTo(1))];
    (flag() ? route.sessionLifetime : route.idleTimeout) = std::chrono::minutes(1 + upTo(30));
}

/// What channels remember and who may ask for it: no session of a plain hub ends for that.
void RandomPolicy::changeHub(Policy& policy)
{
    ChannelRule& rule = policy.channels.back();
    switch (upTo(4)) {
    case 0:
        rule.history = HistoryRule{1 + static_cast<std::uint64_t>(upTo(9)),
                                   std::chrono::minutes(1 + upTo(9)),
                                   {oneOf<std::string>({"reader", "*", "anonymous"})}};
        break;
    case 1:
        rule.presence = {oneOf<std::string>({"reader", "*", "anonymous"})};
        break;
    case 2:
        rule.joinLeave = flag();
        rule.subscribeToken = flag();
        break;
    case 3:
        policy.channelsPerSession = 1 + static_cast<std::uint64_t>(upTo(9));
        policy.routes[0].messages.maxCommandsPerFrame = 1 + static_cast<std::uint64_t>(upTo(9));
        break;
    default:
        policy.limits.channels = 1 + static_cast<std::uint64_t>(upTo(9));
        policy.limits.memoryForHistory = 65536;
        break;
    }
}

RandomPolicy::Way RandomPolicy::way(int number, WallTime now)
{
    Way way;
    way.listener = oneOf<std::string>({"lab", "public", "edge"});
    way.options.source = way.listener == "edge" ? oneOf<std::string>({"127.50.0.1", "127.50.0.2"})
                                                : oneOf<std::string>({"127.0.0.1", "127.0.0.2"});
    if (way.listener == "edge")
        way.upgrade.headers.emplace_back("X-Forwarded-For", oneOf<std::string>({"192.0.2.1", "198.51.100.1"}));
    if (way.listener == "public" && flag())
        way.options.configure = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
    if (number % 2 == 0 && upTo(3) == 0)
        return way; // to /echo, anonymous
    way.upgrade.path = "/hub/c." + std::to_string(number);
    if (flag())
        way.upgrade.origin = oneOf<std::string>({"https://app.example", "https://next.example"});
    if (flag())
        way.upgrade.subprotocols = {"v1.plc"};
    Policy minting = m_base;
    if (flag())
        std::swap(minting.issuers[0], minting.issuers[1]);
    std::vector<std::string> roles;
    for (const char* role : {"reader", "editor"})
        if (flag())
            roles.emplace_back(role);
    const auto token =
        mintToken(minting, {"user" + std::to_string(number), roles, std::chrono::minutes(2 + upTo(60)), {}}, now);
    if (flag())
        way.upgrade.token = token.value();
    else
        way.upgrade.headers.emplace_back("Cookie", "t=" + token.value());
    return way;
}

} // namespace gatehouse::test
