// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/hmac.h"
#include "auth/token.h"
#include "signingkey.h"

#include <QTest>

#include <map>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now{1'800'000'000'000ms};
const std::string payload =
    R"({"iss":"id.example","aud":"gate","sub":"amir","iat":1799999990,"exp":1800000060})";

using Algorithm = JwtAlgorithm;

const SigningKey& keyFor(Algorithm algorithm)
{
    static const std::map<std::string, SigningKey> keys{{"RS", SigningKey::rsa()},
                                                        {"ES256", SigningKey::ec("P-256")},
                                                        {"ES384", SigningKey::ec("P-384")},
                                                        {"ES512", SigningKey::ec("P-521")},
                                                        {"EdDSA", SigningKey::edwards("ED25519")}};
    const std::string word(jwtAlgorithmWord(algorithm));
    return keys.at(word.starts_with("RS") || word.starts_with("PS") ? "RS" : word);
}

std::string headerOf(Algorithm algorithm, const std::string& members = {})
{
    return R"({"alg":")" + std::string(jwtAlgorithmWord(algorithm)) + "\"" + (members.empty() ? "" : ',' + members) +
           '}';
}

Policy policyFor(std::vector<Algorithm> algorithms)
{
    Policy policy;
    Issuer issuer;
    issuer.name = "corp";
    issuer.algorithms = std::move(algorithms);
    issuer.jwksFile = "corp.jwks.json";
    issuer.issuer = "id.example";
    issuer.audience = "gate";
    policy.issuers = {issuer};
    Route route;
    route.name = "hub";
    policy.routes = {route};
    return policy;
}

Reason verdict(const Policy& policy, const std::string& set, const std::string& token)
{
    const auto keys = IssuerKeys::make(policy, {KeySet::parse(set).value()}).value();
    const auto result = verifyToken(policy, *keys, 0, token, now);
    return result ? Reason::None : result.error().reason;
}

Reason verdict(Algorithm algorithm, const std::string& token)
{
    return verdict(policyFor({algorithm}), keySetText({keyFor(algorithm).jwk("k1")}), token);
}

/// The token with another signature.
std::string signedBy(const std::string& token, const std::string& signature)
{
    return token.substr(0, token.rfind('.') + 1) + base64urlEncoded(signature);
}

constexpr std::array asymmetric{Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256,
                                Algorithm::PS384, Algorithm::PS512, Algorithm::ES256, Algorithm::ES384,
                                Algorithm::ES512, Algorithm::EdDSA};

void algorithmRows()
{
    QTest::addColumn<int>("algorithm");
    for (const Algorithm algorithm : asymmetric)
        QTest::newRow(std::string(jwtAlgorithmWord(algorithm)).c_str()) << static_cast<int>(algorithm);
}

} // namespace

class AuthSignaturesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hmac_gives_the_published_vectors();
    void an_ed25519_signature_of_the_rfc_is_good();
    void a_good_signature_is_taken_and_no_other_data() { algorithmRows(); }
    void a_good_signature_is_taken_and_no_other();
    void an_ed448_key_verifies();
    void symmetric_algorithms_verify_by_the_secret();
    void a_signature_of_es_has_one_form_data();
    void a_signature_of_es_has_one_form();
    void the_salt_of_ps_is_as_long_as_the_digest();
    void an_algorithm_fits_its_curve_alone();
    void an_algorithm_that_the_key_does_not_name_is_not_tried();
    void a_public_key_is_no_secret_data();
    void a_public_key_is_no_secret();
    void errors_do_not_stay_in_the_thread();
};

