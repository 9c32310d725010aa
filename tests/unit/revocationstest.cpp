// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/revocations.h"
#include "auth/tokendigest.h"

#include <QTest>

#include <random>
#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const WallTime second(1'800'000'000s);

Identity someone(const std::string& issuer, const std::string& user, const std::string& tokenId,
                 std::optional<WallTime> issued = second - 1h)
{
    Identity who;
    who.issuer = issuer;
    who.user = user;
    who.tokenId = tokenId;
    who.issuedAt = issued;
    return who;
}

Revocation ofToken(const std::string& tokenId, const std::string& issuer = {})
{
    Revocation revocation;
    revocation.id = {12};
    revocation.subject = RevocationSubject::Token;
    revocation.value = tokenId;
    revocation.issuer = issuer;
    revocation.actor = "root";
    return revocation;
}

Revocation ofUser(const std::string& user, WallTime issuedBefore, const std::string& issuer = {})
{
    Revocation revocation = ofToken(user, issuer);
    revocation.subject = RevocationSubject::User;
    revocation.issuedBefore = issuedBefore;
    return revocation;
}

} // namespace

class RevocationsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_token_is_met_by_its_jti_and_issuer();
    void a_token_without_jti_is_not_met_by_one();
    void tokens_of_a_user_are_met_up_to_the_second_of_the_revocation();
    void a_token_without_iat_is_older_than_any_revocation();
    void the_anonymous_have_nothing_to_revoke();
    void a_revocation_holds_until_its_time();
    void adding_changes_the_new_set_alone();
    void what_is_taken_out_is_met_no_more();
    void a_set_matches_as_the_naive_loop_does();
    void a_hundred_thousand_are_found();
    void a_decision_names_the_revocation_and_what_it_met();
    void digests_tell_issuer_and_jti_apart();
};

void RevocationsTest::a_token_is_met_by_its_jti_and_issuer()
{
    const auto set = RevocationSet().with(ofToken("t1"))->with(ofToken("t2", "corp"));
    QVERIFY(set->match(someone("local", "ann", "t1"), second));
    QVERIFY(set->match(someone("corp", "ann", "t2"), second));
    QVERIFY(!set->match(someone("local", "ann", "t2"), second));
    QVERIFY(!set->match(someone("local", "t1", "t3"), second));
}

void RevocationsTest::a_token_without_jti_is_not_met_by_one()
{
    const auto set = RevocationSet().with(ofToken(""));
    QVERIFY(!set->match(someone("local", "ann", ""), second));
}

void RevocationsTest::tokens_of_a_user_are_met_up_to_the_second_of_the_revocation()
{
    const auto set = RevocationSet().with(ofUser("ann", second + 300ms));
    QVERIFY(set->match(someone("local", "ann", "t", second - 1s), second));
    QVERIFY(set->match(someone("local", "ann", "t", second), second));
    QVERIFY(set->match(someone("local", "ann", "t", second + 900ms), second));
    QVERIFY(!set->match(someone("local", "ann", "t", second + 1s), second + 1s));
    QVERIFY(!set->match(someone("local", "bob", "t", second - 1s), second));
}

void RevocationsTest::a_token_without_iat_is_older_than_any_revocation()
{
    const auto set = RevocationSet().with(ofUser("ann", WallTime{}));
    QVERIFY(set->match(someone("local", "ann", "t", std::nullopt), second));
    QVERIFY(!set->match(someone("local", "ann", "t"), second));
}

void RevocationsTest::the_anonymous_have_nothing_to_revoke()
{
    const auto set = RevocationSet().with(ofUser("", second))->with(ofToken("t"));
    QVERIFY(!set->match(Identity{}, second));
}

void RevocationsTest::a_revocation_holds_until_its_time()
{
    Revocation revocation = ofToken("t");
    revocation.until = second;
    const auto set = RevocationSet().with(revocation);
    QVERIFY(set->match(someone("local", "ann", "t"), second - 1ms));
    QVERIFY(!set->match(someone("local", "ann", "t"), second));
}

void RevocationsTest::adding_changes_the_new_set_alone()
{
    const RevocationSet empty;
    const auto one = empty.with(ofToken("t1"));
    const auto two = one->with(ofToken("t2"));
    QCOMPARE(empty.size(), 0u);
    QCOMPARE(one->size(), 1u);
    QCOMPARE(two->size(), 2u);
    QVERIFY(!one->match(someone("local", "ann", "t2"), second));
    QCOMPARE(two->with(ofToken("t2"))->size(), 2u);
}

