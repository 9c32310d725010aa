// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/remotechange.h"

#include "policyfolder.h"

#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

using namespace gatehouse;
using namespace gatehouse::test;

class RemoteChangeTest : public QObject, PolicyFolder {
    Q_OBJECT
private Q_SLOTS:
    void what_changes_only_locally_is_named_data();
    void what_changes_only_locally_is_named();
    void the_same_in_another_form_is_no_change();
    void files_lie_in_the_folder_data();
    void files_lie_in_the_folder();
    void a_link_out_of_the_folder_is_followed();
    void dots_behind_a_link_lead_where_the_reader_goes();
    void a_link_to_what_is_not_there_is_a_link_out();
    void every_file_of_a_policy_is_looked_at();
    void a_file_that_is_named_already_may_stay();
    void secrets_are_put_to_no_new_use_data();
    void secrets_are_put_to_no_new_use();
    void a_secret_is_known_behind_links_and_dots();
    void what_to_do_is_told_and_nothing_of_the_secret();
    void what_is_no_document_is_left_to_others();

private:
    QTemporaryDir m_folder;
    std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    std::vector<std::string> pointers(const std::string& text, const std::string& running = "{}") const
    {
        std::vector<std::string> all;
        for (const PolicyError& error : remoteProblems(text, running, folder()))
            all.push_back(error.pointer);
        return all;
    }
};

using Pointers = std::vector<std::string>;

void RemoteChangeTest::what_changes_only_locally_is_named_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("pointer");
    const auto row = [](const char* before, const char* after, const char* pointer) {
        QTest::newRow(after) << QByteArray(before) << QByteArray(after) << QByteArray(pointer);
    };
    row(R"({"state_dir":"a"})", R"({"state_dir":"b"})", "/state_dir");
    row(R"({})", R"({"state_dir":"b"})", "/state_dir");
    row(R"({"state_dir":"a"})", R"({})", "/state_dir");
    row(R"({"control_socket":"a"})", R"({"control_socket":"b"})", "/control_socket");
    row(R"({})", R"({"control_group":{"group":"root","role":"admin"}})", "/control_group");
    row(R"({"api_keys":[{"id":"a","role":"viewer"}]})", R"({"api_keys":[{"id":"a","role":"admin"}]})", "/api_keys");
    row(R"({"api_keys":[{"id":"a"}]})", R"({"api_keys":[]})", "/api_keys");
    row(R"({"audit":{"checkpoint":{"also_to":"journal"}}})", R"({"audit":{"checkpoint":{"also_to":"/dev/null"}}})",
        "/audit/checkpoint/also_to");
    row(R"({"audit":{"checkpoint":{"also_to":"journal"}}})", R"({"audit":{}})", "/audit/checkpoint/also_to");
}

void RemoteChangeTest::what_changes_only_locally_is_named()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QByteArray, pointer);
    QCOMPARE(pointers(after.toStdString(), before.toStdString()), Pointers{pointer.toStdString()});
    QCOMPARE(pointers(before.toStdString(), before.toStdString()), Pointers{});
}

void RemoteChangeTest::the_same_in_another_form_is_no_change()
{
    QCOMPARE(pointers(R"({"api_keys":[{"role":"viewer","id":"\u0061"}],"state_dir":null})",
                      R"({"api_keys": [ { "id": "a", "role": "viewer" } ]})"),
             Pointers{});
}

void RemoteChangeTest::files_lie_in_the_folder_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<bool>("good");
    const auto row = [](const char* file, bool good) { QTest::newRow(file) << QByteArray(file) << good; };
    row("keys/token.key", true);
    row("./a/../b", true);
    row("..hidden", true);
    row("../b", false);
    row("a/../../b", false);
    row("/etc/shadow", false);
    row("/", false);
    row("..", false);
    row("/proc/self/environ", false);
    row("..\xe2\x80\xae/x", true); // a name like any other
    row("\xef\xbc\x8e\xef\xbc\x8e/x", true);
    row("a//..///../b", false);
    row("./././../b", false);
    row("//etc/shadow", false);
}

