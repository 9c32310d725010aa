// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/json.h"
#include "randomvalues.h"

#include <QTest>

#include <nlohmann/json.hpp>

using namespace gatehouse;
using nlohmann::json;

class ControlJsonTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_command_round_trips();
    void every_answer_round_trips();
    void every_error_round_trips();
    void every_feed_batch_round_trips();
    void a_session_has_the_keys_that_scripts_rely_on();
    void a_bad_parameter_is_refused_by_its_name_data();
    void a_bad_parameter_is_refused_by_its_name();
    void a_body_costs_no_more_than_a_policy_may_data();
    void a_body_costs_no_more_than_a_policy_may();
    void absent_and_null_parameters_mean_the_default();
    void a_token_is_revoked_by_either_name_of_its_id();
    void an_unknown_method_is_not_found();
    void a_client_passes_over_what_a_newer_server_adds();
    void an_answer_that_cannot_be_read_is_an_error_data();
    void an_answer_that_cannot_be_read_is_an_error();
    void bytes_that_are_not_utf8_do_not_break_an_answer();
    void times_are_iso_8601_in_utc_data();
    void times_are_iso_8601_in_utc();
    void other_times_are_refused_data();
    void other_times_are_refused();
};

namespace {

constexpr int rounds = 300;

} // namespace

void ControlJsonTest::every_command_round_trips()
{
    test::RandomValues random(1);
    for (int round = 0; round < rounds; ++round)
        for (std::size_t index = 0; index < std::variant_size_v<Command>; ++index) {
            const Command command = random.command(index);
            QCOMPARE(command.index(), index);
            const std::string text = formatCommand(command);
            const auto read = parseCommand(commandMethod(command), text);
            QVERIFY2(read, read ? "" : read.error().message.c_str());
            QVERIFY2(*read == command, text.c_str());
        }
}

void ControlJsonTest::every_answer_round_trips()
{
    test::RandomValues random(2);
    for (int round = 0; round < rounds; ++round)
        for (std::size_t index = 0; index < std::variant_size_v<Command>; ++index) {
            const Reply reply = random.answer(index);
            const std::string text = formatReply(reply);
            const Reply read = parseReply(commandMethod(random.command(index)), text);
            QVERIFY2(read, read ? "" : read.error().message.c_str());
            QVERIFY2(read == reply, text.c_str());
        }
}

void ControlJsonTest::every_error_round_trips()
{
    for (const auto code : {ControlErrorCode::Internal, ControlErrorCode::NotFound, ControlErrorCode::BadRequest,
                            ControlErrorCode::Rejected, ControlErrorCode::Unavailable}) {
        const Reply reply = Failure{ControlError{code, "what \"and\" where"}};
        QVERIFY(parseReply("kick", formatReply(reply)) == reply);
    }
    QCOMPARE(formatReply(Failure{ControlError{ControlErrorCode::BadRequest, "no"}}),
             std::string(R"({"error":{"code":107,"message":"no"}})"));
}

void ControlJsonTest::every_feed_batch_round_trips()
{
    test::RandomValues random(3);
    for (int round = 0; round < rounds; ++round) {
        const FeedBatch batch = random.feedBatch();
        const std::string text = formatFeed(batch);
        const auto read = parseFeed(text);
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QVERIFY2(*read == batch, text.c_str());
    }
}

void ControlJsonTest::a_session_has_the_keys_that_scripts_rely_on()
{
    SessionInfo info;
    info.id = SessionId{42};
    info.user = "ann";
    info.roles = {"reader"};
    info.address = "10.0.0.1";
    info.route = "hub";
    info.since = WallTime(std::chrono::milliseconds(1'700'000'000'123));
    SessionActivity activity;
    activity.backlog = 17;
    activity.messagesInRate = 2.5;
    const json reply = replyToJson(Answer(SessionList{{SessionRow{std::make_shared<SessionInfo>(info), activity}}}));
    const json session = reply.at("result").at("sessions").at(0);
    QVERIFY(session.at("id") == 42);
    QVERIFY(session.at("user") == "ann");
    QVERIFY(session.at("roles") == json::array({"reader"}));
    QVERIFY(session.at("address") == "10.0.0.1");
    QVERIFY(session.at("route") == "hub");
    QVERIFY(session.at("since") == "2023-11-14T22:13:20.123Z");
    QVERIFY(session.at("messages_in_rate") == 2.5);
    QVERIFY(session.at("backlog") == 17);
    QVERIFY(session.at("token_expires").is_null());
    for (const char* key : {"messages_out_rate", "bytes_in_rate", "bytes_out_rate"})
        QVERIFY(session.at(key).is_number());
}

