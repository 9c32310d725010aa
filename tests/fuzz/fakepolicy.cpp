// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakegate.h"

#include "auth/token.h"
#include "check.h"

namespace gatehouse::fuzz {

namespace {

using namespace std::chrono_literals;

Issuer localIssuer()
{
    Issuer issuer;
    issuer.name = "local";
    issuer.algorithms = {JwtAlgorithm::HS256};
    issuer.secret = "0123456789abcdef0123456789abcdef";
    issuer.issuer = issuer.audience = "gatehouse";
    issuer.rolesAllowed = {"*"};
    issuer.leeway = 1s;
    return issuer;
}

/// A one-time token is claimed at the door.
Issuer onceIssuer()
{
    Issuer issuer = localIssuer();
    issuer.name = "once";
    issuer.secret = "fedcba9876543210fedcba9876543210";
    issuer.issuer = "once";
    issuer.oneTime = true;
    return issuer;
}

Listener listener(std::string name, bool tls)
{
    Listener made;
    made.name = std::move(name);
    if (tls) {
        made.tls = ListenerTls{};
        made.tls->handshakeTimeout = 300ms;
    }
    return made;
}

Limits limits()
{
    Limits made;
    made.sessions = 3;
    made.sessionsPerIp = 2;
    made.sessionsPerUser = 1;
    made.pending = 3;
    made.pendingPerIp = 2;
    made.connectsPerIp.reset();
    made.authFailuresPerIp = AuthFailureLimit{2, 500ms, 1s};
    made.messagesPerUser = Rate{40, 1s, 60};
    made.bytesPerUser = Rate{2048, 1s, 4096};
    made.messagesPerIp = Rate{60, 1s, 80};
    made.requestLine = 256;
    made.requestTarget = 64;
    made.requestHeader = 512;
    made.requestHead = 1024;
    made.requestHeaders = 12;
    made.requestTimeout = 1s;
    made.closeTimeout = 500ms;
    made.channelName = 16;
    return made;
}

Route route(std::string name, std::string path, RouteKind kind)
{
    Route made;
    made.name = std::move(name);
    made.path = std::move(path);
    made.kind = kind;
    made.authentication.required = false;
    made.messages.binary = true;
    made.messages.maxSize = 512;
    made.messages.maxFragments = 4;
    made.messages.completeWithin = 1s;
    made.messages.rate = Rate{20, 1s, 30};
    made.messages.violationsWithin = 5s;
    made.idleTimeout = 6s;
    made.ping = Ping{2s, 1s};
    made.sendBuffer = 4096;
    return made;
}

Policy policy()
{
    Policy made;
    made.listeners = {listener("plain", false), listener("tls", true), listener("behind", false),
                      listener("proxied", true)};
    made.listeners[2].trustedProxies = {Network::parse("192.0.2.0/24").value()};
    made.listeners[3].trustedProxies = {Network::parse("192.0.2.0/24").value()};
    made.listeners[3].proxyHeader = ProxyHeader::ProxyProtocol;
    made.issuers = {localIssuer(), onceIssuer()};
    made.roles = {"editor", "reader"};
    made.limits = limits();
    made.routes = {route("echo", "/echo", RouteKind::Echo),   route("hub", "/hub/{channel}", RouteKind::Plain),
                   route("slow", "/slow", RouteKind::Echo),   route("wide", "/wide", RouteKind::Echo),
                   route("first", "/first", RouteKind::Echo), route("app", "/app", RouteKind::Gateway)};
    made.routes[5].gateway = Gateway{};
    made.routes[5].gateway->connectTimeout = 500ms;
    made.routes[5].messages.onExcess = OnExcess::Throttle;
    made.routes[5].subprotocols.allow = {"chat"};
    made.routes[4].authentication.required = true;
    made.routes[4].authentication.from = {TokenPlace::Authorization, TokenPlace::FirstMessage};
    made.routes[4].authentication.firstMessageWithin = 700ms;
    made.routes[4].compression = Compression{4096, 16};
    made.routes[4].networks.deny = {Network::parse("198.51.100.66").value()};
    made.routes[1].authentication.required = true;
    made.routes[1].messages.binary = false;
    made.routes[1].sendBuffer = 1024;
    made.routes[1].idleTimeout.reset();
    made.routes[2].sendBuffer = 1;
    made.routes[2].ping.reset();
    made.routes[2].messages.rate.reset();
    made.routes[3].messages.rate.reset();
    made.routes[3].messages.maxSize = 65536;
    made.routes[3].sendBuffer = 1U << 20U;
    made.routes[3].compression = Compression{4096, 16};
    made.routes[1].compression = Compression{256, 1};
    made.channels = {{"news.*", {"*"}, {"editor"}}, {"user.{user}", {"*"}, {"*"}}};
    return made;
}

std::shared_ptr<const PolicyGeneration> generationOf(const Policy& made)
{
    auto generation = std::make_shared<PolicyGeneration>();
    generation->policy = std::make_shared<const Policy>(made);
    generation->tls.resize(made.listeners.size()); // a FakeTransport brings its own
    generation->keys = IssuerKeys::make(made, {}).value();
    return generation;
}

std::string mint(std::string user, std::string role, std::chrono::seconds ttl, bool once = false)
{
    Policy made = policy();
    if (once)
        made.issuers = {onceIssuer()};
    auto token = mintToken(made, {std::move(user), {std::move(role)}, ttl, {}}, test::ManualClock().wall());
    CHECK(token.ok());
    return *token;
}

} // namespace

std::shared_ptr<const PolicyGeneration> firstPolicy()
{
    static const auto made = generationOf(policy());
    return made;
}

std::shared_ptr<const PolicyGeneration> secondPolicy()
{
    static const auto made = [] {
        Policy other = policy();
        other.version = 2;
        other.limits.requestHead = 400;
        other.limits.sessions = 1;
        other.limits.closeTimeout = 100ms;
        other.routes[0].messages.maxSize = 16;
        other.routes[0].messages.text = false;
        other.routes[0].origins.push_back({OriginRule::Kind::Any, {}, {}, 0, "*"});
        other.routes[1].ping.reset();
        other.routes[1].idleTimeout = 1s;
        return generationOf(other);
    }();
    return made;
}

const std::string& tokenText(Token token)
{
    static const std::vector<std::string> texts{"",
                                                mint("ann", "editor", 1h),
                                                mint("bob", "reader", 1h),
                                                mint("eve", "editor", 5s),
                                                mint("mal", "editor", 1h) + "x",
                                                mint("one", "editor", 1h, true)};
    return texts[static_cast<std::size_t>(token)];
}

} // namespace gatehouse::fuzz
