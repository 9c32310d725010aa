// SPDX-License-Identifier: GPL-3.0-or-later
#include "livegate.h"

#include <QTest>

#include <future>
#include <mutex>
#include <openssl/ssl.h>
#include <set>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// The sessions that each change meets, by their names.
struct Members {
    std::map<std::string, ByteClient> clients;

    explicit Members(LiveGate& live)
    {
        const auto hub = [&](const std::string& user) {
            UpgradeOptions upgrade;
            upgrade.path = "/hub/" + user;
            upgrade.token = live.token(user, {user == "reader" ? "reader" : "editor"});
            return upgrade;
        };
        const auto version = [](int number) {
            ByteClient::Options options;
            options.configure = [number](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, number); };
            return options;
        };
        const auto from = [](const std::string& source) {
            ByteClient::Options options;
            options.source = source;
            return options;
        };
        const auto add = [&](const std::string& name, ByteClient client) { clients.emplace(name, std::move(client)); };
        add("plain", live.enter("lab", hub("plain")));
        add("reader", live.enter("lab", hub("reader")));
        UpgradeOptions page = hub("page");
        page.origin = "https://app.example";
        add("page", live.enter("lab", page));
        UpgradeOptions cookie = hub("cookie");
        cookie.headers = {{"Cookie", "t=" + *cookie.token}};
        cookie.token.reset();
        add("cookie", live.enter("lab", cookie));
        UpgradeOptions spoken = hub("spoken");
        spoken.subprotocols = {"v1.plc"};
        add("spoken", live.enter("lab", spoken));
        add("tls12", live.enter("public", hub("tls12"), version(TLS1_2_VERSION)));
        add("tls13", live.enter("public", hub("tls13"), version(TLS1_3_VERSION)));
        UpgradeOptions behind = hub("behind");
        behind.headers = {{"X-Forwarded-For", "192.0.2.1"}};
        add("behind", live.enter("edge", behind, from("127.50.0.1")));
        add("127.0.0.9", live.enter("lab", {}, from("127.0.0.9")));
    }
};

using Ends = std::map<std::string, Reason>;

struct Case {
    const char* name;
    const char* pointer; ///< of the rule that ends them
    int code;
    LiveGate::Change change;
    Ends ends;
};

Ends all(Reason reason, std::initializer_list<const char*> names)
{
    Ends ends;
    for (const char* name : names)
        ends[name] = reason;
    return ends;
}

Network network(const char* text)
{
    return *Network::parse(text);
}

std::vector<Case> listenerCases()
{
    return {
        {"nothing", "", 0, [](Policy&) {}, {}},
        {"a listener goes",
         "/listeners",
         4403,
         [](Policy& p) { p.listeners.pop_back(); },
         {{"behind", Reason::Listener}}},
        {"a listener is called otherwise",
         "/listeners",
         4403,
         [](Policy& p) { p.listeners[2].name = "rim"; },
         {{"behind", Reason::Listener}}},
        {"listeners change places", "", 0, [](Policy& p) { std::swap(p.listeners[0], p.listeners[1]); }, {}},
        {"a listener loses its TLS", "/listeners/0/tls", 4403, [](Policy& p) { p.listeners[0].tls.reset(); },
         all(Reason::Listener, {"tls12", "tls13"})},
        {"min_version 1.3",
         "/listeners/0/tls/min_version",
         4403,
         [](Policy& p) { p.listeners[0].tls->minVersion = TlsVersion::Tls13; },
         {{"tls12", Reason::TlsVersion}}},
        {"client_ca comes", "/listeners/0/tls/client_ca", 4403,
         [](Policy& p) { p.listeners[0].tls->clientCa = p.listeners[0].tls->certificate.parent_path() / "ca.pem"; },
         all(Reason::TlsClientCert, {"tls12", "tls13"})},
        {"a listener denies a network",
         "/listeners/1/networks/deny",
         4403,
         [](Policy& p) { p.listeners[1].networks.deny = {network("127.0.0.9/32")}; },
         {{"127.0.0.9", Reason::IpDenied}}},
        {"a listener denies its proxy",
         "/listeners/2/networks/deny",
         4403,
         [](Policy& p) { p.listeners[2].networks.deny = {network("127.50.0.1/32")}; },
         {{"behind", Reason::IpDenied}}},
        {"a proxy is trusted no more",
         "/listeners/2/trusted_proxies",
         4403,
         [](Policy& p) { p.listeners[2].trustedProxies = {network("127.60.0.0/24")}; },
         {{"behind", Reason::IpDenied}}},
        {"a peer is trusted from now on",
         "",
         0,
         [](Policy& p) { p.listeners[1].trustedProxies = {network("127.0.0.0/8")}; },
         {}},
        {"server_names", "/listeners/1/server_names", 4403,
         [](Policy& p) { p.listeners[1].serverNames = {"gate.example"}; },
         all(Reason::HsHost, {"plain", "reader", "page", "cookie", "spoken", "127.0.0.9"})},
    };
}

