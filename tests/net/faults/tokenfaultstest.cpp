// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/hmac.h"
#include "keyserver.h"
#include "policy/text.h"
#include "runtime/fetch.h"
#include "signingkey.h"
#include "trace.h"

#include <QTest>

#include <algorithm>
#include <fstream>
#include <sys/inotify.h>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using Json = nlohmann::json;

const std::string slashes = "//"; // in the text of one literal they would end moc's reading of it

/// A gate with issuers "local" (HS256) and "corp" (ES256, RS256), by a clock of the test's.
struct World {
    ManualClock clock;
    QTemporaryDir folder;
    SigningKey es = SigningKey::ec("P-256");
    SigningKey rs = SigningKey::rsa();
    std::unique_ptr<TestServer> server;

    World()
    {
        const auto file = path("corp.jwks.json");
        std::ofstream(file) << keySetText({es.jwk("e1"), rs.jwk("r1")});
        const auto edit = [&](Json& policy) {
            policy["issuers"].push_back({{"name", "corp"},
                                         {"algorithms", {"ES256", "RS256"}},
                                         {"jwks_file", file.string()},
                                         {"issuer", "id.corp"},
                                         {"audience", "gatehouse"},
                                         {"user_prefix", "corp:"},
                                         {"roles_allowed", {"editor"}}});
            policy["routes"][0]["authentication"]["issuers"] = {"local", "corp"};
        };
        server = std::make_unique<TestServer>(edit, &clock);
    }
    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return std::filesystem::path(folder.path().toStdString()) / name;
    }
    [[nodiscard]] std::string claims(const std::string& iss, const Json& changes = Json::object()) const
    {
        Json claims = server->claims("amir");
        claims["iss"] = iss;
        for (const auto& [name, value] : changes.items()) {
            if (value.is_null())
                claims.erase(name);
            else
                claims[name] = value;
        }
        return claims.dump();
    }
    [[nodiscard]] std::string byEs(const std::string& payload, const Json& header = Json::object()) const
    {
        Json all = header;
        all["alg"] = "ES256";
        return es.token(JwtAlgorithm::ES256, all.dump(), payload);
    }
    [[nodiscard]] std::string corp(const Json& header) const { return byEs(claims("id.corp"), header); }
    [[nodiscard]] std::string corpClaims(const Json& changes) const { return byEs(claims("id.corp", changes)); }
    [[nodiscard]] std::string byHmac(const std::string& payload, const std::string& secret) const
    {
        return server->signedToken(R"({"alg":"HS256"})", payload, secret);
    }
    /// corp's own token with another signature.
    [[nodiscard]] std::string forged(const std::function<std::string(const std::string& text)>& signature) const
    {
        const std::string good = corp(Json::object());
        const std::string text = good.substr(0, good.rfind('.'));
        return text + "." + base64urlEncoded(signature(text));
    }
};

World& world()
{
    static World made;
    return made;
}

/// The client stays for as long as its answer.
struct Shown {
    ByteClient client;
    HttpAnswer answer;
};

Shown show(const std::string& token, const ByteClient::Options& source)
{
    UpgradeOptions options;
    options.path = "/hub/news.a";
    options.token = token;
    Shown shown{world().server->plain(source), {}};
    shown.answer = shown.client.upgrade(options);
    return shown;
}

/// Tells which files of a folder were opened.
class OpenWatch {
public:
    explicit OpenWatch(const std::filesystem::path& folder)
        : m_fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
    {
        if (m_fd < 0 || inotify_add_watch(m_fd, folder.c_str(), IN_OPEN) < 0)
            throw std::runtime_error("inotify");
    }
    ~OpenWatch() { close(m_fd); }
    OpenWatch(const OpenWatch&) = delete;
    OpenWatch& operator=(const OpenWatch&) = delete;
    [[nodiscard]] bool opened() const
    {
        std::array<char, 4096> events{};
        return read(m_fd, events.data(), events.size()) > 0;
    }

private:
    int m_fd;
};

} // namespace

/// What a token must give that is not to be trusted: rows 33 to 41 and 89 of the table, by the keys of two issuers.
class TokenFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void faults_of_a_token_data();
    void faults_of_a_token();
    void tokens_that_are_let_in_data();
    void tokens_that_are_let_in();
    void the_leeway_ends_to_the_second_data();
    void the_leeway_ends_to_the_second();
    void no_connection_is_made_for_a_key_that_a_token_names();
    void no_file_is_opened_for_a_kid();
    void one_name_from_two_issuers_is_two_people();
};

