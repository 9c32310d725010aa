// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apikeycheck.h"
#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/run.h"
#include "ctloutcome.h"
#include "policy/document.h"
#include "setup/apikey.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stat.h>

using namespace gatehouse;
using namespace gatehouse::ctl;
using nlohmann::json;
using test::Outcome;
using test::words;

class CtlApiKeyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_key_is_32_bytes_by_chance_and_its_entry_has_their_digest();
    void the_entry_says_what_was_asked_for();
    void what_the_policy_would_refuse_is_no_request_data();
    void what_the_policy_would_refuse_is_no_request();
    void an_entry_leaves_the_rest_of_a_document_as_it_is_data();
    void an_entry_leaves_the_rest_of_a_document_as_it_is();
    void an_id_is_there_once();
    void new_writes_a_private_file_and_prints_the_entry();
    void new_never_overwrites();
    void new_with_a_dash_prints_the_key_alone();
    void add_applies_the_entry_upon_what_runs();
    void a_file_is_gone_where_adding_failed_data();
    void a_file_is_gone_where_adding_failed();
    void a_file_stays_where_the_key_stands_or_may_stand_data();
    void a_file_stays_where_the_key_stands_or_may_stand();
    void list_shows_who_has_a_key_and_no_digest();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    [[nodiscard]] std::string path(const char* name) const
    {
        return (std::filesystem::path(m_folder->path().toStdString()) / name).string();
    }
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
};

namespace {

std::string fileText(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Failure<ControlError> refused(ControlErrorCode code)
{
    return Failure{ControlError{code, "no such luck", Reason::None, {}, {}}};
}

/// A server with a policy that an apply replaces.
struct FakeServer {
    std::string document = "{\n  \"gatehouse\": 1,\n  \"name\": \"Plant 3\"\n}\n";
    std::uint64_t returnsTo = 0;
    std::function<Reply(const PolicyApplyCommand&)> onApply;
    bool silentAfterwards = false;
    std::vector<PolicyApplyCommand> applied;

    Reply answer(const Command& command)
    {
        if (const auto* apply = std::get_if<PolicyApplyCommand>(&command)) {
            applied.push_back(*apply);
            if (onApply)
                return onApply(*apply);
            document = apply->policy;
            return Answer(PolicyApplied());
        }
        PolicyDocument got;
        got.running = got.version.version = 4;
        got.returnsTo = returnsTo;
        got.version.hash = "h4";
        got.version.document = document;
        return Answer(got);
    }
    Outcome run(const QByteArray& line)
    {
        std::istringstream in;
        std::ostringstream out;
        std::ostringstream error;
        const auto transport = [this](const ApiAddress&, const Command& command) -> Result<HttpAnswer, std::string> {
            if (silentAfterwards && !applied.empty())
                return Failure{std::string("the server did not answer")};
            return HttpAnswer{200, formatReply(answer(command))};
        };
        auto arguments = words(line);
        arguments.insert(arguments.begin(), {"--socket", "/s"});
        return {ctl::run(arguments, {in, out, error}, transport), out.str(), error.str()};
    }
};

ApiKey asThePolicyHasIt(const std::string& entry)
{
    const json parsed = json::parse(entry);
    ApiKey key;
    key.id = parsed["id"];
    const std::string hex = parsed["sha256"];
    for (std::size_t i = 0; i < key.sha256.size(); ++i)
        key.sha256[i] = static_cast<std::byte>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
    return key;
}

} // namespace

void CtlApiKeyTest::a_key_is_32_bytes_by_chance_and_its_entry_has_their_digest()
{
    std::set<std::string> keys;
    std::set<std::string> ids;
    std::vector<ApiKey> known;
    for (int i = 0; i < 50; ++i) {
        const auto made = makeApiKey({{}, "backend", ApiRole::Viewer});
        QVERIFY(made.ok());
        const std::string head = "gh_" + made->id + "_";
        QVERIFY(made->key.starts_with(head));
        QCOMPARE(made->key.size() - head.size(), std::size_t(43));
        QVERIFY(made->entry.find(made->key.substr(head.size())) == std::string::npos);
        keys.insert(made->key);
        ids.insert(made->id);
        known.push_back(asThePolicyHasIt(made->entry));
        const auto found = findApiKey(known, made->key);
        QVERIFY(found && (*found)->id == made->id);
    }
    QCOMPARE(keys.size(), std::size_t(50));
    QVERIFY(ids.size() > 40); // four bytes each
}

void CtlApiKeyTest::the_entry_says_what_was_asked_for()
{
    const auto made = makeApiKey({"k.1_a", "Ünïque \"x\"", ApiRole::Publisher, {"news.*", "chat.**"}});
    QVERIFY(made.ok());
    const json entry = json::parse(made->entry);
    QVERIFY(entry["id"] == "k.1_a");
    QVERIFY(entry["name"] == "Ünïque \"x\"");
    QVERIFY(entry["role"] == "publisher");
    QVERIFY(entry["channels"] == json({"news.*", "chat.**"}));
    QCOMPARE(entry.size(), std::size_t(5));
}

void CtlApiKeyTest::what_the_policy_would_refuse_is_no_request_data()
{
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("channel");
    QTest::newRow("no name") << QByteArray() << QByteArray() << QByteArray();
    QTest::newRow("a long name") << QByteArray() << QByteArray(65, 'n') << QByteArray();
    QTest::newRow("a line in it") << QByteArray() << QByteArray("a\nb") << QByteArray();
    QTest::newRow("no UTF-8") << QByteArray() << QByteArray("\xff") << QByteArray();
    QTest::newRow("a long id") << QByteArray(65, 'i') << QByteArray("n") << QByteArray();
    QTest::newRow("a slash in it") << QByteArray("a/b") << QByteArray("n") << QByteArray();
    QTest::newRow("letters beyond ASCII") << QByteArray("\xc3\xa4") << QByteArray("n") << QByteArray();
    QTest::newRow("a viewer's channels") << QByteArray() << QByteArray("n") << QByteArray("news");
}

void CtlApiKeyTest::what_the_policy_would_refuse_is_no_request()
{
    QFETCH(QByteArray, id);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, channel);
    ApiKeyRequest request{id.toStdString(), name.toStdString(), ApiRole::Viewer};
    if (!channel.isEmpty())
        request.channels.push_back(channel.toStdString());
    QVERIFY(!makeApiKey(request));
}

