// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/arguments.h"
#include "ctl/output.h"
#include "ctl/run.h"
#include "ctl/terminaltext.h"
#include "ctloutcome.h"

#include <QTemporaryDir>
#include <QTest>

#include <sstream>

using namespace gatehouse;
using namespace gatehouse::ctl;
using test::Outcome;
using test::words;
using namespace std::chrono_literals;

class CtlArgumentsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_command_line_becomes_its_command_data();
    void a_command_line_becomes_its_command();
    void a_bad_command_line_is_refused_with_what_is_wrong_data();
    void a_bad_command_line_is_refused_with_what_is_wrong();
    void options_may_stand_anywhere();
    void a_token_is_asked_for_with_its_claims();
    void verify_reads_the_store_of_a_configuration();
    void every_command_has_its_help();
    void errors_of_use_exit_with_64_and_point_to_the_help();
    void a_server_that_is_not_there_exits_with_1_and_is_named();
    void a_configuration_that_is_not_there_exits_with_78();
    void text_of_others_is_escaped_data();
    void text_of_others_is_escaped();
    void tables_are_aligned_by_code_points();
    void hostile_text_in_a_session_cannot_steer_the_terminal();
    void sessions_as_json_are_a_bare_array();
    void upstreams_are_a_table_with_what_is_wrong();
    void a_drain_says_what_becomes_of_the_sessions();
    void sessions_show_their_upstream_where_one_has_it();
};

namespace {

Outcome outcome(const QByteArray& line)
{
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream error;
    const int code = run(words(line), {in, out, error});
    return {code, out.str(), error.str()};
}

} // namespace

