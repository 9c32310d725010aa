// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/arguments.h"
#include "ctl/output.h"
#include "ctl/policyoutput.h"
#include "ctl/run.h"
#include "ctloutcome.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sstream>

using namespace gatehouse;
using namespace gatehouse::ctl;
using test::Outcome;
using test::words;
using namespace std::chrono_literals;

class CtlPolicyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_command_line_becomes_its_command_data();
    void a_command_line_becomes_its_command();
    void a_bad_command_line_is_refused_with_what_is_wrong_data();
    void a_bad_command_line_is_refused_with_what_is_wrong();
    void a_change_is_told_in_words_data();
    void a_change_is_told_in_words();
    void sessions_are_grouped_by_rule_and_reason_with_eight_names();
    void a_look_that_ran_out_of_time_says_how_far_it_came();
    void hostile_text_cannot_steer_the_terminal();
    void show_prints_the_document_alone_and_as_it_is();
    void check_names_each_problem_as_compilers_do();
    void check_needs_no_server_where_it_is_told_so();
    void apply_without_a_terminal_needs_yes();
    void apply_shows_asks_and_carries_the_base_that_ran_at_its_beginning();
    void apply_that_is_not_wanted_changes_nothing();
    void apply_on_trial_says_how_to_keep_it();
    void a_conflict_prints_the_difference_and_exits_with_1();
    void a_document_that_is_refused_is_named_with_the_places_of_its_problems();
    void rollback_restores_the_version_that_it_has_shown();
    void lockdown_asks_first();
    void status_tells_what_is_out_of_the_ordinary();
    void sessions_that_are_gone_exit_with_1();
};

namespace {

/// A server that answers by the test's words, and keeps what it was asked.
struct FakeServer {
    std::function<Reply(const Command&)> answer;
    std::vector<Command> asked;

