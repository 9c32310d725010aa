// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/listenermoves.h"
#include "net/reevaluation.h"
#include "policy/decide.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};
constexpr WallTime wall{1'800'000'000'000ms};

Listener listener(const char* name, std::uint16_t port)
{
    Listener made;
    made.name = name;
    made.address = *IpAddress::parse("127.0.0.1");
    made.port = port;
    return made;
}

Policy sample()
{
    Policy policy;
    policy.listeners = {listener("lab", 8080)};
    Route route;
    route.name = "echo";
    route.path = "/echo";
    route.kind = RouteKind::Echo;
    route.authentication.required = false;
    route.authentication.from.push_back(TokenPlace::Certificate);
    route.messages.rate = Rate{100, 1s, 100};
    policy.routes = {route};
    policy.limits.messagesPerUser = Rate{500, 1s, 500};
    return policy;
}

PolicyGeneration generation(Policy policy)
{
    PolicyGeneration made;
    made.policy = std::make_shared<const Policy>(std::move(policy));
    return made;
}

LiveSession session(std::uint64_t id, double messages = 0)
{
    auto facts = std::make_shared<SessionFacts>();
    facts->id = {id};
    facts->listener = {"lab", *IpAddress::parse("127.0.0.1"), 8080, false, {}};
    facts->peer = facts->client = *IpAddress::parse("192.0.2.7");
    facts->path = "/echo";
    facts->host = "localhost";
    facts->kind = RouteKind::Echo;
    facts->opened = start;
    facts->openedWall = wall;
    auto info = std::make_shared<SessionInfo>();
    info->id = {id};
    info->route = "echo";
    return {facts, info, messages, 0, start};
}

/// As a certificate of this name let it in.
LiveSession certified(std::uint64_t id, const std::string& name, double messages)
{
    LiveSession made = session(id, messages);
    auto facts = std::make_shared<SessionFacts>(*made.facts);
    facts->certificate = std::make_shared<ClientCertificate>(
        ClientCertificate{{name}, {"host." + name}, {}, "01", wall - 1h, wall + 1h});
    facts->source = TokenSource{TokenPlace::Certificate, {}};
    facts->who.issuer = certificateIssuer;
    facts->who.user = name;
    facts->listener.tls = true;
    facts->listener.clientCa = "/ca.pem";
    facts->tlsVersion = "1.3";
    made.facts = facts;
    return made;
}

Policy withTls(Policy policy)
{
    policy.listeners[0].tls = ListenerTls{};
    policy.listeners[0].tls->clientCa = "/ca.pem";
    return policy;
}

PolicyImpact assess(const Policy& running, const Policy& next, const std::vector<LiveSession>& sessions,
                    std::chrono::milliseconds within = 10s)
{
    return assessPolicy(generation(running), generation(next), sessions, start + 1min, wall + 1min, within);
}

} // namespace

class PolicyReevaluationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void close_codes_tell_who_from_time_from_the_rest_data();
    void close_codes_tell_who_from_time_from_the_rest();
    void a_certificate_must_name_the_same_user_data();
    void a_certificate_must_name_the_same_user();
    void a_certificate_is_nobody_where_none_is_asked_for();
    void whoever_is_over_a_rate_and_was_not_is_limited_data();
    void whoever_is_over_a_rate_and_was_not_is_limited();
    void the_sessions_of_a_user_that_stay_are_counted_together();
    void what_takes_too_long_is_said();
    void rows_are_by_id();
    void a_lockdown_spares_whom_the_new_lists_name();
    void a_token_that_got_in_by_its_leeway_has_it_to_stay();
    void a_route_of_another_kind_ends_its_sessions_data();
    void a_route_of_another_kind_ends_its_sessions();
    void a_session_stays_where_its_upstream_is_no_longer_one();
    void listeners_are_known_again_data();
    void listeners_are_known_again();
};

void PolicyReevaluationTest::close_codes_tell_who_from_time_from_the_rest_data()
{
    QTest::addColumn<int>("reason");
    QTest::addColumn<int>("code");
    const auto row = [](Reason reason, int code) {
        QTest::newRow(std::string(reasonWord(reason)).c_str()) << int(reason) << code;
    };
    for (const Reason reason : {Reason::JwtAlg, Reason::JwtSig, Reason::JwtKid, Reason::JwtTime, Reason::JwtClaims,
                                Reason::AuthMissing, Reason::Expired, Reason::Revoked})
        row(reason, 4401);
    for (const Reason reason : {Reason::Lifetime, Reason::Idle})
        row(reason, 4408);
    for (const Reason reason :
         {Reason::Path, Reason::TlsVersion, Reason::TlsClientCert, Reason::Subprotocol, Reason::AuthzChannel,
          Reason::Authz, Reason::Origin, Reason::IpDenied, Reason::HsHost, Reason::Listener, Reason::Lockdown})
        row(reason, 4403);
}

