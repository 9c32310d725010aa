// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/presence.h"

#include <QTest>

#include <map>
#include <random>
#include <set>

using namespace gatehouse;

namespace {

constexpr NameHash hash{{11, 12}};

SharedClientInfo info(const std::string& client, const std::string& user, const std::string& connInfo = {})
{
    return std::make_shared<const ClientInfo>(ClientInfo{client, user, connInfo, {}});
}

} // namespace

class HubPresenceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_first_of_a_client_is_a_join_and_another_an_update();
    void who_leaves_is_told_once();
    void clients_of_one_user_are_one_user();
    void clients_without_a_name_are_one_user();
    void a_full_presence_takes_nobody_and_still_updates();
    void memory_is_foretold_and_returns_to_zero();
    void random_use_is_as_a_naive_presence_has_it();
};

void HubPresenceTest::the_first_of_a_client_is_a_join_and_another_an_update()
{
    Presence presence(hash, 10);
    QCOMPARE(presence.add(info("c1", "ann")), PresenceChange::Joined);
    QCOMPARE(presence.add(info("c2", "ann")), PresenceChange::Joined);
    QCOMPARE(presence.add(info("c1", "ann", "{\"n\":1}")), PresenceChange::Updated);
    QCOMPARE(presence.clients().size(), 2u);
    QCOMPARE(presence.clients().find("c1")->second->connInfo, "{\"n\":1}");
}

void HubPresenceTest::who_leaves_is_told_once()
{
    Presence presence(hash, 10);
    QVERIFY(presence.add(info("c1", "ann", "1")) == PresenceChange::Joined);
    const SharedClientInfo left = presence.remove("c1");
    QVERIFY(left);
    QCOMPARE(*left, (ClientInfo{"c1", "ann", "1", {}}));
    QVERIFY(!presence.remove("c1"));
    QVERIFY(!presence.remove("c2"));
    QVERIFY(presence.empty());
}

void HubPresenceTest::clients_of_one_user_are_one_user()
{
    Presence presence(hash, 10);
    for (const char* client : {"c1", "c2", "c3"})
        QVERIFY(presence.add(info(client, "ann")) == PresenceChange::Joined);
    QVERIFY(presence.add(info("c4", "ben")) == PresenceChange::Joined);
    QCOMPARE(presence.stats(), (PresenceStats{4, 2}));
    QVERIFY(presence.add(info("c4", "ann")) == PresenceChange::Updated); // under another name
    QCOMPARE(presence.stats(), (PresenceStats{4, 1}));
    QVERIFY(presence.remove("c1"));
    QVERIFY(presence.remove("c2"));
    QCOMPARE(presence.stats(), (PresenceStats{2, 1}));
}

void HubPresenceTest::clients_without_a_name_are_one_user()
{
    Presence presence(hash, 10);
    QVERIFY(presence.add(info("c1", "")) == PresenceChange::Joined);
    QVERIFY(presence.add(info("c2", "")) == PresenceChange::Joined);
    QCOMPARE(presence.stats(), (PresenceStats{2, 1}));
}

void HubPresenceTest::a_full_presence_takes_nobody_and_still_updates()
{
    Presence presence(hash, 2);
    QVERIFY(presence.add(info("c1", "ann")) == PresenceChange::Joined);
    QVERIFY(presence.add(info("c2", "ben")) == PresenceChange::Joined);
    QCOMPARE(presence.add(info("c3", "eve")), PresenceChange::Full);
    QCOMPARE(presence.stats(), (PresenceStats{2, 2}));
    QCOMPARE(presence.add(info("c2", "ben", "2")), PresenceChange::Updated);
    QVERIFY(presence.remove("c1"));
    QCOMPARE(presence.add(info("c3", "eve")), PresenceChange::Joined);
}

void HubPresenceTest::memory_is_foretold_and_returns_to_zero()
{
    Presence presence(hash, 10);
    const auto small = info("c1", "ann");
    const auto large = info("c1", "ann", std::string(5000, 'x'));
    const std::uint64_t before = presence.bytesWith(*small);
    QVERIFY(presence.add(small) == PresenceChange::Joined);
    QCOMPARE(presence.bytes(), before);
    const std::uint64_t behind = presence.bytesWith(*large);
    QVERIFY(behind >= before + 4900);
    QVERIFY(presence.add(large) == PresenceChange::Updated);
    QCOMPARE(presence.bytes(), behind);
    QVERIFY(presence.remove("c1"));
    QCOMPARE(presence.bytes(), 0u);
}

void HubPresenceTest::random_use_is_as_a_naive_presence_has_it()
{
    for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937 engine(seed);
        const auto below = [&](unsigned limit) {
            return std::uniform_int_distribution<unsigned>(0, limit - 1)(engine);
        };
        Presence presence(hash, 25);
        std::map<std::string, ClientInfo> naive;
        for (int step = 0; step < 5000; ++step) {
            const std::string client = 'c' + std::to_string(below(40));
            if (below(2) == 0) {
                const auto added = info(client, std::to_string(below(8)), std::string(below(100), '1'));
                const bool was = naive.contains(client), full = !was && naive.size() == 25;
                const std::uint64_t bytes = full ? presence.bytes() : presence.bytesWith(*added);
                QCOMPARE(presence.add(added), full  ? PresenceChange::Full
                                              : was ? PresenceChange::Updated
                                                    : PresenceChange::Joined);
                QCOMPARE(presence.bytes(), bytes);
                if (!full)
                    naive[client] = *added;
            } else {
                const SharedClientInfo left = presence.remove(client);
                QCOMPARE(left != nullptr, naive.contains(client));
                if (left)
                    QCOMPARE(*left, naive.at(client));
                naive.erase(client);
            }
            std::set<std::string> users;
            for (const auto& [id, each] : naive) {
                users.insert(each.user);
                const auto found = presence.clients().find(id);
                QVERIFY(found != presence.clients().end() && *found->second == each);
            }
            QCOMPARE(presence.stats(), (PresenceStats{naive.size(), users.size()}));
        }
        for (const auto& [id, each] : naive)
            QVERIFY(presence.remove(id));
        QCOMPARE(presence.bytes(), 0u);
        QCOMPARE(presence.stats(), (PresenceStats{0, 0}));
    }
}

QTEST_GUILESS_MAIN(HubPresenceTest)
#include "hubpresencetest.moc"