    Outcome run(const QByteArray& line, const std::string& typed = {}, bool canAsk = false)
    {
        std::istringstream in(typed);
        std::ostringstream out;
        std::ostringstream error;
        const auto transport = [this](const ApiAddress&, const Command& command) -> Result<HttpAnswer, std::string> {
            asked.push_back(command);
            return HttpAnswer{200, formatReply(answer(command))};
        };
        auto arguments = words(line);
        arguments.insert(arguments.begin(), {"--socket", "/s"});
        const int code = ctl::run(arguments, {in, out, error, canAsk}, transport);
        return {code, out.str(), error.str()};
    }
    template <class C> [[nodiscard]] std::vector<C> all() const
    {
        std::vector<C> found;
        for (const Command& command : asked)
            if (const auto* one = std::get_if<C>(&command))
                found.push_back(*one);
        return found;
    }
};

AffectedSession affected(std::uint64_t id, const std::string& user, Reason reason, std::uint16_t code)
{
    return {SessionId{id}, user, "10.0.0.1", "hub", {reason, {"/routes/0/roles", "hub › roles"}, "none", "editor"},
            code};
}

PolicyVersion version(std::uint64_t number, const std::string& document = {})
{
    PolicyVersion version;
    version.version = number;
    version.hash = "hash" + std::to_string(number);
    version.document = document;
    return version;
}

/// Version 4 runs, 3 was before it.
Reply ordinaryAnswer(const Command& command)
{
    if (const auto* get = std::get_if<PolicyGetQuery>(&command)) {
        PolicyDocument document;
        document.running = 4;
        document.version = version(get->version == 0 ? 4 : get->version, "{}\n");
        return Answer(document);
    }
    if (std::holds_alternative<PolicyHistoryQuery>(command)) {
        PolicyVersion trial = version(3);
        trial.provisionalUntil = WallTime(1s);
        PolicyVersion same = version(2);
        same.hash = version(4).hash;
        return Answer(PolicyHistory{{{trial, {}, {}}, {same, {}, {}}, {version(1), {}, {}}}, true});
    }
    if (std::holds_alternative<PolicyWhatIfCommand>(command)) {
        PolicyWhatIfResult result;
        result.changes = {{PolicyChange::Kind::Removed, "/routes/1", "route plc", "", ""}};
        result.live = {3, 3, {affected(7, "ann", Reason::Authz, 4403)}, {}};
        return Answer(result);
    }
    PolicyApplied applied;
    applied.version = version(5);
    return Answer(applied);
}

class Document {
public:
    explicit Document(const QByteArray& text)
    {
        QFile file(m_folder.filePath(QStringLiteral("new.json")));
        if (file.open(QIODevice::WriteOnly))
            file.write(text);
    }
    [[nodiscard]] QByteArray path() const { return m_folder.filePath(QStringLiteral("new.json")).toUtf8(); }

private:
    QTemporaryDir m_folder;
};

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

void CtlPolicyTest::a_command_line_becomes_its_command_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("json");
    const auto row = [](const char* line, const char* method, const char* json) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(method) << QByteArray(json);
    };
    row("policy show", "policy_get", "{}");
    row("policy show --version 12", "policy_get", R"({"version":12})");
    row("policy what-if f --within 10s", "policy_what_if", R"({"policy":"","within":"10s"})");
    row("policy apply f --base b --reason r --for 5m --replace-file --yes", "policy_apply",
        R"({"base":"b","policy":"","reason":"r","provisional":"5m","replace_file":true})");
    row("policy confirm", "policy_confirm", "{}");
    row("policy confirm 12", "policy_confirm", R"({"version":12})");
    row("policy history", "policy_history", R"({"limit":10})");
    row("policy history --limit 200 --before 40 --diff", "policy_history", R"({"limit":200,"before":40})");
    row("policy rollback 3 --base b --reason r --for 1h", "policy_rollback",
        R"({"version":3,"base":"b","reason":"r","provisional":"1h"})");
    row("lockdown on", "lockdown", R"({"on":true})");
    row("lockdown on --user ann --user bob --network 10.0.0.0/8 --network ::1 --for 30m --reason r", "lockdown",
        R"({"allow_users":["ann","bob"],"allow_networks":["10.0.0.0/8","::1"],"duration":"30m","reason":"r"})");
    row("lockdown off", "lockdown", R"({"on":false})");
    row("lockdown", "info", "{}");
    row("limit 1 2 --rate 5/s", "limit", R"({"sessions":[1,2],"rate":{"count":5,"per":"1s"}})");
    row("limit --user ann --issuer corp --rate 20/10s --for none --reason r", "limit",
        R"({"user":"ann","issuer":"corp","rate":{"count":20,"per":"10s"},"duration":"none","reason":"r"})");
    row("limit 1 --rate 100/m --for 1h", "limit",
        R"({"sessions":[1],"rate":{"count":100,"per":"1m"},"duration":"1h"})");
    row("limits", "limits", "{}");
    row("unlimit 3", "unlimit", R"({"id":3})");
    row("quarantine 1 2 --for 5m --reason r", "quarantine", R"({"sessions":[1,2],"duration":"5m","reason":"r"})");
    row("quarantine --off 1", "quarantine", R"({"sessions":[1],"on":false})");
    row("drain --within 1m --spread 10s", "drain", R"({"within":"1m","spread":"10s"})");
}

void CtlPolicyTest::a_command_line_becomes_its_command()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, json);
    const auto invocation = parseArguments(words(line));
    QVERIFY2(invocation, invocation ? "" : invocation.error().message.c_str());
    const auto expected = parseCommand(method.toStdString(), json.toStdString());
    QVERIFY2(expected, expected ? "" : expected.error().message.c_str());
    QCOMPARE(QByteArray::fromStdString(formatCommand(invocation->command)),
             QByteArray::fromStdString(formatCommand(*expected)));
    const auto burst = parseArguments({"limit", "1", "--rate", "5/s, burst 10"});
    QVERIFY(burst && std::get<LimitCommand>(burst->command).rate == (Rate{5, 1s, 10}));
}

