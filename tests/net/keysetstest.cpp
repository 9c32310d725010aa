// SPDX-License-Identifier: GPL-3.0-or-later
#include "keyserver.h"
#include "manualclock.h"
#include "runtime/fetch.h"
#include "runtime/keykeeper.h"
#include "runtime/keysources.h"
#include "signingkey.h"
#include "testserver.h"

#include <QTest>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

using Json = nlohmann::json;

void write(const std::filesystem::path& file, const std::string& text)
{
    std::filesystem::path fresh = file;
    fresh += ".fresh";
    std::ofstream(fresh) << text;
    std::filesystem::rename(fresh, file);
}

Json corpIssuer()
{
    return {{"name", "corp"},          {"algorithms", {"ES256"}}, {"issuer", "id.corp"},
            {"audience", "gatehouse"}, {"user_prefix", "corp:"},  {"roles_allowed", {"*"}}};
}

/// A gate whose issuer "corp" has its keys from a file or from a server, by a clock of the test's.
struct Corp {
    ManualClock clock;
    SigningKey first = SigningKey::ec("P-256");
    SigningKey second = SigningKey::ec("P-256");
    QTemporaryDir folder;
    std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "corp.jwks.json";

    [[nodiscard]] std::string firstSet() const { return keySetText({first.jwk("k1")}); }
    [[nodiscard]] std::string bothSets() const { return keySetText({first.jwk("k1"), second.jwk("k2")}); }

    [[nodiscard]] TestServer::Edit fromFile() const
    {
        return [this](Json& policy) {
            Json issuer = corpIssuer();
            issuer["jwks_file"] = file.string();
            policy["issuers"].push_back(issuer);
            policy["routes"][0]["authentication"]["issuers"] = {"local", "corp"};
        };
    }
    [[nodiscard]] TestServer::Edit fromUrl(const std::string& url, const std::string& ca = {}) const
    {
        return [=](Json& policy) {
            Json issuer = corpIssuer();
            issuer["jwks_url"] = url;
            issuer["refresh"] = "10m";
            if (!ca.empty())
                issuer["jwks_ca"] = ca;
            policy["issuers"].push_back(issuer);
            policy["routes"][0]["authentication"]["issuers"] = {"local", "corp"};
        };
    }
    [[nodiscard]] std::string token(const TestServer& server, const SigningKey& key, const std::string& kid) const
    {
        Json claims = server.claims("amir");
        claims["iss"] = "id.corp";
        return key.token(JwtAlgorithm::ES256, R"({"alg":"ES256","kid":")" + kid + "\"}", claims.dump());
    }
    [[nodiscard]] int status(const TestServer& server, const SigningKey& key, const std::string& kid) const
    {
        UpgradeOptions options;
        options.path = "/hub/news.a";
        options.token = token(server, key, kid);
        return server.plain().upgrade(options).status;
    }
    /// Moves the clock step by step until it is so.
    [[nodiscard]] bool later(std::chrono::milliseconds step, const std::function<bool()>& condition)
    {
        return eventually([&] {
            clock.advance(step);
            return condition();
        });
    }
};

KeySetState keySets(const TestServer& server)
{
    return server.info().stats.keySets;
}

std::vector<std::string> details(const TestServer& server, Reason reason)
{
    std::vector<std::string> all;
    for (const AuditRecord& record : server.audit(AuditKind::Reload, reason))
        all.push_back(record.detail);
    return all;
}

} // namespace

class KeySetsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_broken_set_keeps_the_server_from_starting();
    void a_changed_file_is_noticed_without_a_signal();
    void a_bad_change_keeps_the_last_good_set();
    void a_reload_with_a_broken_set_is_refused();
    void a_set_is_fetched_over_https_and_an_unknown_kid_fetches_again();
    void a_fetch_that_fails_is_tried_again_with_growing_pauses();
    void the_last_good_set_outlives_a_restart_without_the_network();
    void a_kept_set_is_good_for_its_url_alone();
    void a_fetch_goes_where_the_url_says_and_nowhere_else();
    void a_fetch_is_bounded();
    void a_fetch_verifies_who_answers();
};

