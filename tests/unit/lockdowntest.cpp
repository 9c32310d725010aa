// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decidelockdown.h"

#include <QTest>

using namespace gatehouse;

namespace {

const WallTime noon{std::chrono::milliseconds(1'800'000'000'000)};

Identity userNamed(const std::string& name)
{
    Identity who;
    if (!name.empty()) {
        who.issuer = "local";
        who.user = name;
    }
    return who;
}

std::vector<Network> networksOf(const std::vector<std::string>& texts)
{
    std::vector<Network> networks;
    for (const std::string& text : texts)
        networks.push_back(Network::parse(text).value());
    return networks;
}

using Words = std::vector<std::string>;

} // namespace

Q_DECLARE_METATYPE(std::vector<std::string>)

/// Who stays and who comes in while the gate is locked down.
class LockdownTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whoever_is_on_the_lists_passes_data();
    void whoever_is_on_the_lists_passes();
    void before_the_token_the_address_alone_decides_data();
    void before_the_token_the_address_alone_decides();
    void the_lists_are_its_own_or_those_of_the_policy();
    void a_refusal_names_the_lockdown_and_what_it_met();
    void it_holds_until_its_time_is_over();
};

void LockdownTest::whoever_is_on_the_lists_passes_data()
{
    QTest::addColumn<Words>("users");
    QTest::addColumn<Words>("networks");
    QTest::addColumn<QString>("user"); // empty: anonymous
    QTest::addColumn<QString>("address");
    QTest::addColumn<bool>("passes");
    const Words none;
    const Words ann{"ann", "corp:bob"};
    const Words office{"10.0.0.0/8", "fd00::/8"};
    QTest::newRow("both lists empty: nobody") << none << none << "ann"
                                              << "10.0.0.1" << false;
    QTest::newRow("both lists empty: no anonymous either") << none << none << ""
                                                           << "10.0.0.1" << false;
    QTest::newRow("on the users") << ann << none << "ann"
                                  << "192.0.2.1" << true;
    QTest::newRow("not on the users") << ann << none << "bob"
                                      << "192.0.2.1" << false;
    QTest::newRow("with the issuer's prefix") << ann << none << "corp:bob"
                                              << "192.0.2.1" << true;
    QTest::newRow("a name that begins like one") << ann << none << "anna"
                                                 << "192.0.2.1" << false;
    QTest::newRow("another case") << ann << none << "Ann"
                                  << "192.0.2.1" << false;
    QTest::newRow("anonymous is no user") << ann << none << ""
                                          << "10.0.0.1" << false;
    QTest::newRow("within a network") << none << office << "bob"
                                      << "10.255.0.1" << true;
    QTest::newRow("anonymous within a network") << none << office << ""
                                                << "10.255.0.1" << true;
    QTest::newRow("within by its mapped form") << none << office << "bob"
                                               << "::ffff:10.1.2.3" << true;
    QTest::newRow("within an IPv6 network") << none << office << "bob"
                                            << "fd12::1" << true;
    QTest::newRow("outside of the networks") << none << office << "ann"
                                             << "11.0.0.1" << false;
    QTest::newRow("both lists, on both") << ann << office << "ann"
                                         << "10.0.0.1" << true;
    QTest::newRow("both lists, users alone") << ann << office << "ann"
                                             << "192.0.2.1" << false;
    QTest::newRow("both lists, networks alone") << ann << office << "bob"
                                                << "10.0.0.1" << false;
    QTest::newRow("both lists, on none") << ann << office << "bob"
                                         << "192.0.2.1" << false;
    QTest::newRow("both lists, anonymous") << ann << office << ""
                                           << "10.0.0.1" << false;
}

void LockdownTest::whoever_is_on_the_lists_passes()
{
    QFETCH(const Words, users);
    QFETCH(const Words, networks);
    QFETCH(const QString, user);
    QFETCH(const QString, address);
    QFETCH(const bool, passes);
    const Identity who = userNamed(user.toStdString());
    const IpAddress from = IpAddress::parse(address.toStdString()).value();
    Policy policy;
    Lockdown lockdown;
    lockdown.lists = LockdownLists{users, networksOf(networks)};
    const Decision own = decideLockdown(policy, lockdown, &who, from);
    QCOMPARE(own.reason, passes ? Reason::None : Reason::Lockdown);
    policy.lockdown = *lockdown.lists; // the same lists, where the policy has them
    lockdown.lists.reset();
    QCOMPARE(decideLockdown(policy, lockdown, &who, from).allowed(), passes);
}