void CtlPolicyTest::a_bad_command_line_is_refused_with_what_is_wrong_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* line, const char* named) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(named);
    };
    row("policy", "show, check, diff");
    row("policy burn", "\"burn\"");
    row("policy show now", "now");
    row("policy show --version", "--version");
    row("policy show --version 0", "begin with 1");
    row("policy show --version x", "\"x\"");
    row("policy apply f --version 3", "--version");
    row("policy check", "FILE");
    row("policy check a b", "\"b\"");
    row("policy check a --offline --socket s", "--offline");
    row("policy apply", "FILE");
    row("policy apply f --for ever", "--for");
    row("policy apply f --reason a --reason b", "twice");
    row("policy what-if f --within none", "--within");
    row("policy history --limit 201", "--limit");
    row("policy rollback x", "\"x\"");
    row("lockdown maybe", "maybe");
    row("lockdown on --network 10.0.0.1/8", "10.0.0.1/8");
    row("lockdown on --user=", "--user");
    row("lockdown --user ann", "--user");
    row("lockdown off --yes", "--yes");
    row("limit --rate 5/s", "--user");
    row("limit 1 --user ann --rate 5/s", "either");
    row("limit 1 --issuer x --rate 5/s", "--issuer");
    row("limit 1", "--rate");
    for (const char* rate : {"5", "0/s", "5/", "5/x", "5/0s", "x/s", "5/s,10", "5/s,burst", "5/s,burst 0"})
        QTest::newRow(rate) << QByteArray("limit 1 --rate=") + rate << QByteArray("--rate");
    row("unlimit", "ID");
    row("quarantine", "ID");
    row("quarantine 1 --off --for 5m", "--off");
    row("drain --within 5", "--within");
}

void CtlPolicyTest::a_bad_command_line_is_refused_with_what_is_wrong()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, named);
    const auto invocation = parseArguments(words(line));
    QVERIFY(!invocation);
    QVERIFY2(holds(invocation.error().message, named.toStdString()), invocation.error().message.c_str());
}

void CtlPolicyTest::a_change_is_told_in_words_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("words");
    const auto row = [](PolicyChange::Kind kind, const char* name, const char* before, const char* after,
                        const char* said) {
        QTest::newRow(said) << static_cast<int>(kind) << QByteArray(name) << QByteArray(before) << QByteArray(after)
                            << QByteArray(said);
    };
    using Kind = PolicyChange::Kind;
    row(Kind::Changed, "hub › messages › rate", "50/s, burst 100", "30/s",
        "hub › messages › rate: 50/s, burst 100 → 30/s");
    row(Kind::Removed, "hub › origins", "https://old.example", "", "hub › origins: https://old.example removed");
    row(Kind::Added, "route plc", "", "", "route plc added");
    row(Kind::Added, "hub › origins", "", "https://new.example", "hub › origins: https://new.example added");
    row(Kind::Changed, "hub › note", "", "new", "hub › note: nothing → new");
    row(Kind::Changed, "hub › note", "a\nb", "c", "hub › note: a\\nb → c");
}

void CtlPolicyTest::a_change_is_told_in_words()
{
    QFETCH(int, kind);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QByteArray, words);
    const PolicyChange change{static_cast<PolicyChange::Kind>(kind), "/x", name.toStdString(), before.toStdString(),
                              after.toStdString()};
    QCOMPARE(QByteArray::fromStdString(changeText(change)), words);
}