void CtlArgumentsTest::a_command_line_becomes_its_command_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("json");
    const auto row = [](const char* line, const char* method, const char* json) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(method) << QByteArray(json);
    };
    row("status", "info", "{}");
    row("sessions", "sessions", "{}");
    row("session 7", "session", R"({"id":7})");
    row("kick 1 2", "kick", R"({"sessions":[1,2]})");
    row("kick 1 --reason bye --cooldown 5m", "kick", R"({"sessions":[1],"reason":"bye","cooldown":"5m"})");
    row("kick 1 --cooldown none", "kick", R"({"sessions":[1],"cooldown":"none"})");
    row("ban user ann --issuer corp", "ban", R"({"subject":"user","value":"ann","issuer":"corp"})");
    row("ban address 10.0.0.1 --for 10m", "ban", R"({"subject":"address","value":"10.0.0.1","duration":"10m"})");
    row("ban network 10.0.0.0/8 --reason x", "ban", R"({"subject":"network","value":"10.0.0.0/8","reason":"x"})");
    row("unban 3", "unban", R"({"id":3})");
    row("bans", "bans", "{}");
    row("ban token 7f3a --for 1h", "ban", R"({"subject":"token","value":"7f3a","duration":"1h"})");
    row("revoke --jti 7f3a", "revoke_token", R"({"jti":"7f3a"})");
    row("revoke --jti 7f3a --issuer corp --for 30d --reason stolen", "revoke_token",
        R"({"uid":"7f3a","issuer":"corp","duration":"720h","reason":"stolen"})");
    row("revoke --user ann", "invalidate_user_tokens", R"({"user":"ann"})");
    row("revoke --user ann --issuer corp --for 30d --reason left", "invalidate_user_tokens",
        R"({"user":"ann","issuer":"corp","duration":"30d","reason":"left"})");
    row("revocations", "revocations", "{}");
    row("unrevoke 3", "unrevoke", R"({"id":3})");
    row("failures", "auth_failures", "{}");
    row("drain", "drain", "{}");
    row("reload", "reload", "{}");
    row("upstreams", "upstreams", "{}");
    row("upstream drain ws://10.0.0.5:1880/", "upstream_drain", R"({"upstream":"ws://10.0.0.5:1880/"})");
    row("upstream drain wss://a/ --route plc --within 30s --reason repair", "upstream_drain",
        R"({"upstream":"wss://a/","route":"plc","within":"30s","reason":"repair"})");
    row("upstream drain --within 0s -- ws://a/", "upstream_drain", R"({"upstream":"ws://a/","within":"0s"})");
    row("upstream undrain ws://a/", "upstream_drain", R"({"upstream":"ws://a/","on":false})");
    row("upstream undrain ws://a/ --route plc", "upstream_drain", R"({"upstream":"ws://a/","route":"plc","on":false})");
    row("certificate status", "certificate_status", "{}");
    row("certificate status --config f", "certificate_status", "{}");
    row("certificate renew", "certificate_renew", "{}");
    row("certificate renew --listener public --force", "certificate_renew", R"({"listener":"public","force":true})");
    row("audit list", "audit", R"({"limit":50})");
    row("audit list --limit 5 --kind kick --reason kicked --user ann --address 10.0.0.1 --session 4 --text x --before "
        "9",
        "audit",
        R"({"limit":5,"kind":"kick","reason":"kicked","user":"ann","address":"10.0.0.1","session":4,"text":"x","before":9})");
}

void CtlArgumentsTest::a_command_line_becomes_its_command()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, json);
    const auto invocation = parseArguments(words(line));
    QVERIFY2(invocation, invocation ? "" : invocation.error().message.c_str());
    QVERIFY(invocation->action == Action::Call || invocation->action == Action::AuditList ||
            invocation->action == Action::CertificateStatus);
    const auto expected = parseCommand(method.toStdString(), json.toStdString());
    QVERIFY2(expected, expected ? "" : expected.error().message.c_str());
    QVERIFY(invocation->command == *expected);
}

void CtlArgumentsTest::a_bad_command_line_is_refused_with_what_is_wrong_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* line, const char* named) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(named);
    };
    row("", "command is needed");
    row("--json", "command is needed");
    row("explode", "explode");
    row("status now", "now");
    row("status --reason x", "--reason");
    row("sessions --nonsense x", "--nonsense");
    row("sessions -x", "-x");
    row("--json=yes sessions", "--json");
    row("session", "ID");
    row("session x", "\"x\"");
    row("session 1 2", "\"2\"");
    row("kick", "ID");
    row("kick -1", "-1");
    row("kick 99999999999999999999", "99999999999999999999");
    row("kick 1 --cooldown 5", "--cooldown");
    row("kick 1 --cooldown", "--cooldown");
    row("kick 1 --reason --json", "--reason");
    row("kick 1 --reason a --reason b", "twice");
    row("kick 1 --reason=", "--reason");
    row("ban", "VALUE");
    row("ban ann", "VALUE");
    row("ban planet mars", "planet");
    row("ban address 10.0.0", "10.0.0");
    row("ban network 10.0.0.1/8", "10.0.0.1/8");
    row("ban address 10.0.0.1 --issuer x", "--issuer");
    row("ban user ann --for ever", "--for");
    row("unban ann", "ann");
    row("revoke", "--jti");
    row("revoke --jti a --user b", "either");
    row("revoke --jti a --for ever", "--for");
    row("revoke ann", "ann");
    row("unrevoke", "ID");
    row("unrevoke ann", "ann");
    row("audit", "list|verify");
    row("audit burn", "burn");
    row("certificate", "status|renew");
    row("certificate burn", "burn");
    row("certificate status --listener public", "--listener");
    row("certificate status --force", "--force");
    row("certificate renew --force=yes", "--force");
    row("drain --force", "--force");
    row("upstreams ws://a/", "ws://a/");
    row("upstream", "drain or undrain");
    row("upstream kill ws://a/", "kill");
    row("upstream drain", "URL");
    row("upstream undrain", "URL");
    row("upstream drain ws://a/ ws://b/", "ws://b/");
    row("upstream drain ws://a/ --within soon", "--within");
    row("upstream drain ws://a/ --within", "--within");
    row("upstream drain ws://a/ --route=", "--route");
    row("upstream undrain ws://a/ --within 5s", "--within");
    row("upstream undrain ws://a/ --reason x", "--reason");
    row("audit verify", "--config");
    row("audit verify --config x --limit 5", "--limit");
    row("audit list --limit 0", "--limit");
    row("audit list --limit 1001", "--limit");
    row("audit list --kind x", "--kind");
    row("audit list --reason x", "--reason");
    row("token", "--user");
    row("token --user ann --ttl 0s", "--ttl");
    row("token --user ann --ttl 1", "--ttl");
    row("sessions --socket a --config b", "--socket");
}

void CtlArgumentsTest::a_bad_command_line_is_refused_with_what_is_wrong()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, named);
    const auto invocation = parseArguments(words(line));
    QVERIFY(!invocation);
    QVERIFY2(invocation.error().message.find(named.toStdString()) != std::string::npos,
             invocation.error().message.c_str());
}