void CtlApiKeyTest::an_entry_leaves_the_rest_of_a_document_as_it_is_data()
{
    QTest::addColumn<QByteArray>("document");
    for (const char* text : {R"({})", R"({"gatehouse":1,"workers":2.0,"limits":{"sessions":1e3},"note":"\u202e x"})",
                             R"({"api_keys":null,"name":"a"})", R"({"api_keys":[],"drain":{"within":"5s"}})",
                             R"({"name":"a","api_keys":[{"id":"old","role":"viewer","sha256":"00"}],"lockdown":{}})"})
        QTest::newRow(text) << QByteArray(text);
}

void CtlApiKeyTest::an_entry_leaves_the_rest_of_a_document_as_it_is()
{
    QFETCH(QByteArray, document);
    const auto before = canonicalDocument(document.toStdString());
    QVERIFY(before.ok());
    const auto made = makeApiKey({"new", "n", ApiRole::Admin});
    const auto with = withApiKey(*before, *made);
    QVERIFY(with.ok());
    QCOMPARE(*canonicalDocument(*with), *with);
    json expected = json::parse(*before);
    if (!expected.contains("api_keys") || !expected["api_keys"].is_array())
        expected["api_keys"] = json::array();
    expected["api_keys"].push_back(json::parse(made->entry));
    QVERIFY(json::parse(*with) == expected);
    if (before->find("2.0") != std::string::npos) { // numbers stay as they were written
        QVERIFY(with->find("2.0") != std::string::npos);
        QVERIFY(with->find("1e3") != std::string::npos);
    }
}

