// SPDX-License-Identifier: GPL-3.0-or-later
// What a policy is read from: the default document, the files that a document names, and documents that cannot be read
// or are large.
#include "completepolicy.h"
#include "policy/defaults.h"
#include "policy/difference.h"
#include "policy/document.h"
#include "policyfolder.h"

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;
using test::complete;
using test::PolicyFolder;
using Code = PolicyErrorCode;
using Json = nlohmann::ordered_json;

Q_DECLARE_METATYPE(gatehouse::PolicyErrorCode)

class PolicyInputTest : public QObject, private PolicyFolder {
    Q_OBJECT
private Q_SLOTS:
    void init() { renew(); }
    void the_default_document_loads();
    void the_default_document_takes_its_options();
    void secrets_are_read_as_they_are();
    void files_are_checked_data();
    void files_are_checked();
    void documents_that_cannot_be_read();
    void many_mistakes_are_told_up_to_a_thousand();
    void large_documents_are_judged_in_bounded_time_data();
    void large_documents_are_judged_in_bounded_time();
};

void PolicyInputTest::the_default_document_loads()
{
    std::filesystem::create_directory(path("tls"));
    std::filesystem::create_directory(path("keys"));
    write("tls/server.pem", "certificate", 0644);
    write("tls/server.key", "key", 0600);
    write("keys/token.key", std::string(43, 'k'), 0600);
    write("gatehouse.json", policyDefaults(), 0600);
    const auto loaded = loadPolicy(path("gatehouse.json"));
    if (!loaded)
        QFAIL(formatPolicyError(loaded.error().front(), "f").c_str());
    QVERIFY(loaded->warnings.empty());
    QCOMPARE(loaded->policy.listeners.at(0).port, std::uint16_t(8443));
    QVERIFY(loaded->policy.listeners.at(0).serverNames.empty());
    QCOMPARE(loaded->policy.channels.size(), std::size_t(3));
    QCOMPARE(loaded->policy.routes.at(0).origins.size(), std::size_t(3));
}

void PolicyInputTest::the_default_document_takes_its_options()
{
    const Json made = Json::parse(policyDefaults({"@PORT@ \"x\"", "::1", 1, {"a.example"}, {"https://b.example"}}));
    QCOMPARE(made["name"].get<std::string>(), std::string("@PORT@ \"x\""));
    QCOMPARE(made["listeners"][0]["address"].get<std::string>(), std::string("::1"));
    QCOMPARE(made["listeners"][0]["port"].get<int>(), 1);
    QCOMPARE(made["listeners"][0]["server_names"].dump(), std::string("[\"a.example\"]"));
    QCOMPARE(made["routes"][0]["origins"].dump(), std::string("[\"https://b.example\"]"));
}

void PolicyInputTest::secrets_are_read_as_they_are()
{
    const std::string raw = std::string(32, '\xff') + "\n\n";
    write("token.key", raw, 0640);
    const auto loaded = parse(complete);
    QVERIFY(loaded);
    QCOMPARE(loaded->policy.issuers.at(0).secret, raw.substr(0, raw.size() - 1));
}

void PolicyInputTest::files_are_checked_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<int>("mode"); // -1: the file is removed
    QTest::addColumn<int>("size");
    QTest::addColumn<Code>("code");
    QTest::addColumn<QByteArray>("pointer");
    QTest::newRow("secret for all") << QByteArray("token.key") << 0644 << 43 << Code::Insecure
                                    << QByteArray("/issuers/0/secret_file");
    QTest::newRow("secret for a writing group")
        << QByteArray("token.key") << 0660 << 43 << Code::Insecure << QByteArray("/issuers/0/secret_file");
    QTest::newRow("secret short") << QByteArray("token.key") << 0600 << 31 << Code::Insecure
                                  << QByteArray("/issuers/0/secret_file");
    QTest::newRow("secret gone") << QByteArray("token.key") << -1 << 0 << Code::BadFile
                                 << QByteArray("/issuers/0/secret_file");
    QTest::newRow("key for all") << QByteArray("server.key") << 0604 << 3 << Code::Insecure
                                 << QByteArray("/listeners/0/tls/key");
    QTest::newRow("key gone") << QByteArray("server.key") << -1 << 0 << Code::BadFile
                              << QByteArray("/listeners/0/tls/key");
    QTest::newRow("certificate gone") << QByteArray("server.pem") << -1 << 0 << Code::BadFile
                                      << QByteArray("/listeners/0/tls/certificate");
    QTest::newRow("previous secret for all")
        << QByteArray("old.key") << 0644 << 43 << Code::Insecure << QByteArray("/issuers/0/previous/0/secret_file");
    QTest::newRow("previous secret short")
        << QByteArray("old.key") << 0600 << 31 << Code::Insecure << QByteArray("/issuers/0/previous/0/secret_file");
    QTest::newRow("key set gone") << QByteArray("corp.jwks") << -1 << 0 << Code::BadFile
                                  << QByteArray("/issuers/1/jwks_file");
    QTest::newRow("schema gone") << QByteArray("plc.json") << -1 << 0 << Code::BadFile
                                 << QByteArray("/routes/0/messages/schema");
    QTest::newRow("schema of a channel gone")
        << QByteArray("news.json") << -1 << 0 << Code::BadFile << QByteArray("/channels/0/schema");
}