void PolicyReevaluationTest::close_codes_tell_who_from_time_from_the_rest()
{
    QFETCH(int, reason);
    QFETCH(int, code);
    QCOMPARE(int(policyCloseCode(static_cast<Reason>(reason))), code);
}

void PolicyReevaluationTest::a_certificate_must_name_the_same_user_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<bool>("ends");
    QTest::newRow("the same name") << int(CertificateName::CommonName) << false;
    QTest::newRow("another name") << int(CertificateName::DnsName) << true;
    QTest::newRow("a name that it does not have") << int(CertificateName::Email) << true;
}

void PolicyReevaluationTest::a_certificate_must_name_the_same_user()
{
    QFETCH(int, kind);
    QFETCH(bool, ends);
    Policy next = withTls(sample());
    next.routes[0].authentication.certificate = static_cast<CertificateName>(kind);
    const PolicyImpact impact = assess(withTls(sample()), next, {certified(1, "ann", 0)});
    QCOMPARE(impact.ended.size(), std::size_t(ends));
    if (ends)
        QCOMPARE(impact.ended[0].why.reason, Reason::AuthMissing);
}

void PolicyReevaluationTest::a_certificate_is_nobody_where_none_is_asked_for()
{
    Policy next = withTls(sample());
    next.listeners[0].tls->clientCa.clear();
    const PolicyImpact impact = assess(withTls(sample()), next, {certified(1, "ann", 0)});
    QCOMPARE(impact.ended.at(0).why.reason, Reason::AuthMissing);
}

void PolicyReevaluationTest::whoever_is_over_a_rate_and_was_not_is_limited_data()
{
    QTest::addColumn<double>("met");
    QTest::addColumn<int>("count");
    QTest::addColumn<QByteArray>("words"); ///< empty: it is not limited
    QTest::newRow("within") << 53.0 << 53 << QByteArray();
    QTest::newRow("over") << 53.0 << 52 << QByteArray("53/s of 52/s");
    QTest::newRow("over before as well") << 101.0 << 52 << QByteArray();
    QTest::newRow("more is allowed") << 99.0 << 200 << QByteArray();
}

void PolicyReevaluationTest::whoever_is_over_a_rate_and_was_not_is_limited()
{
    QFETCH(double, met);
    QFETCH(int, count);
    QFETCH(QByteArray, words);
    Policy next = sample();
    const auto most = static_cast<std::uint64_t>(count);
    next.routes[0].messages.rate = Rate{most, 1s, most};
    const PolicyImpact impact = assess(sample(), next, {session(1, met)});
    QVERIFY(impact.ended.empty());
    QCOMPARE(impact.limited.size(), std::size_t(!words.isEmpty()));
    if (words.isEmpty())
        return;
    const AffectedSession& row = impact.limited[0];
    QCOMPARE(row.why.reason, Reason::RateSession);
    QCOMPARE(row.why.rule.pointer, std::string("/routes/0/messages/rate"));
    QCOMPARE(QByteArray::fromStdString(row.why.met + " of " + row.why.limit), words);
    QCOMPARE(int(row.code), 0);
}

void PolicyReevaluationTest::the_sessions_of_a_user_that_stay_are_counted_together()
{
    Policy next = withTls(sample());
    next.limits.messagesPerUser = Rate{100, 1s, 100};
    const std::vector<LiveSession> sessions{certified(1, "ann", 60), certified(2, "ann", 60), certified(3, "bob", 60)};
    const PolicyImpact impact = assess(withTls(sample()), next, sessions);
    QCOMPARE(impact.limited.size(), std::size_t(2));
    for (const AffectedSession& row : impact.limited) {
        QCOMPARE(row.user, std::string("ann"));
        QCOMPARE(row.why.reason, Reason::RateUser);
        QCOMPARE(row.why.met, std::string("120/s"));
    }
    std::vector<LiveSession> one = sessions;
    auto elsewhere = std::make_shared<SessionFacts>(*one[1].facts);
    elsewhere->path = "/gone";
    one[1].facts = elsewhere; // and so it does not stay
    QVERIFY(assess(withTls(sample()), next, one).limited.empty());
}