void CtlArgumentsTest::options_may_stand_anywhere()
{
    for (const char* line : {"--socket /s --json kick 5 --reason bye", "kick --reason=bye 5 --json --socket=/s",
                             "kick --json --reason bye --socket /s -- 5"}) {
        const auto invocation = parseArguments(words(line));
        QVERIFY2(invocation, line);
        QVERIFY(invocation->json);
        QVERIFY(invocation->socket == std::filesystem::path("/s"));
        QVERIFY(invocation->command == Command(KickCommand{{SessionId{5}}, "bye", 1min}));
    }
    const auto dashed = parseArguments({"ban", "user", "--", "--ann"});
    QVERIFY(dashed && std::get<BanCommand>(dashed->command).value == "--ann");
}

void CtlArgumentsTest::a_token_is_asked_for_with_its_claims()
{
    const auto invocation =
        parseArguments(words("token --user ann --roles reader,,editor, --ttl 2h --channels news.* --config f"));
    QVERIFY(invocation);
    QCOMPARE(invocation->action, Action::Token);
    QCOMPARE(invocation->token.user, std::string("ann"));
    QVERIFY(invocation->token.roles == (std::vector<std::string>{"reader", "editor"}));
    QVERIFY(invocation->token.channels == std::vector<std::string>{"news.*"});
    QVERIFY(invocation->token.ttl == 2h);
    QVERIFY(invocation->config == std::filesystem::path("f"));
    QVERIFY(parseArguments(words("token --user ann"))->token.ttl == 1h);
}

void CtlArgumentsTest::verify_reads_the_store_of_a_configuration()
{
    const auto invocation = parseArguments(words("audit verify --config f --json"));
    QVERIFY(invocation);
    QCOMPARE(invocation->action, Action::AuditVerify);
}

void CtlArgumentsTest::every_command_has_its_help()
{
    const std::string program = outcome("--help").out;
    for (const char* command : {"status",       "sessions",       "session",        "kick",
                                "ban",          "unban",          "bans",           "revoke",
                                "unrevoke",     "revocations",    "failures",       "audit",
                                "certificate",  "drain",          "reload",         "token",
                                "policy show",  "policy check",   "policy diff",    "policy what-if",
                                "policy apply", "policy confirm", "policy history", "policy rollback",
                                "lockdown",     "lockdown on",    "limit",          "limits",
                                "unlimit",      "quarantine",     "upstreams",      "upstream drain"}) {
        const Outcome help = outcome(QByteArray(command) + " --help");
        QCOMPARE(help.code, exitOk);
        QVERIFY2(help.out.starts_with(std::string("Usage: gatehousectl ") + command), command);
        QVERIFY2(program.find(std::string("\n  ") + command) != std::string::npos, command);
    }
    QVERIFY(outcome("lockdown off --help").out.starts_with("Usage: gatehousectl lockdown off\n"));
    QVERIFY(outcome("upstream undrain --help").out.starts_with("Usage: gatehousectl upstream undrain URL"));
    QVERIFY(outcome("upstream --help").out.find("drain or undrain") != std::string::npos);
    QVERIFY(outcome("policy --help").out.find("what-if") != std::string::npos);
    QVERIFY(outcome("audit -h").out.find("quarantine") != std::string::npos); // the kinds, from the code
    QVERIFY(outcome("audit -h").out.find("unban") != std::string::npos);      // the kinds, from the code
    QVERIFY(outcome("--version").out.starts_with("gatehousectl "));
}

void CtlArgumentsTest::errors_of_use_exit_with_64_and_point_to_the_help()
{
    const Outcome bad = outcome("kick x");
    QCOMPARE(bad.code, exitUsage);
    QVERIFY(bad.out.empty());
    QVERIFY2(bad.error.find("gatehousectl kick --help") != std::string::npos, bad.error.c_str());
}

void CtlArgumentsTest::a_server_that_is_not_there_exits_with_1_and_is_named()
{
    const QTemporaryDir folder;
    const QByteArray path = folder.filePath(QStringLiteral("none.sock")).toUtf8();
    const Outcome gone = outcome("status --socket " + path);
    QCOMPARE(gone.code, exitFailure);
    QVERIFY(gone.out.empty());
    QVERIFY2(gone.error.find(path.toStdString()) != std::string::npos, gone.error.c_str());
    QCOMPARE(outcome("status --socket /" + QByteArray(200, 'x')).code, exitFailure);
}