std::vector<Case> routeCases()
{
    const auto ofHub = [](Reason reason) {
        return all(reason, {"plain", "reader", "page", "cookie", "spoken", "tls12", "tls13", "behind"});
    };
    return {
        {"a route goes", "/routes", 4403, [](Policy& p) { p.routes.pop_back(); }, {{"127.0.0.9", Reason::Path}}},
        {"a route is called otherwise", "", 0, [](Policy& p) { p.routes[0].name = "center"; }, {}},
        {"routes change places", "", 0, [](Policy& p) { std::swap(p.routes[0], p.routes[1]); }, {}},
        {"another handler", "/routes/0/hub/protocol", 4403, [](Policy& p) { p.routes[0].kind = RouteKind::Echo; },
         ofHub(Reason::Path)},
        {"another protocol", "/routes/0/hub/protocol", 4403,
         [](Policy& p) { p.routes[0].kind = RouteKind::Centrifuge; }, ofHub(Reason::Path)},
        {"what channels remember and tell",
         "",
         0,
         [](Policy& p) {
             p.channels[0].history = HistoryRule{};
             p.channels[0].presence = {"reader"};
             p.channels[0].joinLeave = true;
             p.channelsPerSession = 1;
         },
         {}},
        {"another channel",
         "/routes/0/path",
         4403,
         [](Policy& p) {
             Route fixed = p.routes[0];
             fixed.name = "fixed";
             fixed.path = "/hub/plain";
             p.routes.insert(p.routes.begin(), fixed);
         },
         {{"plain", Reason::Path}}},
        {"a route's networks, behind the proxy",
         "/routes/0/networks/deny",
         4403,
         [](Policy& p) { p.routes[0].networks.deny = {network("192.0.2.0/24")}; },
         {{"behind", Reason::IpDenied}}},
        {"an origin goes",
         "/routes/0/origins",
         4403,
         [](Policy& p) { p.routes[0].origins.pop_back(); },
         {{"page", Reason::Origin}}},
        {"none is no origin any more", "/routes/0/origins", 4403,
         [](Policy& p) { p.routes[0].origins.erase(p.routes[0].origins.begin()); },
         all(Reason::Origin, {"plain", "reader", "cookie", "spoken", "tls12", "tls13", "behind"})},
        {"a subprotocol goes",
         "/routes/0/subprotocols/allow",
         4403,
         [](Policy& p) { p.routes[0].subprotocols.allow.clear(); },
         {{"spoken", Reason::Subprotocol}}},
        {"a subprotocol is required", "/routes/0/subprotocols/require", 4403,
         [](Policy& p) { p.routes[0].subprotocols.require = true; },
         all(Reason::Subprotocol, {"plain", "reader", "page", "cookie", "tls12", "tls13", "behind"})},
        {"roles", "/routes/0/roles", 4403, [](Policy& p) { p.routes[0].roles = {"reader"}; },
         all(Reason::Authz, {"plain", "page", "cookie", "spoken", "tls12", "tls13", "behind"})},
        {"a channel",
         "/channels/0/subscribe",
         4403,
         [](Policy& p) {
             p.channels.insert(p.channels.begin(), {"plain", {"reader"}, {"reader"}, {}});
         },
         {{"plain", Reason::AuthzChannel}}},
        {"more sessions are open than may come",
         "",
         0,
         [](Policy& p) {
             p.limits.sessions = 1;
             p.limits.sessionsPerIp = 1;
             p.limits.sessionsPerUser = 0;
         },
         {}},
    };
}