void PolicyReevaluationTest::what_takes_too_long_is_said()
{
    const PolicyImpact impact = assess(sample(), sample(), std::vector<LiveSession>(100, session(1)), 0ms);
    QCOMPARE(impact.sessions, std::uint64_t(100));
    QCOMPARE(impact.examined, std::uint64_t(0));
    QVERIFY(!impact.complete());
    QVERIFY(assess(sample(), sample(), std::vector<LiveSession>(100, session(1))).complete());
}

void PolicyReevaluationTest::rows_are_by_id()
{
    Policy next = sample();
    next.routes.clear();
    const PolicyImpact impact = assess(sample(), next, {session(9), session(3), session(5)});
    QCOMPARE(impact.ended.size(), std::size_t(3));
    QVERIFY(std::ranges::is_sorted(impact.ended, {}, &AffectedSession::id));
    QCOMPARE(impact.ended[0].route, std::string("echo"));
    QCOMPARE(impact.ended[0].address, std::string("192.0.2.7"));
}

void PolicyReevaluationTest::a_lockdown_spares_whom_the_new_lists_name()
{
    const Lockdown lockdown{};
    Policy next = sample();
    const auto ended = [&] {
        return assessPolicy(generation(sample()), generation(next), {session(1)}, start, wall, 1s, &lockdown).ended;
    };
    QCOMPARE(ended().at(0).why.reason, Reason::Lockdown);
    next.lockdown.networks = {*Network::parse("192.0.2.0/24")};
    QVERIFY(ended().empty());
}

void PolicyReevaluationTest::a_token_that_got_in_by_its_leeway_has_it_to_stay()
{
    Policy policy;
    Issuer issuer;
    issuer.name = "local";
    issuer.leeway = 30s;
    policy.issuers = {issuer};
    Identity who;
    who.issuer = "local";
    QVERIFY(!expiryOf(policy, who, start, wall));
    who.expires = wall + 10s;
    QVERIFY(expiryOf(policy, who, start, wall) == start + 10s);
    who.expires = wall - 10s;
    QVERIFY(expiryOf(policy, who, start, wall) == start + 20s);
}

void PolicyReevaluationTest::a_route_of_another_kind_ends_its_sessions_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::addColumn<QByteArray>("pointer");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("words");
    const auto row = [](const char* title, RouteKind from, RouteKind to, const char* pointer, const char* name,
                        const char* words) {
        QTest::newRow(title) << int(from) << int(to) << QByteArray(pointer) << QByteArray(name) << QByteArray(words);
    };
    row("echo, now a gateway", RouteKind::Echo, RouteKind::Gateway, "/routes/0/gateway", "echo › gateway",
        "echo gateway");
    row("plain, now a gateway", RouteKind::Plain, RouteKind::Gateway, "/routes/0/gateway", "echo › gateway",
        "plain gateway");
    row("a gateway, now echo", RouteKind::Gateway, RouteKind::Echo, "/routes/0/hub/protocol", "echo › hub › protocol",
        "gateway echo");
    row("a gateway, now plain", RouteKind::Gateway, RouteKind::Plain, "/routes/0/hub/protocol", "echo › hub › protocol",
        "gateway plain");
    row("echo, now plain", RouteKind::Echo, RouteKind::Plain, "/routes/0/hub/protocol", "echo › hub › protocol",
        "echo plain");
    row("echo, now centrifuge", RouteKind::Echo, RouteKind::Centrifuge, "/routes/0/hub/protocol",
        "echo › hub › protocol", "echo centrifuge");
    row("centrifuge, now plain", RouteKind::Centrifuge, RouteKind::Plain, "/routes/0/hub/protocol",
        "echo › hub › protocol", "centrifuge plain");
    row("centrifuge, now a gateway", RouteKind::Centrifuge, RouteKind::Gateway, "/routes/0/gateway", "echo › gateway",
        "centrifuge gateway");
    row("centrifuge still", RouteKind::Centrifuge, RouteKind::Centrifuge, "", "", "");
    row("a gateway still", RouteKind::Gateway, RouteKind::Gateway, "", "", "");
}

void PolicyReevaluationTest::a_route_of_another_kind_ends_its_sessions()
{
    QFETCH(int, from);
    QFETCH(int, to);
    QFETCH(QByteArray, pointer);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, words);
    Policy running = sample();
    running.routes[0].kind = static_cast<RouteKind>(from);
    Policy next = sample();
    next.routes[0].kind = static_cast<RouteKind>(to);
    LiveSession live = session(1);
    auto facts = std::make_shared<SessionFacts>(*live.facts);
    facts->kind = static_cast<RouteKind>(from);
    live.facts = facts;
    const PolicyImpact impact = assess(running, next, {live});
    QCOMPARE(impact.ended.size(), std::size_t(!pointer.isEmpty()));
    if (pointer.isEmpty())
        return;
    const Decision& why = impact.ended[0].why;
    QCOMPARE(why.reason, Reason::Path);
    QCOMPARE(why.rule, (Rule{pointer.toStdString(), name.toStdString()}));
    QCOMPARE(why.met + " " + why.limit, words.toStdString());
    // By the protocol that its client speaks, whatever the route is now.
    QCOMPARE(int(impact.ended[0].code), from == int(RouteKind::Centrifuge) ? 3507 : 4403);
}

