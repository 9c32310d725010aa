// SPDX-License-Identifier: GPL-3.0-or-later
#include "livegate.h"
#include "policy/decidenetworks.h"
#include "randompolicy.h"

#include <QTest>

#include <set>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr int rounds = 400;
constexpr unsigned usualSeed = 1749059267; // a commit is judged by the same rounds as the one before
constexpr std::size_t mostSessions = 24;

struct Member {
    RandomPolicy::Way way;
    ByteClient client;
};

void base(Policy& policy)
{
    policy.issuers.push_back(policy.issuers[0]);
    policy.issuers[1].name = "second";
    policy.issuers[1].secret = std::string(43, 's');
    policy.issuers[1].issuer = "second";
    policy.roles.emplace_back("guest");
    Route& hub = policy.routes[0];
    hub.authentication.issuers.clear();
    hub.authentication.from.pop_back(); // whoever has the first message left is let in, and asked
    hub.origins.push_back({OriginRule::Kind::Exact, "https", "next.example", 443, "https://next.example"});
    for (Route& route : policy.routes)
        route.ping.reset();
}

/// What a second attempt of the same request does not meet: the time of its session, and who named its client.
bool isOfThePast(const Decision& why)
{
    return why.reason == Reason::Lifetime || why.reason == Reason::Idle || why.reason == Reason::Expired ||
           why.rule.pointer.ends_with("/trusted_proxies");
}

/// It came by itself and keeps its address, while a newcomer of its peer would now be asked for whom it comes.
bool wouldNameAnother(const LiveSession& session, const Policy& policy)
{
    const SessionFacts& facts = *session.facts;
    const auto listener = std::ranges::find(policy.listeners, facts.listener.name, &Listener::name);
    return facts.client == facts.peer && listener != policy.listeners.end() &&
           isTrustedProxy(policy, static_cast<std::size_t>(listener - policy.listeners.begin()), facts.peer);
}

} // namespace

class PolicyPropertyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void what_is_foretold_is_what_happens_and_what_the_door_says();

private:
    void admitSome();
    void letTimePass();
    [[nodiscard]] bool everyoneIsWithinHisTime();
    void meet(const std::shared_ptr<const PolicyGeneration>& next);
    void checkTheEnded(const PolicyMet& met);
    void checkTheDoor(const std::map<SessionId, Decision>& ended, const std::set<SessionId>& others);
    [[nodiscard]] Reason reasonAtTheDoor(const Member& member);

    std::uint32_t m_seed = 0;
    std::unique_ptr<LiveGate> m_live;
    std::unique_ptr<RandomPolicy> m_random;
    std::map<SessionId, Member> m_members;
    int m_number = 0;
    std::map<Reason, int> m_met;
    int m_atTheDoor = 0;
};

void PolicyPropertyTest::initTestCase()
{
    const QByteArray given = qgetenv("GATEHOUSE_TEST_SEED");
    m_seed = given.isEmpty() ? usualSeed : given.toUInt();
    m_live = std::make_unique<LiveGate>(base);
    m_random = std::make_unique<RandomPolicy>(*m_live->generation().policy, m_seed);
    qInfo("GATEHOUSE_TEST_SEED=%u", m_seed);
}

void PolicyPropertyTest::what_is_foretold_is_what_happens_and_what_the_door_says()
{
    for (int round = 0; round < rounds && !QTest::currentTestFailed(); ++round) {
        admitSome();
        letTimePass();
        meet(m_live->next(m_random->change()));
        if (QTest::currentTestFailed())
            qInfo("in round %d", round);
    }
    for (const auto& [reason, count] : m_met)
        qInfo("%s %d", std::string(reasonWord(reason)).c_str(), count);
    qInfo("%d compared with the door", m_atTheDoor);
    for (const Reason reason :
         {Reason::TlsVersion, Reason::IpDenied, Reason::Path, Reason::HsHost, Reason::Origin, Reason::Subprotocol,
          Reason::AuthMissing, Reason::JwtSig, Reason::JwtAlg, Reason::JwtClaims, Reason::JwtTime, Reason::Authz,
          Reason::AuthzChannel, Reason::Lifetime, Reason::Idle})
        QVERIFY2(m_met[reason] > 0, std::string(reasonWord(reason)).c_str());
}

/// Those whom the policy of the moment lets in.
void PolicyPropertyTest::admitSome()
{
    for (int tries = 0; tries < 12 && m_members.size() < mostSessions; ++tries) {
        RandomPolicy::Way way = m_random->way(m_number++, m_live->clock.wall());
        std::set<SessionId> before;
        for (const LiveSession& session : m_live->sessions())
            before.insert(session.facts->id);
        const auto security = way.listener == "public" ? ByteClient::Security::Tls : ByteClient::Security::Plain;
        ByteClient client(m_live->port(way.listener), security, way.options);
        if (!client.connected() || client.upgrade(way.upgrade).status != 101)
            continue;
        for (const LiveSession& session : m_live->sessions())
            if (!before.contains(session.facts->id))
                m_members.emplace(session.facts->id, Member{std::move(way), std::move(client)});
    }
}