void RemoteChangeTest::files_lie_in_the_folder()
{
    QFETCH(QByteArray, file);
    QFETCH(bool, good);
    const std::string text = '"' + file.toStdString() + '"';
    struct Place {
        std::string document;
        std::string pointer;
        bool secret = false;
    };
    const std::vector<Place> places{
        {R"({"listeners":[{"tls":{"certificate":)" + text + "}}]}", "/listeners/0/tls/certificate"},
        {R"({"listeners":[{"tls":{"key":)" + text + "}}]}", "/listeners/0/tls/key", true},
        {R"({"listeners":[{},{"tls":{"client_ca":)" + text + "}}]}", "/listeners/1/tls/client_ca"},
        {R"({"issuers":[{"secret_file":)" + text + "}]}", "/issuers/0/secret_file", true},
        {R"({"issuers":[{"previous":[{"secret_file":)" + text + "}]}]}", "/issuers/0/previous/0/secret_file", true},
        {R"({"issuers":[{"jwks_file":)" + text + "}]}", "/issuers/0/jwks_file"},
        {R"({"issuers":[{"jwks_ca":)" + text + "}]}", "/issuers/0/jwks_ca"},
        {R"({"routes":[{"messages":{"schema":)" + text + "}}]}", "/routes/0/messages/schema"},
        {R"({"routes":[{"messages":{"schema":{"client":)" + text + "}}}]}", "/routes/0/messages/schema/client"},
        {R"({"routes":[{"messages":{"schema":{"upstream":)" + text + "}}}]}", "/routes/0/messages/schema/upstream"},
        {R"({"routes":[{"gateway":{"ca":)" + text + "}}]}", "/routes/0/gateway/ca"},
        {R"({"routes":[{"gateway":{"auth_header_file":)" + text + "}}]}", "/routes/0/gateway/auth_header_file", true},
        {R"({"channels":[{"schema":)" + text + "}]}", "/channels/0/schema"}};
    for (const Place& place : places) {
        const auto problems = remoteProblems(place.document, "{}", folder());
        QCOMPARE(problems.size(), std::size_t(good && !place.secret ? 0 : 1));
        for (const PolicyError& problem : problems) {
            QCOMPARE(problem.pointer, place.pointer);
            QCOMPARE(problem.detail.find("outside the policy's folder") != std::string::npos, !good);
        }
    }
}

void RemoteChangeTest::a_link_out_of_the_folder_is_followed()
{
    std::filesystem::create_directory_symlink("/etc", folder() / "out");
    std::filesystem::create_directory(folder() / "in");
    std::filesystem::create_directory_symlink(folder() / "in", folder() / "inner");
    QCOMPARE(pointers(R"({"channels":[{"schema":"out/passwd"}]})"), Pointers{"/channels/0/schema"});
    QCOMPARE(pointers(R"({"channels":[{"schema":"out"}]})"), Pointers{"/channels/0/schema"});
    QCOMPARE(pointers(R"({"channels":[{"schema":"inner/x.json"}]})"), Pointers{});
}

void RemoteChangeTest::dots_behind_a_link_lead_where_the_reader_goes()
{
    const QTemporaryDir above;
    const std::filesystem::path outer(above.path().toStdString());
    std::filesystem::create_directories(outer / "etc/a/b");
    std::filesystem::create_directory_symlink("a/b", outer / "etc/deep");
    std::ofstream(outer / "secret") << "x";
    const std::string text = R"({"channels":[{"schema":"deep/../../secret"}]})";
    const auto problems = remoteProblems(text, "{}", outer / "etc");
    QCOMPARE(problems.size(), std::size_t(1)); // the system would go to etc/secret
    QVERIFY(remoteProblems(R"({"channels":[{"schema":"deep/../x.json"}]})", "{}", outer / "etc").empty());
    std::filesystem::create_directory_symlink(outer / "etc", outer / "linked"); // the folder itself may be one
    QVERIFY(remoteProblems(R"({"channels":[{"schema":"a/x.json"}]})", "{}", outer / "linked").empty());
    QCOMPARE(remoteProblems(text, "{}", outer / "linked").size(), std::size_t(1));
}

