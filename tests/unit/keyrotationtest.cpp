// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/keyrotation.h"
#include "auth/token.h"
#include "policy/load.h"
#include "setup/initialise.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using Json = nlohmann::ordered_json;

constexpr WallTime now{1'800'000'000'000ms};

/// A fresh folder of --init.
struct Folder {
    QTemporaryDir folder;
    std::filesystem::path policy;

    Folder()
    {
        InitOptions options;
        options.hostName = "localhost";
        options.now = now;
        policy = initialise(folder.filePath(QStringLiteral("gate")).toStdString(), options).value().policy;
    }
    [[nodiscard]] std::string text(const std::filesystem::path& file) const
    {
        std::ifstream stream(file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] Json document() const { return Json::parse(text(policy)); }
    void write(const Json& document) const { std::ofstream(policy) << document.dump(2); }
    [[nodiscard]] Policy load() const { return loadPolicy(policy).value().policy; }
    [[nodiscard]] std::size_t files() const
    {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(policy.parent_path()))
            count += entry.is_regular_file() ? 1U : 0U;
        return count;
    }
};

} // namespace

class KeyRotationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tokens_of_before_and_after_are_good();
    void the_policy_keeps_its_notes_and_order();
    void the_old_secret_is_kept_as_long_as_asked();
    void what_is_over_is_taken_out();
    void nothing_changes_where_it_cannot_be_done_data();
    void nothing_changes_where_it_cannot_be_done();
    void nine_previous_secrets_are_too_many();
    void a_link_stays_a_link();
};

void KeyRotationTest::tokens_of_before_and_after_are_good()
{
    const Folder folder;
    const Policy before = folder.load();
    const std::string oldToken = mintToken(before, {"amir", {}, 1h, {}}, now).value();
    const auto rotation = rotateKey({folder.policy, "local", {}}, now).value();
    QCOMPARE(rotation.secret.filename().string(), std::string("token-20270115T080000Z.key"));
    QCOMPARE(rotation.previousUntil, now + 24h + 30s);
    struct stat status {};
    QCOMPARE(::stat(rotation.secret.c_str(), &status), 0);
    QCOMPARE(status.st_mode & 07777U, 0600u);
    QCOMPARE(folder.text(rotation.secret).size(), std::size_t(44));
    const Policy after = folder.load();
    QVERIFY(after.issuers[0].secret != before.issuers[0].secret);
    QCOMPARE(after.issuers[0].previous.size(), std::size_t(1));
    QCOMPARE(after.issuers[0].previous[0].secret, before.issuers[0].secret);
    QCOMPARE(after.issuers[0].previous[0].until, rotation.previousUntil);
    const auto keys = IssuerKeys::make(after, {}).value();
    QVERIFY(verifyToken(after, *keys, 0, oldToken, now));
    const std::string newToken = mintToken(after, {"amir", {}, 1h, {}}, now).value();
    QVERIFY(verifyToken(after, *keys, 0, newToken, now));
    QVERIFY(!verifyToken(before, *IssuerKeys::make(before, {}).value(), 0, newToken, now));
    // Once more: the time in the name is replaced.
    QCOMPARE(rotateKey({folder.policy, {}, {}}, now + 1h)->secret.filename().string(),
             std::string("token-20270115T090000Z.key"));
    QCOMPARE(folder.load().issuers[0].previous.size(), std::size_t(2));
}

void KeyRotationTest::the_policy_keeps_its_notes_and_order()
{
    const Folder folder;
    const Json before = folder.document();
    QVERIFY(rotateKey({folder.policy, {}, {}}, now));
    Json after = folder.document();
    QCOMPARE(folder.text(folder.policy), after.dump(2) + "\n");
    Json& issuer = after["issuers"][0];
    QCOMPARE(issuer["previous"][0]["secret_file"].get<std::string>(), std::string("keys/token.key"));
    QCOMPARE(issuer["previous"][0]["until"].get<std::string>(), std::string("2027-01-16T08:00:30Z"));
    QCOMPARE(issuer["secret_file"].get<std::string>(), std::string("keys/token-20270115T080000Z.key"));
    issuer.erase("previous");
    issuer["secret_file"] = "keys/token.key";
    QCOMPARE(after.dump(), before.dump());
}

void KeyRotationTest::the_old_secret_is_kept_as_long_as_asked()
{
    const Folder folder;
    QCOMPARE(rotateKey({folder.policy, {}, 90min}, now)->previousUntil, now + 90min);
}

void KeyRotationTest::what_is_over_is_taken_out()
{
    const Folder folder;
    QVERIFY(rotateKey({folder.policy, {}, 1h}, now));
    QVERIFY(rotateKey({folder.policy, {}, 3h}, now + 1s));
    const std::size_t files = folder.files();
    const auto third = rotateKey({folder.policy, {}, 1h}, now + 1h).value();
    QCOMPARE(third.pruned, std::size_t(1));
    QCOMPARE(folder.load().issuers[0].previous.size(), std::size_t(2));
    QCOMPARE(folder.files(), files + 1); // no secret is deleted
}

void KeyRotationTest::nothing_changes_where_it_cannot_be_done_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("an issuer that is not there") << 0 << QByteArray("no issuer \"other\"");
    QTest::newRow("a policy that is not valid") << 1 << QByteArray("/nonsense");
    QTest::newRow("no policy") << 2 << QByteArray("No such file");
    QTest::newRow("a file in the way") << 3 << QByteArray("exists already");
}

void KeyRotationTest::nothing_changes_where_it_cannot_be_done()
{
    QFETCH(int, kind);
    QFETCH(QByteArray, says);
    const Folder folder;
    KeyRotationRequest request{folder.policy, {}, {}};
    if (kind == 0)
        request.issuer = "other";
    if (kind == 1) {
        Json document = folder.document();
        document["nonsense"] = 1;
        folder.write(document);
    }
    if (kind == 2)
        request.policy = folder.policy.parent_path() / "missing.json";
    if (kind == 3)
        std::ofstream(folder.policy.parent_path() / "keys/token-20270115T080000Z.key") << "mine";
    const std::string before = folder.text(folder.policy);
    const std::size_t files = folder.files();
    const auto result = rotateKey(request, now);
    QVERIFY(!result);
    QVERIFY2(result.error().find(says.toStdString()) != std::string::npos, result.error().c_str());
    QCOMPARE(folder.text(folder.policy), before);
    QCOMPARE(folder.files(), files);
}

void KeyRotationTest::nine_previous_secrets_are_too_many()
{
    const Folder folder;
    for (int i = 0; i < 8; ++i)
        QVERIFY(rotateKey({folder.policy, {}, 24h}, now + std::chrono::seconds(i)));
    const std::string before = folder.text(folder.policy);
    const std::size_t files = folder.files();
    const auto ninth = rotateKey({folder.policy, {}, 24h}, now + 8s);
    QVERIFY(!ninth);
    QVERIFY2(ninth.error().find("at most 8 are allowed") != std::string::npos, ninth.error().c_str());
    QCOMPARE(folder.text(folder.policy), before);
    QCOMPARE(folder.files(), files);
}

void KeyRotationTest::a_link_stays_a_link()
{
    const Folder folder;
    const auto link = folder.policy.parent_path() / "link.json";
    std::filesystem::create_symlink("gatehouse.json", link);
    QVERIFY(rotateKey({link, {}, {}}, now));
    QVERIFY(std::filesystem::is_symlink(link));
    QCOMPARE(folder.load().issuers[0].previous.size(), std::size_t(1));
}

QTEST_GUILESS_MAIN(KeyRotationTest)
#include "keyrotationtest.moc"