/// Nothing at the door asks for an upstream: whoever speaks to one that new sessions do not get goes on.
void PolicyReevaluationTest::a_session_stays_where_its_upstream_is_no_longer_one()
{
    const auto with = [](const char* host) {
        Policy policy = sample();
        policy.routes[0].kind = RouteKind::Gateway;
        policy.routes[0].gateway = Gateway{};
        policy.routes[0].gateway->upstreams = {{std::string("ws://") + host + "/", false, host, 80, "/"}};
        return policy;
    };
    LiveSession live = session(1);
    auto facts = std::make_shared<SessionFacts>(*live.facts);
    facts->kind = RouteKind::Gateway;
    live.facts = facts;
    auto info = std::make_shared<SessionInfo>(*live.info);
    info->upstream = "ws://10.0.0.1/";
    live.info = info;
    const PolicyImpact impact = assess(with("10.0.0.1"), with("10.0.0.2"), {live});
    QVERIFY(impact.ended.empty() && impact.limited.empty());
    const PolicyGeneration next = generation(with("10.0.0.2"));
    QVERIFY(decideSession(next, live, start + 1min, wall + 1min, nullptr));
}

void PolicyReevaluationTest::listeners_are_known_again_data()
{
    QTest::addColumn<QByteArray>("next"); ///< name:port, with s for TLS
    QTest::addColumn<QByteArray>("sockets");
    QTest::addColumn<QByteArray>("arrivals");
    QTest::addColumn<QByteArray>("opened");
    QTest::newRow("the same") << QByteArray("a:1 b:2 c:0") << QByteArray("0 1 2") << QByteArray("0 1 2")
                              << QByteArray();
    QTest::newRow("another order") << QByteArray("c:0 a:1 b:2") << QByteArray("1 2 0") << QByteArray("1 2 0")
                                   << QByteArray();
    QTest::newRow("another name") << QByteArray("a:1 x:2 c:0") << QByteArray("0 1 2") << QByteArray("0 - 2")
                                  << QByteArray();
    QTest::newRow("TLS") << QByteArray("a:1s b:2 c:0") << QByteArray("0 1 2") << QByteArray("- 1 2") << QByteArray();
    QTest::newRow("another port") << QByteArray("a:3 b:2 c:0") << QByteArray("- 1 2") << QByteArray("- 1 2")
                                  << QByteArray("0");
    QTest::newRow("a port of the system's choice, and another name")
        << QByteArray("a:1 b:2 d:0") << QByteArray("0 1 -") << QByteArray("0 1 -") << QByteArray("2");
    QTest::newRow("none") << QByteArray("") << QByteArray("- - -") << QByteArray("- - -") << QByteArray();
}

void PolicyReevaluationTest::listeners_are_known_again()
{
    QFETCH(QByteArray, next);
    QFETCH(QByteArray, sockets);
    QFETCH(QByteArray, arrivals);
    QFETCH(QByteArray, opened);
    std::vector<Listener> listeners;
    for (const QByteArray& text : next.isEmpty() ? QList<QByteArray>() : next.split(' ')) {
        listeners.push_back(listener(text.left(1).constData(), static_cast<std::uint16_t>(text[2] - '0')));
        if (text.endsWith('s'))
            listeners.back().tls = ListenerTls{};
    }
    const auto words = [](const std::vector<std::optional<std::size_t>>& places) {
        QList<QByteArray> all;
        for (const auto& place : places)
            all.append(place ? QByteArray::number(static_cast<int>(*place)) : QByteArray("-"));
        return all.join(' ');
    };
    const ListenerMoves moves = moveListeners({listener("a", 1), listener("b", 2), listener("c", 0)}, listeners);
    QCOMPARE(words(moves.sockets), sockets);
    QCOMPARE(words(moves.arrivals), arrivals);
    QCOMPARE(words({moves.opened.begin(), moves.opened.end()}), opened);
}

QTEST_APPLESS_MAIN(PolicyReevaluationTest)
#include "policyreevaluationtest.moc"