void TokenFaultsTest::faults_of_a_token_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const std::string& token, const char* reason) {
        QTest::newRow(name) << QByteArray::fromStdString(token) << QByteArray(reason);
    };
    const World& all = world();
    const std::string good = all.corp(Json::object());
    const std::string body = good.substr(good.find('.'), good.rfind('.') - good.find('.') + 1);
    for (const char* none : {"none", "None", "nOnE"})
        row((std::string("34 ") + none).c_str(), base64urlEncoded(std::string(R"({"alg":")") + none + "\"}") + body,
            "jwt_alg");
    row("34 empty signature", good.substr(0, good.rfind('.') + 1), "jwt_sig");
    row("35 PEM as secret", all.byHmac(all.claims("id.corp"), all.rs.publicPem()), "jwt_alg");
    row("35 DER as secret", all.byHmac(all.claims("id.corp"), all.rs.publicDer()), "jwt_alg");
    const std::string n = base64urlDecoded("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").value();
    const std::string zero(32, '\0');
    row("36 r = s = 0", all.forged([&](const std::string&) { return zero + zero; }), "jwt_sig");
    row("36 r = n",
        all.forged([&](const std::string& text) { return n + all.es.sign(JwtAlgorithm::ES256, text).substr(32); }),
        "jwt_sig");
    row("36 s = n",
        all.forged([&](const std::string& text) { return all.es.sign(JwtAlgorithm::ES256, text).substr(0, 32) + n; }),
        "jwt_sig");
    row("36 DER form", all.forged([&](const std::string& text) { return all.es.signDer(JwtAlgorithm::ES256, text); }),
        "jwt_sig");
    row("36 wrong curve",
        all.forged([](const std::string& text) { return SigningKey::ec("secp256k1").sign(JwtAlgorithm::ES256, text); }),
        "jwt_sig");
    row("36 another key",
        SigningKey::ec("P-256").token(JwtAlgorithm::ES256, R"({"alg":"ES256"})", all.claims("id.corp")), "jwt_sig");
    for (const char* name : {"jwk", "jku", "x5u", "x5c"})
        row((std::string("37 ") + name).c_str(), all.corp({{name, "k"}}), "jwt_header");
    row("38 a path", all.corp({{"kid", "../../dev/null"}}), "jwt_kid");
    row("38 SQL", all.corp({{"kid", "x' OR 1=1 --"}}), "jwt_kid");
    row("38 NUL", all.corp({{"kid", std::string("e1\0", 3)}}), "jwt_kid");
    row("38 2 KiB", all.corp({{"kid", std::string(2048, 'k')}}), "jwt_kid");
    row("38 a kid that no key has", all.corp({{"kid", "e2"}}), "jwt_kid");
    row("39 exp missing", all.corpClaims({{"exp", nullptr}}), "jwt_time");
    row("39 exp a string", all.corpClaims({{"exp", "1900000000"}}), "jwt_time");
    row("39 exp 1e308", all.corpClaims({{"exp", 1e308}}), "jwt_time");
    row("39 lives too long", all.corpClaims({{"exp", 1'800'000'000 + 90'000}}), "jwt_time");
    row("40 aud wrong", all.corpClaims({{"aud", "gate"}}), "jwt_claims");
    row("40 aud a list without ours", all.corpClaims({{"aud", {"a", "b"}}}), "jwt_claims");
    row("40 typ wrong", all.corp({{"typ", "JOSE"}}), "jwt_claims");
    row("40 sub missing", all.corpClaims({{"sub", nullptr}}), "jwt_claims");
    row("40 sub empty", all.corpClaims({{"sub", ""}}), "jwt_claims");
    row("40 sub a number", all.corpClaims({{"sub", 7}}), "jwt_claims");
    row("40 sub with a line break", all.corpClaims({{"sub", "a\nb"}}), "jwt_claims");
    row("40 sub over 128 bytes", all.corpClaims({{"sub", std::string(129, 'a')}}), "jwt_claims");
    const std::string claims = all.claims("id.corp");
    row("41 a key twice", all.byEs(R"({"sub":"root",)" + claims.substr(1)), "jwt_format");
    row("41 depth 1,000", all.byEs(R"({"x":)" + std::string(1000, '[') + std::string(1000, ']') + "}"), "jwt_format");
    row("41 crit", all.corp({{"crit", {"exp"}}, {"exp", 1}}), "jwt_format");
    row("41 five parts", good + ".a.b", "jwt_format");
    row("41 padded", good + "==", "jwt_format");
    const std::string local = all.server->policy().issuers[0].secret;
    row("89 local's secret in corp's name", all.byHmac(all.claims("id.corp"), local), "jwt_claims");
    row("89 corp's key in local's name", all.byEs(all.claims("gatehouse")), "jwt_claims");
    row("89 corp's user by local", all.byHmac(all.claims("gatehouse", {{"sub", "corp:amir"}}), local), "jwt_claims");
}

void TokenFaultsTest::faults_of_a_token()
{
    QFETCH(QByteArray, token);
    QFETCH(QByteArray, reason);
    const FaultTrace trace(*world().server);
    const Shown shown = show(token.toStdString(), trace.source());
    QCOMPARE(shown.answer.status, 401);
    QCOMPARE(shown.answer.header("WWW-Authenticate").substr(0, 6), std::string("Bearer"));
    COMPARE_TRACE(trace.refused(*reasonFromWord(reason.toStdString()), 401, "hub"));
}