void LockdownTest::before_the_token_the_address_alone_decides_data()
{
    QTest::addColumn<Words>("users");
    QTest::addColumn<Words>("networks");
    QTest::addColumn<QString>("address");
    QTest::addColumn<bool>("goesOn");
    const Words none;
    const Words ann{"ann"};
    const Words office{"10.0.0.0/8"};
    QTest::newRow("nobody may come") << none << none << "10.0.0.1" << false;
    QTest::newRow("users alone: the token will tell") << ann << none << "192.0.2.1" << true;
    QTest::newRow("within a network") << none << office << "10.0.0.1" << true;
    QTest::newRow("outside") << none << office << "192.0.2.1" << false;
    QTest::newRow("both, within") << ann << office << "10.0.0.1" << true;
    QTest::newRow("both, outside: no token helps") << ann << office << "192.0.2.1" << false;
}

void LockdownTest::before_the_token_the_address_alone_decides()
{
    QFETCH(const Words, users);
    QFETCH(const Words, networks);
    QFETCH(const QString, address);
    QFETCH(const bool, goesOn);
    Lockdown lockdown;
    lockdown.lists = LockdownLists{users, networksOf(networks)};
    const Decision decision =
        decideLockdown(Policy(), lockdown, nullptr, IpAddress::parse(address.toStdString()).value());
    QCOMPARE(decision.allowed(), goesOn);
}

void LockdownTest::the_lists_are_its_own_or_those_of_the_policy()
{
    Policy policy;
    policy.lockdown.users = {"ann"};
    Lockdown lockdown;
    QCOMPARE(listsOf(policy, lockdown).users, Words{"ann"});
    lockdown.lists = LockdownLists{{"bob"}, {}};
    QCOMPARE(listsOf(policy, lockdown).users, Words{"bob"});
    lockdown.lists = LockdownLists{}; // set, and empty: nobody, whatever the policy says
    QVERIFY(listsOf(policy, lockdown).users.empty());
}

void LockdownTest::a_refusal_names_the_lockdown_and_what_it_met()
{
    Policy policy;
    policy.lockdown = {{"ann"}, networksOf({"10.0.0.0/8"})};
    Lockdown lockdown;
    lockdown.actor = "root";
    lockdown.reason = "intruder";
    const Identity bob = userNamed("bob");
    const Decision user = decideLockdown(policy, lockdown, &bob, IpAddress::parse("10.0.0.1").value());
    QCOMPARE(user, (Decision{Reason::Lockdown, {"/lockdown/allow_users", "lockdown by root: intruder"}, "bob", "ann"}));
    const Decision address = decideLockdown(policy, lockdown, &bob, IpAddress::parse("192.0.2.1").value());
    QCOMPARE(
        address,
        (Decision{
            Reason::Lockdown, {"/lockdown/allow_networks", "lockdown by root: intruder"}, "192.0.2.1", "10.0.0.0/8"}));
    lockdown.lists = LockdownLists{};
    lockdown.reason.clear();
    const Decision nobody = decideLockdown(policy, lockdown, &bob, IpAddress::parse("10.0.0.1").value());
    QCOMPARE(nobody, (Decision{Reason::Lockdown, {"", "lockdown by root"}, "10.0.0.1", "nobody"}));
}

void LockdownTest::it_holds_until_its_time_is_over()
{
    Lockdown lockdown;
    QVERIFY(lockdownHolds(lockdown, noon));
    lockdown.until = noon;
    QVERIFY(lockdownHolds(lockdown, noon - std::chrono::milliseconds(1)));
    QVERIFY(!lockdownHolds(lockdown, noon));
}

QTEST_GUILESS_MAIN(LockdownTest)
#include "lockdowntest.moc"
