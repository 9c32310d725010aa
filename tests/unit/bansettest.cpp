// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/banset.h"

#include <QTest>

#include <algorithm>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const WallTime today(std::chrono::milliseconds(1'800'000'000'000));

Ban banOf(std::uint64_t id, BanSubject subject, const std::string& value, const std::string& issuer = {})
{
    Ban ban;
    ban.id = {id};
    ban.subject = subject;
    ban.value = value;
    ban.issuer = issuer;
    ban.actor = "root";
    return ban;
}

/// An address among few networks, so that many fit.
IpAddress randomAddress(std::mt19937& engine)
{
    const auto byte = [&](unsigned most) {
        return std::to_string(std::uniform_int_distribution<unsigned>(0, most)(engine));
    };
    if (engine() % 2 == 0)
        return *IpAddress::parse(byte(3) + '.' + byte(255) + '.' + byte(3) + '.' + byte(255));
    return *IpAddress::parse("fd0" + byte(3) + ":" + byte(9) + "::" + byte(9) + ':' + byte(99));
}

Network randomNetwork(std::mt19937& engine)
{
    const IpAddress address = randomAddress(engine);
    const unsigned least = address.isV4() ? 96 : 0;
    const unsigned prefix = std::uniform_int_distribution<unsigned>(least, 128)(engine);
    return {address.masked(prefix), prefix};
}

} // namespace

class BanSetTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void networks_match_as_the_naive_loop_does();
    void a_network_of_every_length_holds_its_first_and_last_address();
    void of_two_bans_of_one_network_the_longer_holds();
    void a_ban_that_is_over_does_not_hide_one_that_holds();
    void a_token_is_met_with_its_issuer_or_whoever_vouches();
    void a_ban_names_itself();
};

void BanSetTest::networks_match_as_the_naive_loop_does()
{
    std::mt19937 engine(7);
    for (int round = 0; round < 20; ++round) {
        std::vector<Ban> bans;
        std::vector<Network> networks;
        for (std::uint64_t i = 1; i <= 300; ++i) {
            networks.push_back(randomNetwork(engine));
            if (round < 18) // else everything, /0 too
                networks.back() = {networks.back().base.masked(std::max(networks.back().prefix, 110U)),
                                   std::max(networks.back().prefix, 110U)};
            bans.push_back(banOf(i, BanSubject::Network, networks.back().toString()));
            if (i % 3 == 0)
                bans.back().until = today - 1s;
        }
        const BanSet set(bans, {});
        for (int i = 0; i < 2000; ++i) {
            const IpAddress address = randomAddress(engine);
            bool naive = false;
            for (std::size_t each = 0; each < bans.size(); ++each)
                naive = naive || (banHolds(bans[each], today) && networks[each].contains(address));
            const Ban* met = set.matchAddress(address, today);
            QCOMPARE(met != nullptr, naive);
            QVERIFY(!met || Network::parse(met->value)->contains(address));
        }
    }
}

void BanSetTest::a_network_of_every_length_holds_its_first_and_last_address()
{
    for (unsigned bits = 0; bits <= 32; ++bits) {
        const IpAddress base = IpAddress::parse("203.0.113.255")->masked(96 + bits);
        const BanSet set({banOf(1, BanSubject::Network, Network{base, 96 + bits}.toString())}, {});
        QVERIFY(set.matchAddress(base, today));
        QVERIFY(set.matchAddress(*IpAddress::parse("203.0.113.255"), today));
        QCOMPARE(set.matchAddress(*IpAddress::parse("203.0.114.0"), today) != nullptr, bits <= 22);
    }
    for (unsigned bits = 0; bits <= 128; ++bits) {
        const IpAddress last = *IpAddress::parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
        const BanSet set({banOf(1, BanSubject::Network, Network{last.masked(bits), bits}.toString())}, {});
        QVERIFY(set.matchAddress(last.masked(bits), today));
        QVERIFY(set.matchAddress(last, today));
    }
}

void BanSetTest::of_two_bans_of_one_network_the_longer_holds()
{
    Ban brief = banOf(1, BanSubject::Network, "192.0.2.0/24", "a");
    brief.until = today + 1s;
    const Ban forever = banOf(2, BanSubject::Network, "192.0.2.0/24", "b");
    for (const auto& bans : {std::vector<Ban>{brief, forever}, std::vector<Ban>{forever, brief}}) {
        const BanSet set(bans, {});
        QVERIFY(set.matchAddress(*IpAddress::parse("192.0.2.1"), today + 1h));
    }
}

void BanSetTest::a_ban_that_is_over_does_not_hide_one_that_holds()
{
    Ban over = banOf(1, BanSubject::Address, "192.0.2.1");
    over.until = today;
    const BanSet set({over, banOf(2, BanSubject::Network, "192.0.0.0/16")}, {});
    const Ban* met = set.matchAddress(*IpAddress::parse("192.0.2.1"), today);
    QVERIFY(met);
    QCOMPARE(met->id.value, 2u);
}

void BanSetTest::a_token_is_met_with_its_issuer_or_whoever_vouches()
{
    const BanSet set({banOf(1, BanSubject::Token, "t1"), banOf(2, BanSubject::Token, "t2", "corp")}, {});
    QVERIFY(set.matchToken("local", "t1", today));
    QVERIFY(set.matchToken("corp", "t2", today));
    QVERIFY(!set.matchToken("local", "t2", today));
    QVERIFY(!set.matchToken("local", "", today));
    QVERIFY(!set.matchUser("local", "t1", today));
}

void BanSetTest::a_ban_names_itself()
{
    Ban ban = banOf(12, BanSubject::User, "ann");
    QCOMPARE(banRule(ban).name, std::string("ban 12 by root"));
    ban.reason = "left the company";
    QCOMPARE(banRule(ban).name, std::string("ban 12 by root: left the company"));
    QVERIFY(banRule(ban).pointer.empty());
    ban.reason = std::string(5000, 'x');
    QVERIFY(banRule(ban).name.size() < 200);
}

QTEST_GUILESS_MAIN(BanSetTest)
#include "bansettest.moc"
