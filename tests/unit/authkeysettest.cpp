// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/keyset.h"
#include "signingkey.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

const SigningKey& rsaKey()
{
    static const SigningKey key = SigningKey::rsa();
    return key;
}

const SigningKey& ecKey()
{
    static const SigningKey key = SigningKey::ec("P-256");
    return key;
}

/// The EC key's text with one member's value replaced.
std::string spoiled(const std::string& member, const std::string& value)
{
    std::string text = ecKey().jwk("k1");
    const std::size_t begin = text.find('"' + member + "\":\"") + member.size() + 4;
    return text.replace(begin, text.find('"', begin) - begin, value);
}

Issuer issuerOf(std::vector<JwtAlgorithm> algorithms)
{
    Issuer issuer;
    issuer.algorithms = std::move(algorithms);
    return issuer;
}

} // namespace

class AuthKeySetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_set_that_cannot_be_trusted_is_refused_whole_data();
    void a_set_that_cannot_be_trusted_is_refused_whole();
    void keys_for_other_uses_are_left_out_data();
    void keys_for_other_uses_are_left_out();
    void keys_of_all_kinds_are_taken();
    void sixty_four_keys_are_the_most();
    void a_set_of_256_KiB_is_the_largest();
    void a_kid_may_stand_twice_where_the_algorithms_differ();
    void a_set_without_a_key_for_the_issuer_is_no_use();
};

void AuthKeySetTest::a_set_that_cannot_be_trusted_is_refused_whole_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const std::string& text, const char* says) {
        QTest::newRow(name) << QByteArray(text.data(), static_cast<qsizetype>(text.size())) << QByteArray(says);
    };
    const auto with = [](const std::string& member) { return keySetText({ecKey().jwk("k1", member)}); };
    const std::string good = ecKey().jwk("k1");
    row("nothing", "", "no JSON");
    row("no JSON", "<html>", "no JSON");
    row("cut short", keySetText({good}).substr(0, 60), "no JSON");
    row("a list", "[]", "no list \"keys\"");
    row("a key alone", good, "no list \"keys\"");
    row("keys is an object", R"({"keys":{}})", "no list \"keys\"");
    row("a key is text", R"({"keys":["k"]})", "key 1: it is no object");
    row("a member twice", R"({"keys":[{"kty":"EC","kty":"RSA"}]})", "twice");
    row("keys twice", R"({"keys":[],"keys":[]})", "twice");
    row("depth 1,000", R"({"keys":)" + std::string(1000, '[') + std::string(1000, ']') + '}', "no JSON");
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "k"})
        row((std::string("with ") + member).c_str(), with('"' + std::string(member) + R"(":"AQAB")"), "a secret");
    row("with oth", with(R"("oth":[])"), "a secret");
    row("oct beside a good one", keySetText({good, R"({"kty":"oct","k":"c2VjcmV0"})"}), "key 2: it holds \"k\"");
    row("a private key for another use", keySetText({ecKey().jwk("k1", R"("use":"enc","d":"AQAB")")}), "a secret");
    row("no kty", R"({"keys":[{"kid":"a"}]})", "no kty");
    row("no crv", R"({"keys":[{"kty":"EC"}]})", "no crv");
    row("kid empty", keySetText({ecKey().jwk("", R"("kid":"")")}), "kid");
    row("kid over 128 bytes", keySetText({ecKey().jwk(std::string(129, 'k'))}), "kid");
    row("kid is a number", keySetText({ecKey().jwk("", R"("kid":7)")}), "kid");
    row("use is a list", with(R"("use":["sig"])"), "use");
    row("key_ops is text", with(R"("key_ops":"verify")"), "key_ops");
    row("alg of another type", with(R"("alg":"RS256")"), "does not fit");
    row("alg of another curve", with(R"("alg":"ES384")"), "does not fit");
    row("alg symmetric", with(R"("alg":"HS256")"), "does not fit");
    row("alg is a number", with(R"("alg":1)"), "alg is no text");
    row("x is no base64url", keySetText({spoiled("x", "====")}), "base64url");
    row("x is short", keySetText({spoiled("x", "AQAB")}), "32 bytes");
    row("x is long", keySetText({spoiled("x", base64urlEncoded(std::string(33, '\1')))}), "32 bytes");
    row("not on the curve", keySetText({spoiled("x", base64urlEncoded(std::string(32, '\1')))}), "not on P-256");
    row("a point of another curve", keySetText({spoiled("crv", "P-384")}), "48 bytes");
    row("the same kid twice", keySetText({good, SigningKey::ec("P-256").jwk("k1")}), "same kid");
    row("Ed25519 short", R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQAB"}]})", "32 bytes");
    row("n is no text", R"({"keys":[{"kty":"RSA","n":1,"e":"AQAB"}]})", "base64url");
}

void AuthKeySetTest::a_set_that_cannot_be_trusted_is_refused_whole()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, says);
    const auto set = KeySet::parse(text.toStdString());
    QVERIFY(!set);
    QVERIFY2(set.error().find(says.toStdString()) != std::string::npos, set.error().c_str());
}

