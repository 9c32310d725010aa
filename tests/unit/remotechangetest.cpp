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
    const std::vector<std::pair<std::string, std::string>> places{
        {R"({"listeners":[{"tls":{"certificate":)" + text + "}}]}", "/listeners/0/tls/certificate"},
        {R"({"listeners":[{"tls":{"key":)" + text + "}}]}", "/listeners/0/tls/key"},
        {R"({"listeners":[{},{"tls":{"client_ca":)" + text + "}}]}", "/listeners/1/tls/client_ca"},
        {R"({"issuers":[{"secret_file":)" + text + "}]}", "/issuers/0/secret_file"},
        {R"({"issuers":[{"previous":[{"secret_file":)" + text + "}]}]}", "/issuers/0/previous/0/secret_file"},
        {R"({"issuers":[{"jwks_file":)" + text + "}]}", "/issuers/0/jwks_file"},
        {R"({"issuers":[{"jwks_ca":)" + text + "}]}", "/issuers/0/jwks_ca"},
        {R"({"routes":[{"messages":{"schema":)" + text + "}}]}", "/routes/0/messages/schema"},
        {R"({"routes":[{"messages":{"schema":{"client":)" + text + "}}}]}", "/routes/0/messages/schema/client"},
        {R"({"routes":[{"messages":{"schema":{"upstream":)" + text + "}}}]}", "/routes/0/messages/schema/upstream"},
        {R"({"routes":[{"gateway":{"ca":)" + text + "}}]}", "/routes/0/gateway/ca"},
        {R"({"routes":[{"gateway":{"auth_header_file":)" + text + "}}]}", "/routes/0/gateway/auth_header_file"},
        {R"({"routes":[{"messages":{"schema":{"client":)" + text + "}}}]}", "/routes/0/messages/schema/client"},
        {R"({"routes":[{"messages":{"schema":{"upstream":)" + text + "}}}]}", "/routes/0/messages/schema/upstream"},
        {R"({"channels":[{"schema":)" + text + "}]}", "/channels/0/schema"}};
    for (const auto& [document, pointer] : places)
        QCOMPARE(pointers(document), good ? Pointers{} : Pointers{pointer});
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

void RemoteChangeTest::what_is_no_document_is_left_to_others()
{
    for (const char* text : {"", "[]", "{", "7", "\"x\""})
        QCOMPARE(pointers(text), Pointers{});
}

QTEST_GUILESS_MAIN(RemoteChangeTest)
#include "remotechangetest.moc"