void KeySetsTest::a_broken_set_keeps_the_server_from_starting()
{
    Corp corp;
    const auto says = [&](const std::string& text) -> std::string {
        write(corp.file, text);
        try {
            const TestServer server(corp.fromFile(), &corp.clock);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    };
    QCOMPARE(says("{}"), "issuer corp: " + corp.file.string() + ": no key set: there is no list \"keys\"");
    QVERIFY(says(keySetText({SigningKey::rsa().jwk("r")})).find("no key of it fits ES256") != std::string::npos);
    QVERIFY(says(keySetText({corp.first.jwk("k1", R"("d":"AA")")})).find("a secret") != std::string::npos);
    QCOMPARE(says(corp.firstSet()), std::string());
}

void KeySetsTest::a_changed_file_is_noticed_without_a_signal()
{
    Corp corp;
    write(corp.file, corp.firstSet());
    const TestServer server(corp.fromFile(), &corp.clock);
    QCOMPARE(corp.status(server, corp.first, "k1"), 101);
    QCOMPARE(corp.status(server, corp.second, "k2"), 401);
    write(corp.file, keySetText({corp.second.jwk("k2")}));
    QVERIFY(corp.later(300ms, [&] { return corp.status(server, corp.second, "k2") == 101; }));
    QCOMPARE(corp.status(server, corp.first, "k1"), 401);
    QCOMPARE(details(server, Reason::None).front(), "keys of issuer corp: 1 from " + corp.file.string());
}

void KeySetsTest::a_bad_change_keeps_the_last_good_set()
{
    Corp corp;
    write(corp.file, corp.firstSet());
    const TestServer server(corp.fromFile(), &corp.clock);
    write(corp.file, "{");
    QVERIFY(corp.later(300ms, [&] { return keySets(server) == KeySetState::Failing; }));
    QCOMPARE(corp.status(server, corp.first, "k1"), 101);
    QVERIFY(server.info().stats.keySetProblem.find("issuer corp: " + corp.file.string()) == 0);
    QCOMPARE(server.refused(Reason::JwksFailed), 1u);
    const TimePoint until = corp.clock.now() + 200s;
    QVERIFY(corp.later(1s, [&] { return corp.clock.now() > until; })); // the same failure is no news
    QCOMPARE(details(server, Reason::JwksFailed).size(), std::size_t(1));
    QVERIFY(details(server, Reason::JwksFailed).front().ends_with("; the keys before it go on verifying"));
    std::filesystem::remove(corp.file);
    QVERIFY(corp.later(300ms, [&] { return server.refused(Reason::JwksFailed) == 2; }));
    write(corp.file, corp.bothSets());
    QVERIFY(corp.later(300ms, [&] { return keySets(server) == KeySetState::Good; }));
    QCOMPARE(corp.status(server, corp.second, "k2"), 101);
    QVERIFY(server.info().stats.keySetProblem.empty());
}

void KeySetsTest::a_reload_with_a_broken_set_is_refused()
{
    Corp corp;
    write(corp.file, corp.firstSet());
    const TestServer server(corp.fromFile(), &corp.clock);
    write(corp.file, "[]");
    const Reply reply = server.call(ReloadCommand{});
    QVERIFY(!reply);
    QCOMPARE(reply.error().message, "issuer corp: " + corp.file.string() + ": no key set: there is no list \"keys\"");
    QCOMPARE(corp.status(server, corp.first, "k1"), 101);
}

void KeySetsTest::a_set_is_fetched_over_https_and_an_unknown_kid_fetches_again()
{
    Corp corp;
    const TestServer maker; // for its CA and certificate
    const auto tls = maker.policyFile().parent_path() / "tls";
    KeyServer keys(tls / "server.pem", tls / "server.key");
    keys.answer(corp.firstSet());
    const TestServer server(corp.fromUrl(keys.url("localhost"), (tls / "ca.pem").string()), &corp.clock);
    QVERIFY(eventually([&] { return corp.status(server, corp.first, "k1") == 101; }));
    QCOMPARE(keys.asked(), 1);
    keys.answer(corp.bothSets());
    // At once after a fetch nothing is asked for, whoever names what key.
    for (int i = 0; i < 20; ++i)
        QCOMPARE(corp.status(server, corp.second, "k2"), 401);
    QCOMPARE(keys.asked(), 1);
    corp.clock.advance(29s);
    QCOMPARE(corp.status(server, corp.second, "k2"), 401);
    corp.clock.advance(2s);
    QVERIFY(eventually([&] { return corp.status(server, corp.second, "k2") == 101; }));
    QCOMPARE(keys.asked(), 2);
    corp.clock.advance(9min);
    for (int i = 0; i < 5; ++i)
        QCOMPARE(corp.status(server, corp.first, "nobody"), 401);
    QVERIFY(eventually([&] { return keys.asked() == 3; }));
    QVERIFY(corp.later(1min, [&] { return keys.asked() >= 4; })); // `refresh`, by itself
    QCOMPARE(server.refused(Reason::JwksFailed), 0u);
}

void KeySetsTest::a_fetch_that_fails_is_tried_again_with_growing_pauses()
{
    Corp corp;
    KeyServer keys;
    keys.answer("not here", 503);
    const TestServer server(corp.fromUrl(keys.url()), &corp.clock);
    QVERIFY(eventually([&] { return keySets(server) == KeySetState::Failing; }));
    QCOMPARE(corp.status(server, corp.first, "k1"), 401);
    QCOMPARE(keys.asked(), 1);
    QVERIFY(details(server, Reason::JwksFailed).front().ends_with("HTTP status 503; no token of this issuer is good"));
    int asked = 1;
    for (const auto pause : {1s, 2s, 4s, 8s}) {
        keys.answer("not here", 503 + asked); // a failure of another kind is told again: then the pause has begun
        corp.clock.advance(pause - 1ms);
        QTest::qWait(600); // longer than the keeper's own turn: that nothing comes cannot be waited for
        QCOMPARE(keys.asked(), asked);
        corp.clock.advance(1s);
        ++asked;
        QVERIFY(eventually([&] { return server.refused(Reason::JwksFailed) == static_cast<std::uint64_t>(asked); }));
        QCOMPARE(keys.asked(), asked);
    }
    corp.clock.advance(17s);
    QVERIFY(eventually([&] { return keys.asked() == asked + 1; }));
    QCOMPARE(server.refused(Reason::JwksFailed), static_cast<std::uint64_t>(asked)); // it is the same as before
    keys.answer(corp.firstSet());
    QVERIFY(corp.later(2s, [&] { return corp.status(server, corp.first, "k1") == 101; }));
    QVERIFY(eventually([&] { return keySets(server) == KeySetState::Good; }));
}

void KeySetsTest::the_last_good_set_outlives_a_restart_without_the_network()
{
    Corp corp;
    auto keys = std::make_unique<KeyServer>();
    keys->answer(corp.firstSet());
    TestServer server(corp.fromUrl(keys->url()), &corp.clock);
    QVERIFY(eventually([&] { return corp.status(server, corp.first, "k1") == 101; }));
    const auto kept = keptKeySetFile(server.policy().stateDir, keys->url());
    QVERIFY(eventually([&] { return std::filesystem::exists(kept); }));
    struct stat status {};
    QCOMPARE(::stat(kept.c_str(), &status), 0);
    QCOMPARE(status.st_mode & 07777U, 0600u);
    keys.reset();
    server.stop();
    server.start();
    QCOMPARE(corp.status(server, corp.first, "k1"), 101);
    server.stop();
    std::filesystem::permissions(kept, std::filesystem::perms(0666));
    server.start(); // others could have written it
    QCOMPARE(corp.status(server, corp.first, "k1"), 401);
}

void KeySetsTest::a_kept_set_is_good_for_its_url_alone()
{
    Corp corp;
    const std::filesystem::path folder(corp.folder.path().toStdString());
    Issuer issuer;
    issuer.algorithms = {JwtAlgorithm::ES256};
    issuer.jwksUrl = "https:/"
                     "/one.example/keys";
    QVERIFY(keepKeySet(folder, issuer.jwksUrl, *KeySet::parse(corp.firstSet()).value()));
    QVERIFY(readKeptKeySet(folder, issuer));
    Issuer other = issuer;
    other.jwksUrl = "https:/"
                    "/two.example/keys";
    QVERIFY(!readKeptKeySet(folder, other));
    std::filesystem::copy(keptKeySetFile(folder, issuer.jwksUrl), keptKeySetFile(folder, other.jwksUrl));
    QVERIFY(!readKeptKeySet(folder, other)); // it says itself whose it is
    Policy policy;
    policy.stateDir = folder;
    policy.issuers = {issuer};
    dropKeptKeySets(policy);
    QVERIFY(readKeptKeySet(folder, issuer));
    QVERIFY(!std::filesystem::exists(keptKeySetFile(folder, other.jwksUrl)));
    std::ofstream(keptKeySetFile(folder, issuer.jwksUrl)) << "{";
    QVERIFY(!readKeptKeySet(folder, issuer));
}

void KeySetsTest::a_fetch_goes_where_the_url_says_and_nowhere_else()
{
    KeyServer keys;
    KeyServer elsewhere;
    keys.answer("good");
    setenv("http_proxy", elsewhere.url().c_str(), 1);
    setenv("all_proxy", elsewhere.url().c_str(), 1);
    QCOMPARE(fetch({keys.url(), {}, 100, 5s, nullptr}).value(), std::string("good"));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    keys.answer("moved", 302, "Location: " + elsewhere.url() + "\r\n");
    QCOMPARE(fetch({keys.url(), {}, 100, 5s, nullptr}).error(), std::string("HTTP status 302"));
    QCOMPARE(elsewhere.asked(), 0);
    QVERIFY(!fetch({"file:/"
                    "//etc/passwd",
                    {},
                    1 << 20,
                    5s,
                    nullptr}));
    QVERIFY(!fetch({"ftp:/"
                    "/127.0.0.1/",
                    {},
                    100,
                    5s,
                    nullptr}));
    // 192.0.2.0/24 is for documentation (RFC 5737): the refusal comes before a packet.
    QCOMPARE(fetch({"http:/"
                    "/192.0.2.1/",
                    {},
                    100,
                    5s,
                    nullptr})
                 .error(),
             std::string("http goes to loopback addresses alone"));
}

void KeySetsTest::a_fetch_is_bounded()
{
    KeyServer keys;
    keys.answer(std::string(1024, 'a'));
    QCOMPARE(fetch({keys.url(), {}, 1024, 5s, nullptr}).value().size(), std::size_t(1024));
    keys.answer(std::string(1025, 'a'));
    QCOMPARE(fetch({keys.url(), {}, 1024, 5s, nullptr}).error(), std::string("an answer of more than 1 KiB"));
    keys.hang();
    const auto begin = std::chrono::steady_clock::now();
    QVERIFY(!fetch({keys.url(), {}, 1024, 300ms, nullptr}));
    QVERIFY(std::chrono::steady_clock::now() - begin < 3s);
    const std::atomic<bool> cancelled{true};
    QVERIFY(!fetch({keys.url(), {}, 1024, 20s, &cancelled}));
    QVERIFY(std::chrono::steady_clock::now() - begin < 13s);
}

void KeySetsTest::a_fetch_verifies_who_answers()
{
    const TestServer maker;
    const TestServer stranger;
    const auto tls = maker.policyFile().parent_path() / "tls";
    KeyServer keys(tls / "server.pem", tls / "server.key");
    keys.answer("good");
    QCOMPARE(fetch({keys.url("localhost"), tls / "ca.pem", 100, 5s, nullptr}).value(), std::string("good"));
    QVERIFY(!fetch({keys.url("localhost"), {}, 100, 5s, nullptr})); // the system's authorities do not know it
    QVERIFY(!fetch({keys.url("localhost"), stranger.policyFile().parent_path() / "tls" / "ca.pem", 100, 5s, nullptr}));
    QVERIFY(!fetch({keys.url("127.0.0.2"), tls / "ca.pem", 100, 5s, nullptr})); // not a name of the certificate
}

QTEST_GUILESS_MAIN(KeySetsTest)
#include "keysetstest.moc"