void RemoteChangeTest::a_link_to_what_is_not_there_is_a_link_out()
{
    const QTemporaryDir own;
    const std::filesystem::path place(own.path().toStdString());
    std::filesystem::create_symlink("/no/such/place", place / "dangling");
    std::filesystem::create_symlink("loop", place / "loop");
    for (const char* file : {"dangling", "dangling/x", "loop", "loop/x"}) {
        const std::string text = R"({"channels":[{"schema":")" + std::string(file) + "\"}]}";
        QCOMPARE(remoteProblems(text, "{}", place).size(), std::size_t(1));
    }
}

/// A policy that has all that there is: each of its files, moved out of the folder, is a problem.
void RemoteChangeTest::every_file_of_a_policy_is_looked_at()
{
    renew();
    nlohmann::json document = nlohmann::json::parse(complete);
    std::vector<std::string> expected;
    const nlohmann::json flat = document.flatten();
    for (const auto& [pointer, value] : flat.items()) {
        if (!value.is_string() || !std::filesystem::is_regular_file(path(value.get<std::string>().c_str())))
            continue;
        document[nlohmann::json::json_pointer(pointer)] = "/outside/" + value.get<std::string>();
        expected.push_back(pointer);
    }
    QVERIFY(expected.size() > 12);
    std::vector<std::string> told;
    for (const PolicyError& error : remoteProblems(document.dump(), complete, path("")))
        told.push_back(error.pointer);
    std::ranges::sort(expected);
    std::ranges::sort(told);
    QCOMPARE(told, expected);
}

void RemoteChangeTest::a_file_that_is_named_already_may_stay()
{
    const std::string running = R"({"channels":[{"match":"a","schema":"/srv/schemas/a.json"}]})";
    QCOMPARE(pointers(R"({"channels":[{"match":"b"},{"match":"a","schema":"/srv/schemas/a.json"}]})", running),
             Pointers{});
    QCOMPARE(pointers(R"({"channels":[{"match":"a","schema":"/srv/schemas/b.json"}]})", running),
             Pointers{"/channels/0/schema"});
    QCOMPARE(pointers(R"({"routes":[{"gateway":{"auth_header_file":"/srv/schemas/a.json"}}]})", running),
             Pointers{"/routes/0/gateway/auth_header_file"}); // not for another use
}

/// The header of "h" goes to a wss upstream that "ca" vouches for and to one in the clear, that of "i" to a third.
static const std::string usesOfSecrets = R"json({
    "listeners":[{"name":"a","tls":{"certificate":"a.pem","key":"a.key"}}],
    "issuers":[{"name":"l","secret_file":"l.key","previous":[{"secret_file":"p.key"}]}],
    "routes":[{"name":"g","path":"/g","gateway":{"upstreams":["wss://App.example","ws://10.0.0.1:80/x"],
               "ca":"ca.pem","auth_header_file":"h"}},
              {"name":"j","path":"/j","gateway":{"upstreams":["wss://third.example/"],"auth_header_file":"i"}},
              {"name":"k","path":"/k","gateway":{"upstreams":["wss://open.example/"]}}]})json";