void CtlApiKeyTest::an_id_is_there_once()
{
    const auto made = makeApiKey({"new", "n", ApiRole::Admin});
    const auto once = withApiKey("{}\n", *made);
    QVERIFY(once.ok());
    QVERIFY(!withApiKey(*once, *made));
    QVERIFY(withApiKey(*once, *makeApiKey({"new2", "n", ApiRole::Admin})).ok());
    QVERIFY(!withApiKey("[]", *made));
    QVERIFY(!withApiKey("{", *made));
}

void CtlApiKeyTest::new_writes_a_private_file_and_prints_the_entry()
{
    FakeServer server;
    const mode_t old = ::umask(0);
    const Outcome outcome =
        server.run("api-key new --name backend --role publisher --channels news.*,chat --id k1 --key-file " +
                   QByteArray::fromStdString(path("key")));
    ::umask(old);
    QCOMPARE(outcome.code, exitOk);
    struct stat status {};
    QCOMPARE(::stat(path("key").c_str(), &status), 0);
    QCOMPARE(status.st_mode & 07777, mode_t(0600));
    const std::string key = fileText(path("key"));
    QVERIFY(key.starts_with("gh_k1_") && key.ends_with("\n"));
    QVERIFY(outcome.out.find(key.substr(6, 43)) == std::string::npos);
    QVERIFY(outcome.out.find("\"sha256\"") != std::string::npos);
    QVERIFY(server.applied.empty());
    const Outcome bare =
        server.run("api-key new --name b --role viewer --json --key-file " + QByteArray::fromStdString(path("two")));
    const std::string shown = fileText(path("two"));
    const ApiKey key2 = asThePolicyHasIt(bare.out); // nothing but the entry
    QVERIFY(findApiKey({&key2, 1}, shown.substr(0, shown.size() - 1)).ok());
}

void CtlApiKeyTest::new_never_overwrites()
{
    FakeServer server;
    std::ofstream(path("key")) << "precious";
    std::filesystem::create_symlink(path("elsewhere"), path("link"));
    for (const char* name : {"key", "link", "no/such/folder/key", "."}) {
        const Outcome outcome =
            server.run("api-key new --name b --role viewer --add --key-file " + QByteArray::fromStdString(path(name)));
        QCOMPARE(outcome.code, exitFailure);
    }
    QCOMPARE(fileText(path("key")), std::string("precious"));
    QVERIFY(!std::filesystem::exists(path("elsewhere")));
    QVERIFY(server.applied.empty());
}

void CtlApiKeyTest::new_with_a_dash_prints_the_key_alone()
{
    FakeServer server;
    const Outcome outcome = server.run("api-key new --name b --role viewer --key-file -");
    QCOMPARE(outcome.code, exitOk);
    QVERIFY(outcome.out.starts_with("gh_"));
    QCOMPARE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
    QVERIFY(outcome.error.find("\"sha256\"") != std::string::npos);
    server.onApply = [](const auto&) { return refused(ControlErrorCode::Rejected); };
    const Outcome notAdded = server.run("api-key new --name b --role viewer --add --key-file -");
    QCOMPARE(notAdded.code, exitFailure);
    QVERIFY(notAdded.out.empty());
}

void CtlApiKeyTest::add_applies_the_entry_upon_what_runs()
{
    FakeServer server;
    const Outcome outcome = server.run("api-key new --name backend --role operator --id k1 --add --key-file " +
                                       QByteArray::fromStdString(path("key")));
    QCOMPARE(outcome.code, exitOk);
    QCOMPARE(server.applied.size(), std::size_t(1));
    QCOMPARE(server.applied[0].base, std::string("h4"));
    QCOMPARE(server.applied[0].reason, std::string("API key k1 of backend (operator)"));
    QVERIFY(!server.applied[0].provisional && !server.applied[0].replaceFile);
    const json keys = json::parse(server.document)["api_keys"];
    QCOMPARE(keys.size(), std::size_t(1));
    const ApiKey known = asThePolicyHasIt(keys[0].dump());
    const std::string key = fileText(path("key"));
    QVERIFY(findApiKey({&known, 1}, key.substr(0, key.size() - 1)).ok());
    QVERIFY(std::filesystem::exists(path("key")));
}