void PolicyInputTest::files_are_checked()
{
    QFETCH(QByteArray, file);
    QFETCH(int, mode);
    QFETCH(int, size);
    QFETCH(Code, code);
    QFETCH(QByteArray, pointer);
    if (mode < 0)
        std::filesystem::remove(path(file.constData()));
    else
        write(file.constData(), std::string(static_cast<std::size_t>(size), 'S'), mode);
    const auto loaded = parse(complete);
    QVERIFY(!loaded);
    QCOMPARE(loaded.error().size(), std::size_t(1));
    QCOMPARE(loaded.error()[0].code, code);
    QCOMPARE(loaded.error()[0].pointer, pointer.toStdString());
    QVERIFY(loaded.error()[0].detail.find("SSS") == std::string::npos);
}

void PolicyInputTest::documents_that_cannot_be_read()
{
    QCOMPARE(loadPolicy(path("nowhere.json")).error().at(0).code, Code::Unreadable);
    QCOMPARE(loadPolicy(path("")).error().at(0).code, Code::Unreadable);
    QCOMPARE(parse(std::string((4U << 20) + 1, ' ')).error().at(0).code, Code::Unreadable);
    for (const char* text : {"", " ", "{", "// x\n{}", "{} x", "{'a':1}", "{\"a\":1,}", "\xef\xbb\xbf{}",
                             "{\"a\":\"\xff\"}", "{\"a\":NaN}"})
        QCOMPARE(parse(text).error().at(0).code, Code::Syntax);
    QCOMPARE(parse(std::string("{}\0", 3)).error().at(0).code, Code::Syntax);
    QCOMPARE(parse("[]").error().at(0).code, Code::WrongType);
    const auto deep = parse("{\"a\":" + std::string(100'000, '['));
    QCOMPARE(deep.error().at(0).code, Code::Syntax);
    QCOMPARE(deep.error().at(0).column, 6U + 63U);
}

void PolicyInputTest::many_mistakes_are_told_up_to_a_thousand()
{
    std::string text = "{";
    for (int i = 0; i < 3000; ++i)
        text += "\"zzz" + std::to_string(i) + "\":0,";
    const auto loaded = parse(text + "\"gatehouse\":1}");
    QVERIFY(!loaded);
    QCOMPARE(loaded.error().size(), std::size_t(1000));
    QCOMPARE(loaded.error().front().pointer, std::string("/zzz0"));
    QCOMPARE(loaded.error().back().pointer, std::string("/zzz999"));
}

void PolicyInputTest::large_documents_are_judged_in_bounded_time_data()
{
    QTest::addColumn<QByteArray>("begin");
    QTest::addColumn<QByteArray>("entry"); // a number stands in place of #
    QTest::addColumn<QByteArray>("end");
    QTest::newRow("unknown keys") << QByteArray("{") << QByteArray("\"a#\":0") << QByteArray("}");
    QTest::newRow("keys that stand again") << QByteArray("{") << QByteArray("\"name\":0") << QByteArray("}");
    QTest::newRow("roles") << QByteArray("{\"roles\":{") << QByteArray("\"a#\":{}") << QByteArray("}}");
    QTest::newRow("listeners") << QByteArray("{\"listeners\":[") << QByteArray("{\"name\":\"a#\",\"port\":#}")
                               << QByteArray("]}");
    QTest::newRow("issuers") << QByteArray("{\"issuers\":[") << QByteArray("{\"name\":\"a#\",\"user_prefix\":\"#\"}")
                             << QByteArray("]}");
    QTest::newRow("channel rules") << QByteArray("{\"channels\":[") << QByteArray("{\"match\":\"a#\"}")
                                   << QByteArray("]}");
    QTest::newRow("routes") << QByteArray("{\"routes\":[") << QByteArray("{\"name\":\"a#\",\"path\":\"/#\"}")
                            << QByteArray("]}");
    QTest::newRow("users") << QByteArray("{\"lockdown\":{\"allow_users\":[") << QByteArray("\"a#\"")
                           << QByteArray("]}}");
    QTest::newRow("roles of a rule") << QByteArray("{\"channels\":[{\"match\":\"a\",\"publish\":[")
                                     << QByteArray("\"a#\"") << QByteArray("]}]}");
}

void PolicyInputTest::large_documents_are_judged_in_bounded_time()
{
    QFETCH(QByteArray, begin);
    QFETCH(QByteArray, entry);
    QFETCH(QByteArray, end);
    std::string text = begin.toStdString();
    for (int i = 10'000'000; text.size() < largestDocument / 8; ++i)
        text += QByteArray(entry).replace('#', QByteArray::number(i)).toStdString() + ",";
    text.pop_back();
    text += end.toStdString();
    QElapsedTimer elapsed;
    elapsed.start();
    QVERIFY(!parse(text));
    const auto canonical = canonicalDocument(text);
    (void)policyChanges(text, complete);
    (void)policyChanges(complete, text);
    (void)textDifference(canonical ? *canonical : text, complete);
    QVERIFY2(elapsed.elapsed() < 60'000, std::to_string(elapsed.elapsed()).c_str());
}

QTEST_GUILESS_MAIN(PolicyInputTest)
#include "policyinputtest.moc"