void RevocationsTest::what_is_taken_out_is_met_no_more()
{
    const auto set = RevocationSet().with(ofToken("t1"))->with(ofToken("t2"))->without(ofToken("t1"));
    QCOMPARE(set->size(), 1u);
    QVERIFY(!set->match(someone("local", "ann", "t1"), second));
    QVERIFY(set->match(someone("local", "ann", "t2"), second));
    QCOMPARE(set->without(ofToken("t3"))->size(), 1u);
}

void RevocationsTest::a_set_matches_as_the_naive_loop_does()
{
    std::mt19937 engine(3);
    const auto few = [&](const char* prefix) { return prefix + std::to_string(engine() % 12); };
    std::vector<Revocation> all;
    auto set = std::make_shared<const RevocationSet>();
    for (int step = 0; step < 3000; ++step) {
        Revocation revocation = engine() % 2 == 0 ? ofToken(few("t"), engine() % 2 == 0 ? few("i") : "")
                                                  : ofUser(few("u"), second + std::chrono::seconds(engine() % 10),
                                                           engine() % 2 == 0 ? few("i") : "");
        if (engine() % 3 == 0)
            revocation.until = second + std::chrono::seconds(engine() % 5);
        std::erase_if(all, [&](const Revocation& old) {
            return old.subject == revocation.subject && old.value == revocation.value &&
                   old.issuer == revocation.issuer;
        });
        if (engine() % 4 == 0) {
            set = set->without(revocation);
        } else {
            set = set->with(revocation);
            all.push_back(revocation);
        }
        QCOMPARE(set->size(), all.size());
        const Identity who = someone(few("i"), few("u"), few("t"), second + std::chrono::seconds(engine() % 10));
        const WallTime now = second + std::chrono::seconds(engine() % 5);
        bool naive = false;
        for (const Revocation& each : all)
            naive = naive || (revocationHolds(each, now) && revokes(each, who));
        QCOMPARE(set->match(who, now) != nullptr, naive);
    }
}

void RevocationsTest::a_hundred_thousand_are_found()
{
    std::vector<Revocation> all;
    for (std::size_t i = 0; i + 1 < RevocationSet::maxRevocations; ++i)
        all.push_back(ofToken("t" + std::to_string(i)));
    const auto set = RevocationSet(all).with(ofToken("t99999"));
    QCOMPARE(set->size(), RevocationSet::maxRevocations);
    QVERIFY(set->match(someone("local", "ann", "t99999"), second));
    QVERIFY(set->match(someone("local", "ann", "t0"), second));
    QVERIFY(!set->match(someone("local", "ann", "t100000"), second));
}

void RevocationsTest::a_decision_names_the_revocation_and_what_it_met()
{
    const auto set = RevocationSet().with(ofToken("7f3a"))->with(ofUser("bob", second + 1ms));
    const Decision token = decideRevocation(*set, someone("local", "ann", "7f3a"), second);
    QCOMPARE(token.reason, Reason::Revoked);
    QCOMPARE(token.rule.name, std::string("revocation 12 by root"));
    QCOMPARE(token.met, std::string("token 7f3a"));
    const Decision user = decideRevocation(*set, someone("local", "bob", "x", second), second);
    QCOMPARE(user.met, std::string("user bob, token issued 2027-01-15T08:00:00.000Z"));
    QCOMPARE(user.limit, std::string("a token issued after 2027-01-15T08:00:00.000Z"));
    QVERIFY(decideRevocation(*set, someone("local", "ann", "x"), second).allowed());
}

void RevocationsTest::digests_tell_issuer_and_jti_apart()
{
    QVERIFY(tokenDigest("a", "bc") == tokenDigest("a", "bc"));
    QVERIFY(tokenDigest("a", "bc") != tokenDigest("ab", "c"));
    QVERIFY(tokenDigest("a", "1:b") != tokenDigest("a1:", "b"));
    QVERIFY(tokenDigest("", "x").has_value());
}

QTEST_GUILESS_MAIN(RevocationsTest)
#include "revocationstest.moc"