void PolicyPropertyTest::letTimePass()
{
    m_live->clock.advance(std::chrono::seconds(m_random->upTo(240)));
    for (auto& [id, member] : m_members)
        if (m_random->upTo(3) == 0)
            (void)stillServed(member.client, "here"); // or it has ended
    QVERIFY(eventually([this] { return everyoneIsWithinHisTime(); }));
    std::set<SessionId> open;
    for (const LiveSession& session : m_live->sessions())
        open.insert(session.facts->id);
    std::erase_if(m_members, [&](const auto& member) { return !open.contains(member.first); });
    QCOMPARE(open.size(), m_members.size());
}

/// Timers of the policy that runs have ended whom they had to.
bool PolicyPropertyTest::everyoneIsWithinHisTime()
{
    const auto sessions = m_live->sessions();
    const auto over = [this](const LiveSession& session) {
        const auto terms = decideSession(m_live->generation(), session, m_live->clock.now(), m_live->clock.wall());
        return !terms && isOfThePast(terms.error());
    };
    if (std::ranges::none_of(sessions, over))
        return true;
    m_live->clock.advance(17ms); // a tick of the timers
    return false;
}

void PolicyPropertyTest::meet(const std::shared_ptr<const PolicyGeneration>& next)
{
    const std::vector<LiveSession> before = m_live->sessions();
    const PolicyImpact impact =
        assessPolicy(m_live->generation(), *next, before, m_live->clock.now(), m_live->clock.wall(), 10s);
    std::set<SessionId> others;
    for (const LiveSession& session : before)
        if (wouldNameAnother(session, *next->policy))
            others.insert(session.facts->id);
    QVERIFY(impact.complete());
    const PolicyMet met = m_live->apply(next);
    QCOMPARE(met.sessions, impact.sessions);
    QVERIFY(met.ended == impact.ended);
    for (const LiveSession& session : m_live->sessions())
        QCOMPARE(session.info->policyVersion, next->policy->version);
    std::map<SessionId, Decision> ended;
    for (const AffectedSession& each : met.ended) {
        ended[each.id] = each.why;
        ++m_met[each.why.reason];
    }
    checkTheDoor(ended, others);
    checkTheEnded(met);
    QCOMPARE(m_live->sessions().size(), m_members.size());
}

void PolicyPropertyTest::checkTheEnded(const PolicyMet& met)
{
    for (const AffectedSession& each : met.ended) {
        const auto member = m_members.find(each.id);
        QVERIFY(member != m_members.end());
        const Incoming last = member->second.client.closing();
        QCOMPARE(last.kind, Incoming::Kind::Close);
        QCOMPARE(last.code, each.code);
        QCOMPARE(last.payload, std::string(reasonWord(each.why.reason)));
        m_members.erase(member);
    }
}

/// Whoever stays would be let in again, and whoever does not is told the same at the door; but for `others`.
void PolicyPropertyTest::checkTheDoor(const std::map<SessionId, Decision>& ended, const std::set<SessionId>& others)
{
    for (const auto& [id, member] : m_members) {
        const auto found = ended.find(id);
        const Decision why = found == ended.end() ? Decision::allow() : found->second;
        if (isOfThePast(why) || others.contains(id) || m_random->upTo(3) != 0)
            continue;
        ++m_atTheDoor;
        const Reason met = reasonAtTheDoor(member);
        const std::string words = "the door: " + std::string(reasonWord(met)) +
                                  ", the session: " + std::string(reasonWord(why.reason)) + " by " + why.rule.pointer;
        QVERIFY2(met == why.reason, words.c_str());
    }
}

/// None: let in, and gone again.
Reason PolicyPropertyTest::reasonAtTheDoor(const Member& member)
{
    const auto before = m_live->notes.records(AuditKind::Refuse).size();
    const std::size_t open = m_live->sessions().size();
    {
        const bool tls = member.way.listener == "public";
        ByteClient client(m_live->port(member.way.listener),
                          tls ? ByteClient::Security::Tls : ByteClient::Security::Plain, member.way.options);
        if (client.connected() && client.upgrade(member.way.upgrade).status == 101) {
            client.close();
            (void)client.closing();
            client.disconnect();
            (void)eventually([&] { return m_live->sessions().size() == open; });
            return Reason::None;
        }
    }
    (void)eventually([&] { return m_live->notes.records(AuditKind::Refuse).size() > before; });
    return m_live->notes.records(AuditKind::Refuse).back().decision.reason;
}

QTEST_GUILESS_MAIN(PolicyPropertyTest)
#include "policypropertytest.moc"