void CtlArgumentsTest::a_configuration_that_is_not_there_exits_with_78()
{
    const QTemporaryDir folder;
    const QByteArray path = folder.filePath(QStringLiteral("none.json")).toUtf8();
    for (const char* command : {"status", "sessions", "token --user ann", "audit list", "audit verify"}) {
        const Outcome bad = outcome(QByteArray(command) + " --config " + path);
        QCOMPARE(bad.code, exitBadConfig);
        QVERIFY2(bad.error.find("none.json") != std::string::npos, bad.error.c_str());
    }
}

void CtlArgumentsTest::text_of_others_is_escaped_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("safe");
    QTest::newRow("plain") << QByteArray("ann@example") << QByteArray("ann@example");
    QTest::newRow("other scripts") << QByteArray("é 漢 😀") << QByteArray("é 漢 😀");
    QTest::newRow("escape") << QByteArray("\x1b[31mred") << QByteArray("\\x1b[31mred");
    QTest::newRow("line ends") << QByteArray("a\r\nb\tc") << QByteArray("a\\r\\nb\\tc");
    QTest::newRow("nul") << QByteArray("a\0b", 3) << QByteArray("a\\x00b");
    QTest::newRow("del") << QByteArray("\x7f") << QByteArray("\\x7f");
    QTest::newRow("C1") << QByteArray("\xc2\x9b") << QByteArray("\\u{9b}");
    QTest::newRow("right-to-left override") << QByteArray("a\xe2\x80\xae"
                                                          "b")
                                            << QByteArray("a\\u{202e}b");
    QTest::newRow("isolate") << QByteArray("\xe2\x81\xa6") << QByteArray("\\u{2066}");
    QTest::newRow("line separator") << QByteArray("\xe2\x80\xa8") << QByteArray("\\u{2028}");
    QTest::newRow("zero width") << QByteArray("\xe2\x80\x8b") << QByteArray("\\u{200b}");
    QTest::newRow("tag") << QByteArray("\xf3\xa0\x81\x81") << QByteArray("\\u{e0041}");
    QTest::newRow("backslash") << QByteArray("\\x1b") << QByteArray("\\\\x1b");
    QTest::newRow("bad UTF-8") << QByteArray("a\xff\xe2\x80z") << QByteArray("a\\xff\\xe2\\x80z");
}

void CtlArgumentsTest::text_of_others_is_escaped()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, safe);
    QCOMPARE(QByteArray::fromStdString(escaped(text.toStdString())), safe);
}

void CtlArgumentsTest::tables_are_aligned_by_code_points()
{
    Table table({"A", "B"});
    QVERIFY(table.empty());
    table.add({"ünï", "x"});
    table.add({"", "y\n"});
    QCOMPARE(table.text(), std::string("A    B\nünï  x\n-    y\\n\n"));
    QCOMPARE(fieldList({{"a", "1"}, {"bcd", "2"}}), std::string("a:    1\nbcd:  2\n"));
}

void CtlArgumentsTest::hostile_text_in_a_session_cannot_steer_the_terminal()
{
    const std::string hostile = "\x1b]0;owned\x07\r\n\xe2\x80\xae\xc2\x9b";
    SessionInfo info;
    info.user = info.userAgent = info.origin = info.path = info.address = info.route = info.upstream = hostile;
    info.channels = info.roles = {hostile};
    const SessionRow row{std::make_shared<SessionInfo>(info), {}};
    AuditEntry entry;
    entry.record.user = entry.record.detail = entry.record.actor = hostile;
    Ban ban;
    ban.value = ban.reason = hostile;
    AuthFailureGroup group;
    group.lastUser = group.lastRoute = hostile;
    UpstreamStatus upstream;
    upstream.route = upstream.url = upstream.problem = hostile;
    upstream.state = UpstreamState::Ejected;
    Info gate;
    gate.stats.upstreams = {upstream};
    const std::vector<Answer> answers{SessionList{{row}},
                                      row,
                                      AuditPage{{entry}, true},
                                      BanList{{ban}},
                                      BanResult{ban, {}},
                                      UnbanResult{ban},
                                      AuthFailureList{{group}},
                                      UpstreamList{{upstream}},
                                      UpstreamDrainResult{{upstream}, 3},
                                      gate};
    for (const Answer& answer : answers)
        for (const std::string& text : {humanText(answer), jsonText(answer)}) {
            for (const char* raw : {"\x1b", "\x07", "\r", "\xe2\x80\xae", "\xc2\x9b"})
                QVERIFY2(text.find(raw) == std::string::npos, text.c_str());
            QVERIFY(text.find("owned") != std::string::npos);
        }
}