void ControlJsonTest::a_bad_parameter_is_refused_by_its_name_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("named");
    const auto row = [](const char* name, const char* method, const char* body, const char* named) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(body) << QByteArray(named);
    };
    row("unknown", "kick", R"({"sessions":[1],"session":2})", "session ");
    row("unknown where none is", "info", R"({"x":null})", "x ");
    row("missing", "kick", "{}", "sessions ");
    row("missing body", "session", "", "id ");
    row("null where needed", "session", R"({"id":null})", "id ");
    row("a string for a number", "session", R"({"id":"1"})", "id ");
    row("a negative number", "session", R"({"id":-1})", "id ");
    row("a fraction", "unban", R"({"id":1.5})", "id ");
    row("no list", "kick", R"({"sessions":1})", "sessions ");
    row("in a list", "kick", R"({"sessions":[1,true]})", "sessions[1] ");
    row("a number for a string", "kick", R"({"sessions":[1],"reason":5})", "reason ");
    row("duration without unit", "kick", R"({"sessions":[1],"cooldown":"5"})", "cooldown ");
    row("duration as number", "ban", R"({"subject":"user","value":"a","duration":5})", "duration ");
    row("negative duration", "ban", R"({"subject":"user","value":"a","duration":"-5m"})", "duration ");
    row("unknown word", "ban", R"({"subject":"planet","value":"a"})", "subject ");
    row("unknown reason", "audit", R"({"reason":"nonsense"})", "reason ");
    row("unknown kind", "audit", R"({"kind":"nonsense"})", "kind ");
    row("bad time", "audit", R"({"from":"yesterday"})", "from ");
    row("limit of zero", "audit", R"({"limit":0})", "limit ");
    row("limit too high", "audit", R"({"limit":1001})", "limit ");
    row("limit beyond its type", "audit", R"({"limit":4294967297})", "limit ");
    row("no jti", "revoke_token", R"({"reason":"x"})", "jti ");
    row("jti by both names", "revoke_token", R"({"jti":"a","uid":"a"})", "uid ");
    row("seconds as text", "revoke_token", R"({"jti":"a","expire_at":"1"})", "expire_at ");
    row("seconds before 1970", "revoke_token", R"({"jti":"a","expire_at":-1})", "expire_at ");
    row("seconds after 9999", "invalidate_user_tokens", R"({"user":"a","issued_before":253402300800})",
        "issued_before ");
    row("no user", "invalidate_user_tokens", "{}", "user ");
    row("a list as body", "info", "[]", "the parameters ");
    row("not JSON", "info", "{", "the body ");
    row("more than JSON", "info", "{} {}", "the body ");
}

void ControlJsonTest::a_bad_parameter_is_refused_by_its_name()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, named);
    const auto command = parseCommand(method.toStdString(), body.toStdString());
    QVERIFY(!command);
    QCOMPARE(command.error().code, ControlErrorCode::BadRequest);
    QVERIFY2(command.error().message.starts_with(named.toStdString()), command.error().message.c_str());
}

void ControlJsonTest::a_body_costs_no_more_than_a_policy_may_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("named");
    const auto nested = [](int depth, const QByteArray& core) {
        return QByteArray("{\"policy\":") + QByteArray("{\"a\":").repeated(depth - 1) + core +
               QByteArray("}").repeated(depth);
    };
    QTest::newRow("at the depth") << nested(128, "1") << QByteArray();
    QTest::newRow("one deeper") << nested(129, "1") << QByteArray("the body has more than 128 ");
    QTest::newRow("deep enough for any stack") << nested(100'000, "1") << QByteArray("the body has more than 128 ");
    QTest::newRow("lists, never closed") << QByteArray("[").repeated(100'000)
                                         << QByteArray("the body has more than 128 ");
    QTest::newRow("brackets in a text") << QByteArray(R"({"policy":"\"[[)") + QByteArray("[{").repeated(200) + "\"}"
                                        << QByteArray();
    const auto wide = [&](int items) { return nested(100, "[" + QByteArray("1,").repeated(items - 1) + "1]"); };
    QTest::newRow("in few lines") << wide(1000) << QByteArray();
    QTest::newRow("in lines that are mostly blanks") << wide(100'000) << QByteArray("policy is over 4MiB");
}

void ControlJsonTest::a_body_costs_no_more_than_a_policy_may()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, named);
    const auto command = parseCommand("policy_check", body.toStdString());
    QCOMPARE(command.ok(), named.isEmpty());
    if (!command)
        QVERIFY2(command.error().message.starts_with(named.toStdString()), command.error().message.c_str());
}

void ControlJsonTest::absent_and_null_parameters_mean_the_default()
{
    const auto absent = parseCommand("kick", R"({"sessions":[7]})");
    const auto null = parseCommand("kick", R"({"sessions":[7],"cooldown":null,"reason":null})");
    QVERIFY(absent && null);
    QVERIFY(*absent == Command(KickCommand{{SessionId{7}}, {}, std::chrono::minutes(1)}));
    QVERIFY(*absent == *null);
    const auto none = parseCommand("kick", R"({"sessions":[7],"cooldown":"none"})");
    QVERIFY(none && !std::get<KickCommand>(*none).cooldown);
    QVERIFY(parseCommand("info", ""));
}