void CtlPolicyTest::sessions_are_grouped_by_rule_and_reason_with_eight_names()
{
    PolicyImpact impact;
    impact.sessions = impact.examined = 20;
    impact.ended.push_back(affected(1, "solo", Reason::Revoked, 4401));
    for (std::uint64_t id = 2; id < 12; ++id)
        impact.ended.push_back(affected(id, "u" + std::to_string(id), Reason::Authz, 4403));
    impact.limited.push_back(affected(12, "", Reason::RateSession, 0));
    const std::string text = impactText(impact, namesShown);
    QVERIFY2(holds(text, "Of 20 open sessions, 11 would be ended and 1 limited:\n"), text.c_str());
    QVERIFY2(
        holds(text, "  10 ended with 4403: authz by hub › roles (met none, allowed editor)\n    u2 (2, 10.0.0.1), "),
        text.c_str());
    QVERIFY2(holds(text, "u9 (9, 10.0.0.1) and 2 more\n"), text.c_str());
    QVERIFY2(text.find("solo (1") > text.find("u2 (2"), "the larger group comes first");
    QVERIFY2(holds(text, "  1 limited: rate_session"), text.c_str());
    QVERIFY2(holds(text, "anonymous (12"), text.c_str());
    QVERIFY(!holds(text, "time ran out"));
    QVERIFY(!holds(impactText(impact, 100), "more"));
}

void CtlPolicyTest::a_look_that_ran_out_of_time_says_how_far_it_came()
{
    PolicyImpact impact;
    impact.sessions = 5000;
    impact.examined = 1200;
    const std::string text = impactText(impact, namesShown);
    QVERIFY2(holds(text, "1200 of 5000 sessions were examined"), text.c_str());
    QVERIFY2(holds(text, "So far none"), text.c_str());
}

void CtlPolicyTest::hostile_text_cannot_steer_the_terminal()
{
    const std::string hostile = "\x1b]0;owned\x07\r\n\xe2\x80\xae\xc2\x9b";
    AffectedSession session = affected(1, hostile, Reason::Authz, 4403);
    session.why.met = session.why.rule.name = session.address = hostile;
    const PolicyChange change{PolicyChange::Kind::Changed, hostile, hostile, hostile, hostile};
    PolicyVersion by = version(1);
    by.author = by.via = by.reason = by.confirmedBy = hostile;
    TemporaryLimit limit;
    limit.user = limit.actor = limit.reason = hostile;
    Lockdown lockdown{LockdownLists{{hostile}, {}}, hostile, hostile, {}, {}};
    Info info;
    info.stats.lockdown = lockdown;
    info.stats.policyProblem = hostile;
    const std::vector<Answer> answers{PolicyWhatIfResult{"", {change}, {hostile}, {1, 1, {session}, {session}}},
                                      PolicyCheckResult{true, {}, {}, "", "", {change}, hostile, {hostile}},
                                      PolicyApplied{by, {change}, {hostile}, {}, 1, {session}},
                                      PolicyHistory{{{by, {change}, hostile}}, false},
                                      LimitList{{limit}},
                                      LimitResult{{limit}, {}},
                                      LockdownResult{lockdown, *lockdown.lists, {}},
                                      info};
    std::vector<std::string> texts{problemsText({{hostile, 1, 1, "", hostile}}, hostile),
                                   namedDifference(hostile, hostile, hostile),
                                   historyText(PolicyHistory{{{by, {}, hostile}}, false}, true)};
    for (const Answer& answer : answers) {
        texts.push_back(humanText(answer));
        texts.push_back(jsonText(answer));
    }
    for (const std::string& text : texts) {
        for (const char* raw : {"\x1b", "\x07", "\r", "\xe2\x80\xae", "\xc2\x9b"})
            QVERIFY2(!holds(text, raw), text.c_str());
        QVERIFY(holds(text, "owned"));
    }
}

