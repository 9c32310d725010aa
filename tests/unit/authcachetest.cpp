// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/claims.h"
#include "auth/tokencache.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now{1'800'000'000'000ms};

std::shared_ptr<Policy> sample()
{
    auto policy = std::make_shared<Policy>();
    for (const char* name : {"local", "other"}) {
        Issuer issuer;
        issuer.name = issuer.issuer = name;
        issuer.algorithms = {JwtAlgorithm::HS256};
        issuer.secret = std::string(43, name[0]);
        issuer.audience = "gate";
        policy->issuers.push_back(issuer);
    }
    policy->issuers[1].userPrefix = "o:";
    Route all;
    all.name = "all";
    Route other;
    other.name = "other";
    other.authentication.issuers = {"other"};
    policy->routes = {all, other};
    return policy;
}

/// A cache with the policy that it is asked about.
struct Asked {
    std::shared_ptr<Policy> policy = sample();
    std::shared_ptr<const IssuerKeys> keys = IssuerKeys::make(*policy, {}).value();
    TokenCache cache;

    explicit Asked(std::size_t most = 3)
        : cache(most)
    {
    }
    /// The reason of the refusal; whether the answer came from the cache is left in `hit`.
    Reason ask(const std::string& token, WallTime at = now, std::size_t route = 0)
    {
        const std::uint64_t before = cache.hits();
        const auto result = cache.verify(policy, keys, route, token, at);
        hit = cache.hits() > before;
        return result ? Reason::None : result.error().reason;
    }
    [[nodiscard]] std::string token(const std::string& user, std::chrono::seconds ttl = 60s) const
    {
        return mintToken(*policy, {user, {}, ttl, {}}, now).value();
    }
    bool hit = false;
};

} // namespace

class AuthCacheTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_token_is_verified_once();
    void a_hit_says_what_verifying_said();
    void what_was_refused_is_not_kept();
    void times_hold_for_what_is_kept_data();
    void times_hold_for_what_is_kept();
    void a_previous_secret_ends_for_what_is_kept();
    void a_route_hears_its_own_issuers_alone();
    void another_policy_or_other_keys_forget_all();
    void the_one_not_asked_for_the_longest_goes_first();
    void a_one_time_token_stays_one();
    void a_cache_of_none_keeps_none();
    void four_thousand_and_ninety_six_are_the_most();
};

void AuthCacheTest::a_token_is_verified_once()
{
    Asked asked;
    const std::string token = asked.token("amir");
    QCOMPARE(asked.ask(token), Reason::None);
    QVERIFY(!asked.hit);
    QCOMPARE(asked.ask(token), Reason::None);
    QVERIFY(asked.hit);
    QCOMPARE(asked.ask(token + "A"), Reason::JwtSig);
    QVERIFY(!asked.hit);
}

void AuthCacheTest::a_hit_says_what_verifying_said()
{
    Asked asked;
    const std::string token = asked.token("amir");
    const auto first = asked.cache.verify(asked.policy, asked.keys, 0, token, now);
    const auto second = asked.cache.verify(asked.policy, asked.keys, 0, token, now + 1s);
    QCOMPARE(asked.cache.hits(), 1u);
    QVERIFY(*first == *second);
    QVERIFY(*first == *verifyToken(*asked.policy, *asked.keys, 0, token, now));
}

void AuthCacheTest::what_was_refused_is_not_kept()
{
    Asked asked;
    const std::string forged = asked.token("amir") + "A";
    QCOMPARE(asked.ask(forged), Reason::JwtSig);
    QCOMPARE(asked.ask(asked.token("amir", 60s), now + 120s), Reason::JwtTime);
    QCOMPARE(asked.cache.size(), std::size_t(0));
    QCOMPARE(asked.ask(std::string(longestToken + 1, 'a')), Reason::JwtFormat);
}

void AuthCacheTest::times_hold_for_what_is_kept_data()
{
    QTest::addColumn<int>("offset"); // milliseconds from the end
    QTest::addColumn<bool>("good");
    QTest::newRow("a second inside the leeway") << 29'000 << true;
    QTest::newRow("a millisecond inside") << 29'999 << true;
    QTest::newRow("at its edge") << 30'000 << false;
    QTest::newRow("a second outside") << 31'000 << false;
    QTest::newRow("issued a second further ahead than the leeway") << -60'000 - 31'000 << false;
    QTest::newRow("issued as far ahead as the leeway") << -60'000 - 30'000 << true;
}