void RemoteChangeTest::secrets_are_put_to_no_new_use_data()
{
    QTest::addColumn<QByteArray>("patch"); // RFC 6902
    QTest::addColumn<QByteArray>("pointers");
    const auto row = [](const char* name, const char* patch, const char* pointers = "") {
        QTest::newRow(name) << QByteArray(patch) << QByteArray(pointers);
    };
    // What stays or goes elsewhere in the document.
    row("nothing changes", "[]");
    row("a route is renamed, and its upstreams change places",
        R"([{"op":"replace","path":"/routes/0/name","value":"z"},
            {"op":"move","from":"/routes/0/gateway/upstreams/1","path":"/routes/0/gateway/upstreams/0"}])");
    row("routes change places", R"([{"op":"move","from":"/routes/1","path":"/routes/0"}])");
    row("an upstream goes", R"([{"op":"remove","path":"/routes/0/gateway/upstreams/0"}])");
    row("a header is taken away", R"([{"op":"remove","path":"/routes/0/gateway/auth_header_file"}])");
    row("an upstream of a route without a header changes",
        R"([{"op":"replace","path":"/routes/2/gateway/upstreams/0","value":"wss://other.example/"}])");
    row("the same upstream in other words, another path",
        R"([{"op":"replace","path":"/routes/0/gateway/upstreams/0","value":"WSS://APP.example:443/v2"}])");
    row("a second route shows the header to the same upstream",
        R"([{"op":"add","path":"/routes/-","value":{"name":"n","gateway":{"upstreams":["ws://10.0.0.1/"],
             "auth_header_file":"h"}}}])");
    row("a secret retires",
        R"([{"op":"move","from":"/issuers/0/secret_file","path":"/issuers/0/previous/0/secret_file"}])");
    row("a secret comes back", R"([{"op":"replace","path":"/issuers/0/secret_file","value":"p.key"}])");
    row("a key serves a second listener",
        R"([{"op":"add","path":"/listeners/-","value":{"tls":{"certificate":"b.pem","key":"./x/../a.key"}}}])");
    row("a file that holds no secret is new", R"([{"op":"add","path":"/channels","value":[{"schema":"s.json"}]}])");
    // What the gate knows would go out.
    row("an issuer's secret as a header to whom one likes",
        R"([{"op":"add","path":"/routes/-","value":{"gateway":{"upstreams":["wss://evil.example"],
             "auth_header_file":"l.key"}}}])",
        "/routes/3/gateway/auth_header_file");
    row("a key as the header of a gateway that has one",
        R"([{"op":"replace","path":"/routes/0/gateway/auth_header_file","value":"a.key"}])",
        "/routes/0/gateway/auth_header_file");
    row("another host", R"([{"op":"replace","path":"/routes/0/gateway/upstreams/0","value":"wss://evil.example"}])",
        "/routes/0/gateway/upstreams/0");
    row("another host beside the good ones",
        R"([{"op":"add","path":"/routes/0/gateway/upstreams/-","value":"ws://127.0.0.1:9"}])",
        "/routes/0/gateway/upstreams/2");
    row("another port", R"([{"op":"replace","path":"/routes/0/gateway/upstreams/0","value":"wss://app.example:444"}])",
        "/routes/0/gateway/upstreams/0");
    row("in the clear", R"([{"op":"replace","path":"/routes/0/gateway/upstreams/0","value":"ws://app.example:443"}])",
        "/routes/0/gateway/upstreams/0");
    row("a host below", R"([{"op":"replace","path":"/routes/0/gateway/upstreams/0","value":"wss://x.app.example"}])",
        "/routes/0/gateway/upstreams/0");
    row("an upstream of another header",
        R"([{"op":"replace","path":"/routes/1/gateway/upstreams/0","value":"wss://app.example"}])",
        "/routes/1/gateway/upstreams/0");
    row("an upstream that gets no header", R"([{"op":"add","path":"/routes/2/gateway/auth_header_file","value":"h"}])",
        "/routes/2/gateway/upstreams/0");
    row("headers change places",
        R"([{"op":"replace","path":"/routes/0/gateway/auth_header_file","value":"i"},
            {"op":"replace","path":"/routes/1/gateway/auth_header_file","value":"h"}])",
        "/routes/0/gateway/upstreams/0 /routes/0/gateway/upstreams/1 /routes/1/gateway/upstreams/0");
    row("another authority", R"([{"op":"replace","path":"/routes/0/gateway/ca","value":"other.pem"}])",
        "/routes/0/gateway/ca");
    row("every authority of the system", R"([{"op":"remove","path":"/routes/0/gateway/ca"}])",
        "/routes/0/gateway/upstreams/0");
    row("an authority where there was none", R"([{"op":"add","path":"/routes/1/gateway/ca","value":"ca.pem"}])",
        "/routes/1/gateway/ca");
    // New secrets, and secrets as something else.
    row("a new header", R"([{"op":"replace","path":"/routes/0/gateway/auth_header_file","value":"new"}])",
        "/routes/0/gateway/auth_header_file");
    row("a new secret", R"([{"op":"replace","path":"/issuers/0/secret_file","value":"new.key"}])",
        "/issuers/0/secret_file");
    row("a new key", R"([{"op":"replace","path":"/listeners/0/tls/key","value":"new.key"}])", "/listeners/0/tls/key");
    row("a header as an issuer's secret", R"([{"op":"replace","path":"/issuers/0/secret_file","value":"h"}])",
        "/issuers/0/secret_file");
    row("a secret as a schema", R"([{"op":"add","path":"/channels","value":[{"schema":"l.key"}]}])",
        "/channels/0/schema");
    row("a key as a certificate", R"([{"op":"replace","path":"/listeners/0/tls/certificate","value":"a.key"}])",
        "/listeners/0/tls/certificate");
    row("a header as a set of keys", R"([{"op":"add","path":"/issuers/-","value":{"jwks_file":"./h"}}])",
        "/issuers/1/jwks_file");
}