void CtlArgumentsTest::sessions_as_json_are_a_bare_array()
{
    QCOMPARE(jsonText(SessionList{}), std::string("[]\n"));
    QCOMPARE(jsonText(BanList{}), std::string("[]\n"));
    QCOMPARE(jsonText(UpstreamList{}), std::string("[]\n"));
    QVERIFY(jsonText(Info{}).starts_with("{"));
}

namespace {

UpstreamStatus upstreamStatus(UpstreamState state)
{
    UpstreamStatus status;
    status.route = "plc";
    status.url = "ws://10.0.0.5:1880/";
    status.state = state;
    status.sessions = 12;
    status.failures = 7;
    status.lost = 2;
    if (state == UpstreamState::Ejected) {
        status.lastFailure = Reason::UpstreamConnect;
        status.problem = "connection refused";
    }
    return status;
}

} // namespace

void CtlArgumentsTest::upstreams_are_a_table_with_what_is_wrong()
{
    QCOMPARE(humanText(UpstreamList{}), std::string("No route of the policy is a gateway.\n"));
    const UpstreamList list{{upstreamStatus(UpstreamState::Ejected), upstreamStatus(UpstreamState::Up)}};
    QCOMPARE(
        humanText(list),
        std::string("ROUTE  UPSTREAM             STATE    SINCE                     SESSIONS  FAILURES  LOST  "
                    "LAST PROBLEM\n"
                    "plc    ws://10.0.0.5:1880/  ejected  1970-01-01T00:00:00.000Z  12        7         2     "
                    "upstream_connect: connection refused\n"
                    "plc    ws://10.0.0.5:1880/  up       1970-01-01T00:00:00.000Z  12        7         2     -\n"));
    QVERIFY(jsonText(list).starts_with("[\n"));
    Info gate;
    gate.stats.upstreams = list.upstreams;
    const std::string status = humanText(gate);
    QVERIFY2(status.find("ejected: ws://10.0.0.5:1880/ of plc since 1970-01-01T00:00:00.000Z: "
                         "upstream_connect: connection refused\n") != std::string::npos,
             status.c_str());
    QCOMPARE(status.find("ejected: "), status.rfind("ejected: "));
}

void CtlArgumentsTest::a_drain_says_what_becomes_of_the_sessions()
{
    QCOMPARE(humanText(UpstreamDrainResult{{upstreamStatus(UpstreamState::Draining)}, 12}),
             std::string("ws://10.0.0.5:1880/ of plc: draining, sessions open: 12\nSessions that are to end: 12\n"));
    QCOMPARE(humanText(UpstreamDrainResult{{upstreamStatus(UpstreamState::Up)}, 0}),
             std::string("ws://10.0.0.5:1880/ of plc: up, sessions open: 12\n"));
}

void CtlArgumentsTest::sessions_show_their_upstream_where_one_has_it()
{
    SessionInfo info;
    info.route = "hub";
    const SessionRow direct{std::make_shared<SessionInfo>(info), {}};
    QVERIFY(humanText(SessionList{{direct}}).find("UPSTREAM") == std::string::npos);
    QVERIFY(humanText(direct).find("upstream") == std::string::npos);
    info.upstream = "ws://10.0.0.5:1880/";
    const SessionRow relayed{std::make_shared<SessionInfo>(info), {}};
    const std::string both = humanText(SessionList{{direct, relayed}});
    QVERIFY(both.find("ROUTE  UPSTREAM             SINCE") != std::string::npos);
    QVERIFY(both.find("hub    -                    1970") != std::string::npos);
    QVERIFY(both.find("hub    ws://10.0.0.5:1880/  1970") != std::string::npos);
    QVERIFY(humanText(relayed).find("upstream:") != std::string::npos);
}

QTEST_GUILESS_MAIN(CtlArgumentsTest)
#include "ctlargumentstest.moc"