void CtlPolicyTest::show_prints_the_document_alone_and_as_it_is()
{
    const std::string document = "{\n  \"note\": \"back\\\\slash \\u001b\"\n}\n";
    FakeServer server{[&](const Command&) {
                          PolicyDocument answer;
                          answer.version = version(4, document);
                          return Reply(Answer(answer));
                      },
                      {}};
    const Outcome shown = server.run("policy show");
    QCOMPARE(shown.code, exitOk);
    QCOMPARE(shown.out, document);
    QVERIFY(holds(server.run("policy show --json").out, "\"hash\": \"hash4\""));
    const QTemporaryDir folder;
    const QByteArray file = folder.filePath(QStringLiteral("out.json")).toUtf8();
    QCOMPARE(server.run("policy show --output " + file).out, std::string());
    QFile written(QString::fromUtf8(file));
    QVERIFY(written.open(QIODevice::ReadOnly));
    QCOMPARE(written.readAll().toStdString(), document);
    QCOMPARE(server.run("policy show --output /nowhere/x").code, exitFailure);
}

void CtlPolicyTest::check_names_each_problem_as_compilers_do()
{
    const Document document("{}");
    PolicyCheckResult result;
    result.errors = {{"/routes/0/name", 12, 7, "bad_value", "must be a name"}, {"", 0, 0, "missing", "no routes"}};
    result.warnings = {{"/routes/1", 20, 3, "insecure", "echo is a diagnostic"}};
    FakeServer server{[&](const Command&) { return Reply(Answer(result)); }, {}};
    const Outcome bad = server.run("policy check " + document.path());
    QCOMPARE(bad.code, exitFailure);
    const std::string file = document.path().toStdString();
    QCOMPARE(bad.error, file + ":12:7: /routes/0/name: must be a name\n" + file + ": no routes\n" + file +
                            ":20:3: warning: /routes/1: echo is a diagnostic\n");
    QCOMPARE(server.run("policy check " + document.path() + " --json").code, exitFailure);
    QVERIFY(server.run("policy check -", "{}").error.starts_with("<stdin>:12:7: "));
    QVERIFY(std::get<PolicyCheckCommand>(server.asked.back()).policy == "{}");
    result.errors.clear();
    result.valid = true;
    QCOMPARE(server.run("policy check " + document.path()).code, exitOk);
    QCOMPARE(server.run("policy check /nowhere/x").code, exitFailure);
}

void CtlPolicyTest::check_needs_no_server_where_it_is_told_so()
{
    const Document document("{\n  \"gatehouse\": 1,\n  \"nonsense\": 2\n}\n");
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream error;
    const auto nobody = [](const ApiAddress&, const Command&) -> Result<HttpAnswer, std::string> {
        return Failure{std::string("asked a server")};
    };
    QCOMPARE(ctl::run(words("policy check --offline " + document.path()), {in, out, error}, nobody), exitFailure);
    QVERIFY2(holds(error.str(), document.path().toStdString() + ":3:"), error.str().c_str());
    QVERIFY2(holds(error.str(), "/nonsense: "), error.str().c_str());
    QVERIFY(!holds(error.str(), "asked a server"));
}

void CtlPolicyTest::apply_without_a_terminal_needs_yes()
{
    const Document document("{}");
    FakeServer server{ordinaryAnswer, {}};
    for (const QByteArray& line :
         {QByteArray("policy apply " + document.path()), QByteArray("policy rollback"), QByteArray("lockdown on")}) {
        const Outcome refused = server.run(line);
        QCOMPARE(refused.code, exitUsage);
        QVERIFY2(holds(refused.error, "--yes"), refused.error.c_str());
    }
    QCOMPARE(server.run("policy apply -", "{}", true).code, exitUsage);
    QVERIFY(server.asked.empty());
    QCOMPARE(server.run("policy apply --yes " + document.path()).code, exitOk);
    QCOMPARE(server.all<PolicyApplyCommand>().size(), std::size_t{1});
}