void RemoteChangeTest::secrets_are_put_to_no_new_use()
{
    QFETCH(QByteArray, patch);
    QFETCH(QByteArray, pointers);
    const auto after = nlohmann::json::parse(usesOfSecrets).patch(nlohmann::json::parse(patch.toStdString()));
    QByteArrayList told;
    for (const std::string& pointer : this->pointers(after.dump(), usesOfSecrets))
        told.append(QByteArray::fromStdString(pointer));
    std::ranges::sort(told);
    QCOMPARE(told.join(' '), pointers);
    // Where the policy that runs cannot be read, every use of a secret is new.
    QVERIFY(remoteProblems(after.dump(), "{", folder()).size() >= 4);
}

void RemoteChangeTest::a_secret_is_known_behind_links_and_dots()
{
    const QTemporaryDir own;
    const std::filesystem::path place(own.path().toStdString());
    std::ofstream(place / "l.key") << "x";
    std::filesystem::create_symlink("l.key", place / "link");
    const auto count = [&](const std::string& file) {
        const std::string text = R"({"channels":[{"schema":")" + file + "\"}]}";
        return remoteProblems(text, R"({"issuers":[{"secret_file":"link"}]})", place).size();
    };
    for (const char* file : {"l.key", "link", "./l.key", "a/../link"})
        QCOMPARE(count(file), std::size_t(1));
    QCOMPARE(count((place / "l.key").string()), std::size_t(1));
    QCOMPARE(count("l.json"), std::size_t(0));
    QVERIFY(remoteProblems(R"({"issuers":[{"secret_file":"l.key"}]})", R"({"issuers":[{"secret_file":"link"}]})", place)
                .empty());
}

void RemoteChangeTest::what_to_do_is_told_and_nothing_of_the_secret()
{
    const QTemporaryDir own;
    std::ofstream(std::filesystem::path(own.path().toStdString()) / "h") << "X-Key: hunter2";
    auto after = nlohmann::json::parse(usesOfSecrets);
    after["routes"][0]["gateway"]["upstreams"] = {"wss://evil.example/path"};
    const auto problems = remoteProblems(after.dump(), usesOfSecrets, own.path().toStdString());
    QCOMPARE(problems.size(), std::size_t(1));
    const std::string& detail = problems[0].detail;
    QVERIFY(detail.find("wss://evil.example:443") != std::string::npos);
    QVERIFY(detail.find("on the server itself") != std::string::npos);
    QVERIFY(detail.find("hunter2") == std::string::npos);
    QVERIFY(problems[0].line > 0 && problems[0].code == PolicyErrorCode::Insecure);
}

void RemoteChangeTest::what_is_no_document_is_left_to_others()
{
    for (const char* text : {"", "[]", "{", "7", "\"x\""})
        QCOMPARE(pointers(text), Pointers{});
}

QTEST_GUILESS_MAIN(RemoteChangeTest)
#include "remotechangetest.moc"