void AuthCacheTest::times_hold_for_what_is_kept()
{
    QFETCH(int, offset);
    QFETCH(bool, good);
    Asked asked;
    const std::string token = asked.token("amir", 60s);
    QCOMPARE(asked.ask(token), Reason::None);
    QCOMPARE(asked.ask(token, now + 60s + std::chrono::milliseconds(offset)), good ? Reason::None : Reason::JwtTime);
    QCOMPARE(asked.hit, good);
    QCOMPARE(asked.cache.size(), std::size_t(good ? 1 : 0));
}

void AuthCacheTest::a_previous_secret_ends_for_what_is_kept()
{
    Asked asked;
    const std::string token = asked.token("amir", 10min);
    asked.policy->issuers[0].previous = {{"old", asked.policy->issuers[0].secret, now + 60s}};
    asked.policy->issuers[0].secret = std::string(43, 'n');
    asked.keys = IssuerKeys::make(*asked.policy, {}).value();
    QCOMPARE(asked.ask(token), Reason::None);
    QCOMPARE(asked.ask(token, now + 59s), Reason::None);
    QVERIFY(asked.hit);
    QCOMPARE(asked.ask(token, now + 60s), Reason::JwtSig);
}

void AuthCacheTest::a_route_hears_its_own_issuers_alone()
{
    Asked asked;
    const std::string token = asked.token("amir");
    QCOMPARE(asked.ask(token), Reason::None);
    QCOMPARE(asked.ask(token, now, 1), Reason::JwtSig);
    QVERIFY(!asked.hit);
}

void AuthCacheTest::another_policy_or_other_keys_forget_all()
{
    Asked asked;
    const std::string token = asked.token("amir");
    QCOMPARE(asked.ask(token), Reason::None);
    asked.keys = IssuerKeys::make(*asked.policy, {}).value();
    QCOMPARE(asked.ask(token), Reason::None);
    QVERIFY(!asked.hit);
    asked.policy = std::make_shared<Policy>(*asked.policy);
    QCOMPARE(asked.ask(token), Reason::None);
    QVERIFY(!asked.hit);
    asked.policy = sample();
    asked.policy->issuers[0].secret = std::string(43, 'n');
    asked.keys = IssuerKeys::make(*asked.policy, {}).value();
    QCOMPARE(asked.ask(token), Reason::JwtSig);
}

void AuthCacheTest::the_one_not_asked_for_the_longest_goes_first()
{
    Asked asked(3);
    std::vector<std::string> tokens;
    for (const char* user : {"a", "b", "c", "d"})
        tokens.push_back(asked.token(user));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(asked.ask(tokens[static_cast<std::size_t>(i)]), Reason::None);
    QCOMPARE(asked.ask(tokens[0]), Reason::None); // b is now the oldest
    QVERIFY(asked.hit);
    QCOMPARE(asked.ask(tokens[3]), Reason::None);
    QCOMPARE(asked.cache.size(), std::size_t(3));
    for (const std::size_t kept : {0U, 2U, 3U}) {
        (void)asked.ask(tokens[kept]);
        QVERIFY(asked.hit);
    }
    (void)asked.ask(tokens[1]);
    QVERIFY(!asked.hit);
}

void AuthCacheTest::a_one_time_token_stays_one()
{
    Asked asked;
    asked.policy->issuers[0].oneTime = true;
    const std::string token = asked.token("amir");
    for (int i = 0; i < 3; ++i) {
        const auto result = asked.cache.verify(asked.policy, asked.keys, 0, token, now);
        QCOMPARE(result->who.onceUntil, std::optional(now + 90s)); // whoever asks must still use it up
    }
    QCOMPARE(asked.cache.hits(), 2u);
}

void AuthCacheTest::a_cache_of_none_keeps_none()
{
    Asked asked(0);
    const std::string token = asked.token("amir");
    for (int i = 0; i < 2; ++i) {
        QCOMPARE(asked.ask(token), Reason::None);
        QVERIFY(!asked.hit);
    }
}

void AuthCacheTest::four_thousand_and_ninety_six_are_the_most()
{
    Asked asked(TokenCache::capacity);
    for (int i = 0; i < 4100; ++i)
        QCOMPARE(asked.ask(asked.token("u" + std::to_string(i))), Reason::None);
    QCOMPARE(asked.cache.size(), std::size_t(4096));
}

QTEST_GUILESS_MAIN(AuthCacheTest)
#include "authcachetest.moc"