void CtlPolicyTest::apply_shows_asks_and_carries_the_base_that_ran_at_its_beginning()
{
    const Document document("{ \"new\": 1 }");
    FakeServer server{ordinaryAnswer, {}};
    const Outcome done = server.run("policy apply --reason why " + document.path(), "y\n", true);
    QCOMPARE(done.code, exitOk);
    QVERIFY2(holds(done.out, "route plc removed"), done.out.c_str());
    QVERIFY2(holds(done.out, "ann (7, 10.0.0.1)"), done.out.c_str());
    QVERIFY2(holds(done.error, "[y/N]"), done.error.c_str());
    QVERIFY2(holds(done.out, "Version 5 runs"), done.out.c_str());
    const auto applied = server.all<PolicyApplyCommand>();
    QCOMPARE(applied.size(), std::size_t{1});
    QVERIFY(applied.front() == (PolicyApplyCommand{"hash4", "{ \"new\": 1 }", "why", {}, false}));
    server.asked.clear();
    QCOMPARE(server.run("policy apply --base mine --yes " + document.path()).code, exitOk);
    QCOMPARE(server.all<PolicyApplyCommand>().front().base, std::string("mine"));
}

void CtlPolicyTest::apply_that_is_not_wanted_changes_nothing()
{
    const Document document("{}");
    FakeServer server{ordinaryAnswer, {}};
    for (const char* typed : {"n\n", "\n", "", "yesterday\n"}) {
        const Outcome left = server.run("policy apply " + document.path(), typed, true);
        QCOMPARE(left.code, exitFailure);
        QVERIFY(holds(left.error, "nothing was changed"));
    }
    QVERIFY(server.all<PolicyApplyCommand>().empty());
}