void AuthKeySetTest::keys_for_other_uses_are_left_out_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const std::string& key, const char* says) {
        QTest::newRow(name) << QByteArray::fromStdString(key) << QByteArray(says);
    };
    row("use enc", ecKey().jwk("k1", R"("use":"enc")"), "use");
    row("key_ops sign", ecKey().jwk("k1", R"("key_ops":["sign"])"), "key_ops");
    row("another curve", SigningKey::ec("secp256k1").jwk("k1"), "crv");
    row("another kty", R"({"kty":"AKP","pub":"AA"})", "kty");
    row("an unknown alg", ecKey().jwk("k1", R"("alg":"ES256K")"), "alg");
    row("RSA of 1024 bits", SigningKey::rsa(1024).jwk("k1"), "1024 bits");
    row("RSA with exponent 3", SigningKey::rsa(2048, 3).jwk("k1"), "exponent");
    row("RSA of 8200 bits", R"({"kty":"RSA","e":"AQAB","n":")" + base64urlEncoded(std::string(1025, '\xff')) + "\"}",
        "8200 bits");
    row("RSA of 100,000 bits",
        R"({"kty":"RSA","e":"AQAB","n":")" + base64urlEncoded(std::string(12'500, '\xff')) + "\"}", "more than 8192");
    row("RSA with a huge exponent",
        R"({"kty":"RSA","e":")" + base64urlEncoded(std::string(9, '\xff')) + R"(","n":")" +
            base64urlEncoded(std::string(256, '\xff')) + "\"}",
        "exponent");
    row("RSA with an even modulus",
        R"({"kty":"RSA","e":"AQAB","n":")" + base64urlEncoded(std::string(256, '\xfe')) + "\"}", "even");
}

void AuthKeySetTest::keys_for_other_uses_are_left_out()
{
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, says);
    const auto set = KeySet::parse(keySetText({key.toStdString(), rsaKey().jwk("good", R"("use":"sig")")}));
    QVERIFY2(set, set ? "" : set.error().c_str());
    QCOMPARE((*set)->keys().size(), std::size_t(1));
    QCOMPARE((*set)->keys().front().id, std::string("good"));
    QCOMPARE((*set)->leftOut().size(), std::size_t(1));
    QVERIFY2((*set)->leftOut().front().find(says.toStdString()) != std::string::npos,
             (*set)->leftOut().front().c_str());
}

void AuthKeySetTest::keys_of_all_kinds_are_taken()
{
    const auto set =
        KeySet::parse(keySetText({rsaKey().jwk("rsa", R"("use":"sig","key_ops":["verify"],"x5c":["AA"])"),
                                  ecKey().jwk("256"), SigningKey::ec("P-384").jwk("384", R"("alg":"ES384")"),
                                  SigningKey::ec("P-521").jwk("521"), SigningKey::edwards("ED25519").jwk("ed"),
                                  SigningKey::edwards("ED448").jwk("ed4"), SigningKey::rsa(3072).jwk("")}));
    QVERIFY2(set, set ? "" : set.error().c_str());
    QCOMPARE((*set)->keys().size(), std::size_t(7));
    QVERIFY((*set)->leftOut().empty());
    QVERIFY((*set)->hasId("384"));
    QVERIFY(!(*set)->hasId("385"));
    QCOMPARE((*set)->keys()[0].algorithms.count(), std::size_t(6));
    QCOMPARE((*set)->keys()[2].algorithms.count(), std::size_t(1));
}

void AuthKeySetTest::sixty_four_keys_are_the_most()
{
    const auto keys = [](int count) {
        std::string text = R"({"keys":[)";
        for (int i = 0; i < count; ++i)
            text += (i > 0 ? "," : "") + ecKey().jwk("k" + std::to_string(i));
        return text + "]}";
    };
    QCOMPARE(KeySet::parse(keys(64)).value()->keys().size(), std::size_t(64));
    QVERIFY(!KeySet::parse(keys(65)));
}

void AuthKeySetTest::a_set_of_256_KiB_is_the_largest()
{
    const std::string text = keySetText({ecKey().jwk("k1")});
    QVERIFY(KeySet::parse(text + std::string(largestKeySet - text.size(), ' ')));
    QVERIFY(!KeySet::parse(text + std::string(largestKeySet - text.size() + 1, ' ')));
}

void AuthKeySetTest::a_kid_may_stand_twice_where_the_algorithms_differ()
{
    QVERIFY(KeySet::parse(keySetText({ecKey().jwk("k1"), rsaKey().jwk("k1")})));
    QVERIFY(
        KeySet::parse(keySetText({rsaKey().jwk("k1", R"("alg":"RS256")"), rsaKey().jwk("k1", R"("alg":"PS256")")})));
    QVERIFY(
        !KeySet::parse(keySetText({rsaKey().jwk("k1", R"("alg":"RS256")"), rsaKey().jwk("k1", R"("alg":"RS256")")})));
    QVERIFY(KeySet::parse(keySetText({ecKey().jwk(""), SigningKey::ec("P-256").jwk("")})));
}

void AuthKeySetTest::a_set_without_a_key_for_the_issuer_is_no_use()
{
    const auto set = KeySet::parse(keySetText({ecKey().jwk("k1"), SigningKey::rsa(1024).jwk("k2")})).value();
    QCOMPARE(keySetProblem(*set, issuerOf({JwtAlgorithm::RS256, JwtAlgorithm::ES256})), std::string());
    QCOMPARE(keySetProblem(*set, issuerOf({JwtAlgorithm::RS256, JwtAlgorithm::PS256})),
             std::string("no key of it fits RS256, PS256; key 2: RSA of 1024 bits; 2048 to 8192 are allowed"));
    QVERIFY(!keySetProblem(*KeySet::parse(R"({"keys":[]})").value(), issuerOf({JwtAlgorithm::ES256})).empty());
}

QTEST_GUILESS_MAIN(AuthKeySetTest)
#include "authkeysettest.moc"
