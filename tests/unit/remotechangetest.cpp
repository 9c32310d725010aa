// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/remotechange.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

using namespace gatehouse;

class RemoteChangeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void what_changes_only_locally_is_named_data();
    void what_changes_only_locally_is_named();
    void the_same_in_another_form_is_no_change();
    void files_lie_in_the_folder_data();
    void files_lie_in_the_folder();
    void a_link_out_of_the_folder_is_followed();
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

void RemoteChangeTest::a_file_that_is_named_already_may_stay()
{
    const std::string running = R"({"channels":[{"match":"a","schema":"/srv/schemas/a.json"}]})";
    QCOMPARE(pointers(R"({"channels":[{"match":"b"},{"match":"a","schema":"/srv/schemas/a.json"}]})", running),
             Pointers{});
    QCOMPARE(pointers(R"({"channels":[{"match":"a","schema":"/srv/schemas/b.json"}]})", running),
             Pointers{"/channels/0/schema"});
}

void RemoteChangeTest::what_is_no_document_is_left_to_others()
{
    for (const char* text : {"", "[]", "{", "7", "\"x\""})
        QCOMPARE(pointers(text), Pointers{});
}

QTEST_GUILESS_MAIN(RemoteChangeTest)
#include "remotechangetest.moc"
