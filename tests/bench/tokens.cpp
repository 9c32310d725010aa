// SPDX-License-Identifier: GPL-3.0-or-later
// What a token costs: verified by each kind of key beside what OpenSSL alone takes for the signature, and found in the
// cache. One thread, no I/O.
#include "auth/base64url.h"
#include "auth/tokencache.h"
#include "signingkey.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr int rounds = 15;
constexpr WallTime now{std::chrono::milliseconds(1'800'000'000'000)};

/// The mean time of one call over at least 10 ms, in microseconds.
double oneRound(const std::function<bool()>& call)
{
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    int calls = 0;
    do {
        for (int i = 0; i < 16; ++i)
            if (!call())
                std::printf("a good token was refused\n");
        calls += 16;
    } while (Clock::now() - begin < std::chrono::milliseconds(10));
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / calls;
}

double median(std::vector<double> times)
{
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    return times[times.size() / 2];
}

/// What is compared takes turns, so that a machine that is busy for a while disturbs both.
void compare(const char* name, std::size_t size, const std::function<bool()>& ours, const std::function<bool()>& bare)
{
    std::vector<double> oursTimes;
    std::vector<double> bareTimes;
    for (int round = 0; round < rounds; ++round) {
        oursTimes.push_back(oneRound(ours));
        if (bare)
            bareTimes.push_back(oneRound(bare));
    }
    const double mine = median(oursTimes);
    if (bare)
        std::printf("| %-26s | %5zu | %8.2f | %8.2f | %5.2f |\n", name, size, mine, median(bareTimes),
                    mine / median(bareTimes));
    else
        std::printf("| %-26s | %5zu | %8.2f |          |       |\n", name, size, mine);
}

std::string payload()
{
    return R"({"iss":"id.example","aud":"gate","sub":"u1234567","iat":1799999990,"exp":1800000600,)"
           R"("jti":"0123456789abcdef","roles":["reader","editor"],"name":"a claim that the gate does not know"})";
}

struct Setting {
    std::shared_ptr<Policy> policy = std::make_shared<Policy>();
    std::shared_ptr<const IssuerKeys> keys;
    std::string token;

    Setting(JwtAlgorithm algorithm, const SigningKey* key)
    {
        Issuer issuer;
        issuer.name = "corp";
        issuer.issuer = "id.example";
        issuer.audience = "gate";
        issuer.algorithms = {algorithm};
        issuer.rolesAllowed = {"*"};
        policy->roles = {"reader", "editor"};
        issuer.secret = key ? "" : std::string(43, 's');
        issuer.jwksFile = key ? "corp.jwks.json" : "";
        policy->issuers = {issuer};
        policy->routes.emplace_back();
        const std::string header = R"({"alg":")" + std::string(jwtAlgorithmWord(algorithm)) + R"(","kid":"k1"})";
        if (key) {
            keys = IssuerKeys::make(*policy, {KeySet::parse(keySetText({key->jwk("k1")})).value()}).value();
            token = key->token(algorithm, header, payload());
        } else {
            keys = IssuerKeys::make(*policy, {}).value();
            const std::string text = base64urlEncoded(header) + "." + base64urlEncoded(payload());
            token = text + "." + base64urlEncoded(hmacSha256(issuer.secret, text).value());
        }
    }
    [[nodiscard]] bool verify() const { return verifyToken(*policy, *keys, 0, token, now).ok(); }
    [[nodiscard]] std::string text() const { return token.substr(0, token.rfind('.')); }
};

/// OpenSSL's own verification of that signature, with nothing prepared but the key, or by a context that was.
class Bare {
public:
    Bare(const Setting& setting, const SigningKey& key, JwtAlgorithm algorithm)
        : m_text(setting.text())
        , m_signature(algorithm == JwtAlgorithm::ES256
                          ? key.signDer(algorithm, m_text)
                          : base64urlDecoded(setting.token.substr(setting.token.rfind('.') + 1)).value())
        , m_digest(algorithm == JwtAlgorithm::EdDSA ? nullptr : EVP_sha256())
    {
        const std::string der = key.publicDer();
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        m_key = {d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), [](EVP_PKEY* one) { EVP_PKEY_free(one); }};
    }
    /// `prepared`: of a context that was initialised before; unset where OpenSSL cannot copy one.
    [[nodiscard]] bool verify(EVP_MD_CTX* prepared = nullptr) const
    {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
        const bool ready = prepared ? EVP_MD_CTX_copy_ex(context.get(), prepared) == 1
                                    : EVP_DigestVerifyInit(context.get(), nullptr, m_digest, nullptr, m_key.get()) == 1;
        return ready && EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(m_signature.data()),
                                         m_signature.size(), reinterpret_cast<const unsigned char*>(m_text.data()),
                                         m_text.size()) == 1;
    }

    [[nodiscard]] std::shared_ptr<EVP_MD_CTX> prepared() const
    {
        std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), [](EVP_MD_CTX* one) { EVP_MD_CTX_free(one); });
        const bool good = EVP_DigestVerifyInit(context.get(), nullptr, m_digest, nullptr, m_key.get()) == 1;
        return good ? context : nullptr;
    }

private:
    std::string m_text;
    std::string m_signature;
    const EVP_MD* m_digest;
    std::shared_ptr<EVP_PKEY> m_key;
};

void measure(const char* name, JwtAlgorithm algorithm, const SigningKey& key)
{
    const Setting setting(algorithm, &key);
    const Bare bare(setting, key, algorithm);
    compare(
        name, setting.token.size(), [&] { return setting.verify(); }, [&] { return bare.verify(); });
    if (algorithm == JwtAlgorithm::EdDSA)
        return;
    const auto prepared = bare.prepared();
    compare((std::string(name) + ", prepared").c_str(), setting.token.size(), [&] { return setting.verify(); },
            [&] { return bare.verify(prepared.get()); });
}

} // namespace

int main()
{
    std::printf("| token                      | bytes | µs       | EVP alone | times |\n|---|---|---|---|---|\n");
    measure("ES256", JwtAlgorithm::ES256, SigningKey::ec("P-256"));
    measure("RS256, 2048 bits", JwtAlgorithm::RS256, SigningKey::rsa());
    measure("EdDSA, Ed25519", JwtAlgorithm::EdDSA, SigningKey::edwards("ED25519"));
    const Setting local(JwtAlgorithm::HS256, nullptr);
    const std::string text = local.text();
    compare(
        "HS256", local.token.size(), [&] { return local.verify(); },
        [&] { return hmacSha256(local.policy->issuers[0].secret, text).has_value(); });
    TokenCache cache;
    compare("HS256, from the cache", local.token.size(),
            [&] { return cache.verify(local.policy, local.keys, 0, local.token, now).ok(); }, {});
}