std::vector<Case> tokenCases()
{
    const auto ofHub = [](Reason reason) {
        return all(reason, {"plain", "reader", "page", "cookie", "spoken", "tls12", "tls13", "behind"});
    };
    return {
        {"no more anonymous",
         "/routes/1/authentication",
         4401,
         [](Policy& p) { p.routes[1].authentication.required = true; },
         {{"127.0.0.9", Reason::AuthMissing}}},
        {"no tokens in cookies",
         "/routes/0/authentication/from",
         4401,
         [](Policy& p) { p.routes[0].authentication.from = {TokenPlace::Authorization}; },
         {{"cookie", Reason::AuthMissing}}},
        {"another cookie",
         "/routes/0/authentication/from",
         4401,
         [](Policy& p) { p.routes[0].authentication.cookie = "u"; },
         {{"cookie", Reason::AuthMissing}}},
        {"another issuer for the route", "/issuers/1/secret_file", 4401,
         [](Policy& p) {
             Issuer other = p.issuers[0];
             other.name = "other";
             other.secret = std::string(43, 'x');
             p.issuers.push_back(other);
             p.routes[0].authentication.issuers = {"other"};
         },
         ofHub(Reason::JwtSig)},
        {"another secret", "/issuers/0/secret_file", 4401,
         [](Policy& p) { p.issuers[0].secret = std::string(43, 'x'); }, ofHub(Reason::JwtSig)},
        {"another secret, and the one before stays good",
         "",
         0,
         [](Policy& p) {
             p.issuers[0].previous = {{"old.key", p.issuers[0].secret, WallTime::max()}};
             p.issuers[0].secret = std::string(43, 'x');
         },
         {}},
        {"another secret, and the one before has ended", "/issuers/0/secret_file", 4401,
         [](Policy& p) {
             p.issuers[0].previous = {{"old.key", p.issuers[0].secret, WallTime{}}};
             p.issuers[0].secret = std::string(43, 'x');
         },
         ofHub(Reason::JwtSig)},
        {"another algorithm", "/issuers/0/algorithms", 4401,
         [](Policy& p) { p.issuers[0].algorithms = {JwtAlgorithm::HS512}; }, ofHub(Reason::JwtAlg)},
        {"another audience", "/issuers/0/audience", 4401, [](Policy& p) { p.issuers[0].audience = "others"; },
         ofHub(Reason::JwtClaims)},
        {"a claim that no token has", "/issuers/0/require", 4401,
         [](Policy& p) { p.issuers[0].require.emplace_back("badge"); }, ofHub(Reason::JwtClaims)},
        {"a typ", "/issuers/0/typ", 4401, [](Policy& p) { p.issuers[0].typ = "at+jwt"; }, ofHub(Reason::JwtClaims)},
        {"shorter lives of tokens", "/issuers/0/max_lifetime", 4401,
         [](Policy& p) { p.issuers[0].maxLifetime = std::chrono::minutes(5); }, ofHub(Reason::JwtTime)},
        {"users are called otherwise", "/issuers/0/user_claim", 4401,
         [](Policy& p) { p.issuers[0].userPrefix = "local:"; }, ofHub(Reason::JwtClaims)},
        {"an issuer is called otherwise", "/issuers/0/name", 4401,
         [](Policy& p) {
             p.issuers[0].name = "main";
             p.routes[0].authentication.issuers = {"main"};
         },
         ofHub(Reason::JwtClaims)},
        {"a role goes", "/routes/0/roles", 4403,
         [](Policy& p) {
             p.roles = {"reader"};
             p.routes[0].roles = {"reader", "editor"};
         },
         all(Reason::Authz, {"plain", "page", "cookie", "spoken", "tls12", "tls13", "behind"})},
    };
}