void AuthSignaturesTest::hmac_gives_the_published_vectors()
{
    // RFC 4231 §4.3, test case 2.
    const auto hex = [](HmacDigest digest) {
        const std::string mac = HmacKey::make("Jefe", digest)->mac("what do ya want for nothing?").value();
        return QByteArray(mac.data(), static_cast<qsizetype>(mac.size())).toHex();
    };
    QCOMPARE(
        hex(HmacDigest::Sha384),
        QByteArray("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"));
    QCOMPARE(hex(HmacDigest::Sha512), QByteArray("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                                                 "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"));
}

void AuthSignaturesTest::an_ed25519_signature_of_the_rfc_is_good()
{
    // RFC 8037, appendix A.4.
    const auto set =
        KeySet::parse(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
    QVERIFY(set);
    const std::string signature =
        base64urlDecoded("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
                         "9g7sVvpAr_MuM0KAg")
            .value();
    const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    QVERIFY((*set)->keys().front().key.verifies(Algorithm::EdDSA, text, signature));
    QVERIFY(!(*set)->keys().front().key.verifies(Algorithm::EdDSA, text + "x", signature));
}

void AuthSignaturesTest::a_good_signature_is_taken_and_no_other()
{
    QFETCH(int, algorithm);
    const auto which = static_cast<Algorithm>(algorithm);
    const SigningKey& key = keyFor(which);
    const std::string good = key.token(which, headerOf(which, R"("kid":"k1")"), payload);
    QCOMPARE(verdict(which, good), Reason::None);
    QCOMPARE(verdict(which, key.token(which, headerOf(which), payload)), Reason::None);
    const std::size_t dot = good.rfind('.');
    const std::string signature = base64urlDecoded(good.substr(dot + 1)).value();
    for (std::size_t at = 0; at < signature.size(); at += 7) {
        std::string changed = signature;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        QCOMPARE(verdict(which, signedBy(good, changed)), Reason::JwtSig);
    }
    for (const std::size_t size : {std::size_t(0), std::size_t(1), signature.size() - 1})
        QCOMPARE(verdict(which, signedBy(good, signature.substr(0, size))), Reason::JwtSig);
    QCOMPARE(verdict(which, signedBy(good, signature + '\0')), Reason::JwtSig);
    QCOMPARE(verdict(which, signedBy(good, '\0' + signature)), Reason::JwtSig);
    const std::string other = key.token(which, headerOf(which, R"("kid":"k1")"), payload + " ");
    QCOMPARE(verdict(which, good.substr(0, dot) + other.substr(other.rfind('.'))), Reason::JwtSig);
}

void AuthSignaturesTest::an_ed448_key_verifies()
{
    const SigningKey key = SigningKey::edwards("ED448");
    const std::string set = keySetText({key.jwk("k1")});
    const std::string token = key.token(Algorithm::EdDSA, headerOf(Algorithm::EdDSA), payload);
    QCOMPARE(verdict(policyFor({Algorithm::EdDSA}), set, token), Reason::None);
    QCOMPARE(verdict(Algorithm::EdDSA, token), Reason::JwtSig);
}

void AuthSignaturesTest::symmetric_algorithms_verify_by_the_secret()
{
    const std::string secret(43, 's');
    const std::array digests{std::pair(Algorithm::HS256, HmacDigest::Sha256),
                             std::pair(Algorithm::HS384, HmacDigest::Sha384),
                             std::pair(Algorithm::HS512, HmacDigest::Sha512)};
    for (const auto& [algorithm, digest] : digests) {
        Policy policy = policyFor({algorithm});
        policy.issuers[0].jwksFile.clear();
        policy.issuers[0].secret = secret;
        const auto keys = IssuerKeys::make(policy, {}).value();
        for (const auto& [other, otherDigest] : digests) {
            const std::string text = base64urlEncoded(headerOf(other)) + '.' + base64urlEncoded(payload);
            const std::string mac = HmacKey::make(secret, otherDigest)->mac(text).value();
            const auto result = verifyToken(policy, *keys, 0, text + '.' + base64urlEncoded(mac), now);
            QCOMPARE(result.ok(), other == algorithm);
            if (other != algorithm)
                QCOMPARE(result.error().reason, Reason::JwtAlg);
            const auto cut = verifyToken(policy, *keys, 0, text + '.' + base64urlEncoded(mac.substr(0, 16)), now);
            QVERIFY(!cut);
        }
    }
}

void AuthSignaturesTest::a_signature_of_es_has_one_form_data()
{
    QTest::addColumn<int>("algorithm");
    QTest::addColumn<QByteArray>("order");
    QTest::newRow("ES256") << static_cast<int>(Algorithm::ES256)
                           << QByteArray("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    QTest::newRow("ES384") << static_cast<int>(Algorithm::ES384)
                           << QByteArray("ffffffffffffffffffffffffffffffffffffffffffffffff"
                                         "c7634d81f4372ddf581a0db248b0a77aecec196accc52973");
    QTest::newRow("ES512") << static_cast<int>(Algorithm::ES512)
                           << QByteArray("01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                                         "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409");
}

void AuthSignaturesTest::a_signature_of_es_has_one_form()
{
    QFETCH(int, algorithm);
    QFETCH(QByteArray, order);
    const auto which = static_cast<Algorithm>(algorithm);
    const std::string n = QByteArray::fromHex(order).toStdString();
    const std::string zero(n.size(), '\0');
    const std::string all(n.size(), '\xff');
    const SigningKey& key = keyFor(which);
    const std::string good = key.token(which, headerOf(which), payload);
    const std::string signature = base64urlDecoded(good.substr(good.rfind('.') + 1)).value();
    QCOMPARE(signature.size(), 2 * n.size());
    const std::string r = signature.substr(0, n.size());
    const std::string s = signature.substr(n.size());
    for (const std::string& forged :
         {zero + zero, zero + s, r + zero, n + s, r + n, n + n, all + s, r + all, all + all})
        QCOMPARE(verdict(which, signedBy(good, forged)), Reason::JwtSig);
    QCOMPARE(verdict(which, signedBy(good, s + r)), Reason::JwtSig);
    QCOMPARE(verdict(which, signedBy(good, '\0' + r + '\0' + s)), Reason::JwtSig);
    const std::string text = good.substr(0, good.rfind('.'));
    QCOMPARE(verdict(which, signedBy(good, key.signDer(which, text))), Reason::JwtSig);
}

void AuthSignaturesTest::the_salt_of_ps_is_as_long_as_the_digest()
{
    for (const Algorithm algorithm : {Algorithm::PS256, Algorithm::PS384, Algorithm::PS512}) {
        const SigningKey& key = keyFor(algorithm);
        const std::string text = base64urlEncoded(headerOf(algorithm)) + '.' + base64urlEncoded(payload);
        for (const int salt : {0, 20, 32, 48, 64}) {
            const int digest = algorithm == Algorithm::PS256 ? 32 : algorithm == Algorithm::PS384 ? 48 : 64;
            const std::string token = text + '.' + base64urlEncoded(key.sign(algorithm, text, salt));
            QCOMPARE(verdict(algorithm, token), salt == digest ? Reason::None : Reason::JwtSig);
        }
    }
}

void AuthSignaturesTest::an_algorithm_fits_its_curve_alone()
{
    const Policy policy = policyFor({asymmetric.begin(), asymmetric.end()});
    const SigningKey rsa = SigningKey::rsa();
    const std::vector<std::pair<std::string, SigningKey>> keys{{"RS PS", rsa},
                                                               {"ES256", SigningKey::ec("P-256")},
                                                               {"ES384", SigningKey::ec("P-384")},
                                                               {"ES512", SigningKey::ec("P-521")},
                                                               {"EdDSA", SigningKey::edwards("ED25519")}};
    for (const auto& [words, key] : keys) {
        const std::string set = keySetText({key.jwk("k1")});
        for (const Algorithm algorithm : asymmetric) {
            const std::string word(jwtAlgorithmWord(algorithm));
            const bool fits = words.find(word) != std::string::npos ||
                              (words == "RS PS" && (word.starts_with("RS") || word.starts_with("PS")));
            const bool edwards = words == "EdDSA" || algorithm == Algorithm::EdDSA;
            if (edwards && !fits)
                continue; // such a signature cannot even be made
            const bool otherKind = !fits && (words == "RS PS" || word.starts_with("RS") || word.starts_with("PS"));
            if (otherKind)
                continue;
            const std::string token = key.token(algorithm, headerOf(algorithm, R"("kid":"k1")"), payload);
            QCOMPARE(verdict(policy, set, token), fits ? Reason::None : Reason::JwtSig);
        }
    }
}

void AuthSignaturesTest::an_algorithm_that_the_key_does_not_name_is_not_tried()
{
    const SigningKey key = SigningKey::rsa();
    const Policy policy = policyFor({Algorithm::RS256, Algorithm::PS256});
    const std::string set = keySetText({key.jwk("k1", R"("alg":"PS256")")});
    QCOMPARE(verdict(policy, set, key.token(Algorithm::PS256, headerOf(Algorithm::PS256), payload)), Reason::None);
    QCOMPARE(verdict(policy, set, key.token(Algorithm::RS256, headerOf(Algorithm::RS256), payload)), Reason::JwtSig);
    // Under the name of the other one, too.
    QCOMPARE(verdict(policy, set, key.token(Algorithm::RS256, headerOf(Algorithm::PS256), payload)), Reason::JwtSig);
}

void AuthSignaturesTest::a_public_key_is_no_secret_data()
{
    QTest::addColumn<bool>("localIssuer");
    QTest::newRow("one issuer with a key set") << false;
    QTest::newRow("an issuer with a secret beside it") << true;
}

void AuthSignaturesTest::a_public_key_is_no_secret()
{
    QFETCH(bool, localIssuer);
    const SigningKey& key = keyFor(Algorithm::RS256);
    Policy policy = policyFor({Algorithm::RS256});
    if (localIssuer) {
        policy.issuers.push_back(policy.issuers[0]);
        policy.issuers[1].name = "local";
        policy.issuers[1].issuer = "gatehouse";
        policy.issuers[1].userPrefix = "l:";
        policy.issuers[1].jwksFile.clear();
        policy.issuers[1].secret = std::string(43, 's');
        policy.issuers[1].algorithms = {Algorithm::HS256};
    }
    const auto keys = IssuerKeys::make(policy, {KeySet::parse(keySetText({key.jwk("k1")})).value()}).value();
    const std::string pem = key.publicPem();
    for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), key.publicDer(), key.jwk("k1")}) {
        const std::string text = base64urlEncoded(headerOf(Algorithm::HS256)) + '.' + base64urlEncoded(payload);
        const auto result =
            verifyToken(policy, *keys, 0, text + '.' + base64urlEncoded(hmacSha256(secret, text).value()), now);
        QVERIFY(!result);
        QCOMPARE(result.error().reason, Reason::JwtAlg);
        QCOMPARE(result.error().rule, (Rule{"/issuers/0/algorithms", "issuer corp › algorithms"}));
        QCOMPARE(result.error().met, std::string("HS256"));
        QCOMPARE(result.error().limit, std::string("RS256"));
    }
}

extern "C" unsigned long ERR_peek_error(void);

/// TLS on the same thread asks OpenSSL's queue why it failed.
void AuthSignaturesTest::errors_do_not_stay_in_the_thread()
{
    QCOMPARE(ERR_peek_error(), 0ul);
    for (const Algorithm algorithm : asymmetric) {
        const std::string good = keyFor(algorithm).token(algorithm, headerOf(algorithm), payload);
        QCOMPARE(verdict(algorithm, signedBy(good, std::string(64, 'x'))), Reason::JwtSig);
        QCOMPARE(verdict(algorithm, signedBy(good, std::string(256, '\xff'))), Reason::JwtSig);
    }
    QVERIFY(!KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + base64urlEncoded(std::string(32, '\1')) +
                           R"(","y":")" + base64urlEncoded(std::string(32, '\1')) + R"("}]})"));
    QCOMPARE(ERR_peek_error(), 0ul);
}

QTEST_GUILESS_MAIN(AuthSignaturesTest)
#include "authsignaturestest.moc"