void TokenFaultsTest::tokens_that_are_let_in_data()
{
    QTest::addColumn<QByteArray>("token");
    const auto row = [](const char* name, const std::string& token) {
        QTest::newRow(name) << QByteArray::fromStdString(token);
    };
    const World& all = world();
    row("ES256", all.corp(Json::object()));
    row("ES256 with a kid", all.corp({{"kid", "e1"}}));
    row("RS256", all.rs.token(JwtAlgorithm::RS256, R"({"alg":"RS256","kid":"r1"})", all.claims("id.corp")));
    row("HS256", all.server->token("amir"));
    row("40 aud a list that holds ours", all.corpClaims({{"aud", {"a", "gatehouse"}}}));
}

void TokenFaultsTest::tokens_that_are_let_in()
{
    QFETCH(QByteArray, token);
    const FaultTrace trace(*world().server);
    const Shown shown = show(token.toStdString(), trace.source());
    QCOMPARE(shown.answer.status, 101);
    COMPARE_TRACE(trace.accepted());
}

void TokenFaultsTest::the_leeway_ends_to_the_second_data()
{
    QTest::addColumn<QByteArray>("claim");
    QTest::addColumn<int>("offset"); // seconds from now
    QTest::addColumn<bool>("good");
    for (const char* claim : {"exp", "nbf", "iat"}) {
        const bool exp = std::string_view(claim) == "exp";
        QTest::addRow("39 %s a second inside", claim) << QByteArray(claim) << (exp ? -29 : 29) << true;
        QTest::addRow("39 %s a second outside", claim) << QByteArray(claim) << (exp ? -31 : 31) << false;
    }
}

void TokenFaultsTest::the_leeway_ends_to_the_second()
{
    QFETCH(QByteArray, claim);
    QFETCH(int, offset);
    QFETCH(bool, good);
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(world().clock.wall().time_since_epoch()).count();
    Json changes{{"iat", now - 100}};
    changes[claim.toStdString()] = now + offset;
    const FaultTrace trace(*world().server);
    const Shown shown = show(world().corpClaims(changes), trace.source());
    QCOMPARE(shown.answer.status, good ? 101 : 401);
    if (good && claim == "exp")
        return; // it is in, and ends as soon as a timer sees it
    COMPARE_TRACE(good ? trace.accepted() : trace.refused(Reason::JwtTime, 401, "hub"));
}

void TokenFaultsTest::no_connection_is_made_for_a_key_that_a_token_names()
{
    KeyServer evil;
    const SigningKey key = SigningKey::ec("P-256");
    evil.answer(keySetText({key.jwk("evil")}));
    for (const char* name : {"jku", "x5u"}) {
        const Json header{{"alg", "ES256"}, {"kid", "evil"}, {name, evil.url()}};
        const FaultTrace trace(*world().server);
        QCOMPARE(show(key.token(JwtAlgorithm::ES256, header.dump(), world().claims("id.corp")), trace.source())
                     .answer.status,
                 401);
        COMPARE_TRACE(trace.refused(Reason::JwtHeader, 401, "hub"));
    }
    QCOMPARE(evil.asked(), 0);
    QVERIFY(fetch({evil.url(), {}, 4096, 5s, nullptr})); // that a connection would have been counted
    QCOMPARE(evil.asked(), 1);
}

void TokenFaultsTest::no_file_is_opened_for_a_kid()
{
    const SigningKey key = SigningKey::ec("P-256");
    std::filesystem::create_directory(world().path("watched"));
    const auto file = world().path("watched") / "evil.json";
    std::ofstream(file) << keySetText({key.jwk("evil")});
    const OpenWatch watch(file.parent_path());
    for (const std::string& kid :
         {file.string(), "../../../../../../../.." + file.string(), "file:" + slashes + file.string()}) {
        const Json header{{"alg", "ES256"}, {"kid", kid}};
        const FaultTrace trace(*world().server);
        QCOMPARE(show(key.token(JwtAlgorithm::ES256, header.dump(), world().claims("id.corp")), trace.source())
                     .answer.status,
                 401);
        COMPARE_TRACE(trace.refused(Reason::JwtKid, 401, "hub"));
    }
    QVERIFY(!watch.opened());
    QVERIFY(std::ifstream(file).good());
    QVERIFY(watch.opened()); // that one would have been seen
}

void TokenFaultsTest::one_name_from_two_issuers_is_two_people()
{
    UpgradeOptions options;
    options.path = "/hub/news.a";
    options.token = world().byEs(world().claims("id.corp", {{"sub", "twin"}, {"roles", {"editor", "admin"}}}));
    ByteClient corp = world().server->plain();
    QCOMPARE(corp.upgrade(options).status, 101);
    options.token = world().server->token("twin");
    ByteClient local = world().server->plain();
    QCOMPARE(local.upgrade(options).status, 101);
    std::vector<std::string> users;
    for (const SessionRow& row : world().server->sessions())
        if (row.info->user.ends_with("twin"))
            users.push_back(row.info->issuer + "/" + row.info->user + "/" + joined(row.info->roles, ","));
    std::sort(users.begin(), users.end());
    QCOMPARE(users, (std::vector<std::string>{"corp/corp:twin/editor", "local/twin/"}));
}

QTEST_GUILESS_MAIN(TokenFaultsTest)
#include "tokenfaultstest.moc"