std::vector<Case> cases()
{
    std::vector<Case> every = listenerCases();
    for (auto& more : {routeCases(), tokenCases()})
        every.insert(every.end(), more.begin(), more.end());
    return every;
}

} // namespace

class PolicyLiveTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void exactly_those_end_that_would_not_be_let_in_data();
    void exactly_those_end_that_would_not_be_let_in();
    void a_time_that_is_over_ends_with_4408_data();
    void a_time_that_is_over_ends_with_4408();
    void what_was_queued_before_comes_before_the_close();
    void a_frame_that_comes_first_meets_the_new_policy();
    void the_others_miss_nothing_and_keep_their_order();
    void whoever_waits_for_a_claim_meets_the_new_policy();
    void a_session_that_is_closing_is_left_to_it();
    void policies_that_follow_each_other_are_all_answered();
    void a_gate_that_stops_answers();
    void another_generation_of_the_same_policy_touches_nobody();
};

void PolicyLiveTest::exactly_those_end_that_would_not_be_let_in_data()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Case& each : cases())
        QTest::newRow(each.name) << index++;
}

void PolicyLiveTest::exactly_those_end_that_would_not_be_let_in()
{
    QFETCH(int, index);
    const Case chosen = cases().at(static_cast<std::size_t>(index));
    LiveGate live;
    Members members(live);
    const auto next = live.next(chosen.change);
    const PolicyImpact impact =
        assessPolicy(live.generation(), *next, live.sessions(), live.clock.now(), live.clock.wall(), 10s);
    const PolicyMet met = live.apply(next);
    QCOMPARE(met.sessions, std::uint64_t(9));
    QVERIFY(met.ended == impact.ended);
    Ends ended;
    for (const AffectedSession& each : met.ended) {
        ended[nameOf(each)] = each.why.reason;
        QCOMPARE(int(each.code), chosen.code);
        QCOMPARE(each.why.rule.pointer, std::string(chosen.pointer));
    }
    for (const auto& [name, reason] : ended)
        QVERIFY2(chosen.ends.contains(name), name.c_str());
    QVERIFY(ended == chosen.ends);

    for (auto& [name, client] : members.clients) {
        if (!chosen.ends.contains(name)) {
            QVERIFY2(stillServed(client, "hello"), name.c_str());
            continue;
        }
        const Incoming last = client.closing();
        QCOMPARE(last.kind, Incoming::Kind::Close);
        QCOMPARE(int(last.code), chosen.code);
        QCOMPARE(last.payload, std::string(reasonWord(chosen.ends.at(name))));
    }
    const auto closes = live.notes.records(AuditKind::Close);
    QCOMPARE(closes.size(), chosen.ends.size());
    for (const AuditRecord& record : closes) {
        QCOMPARE(record.policyVersion, next->policy->version);
        QCOMPARE(record.decision.rule.pointer, std::string(chosen.pointer));
    }
}

void PolicyLiveTest::a_time_that_is_over_ends_with_4408_data()
{
    QTest::addColumn<bool>("lifetime");
    QTest::addColumn<int>("minutes"); ///< of the new rule
    QTest::addColumn<bool>("ends");
    QTest::newRow("a lifetime that is over") << true << 9 << true;
    QTest::newRow("a lifetime that is over now") << true << 10 << true;
    QTest::newRow("a lifetime that is not over") << true << 11 << false;
    QTest::newRow("idle for longer") << false << 9 << true;
    QTest::newRow("idle for as long") << false << 10 << true;
    QTest::newRow("not idle for so long") << false << 11 << false;
}