void ControlJsonTest::a_token_is_revoked_by_either_name_of_its_id()
{
    const auto ours = parseCommand("revoke_token", R"({"jti":"7f3a","expire_at":1800000000})");
    const auto theirs = parseCommand("revoke_token", R"({"uid":"7f3a","jti":null,"expire_at":1800000000})");
    QVERIFY(ours && theirs);
    QVERIFY(*ours == *theirs);
    const auto& revoke = std::get<RevokeTokenCommand>(*ours);
    QCOMPARE(revoke.tokenId, std::string("7f3a"));
    QVERIFY(revoke.expireAt == std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)));
}

void ControlJsonTest::an_unknown_method_is_not_found()
{
    const auto command = parseCommand("explode", "{}");
    QVERIFY(!command);
    QCOMPARE(command.error().code, ControlErrorCode::NotFound);
    QVERIFY(!isCommandMethod("explode"));
    QVERIFY(isCommandMethod("auth_failures"));
}

void ControlJsonTest::a_client_passes_over_what_a_newer_server_adds()
{
    const Reply read = parseReply("kick", R"({"result":{"kicked":[1],"missing":[],"delayed":[2]},"hint":1})");
    QVERIFY(read == Reply(Answer(KickResult{{SessionId{1}}, {}})));
    const auto stats = parseReply("info", R"({"result":{"stats":{"refused":{"new_word":3,"idle":4}}}})");
    QVERIFY(stats);
    QVERIFY(std::get<Info>(*stats).stats.refused == (std::vector<std::pair<Reason, std::uint64_t>>{{Reason::Idle, 4}}));
}

void ControlJsonTest::an_answer_that_cannot_be_read_is_an_error_data()
{
    QTest::addColumn<QByteArray>("body");
    for (const char* body :
         {"", "{}", "[]", "null", "{\"result\":5}", "{\"error\":{}}", "{\"result\":{\"kicked\":\"x\"}}",
          "{\"error\":{\"code\":\"x\",\"message\":\"y\"}}", "<html>"})
        QTest::newRow(*body ? body : "empty") << QByteArray(body);
}

void ControlJsonTest::an_answer_that_cannot_be_read_is_an_error()
{
    QFETCH(QByteArray, body);
    const Reply reply = parseReply("kick", body.toStdString());
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Internal);
}

void ControlJsonTest::bytes_that_are_not_utf8_do_not_break_an_answer()
{
    SessionInfo info;
    info.userAgent = "a\xff";
    const std::string text = formatReply(Answer(SessionRow{std::make_shared<SessionInfo>(info), {}}));
    const Reply read = parseReply("session", text);
    QVERIFY(read);
    QCOMPARE(std::get<SessionRow>(*read).info->userAgent, std::string("a\xef\xbf\xbd"));
}

void ControlJsonTest::times_are_iso_8601_in_utc_data()
{
    QTest::addColumn<qint64>("milliseconds");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("epoch") << qint64(0) << QByteArray("1970-01-01T00:00:00.000Z");
    QTest::newRow("before it") << qint64(-1) << QByteArray("1969-12-31T23:59:59.999Z");
    QTest::newRow("leap day") << qint64(1'709'209'845'006) << QByteArray("2024-02-29T12:30:45.006Z");
    QTest::newRow("last") << qint64(253'402'300'799'999) << QByteArray("9999-12-31T23:59:59.999Z");
}

void ControlJsonTest::times_are_iso_8601_in_utc()
{
    QFETCH(qint64, milliseconds);
    QFETCH(QByteArray, text);
    const WallTime time{std::chrono::milliseconds(milliseconds)};
    QCOMPARE(QByteArray::fromStdString(formatTime(time)), text);
    QVERIFY(parseTime(text.toStdString()) == time);
}

void ControlJsonTest::other_times_are_refused_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* text :
         {"", "2024-02-30T00:00:00Z", "2024-02-29", "2024-02-29T24:00:00Z", "2024-02-29T12:60:00Z",
          "2024-02-29T12:30:45", "2024-02-29T12:30:45+01:00", "2024-02-29T12:30:45.06Z", "2024-02-29 12:30:45Z",
          "-024-02-29T12:30:45Z", "2024-2-29T12:30:45Z", "2024-02-29T12:30:45ZZ"})
        QTest::newRow(*text ? text : "empty") << QByteArray(text);
    QVERIFY(parseTime("2024-02-29T12:30:45Z"));
}

void ControlJsonTest::other_times_are_refused()
{
    QFETCH(QByteArray, text);
    QVERIFY(!parseTime(text.toStdString()));
}

QTEST_GUILESS_MAIN(ControlJsonTest)
#include "controljsontest.moc"