void CtlApiKeyTest::a_file_is_gone_where_adding_failed_data()
{
    QTest::addColumn<QByteArray>("how");
    for (const char* how : {"refused", "conflict", "trial", "twice", "lost and not there", "no document"})
        QTest::newRow(how) << QByteArray(how);
}

void CtlApiKeyTest::a_file_is_gone_where_adding_failed()
{
    QFETCH(QByteArray, how);
    FakeServer server;
    if (how == "refused")
        server.onApply = [](const auto&) { return refused(ControlErrorCode::Rejected); };
    if (how == "conflict")
        server.onApply = [](const auto&) { return refused(ControlErrorCode::Conflict); };
    if (how == "lost and not there")
        server.onApply = [](const auto&) { return refused(ControlErrorCode::Internal); };
    if (how == "trial")
        server.returnsTo = 3;
    if (how == "twice")
        server.document = R"({"api_keys":[{"id":"k1"}]})";
    if (how == "no document")
        server.document = "oops";
    const Outcome outcome = server.run("api-key new --name b --role viewer --id k1 --add --key-file " +
                                       QByteArray::fromStdString(path("key")));
    QCOMPARE(outcome.code, exitFailure);
    QVERIFY(!std::filesystem::exists(path("key")));
    QVERIFY(outcome.out.empty());
    QVERIFY2(outcome.error.find("is removed again") != std::string::npos, outcome.error.c_str());
    QCOMPARE(server.applied.empty(), how == "trial" || how == "twice" || how == "no document");
}

void CtlApiKeyTest::a_file_stays_where_the_key_stands_or_may_stand_data()
{
    QTest::addColumn<bool>("known");
    QTest::newRow("it stands, and the store cannot be written") << true;
    QTest::newRow("nobody can say") << false;
}

void CtlApiKeyTest::a_file_stays_where_the_key_stands_or_may_stand()
{
    QFETCH(bool, known);
    FakeServer server;
    server.onApply = [&](const PolicyApplyCommand& apply) {
        server.document = apply.policy;
        return refused(ControlErrorCode::Internal);
    };
    server.silentAfterwards = !known;
    const Outcome outcome =
        server.run("api-key new --name b --role viewer --add --key-file " + QByteArray::fromStdString(path("key")));
    QCOMPARE(outcome.code, known ? exitOk : exitFailure);
    QVERIFY(std::filesystem::exists(path("key")));
    QCOMPARE(outcome.error.find("is not known") != std::string::npos, !known);
    QVERIFY(outcome.error.find("no such luck") != std::string::npos);
}

void CtlApiKeyTest::list_shows_who_has_a_key_and_no_digest()
{
    FakeServer server;
    QCOMPARE(server.run("api-key list").out, std::string("No API keys.\n"));
    server.document = R"({"api_keys":[{"note":"x\u001b[31m","id":"k1","role":"viewer","sha256":"feed"},)"
                      R"({"id":"k2","name":"backend","role":"publisher","channels":["news.*","a"],"sha256":"feed"}]})";
    const std::string table = server.run("api-key list").out;
    QVERIFY(table.find("ID  NAME     ROLE       CHANNELS   NOTE") == 0);
    QVERIFY(table.find("news.*, a") != std::string::npos);
    QVERIFY(table.find('\x1b') == std::string::npos);
    const json all = json::parse(server.run("api-key list --json").out);
    QCOMPARE(all.size(), std::size_t(2));
    QVERIFY(all[1]["name"] == "backend");
    QVERIFY(table.find("feed") == std::string::npos && all.dump().find("feed") == std::string::npos);
}

QTEST_GUILESS_MAIN(CtlApiKeyTest)
#include "ctlapikeytest.moc"