void PolicyLiveTest::a_time_that_is_over_ends_with_4408()
{
    QFETCH(bool, lifetime);
    QFETCH(int, minutes);
    QFETCH(bool, ends);
    LiveGate live([](Policy& policy) { policy.routes[0].ping.reset(); });
    ByteClient client = live.join("chat", "ann");
    live.clock.advance(10min);
    const auto next = live.next([&](Policy& policy) {
        (lifetime ? policy.routes[0].sessionLifetime : policy.routes[0].idleTimeout) = std::chrono::minutes(minutes);
    });
    const PolicyImpact impact =
        assessPolicy(live.generation(), *next, live.sessions(), live.clock.now(), live.clock.wall(), 10s);
    const PolicyMet met = live.apply(next);
    QCOMPARE(met.ended.size(), std::size_t(ends));
    QVERIFY(met.ended == impact.ended);
    if (ends) {
        QCOMPARE(int(met.ended[0].code), 4408);
        QCOMPARE(client.closing().payload, std::string(lifetime ? "lifetime" : "idle"));
        return;
    }
    live.clock.advance(61s); // the timer was set anew
    QCOMPARE(client.closing().payload, std::string(lifetime ? "lifetime" : "idle"));
}

void PolicyLiveTest::what_was_queued_before_comes_before_the_close()
{
    LiveGate live;
    ByteClient reader = live.join("chat", "ann", {"reader"});
    ByteClient writer = live.join("chat", "bob", {"editor"});
    for (int i = 0; i < 100; ++i)
        QVERIFY(writer.text(std::to_string(i)));
    for (int i = 0; i < 100; ++i) // all were published; whether they were written is the socket's business
        QCOMPARE(writer.nextData().payload, std::to_string(i));
    QCOMPARE(live.apply([](Policy& policy) { policy.routes[0].roles = {"editor"}; }).ended.size(), 1u);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(reader.nextData().payload, std::to_string(i));
    QCOMPARE(int(reader.closing().code), 4403);
}

/// What is sent before the answer of the apply is there is read by a session that the sweep may not have reached.
void PolicyLiveTest::a_frame_that_comes_first_meets_the_new_policy()
{
    LiveGate live;
    std::vector<ByteClient> clients;
    for (int i = 0; i < 40; ++i)
        clients.push_back(live.join("chat." + std::to_string(i), "user" + std::to_string(i)));
    const auto next = live.next([](Policy& policy) { policy.routes[0].messages.maxSize = 4; });
    std::promise<PolicyMet> met;
    QVERIFY(live.gate.apply(next, [&met](PolicyMet answer) { met.set_value(std::move(answer)); }));
    for (ByteClient& client : clients)
        QVERIFY(client.text("longer than four"));
    for (ByteClient& client : clients)
        QCOMPARE(int(client.closing().code), 1009);
    QCOMPARE(met.get_future().get().sessions, std::uint64_t(40));
}

void PolicyLiveTest::the_others_miss_nothing_and_keep_their_order()
{
    LiveGate live;
    std::vector<ByteClient> staying, going;
    for (int i = 0; i < 10; ++i) {
        staying.push_back(live.join("chat", "editor" + std::to_string(i), {"editor"}));
        going.push_back(live.join("chat", "reader" + std::to_string(i), {"reader"}));
    }
    constexpr int messages = 600;
    for (int i = 0; i < messages; ++i) {
        if (i == 200)
            QCOMPARE(live.apply([](Policy& policy) { policy.limits.channelName = 99; }).ended.size(), 0u);
        if (i == 300)
            QCOMPARE(live.apply([](Policy& policy) { policy.routes[0].roles = {"editor"}; }).ended.size(), 10u);
        if (i == 400)
            QCOMPARE(live.apply([](Policy& policy) { policy.listeners.pop_back(); }).ended.size(), 0u);
        QVERIFY(staying[0].text(std::to_string(i)));
    }
    for (ByteClient& client : staying)
        for (int i = 0; i < messages; ++i)
            QCOMPARE(client.nextData().payload, std::to_string(i));
    for (ByteClient& client : going)
        QCOMPARE(int(client.closing().code), 4403);
}