void CtlPolicyTest::apply_on_trial_says_how_to_keep_it()
{
    const Document document("{}");
    FakeServer server{[](const Command& command) {
                          Reply reply = ordinaryAnswer(command);
                          if (auto* applied = std::get_if<PolicyApplied>(&*reply))
                              applied->version.provisionalUntil = WallTime(1'800'000'000s);
                          return reply;
                      },
                      {}};
    const Outcome done = server.run("policy apply --for 5m --yes " + document.path());
    QVERIFY2(holds(done.out, "on trial until 2027-01-15T08:00:00.000Z"), done.out.c_str());
    QVERIFY2(holds(done.out, "gatehousectl --socket /s policy confirm 5\n"), done.out.c_str());
    QVERIFY(server.all<PolicyApplyCommand>().front().provisional == std::chrono::milliseconds(5min));
}

void CtlPolicyTest::a_conflict_prints_the_difference_and_exits_with_1()
{
    const Document document("{}");
    FakeServer server{[](const Command& command) -> Reply {
                          if (!std::holds_alternative<PolicyApplyCommand>(command))
                              return ordinaryAnswer(command);
                          return Failure{ControlError{ControlErrorCode::Conflict,
                                                      "something came first",
                                                      Reason::PolicyConflict,
                                                      "@@ -1 +1 @@\n-a\n+b\n",
                                                      {}}};
                      },
                      {}};
    const Outcome refused = server.run("policy apply --base hash3 --yes " + document.path());
    QCOMPARE(refused.code, exitFailure);
    QVERIFY2(holds(refused.error, "@@ -1 +1 @@\n-a\n+b\n"), refused.error.c_str());
    QVERIFY2(holds(refused.error, "something came first"), refused.error.c_str());
    QVERIFY2(holds(refused.error, "--base hash4"), refused.error.c_str());
    // The base does run, so it is the file that holds something else.
    const Outcome edited = server.run("policy apply --yes " + document.path());
    QCOMPARE(edited.code, exitFailure);
    QVERIFY2(holds(edited.error, "--replace-file"), edited.error.c_str());
}

void CtlPolicyTest::a_document_that_is_refused_is_named_with_the_places_of_its_problems()
{
    const Document document("{}");
    FakeServer server{[](const Command& command) -> Reply {
                          if (std::holds_alternative<PolicyGetQuery>(command))
                              return ordinaryAnswer(command);
                          return Failure{ControlError{ControlErrorCode::Rejected,
                                                      "policy:1:2: /a: wrong",
                                                      Reason::PolicyRejected,
                                                      {},
                                                      {{"/a", 1, 2, "bad_value", "wrong"}}}};
                      },
                      {}};
    const std::string file = document.path().toStdString();
    const std::string said = file + ":1:2: /a: wrong\ngatehousectl: " + file + " is not valid; nothing was changed\n";
    for (const char* command : {"policy apply --yes ", "policy what-if "}) {
        const Outcome refused = server.run(command + document.path());
        QCOMPARE(refused.code, exitFailure);
        QCOMPARE(refused.error, said);
    }
}

void CtlPolicyTest::rollback_restores_the_version_that_it_has_shown()
{
    FakeServer server{ordinaryAnswer, {}};
    QCOMPARE(server.run("policy rollback", "y\n", true).code, exitOk);
    QVERIFY(server.all<PolicyRollbackCommand>() ==
            std::vector<PolicyRollbackCommand>({{1, "hash4", "", std::nullopt, false}}));
    QCOMPARE(server.all<PolicyHistoryQuery>().front().before, std::uint64_t{4});
    QVERIFY(server.all<PolicyGetQuery>().back() == PolicyGetQuery{1});
}

void CtlPolicyTest::lockdown_asks_first()
{
    FakeServer server{[](const Command& command) -> Reply {
                          if (std::holds_alternative<InfoQuery>(command)) {
                              Info info;
                              info.name = "Plant 3";
                              info.stats.sessions = 12;
                              return Answer(info);
                          }
                          return Answer(LockdownResult{Lockdown{}, {{"ann"}, {}}, {SessionId{1}}});
                      },
                      {}};
    const Outcome left = server.run("lockdown on --user ann", "n\n", true);
    QCOMPARE(left.code, exitFailure);
    QVERIFY2(holds(left.error, "Lock down Plant 3 with 12 open sessions, and let in users ann alone?"),
             left.error.c_str());
    QVERIFY(server.all<LockdownCommand>().empty());
    const Outcome done = server.run("lockdown on --user ann --yes");
    QCOMPARE(done.code, exitOk);
    QCOMPARE(done.out, std::string("Locked down until somebody ends it. Allowed: users ann. Sessions ended: 1.\n"));
}

void CtlPolicyTest::status_tells_what_is_out_of_the_ordinary()
{
    Info info;
    info.stats.time = WallTime(1'800'000'000s);
    const std::string quiet = humanText(info);
    for (const char* word : {"on trial", "policy file", "lockdown", "draining"})
        QVERIFY2(!holds(quiet, word), quiet.c_str());
    info.stats.provisionalUntil = info.stats.time + 270s;
    info.stats.policyProblem = "/routes: missing";
    info.stats.drainUntil = info.stats.time + 20s;
    info.stats.lockdown =
        Lockdown{LockdownLists{{"ann"}, {*Network::parse("10.0.0.0/8")}}, "op", "attack", {}, info.stats.time + 2h};
    const std::string text = humanText(info);
    for (const char* part : {"(4 min 30 s left); then the version before returns", "not taken: /routes: missing",
                             "(20 s left)", "(2 h 0 min left); allowed: users ann from 10.0.0.0/8; reason: attack"})
        QVERIFY2(holds(text, part), text.c_str());
}

void CtlPolicyTest::sessions_that_are_gone_exit_with_1()
{
    FakeServer server{[](const Command& command) -> Reply {
                          if (std::holds_alternative<QuarantineCommand>(command))
                              return Answer(QuarantineResult{{SessionId{1}}, {SessionId{2}}});
                          return Answer(LimitResult{{}, {SessionId{2}}});
                      },
                      {}};
    const Outcome quarantined = server.run("quarantine 1 2");
    QCOMPARE(quarantined.code, exitFailure);
    QVERIFY2(holds(quarantined.out, "Gone already: 2"), quarantined.out.c_str());
    QCOMPARE(server.run("limit 2 --rate 5/s").code, exitFailure);
}

QTEST_GUILESS_MAIN(CtlPolicyTest)
#include "ctlpolicytest.moc"