/// Admitted by the policy of its request, and at once judged by the one that holds.
void PolicyLiveTest::whoever_waits_for_a_claim_meets_the_new_policy()
{
    LiveGate live([](Policy& policy) { policy.issuers[0].oneTime = true; });
    live.notes.holdClaims();
    ByteClient client(live.port("lab"), ByteClient::Security::Plain);
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat";
    upgrade.token = live.token("ann", {"reader"});
    QVERIFY(client.send(upgradeText(upgrade)));
    QVERIFY(eventually([&] { return live.notes.heldClaims() == 1; }));
    const PolicyMet met = live.apply([](Policy& policy) {
        policy.listeners.erase(policy.listeners.begin()); // indices move on
        policy.routes[0].roles = {"editor"};
    });
    QCOMPARE(met.sessions, std::uint64_t(0));
    live.notes.answerClaims(ClaimVerdict::Claimed);
    QVERIFY(client.request("").text.starts_with("HTTP/1.1 101"));
    const Incoming last = client.closing();
    QCOMPARE(int(last.code), 4403);
    QCOMPARE(last.payload, std::string("authz"));
}

void PolicyLiveTest::a_session_that_is_closing_is_left_to_it()
{
    LiveGate live;
    ByteClient client = live.join("chat", "ann");
    live.gate.post([](Worker& worker) { worker.drain(std::chrono::milliseconds(0)); });
    const PolicyMet met = live.apply([](Policy& policy) { policy.routes.clear(); });
    QCOMPARE(met.sessions, std::uint64_t(0));
    QVERIFY(met.ended.empty());
    QCOMPARE(int(client.closing().code), 1001);
}

void PolicyLiveTest::policies_that_follow_each_other_are_all_answered()
{
    LiveGate live;
    std::vector<ByteClient> clients;
    for (int i = 0; i < 60; ++i)
        clients.push_back(live.join("chat", "user" + std::to_string(i), {i % 2 == 0 ? "reader" : "editor"}));
    std::mutex mutex;
    std::vector<PolicyMet> answers;
    std::set<SessionId> ended;
    constexpr int rounds = 20;
    for (int i = 0; i < rounds; ++i) {
        const auto next = live.next([&](Policy& policy) {
            policy.version += static_cast<std::uint64_t>(i);
            policy.routes[0].sendBuffer = 100'000U + static_cast<unsigned>(i);
            if (i == rounds / 2)
                policy.routes[0].roles = {"editor"};
        });
        QVERIFY(live.gate.apply(next, [&](PolicyMet met) {
            const std::lock_guard lock(mutex);
            for (const AffectedSession& each : met.ended)
                ended.insert(each.id);
            answers.push_back(std::move(met));
        }));
    }
    QVERIFY(eventually([&] {
        const std::lock_guard lock(mutex);
        return answers.size() == rounds;
    }));
    for (const LiveSession& session : live.sessions())
        QCOMPARE(session.info->sendBufferLimit, 100'000U + rounds - 1U);
    QCOMPARE(live.sessions().size() + ended.size(), clients.size());
}

void PolicyLiveTest::a_gate_that_stops_answers()
{
    LiveGate live;
    ByteClient client = live.join("chat", "ann");
    int answered = 0;
    for (int i = 0; i < 3; ++i)
        QVERIFY(live.gate.apply(live.next([](Policy&) {}), [&answered](const PolicyMet&) { ++answered; }));
    live.gate.stop();
    QCOMPARE(answered, 3);
}

void PolicyLiveTest::another_generation_of_the_same_policy_touches_nobody()
{
    LiveGate live;
    ByteClient client = live.join("chat", "ann");
    const std::uint64_t version = live.generation().policy->version;
    live.gate.setGeneration(std::make_shared<const PolicyGeneration>(live.generation()));
    QVERIFY(stillServed(client, "hello"));
    QCOMPARE(live.session("ann").info->policyVersion, version);
}

QTEST_GUILESS_MAIN(PolicyLiveTest)
#include "policylivetest.moc"
