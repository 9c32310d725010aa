// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/metrics.h"

#include <QRegularExpression>
#include <QTest>

#include <set>
#include <sstream>

using namespace gatehouse;
using namespace std::chrono_literals;

class ApiMetricsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_text_is_this();
    void every_reason_has_a_series_from_the_start();
    void what_does_not_exist_has_no_series();
    void states_are_told_by_one_series_each_data();
    void states_are_told_by_one_series_each();
    void what_is_wrong_shows_as_0();
    void hostile_names_stay_inside_their_label_data();
    void hostile_names_stay_inside_their_label();
    void nothing_of_clients_is_in_it();
    void every_line_has_the_form();
};

namespace {

UpstreamStatus upstream(const std::string& url, UpstreamState state)
{
    UpstreamStatus status;
    status.route = "plc";
    status.url = url;
    status.state = state;
    status.sessions = 4;
    status.opened = 90;
    status.failures = 3;
    status.lost = 2;
    return status;
}

Info busyGate()
{
    Info info;
    info.version = "1.2.3";
    info.workers = 2;
    info.started = WallTime(1'700'000'000'250ms);
    GateStats& stats = info.stats;
    stats.state = GateState::Serving;
    stats.sessions = 12;
    stats.pending = 3;
    stats.accepted = 345;
    stats.messagesIn = 18'446'744'073'709'551'615U;
    stats.messagesOut = 2;
    stats.bytesIn = 30;
    stats.bytesOut = 40;
    stats.backlog = 50;
    stats.refused = {{Reason::JwtSig, 7}};
    stats.closed = {{Reason::Kicked, 8}};
    stats.authFailures = 9;
    stats.throttled = 10;
    stats.dropped = 11;
    stats.reported = 13;
    stats.loopLatencyP50 = 250;
    stats.loopLatencyP99 = 1'500'000;
    stats.loopLoad = 0.125;
    stats.auditRecords = 1000;
    stats.auditDropped = 14;
    stats.feedDropped = 15;
    stats.certificatesEnd = WallTime(1'800'000'000s);
    stats.policyVersion = 16;
    stats.upstreams = {upstream("ws://a/", UpstreamState::Up), upstream("ws://b/", UpstreamState::Ejected),
                       upstream("ws://c/", UpstreamState::Draining)};
    info.listeners = {{"public", "wss://a", "CN=a", WallTime(1'800'000'000s)}, {"lab", "ws://b", "", std::nullopt}};
    info.latencies.tls = {{0.001, 0.25}, {1, 2, 4}, 1.5};
    info.latencies.request = info.latencies.upstream = {{0.001, 0.25}, {0, 0, 0}, 0};
    info.latencies.message = {{0.00005}, {17, 3}, 0.25};
    info.latencies.turn = {{0.00005}, {18'446'744'073'709'551'614U, 1}, 1e-05};
    info.bans = {17, 18};
    info.hub = {21, 22, 23, 24, 25, 26};
    info.process = {2.25, 1048576, 2097152, 6, 40, 1024, WallTime(1'700'000'000'125ms)};
    return info;
}

constexpr std::string_view golden = R"(# HELP gatehouse_build_info The version that runs; always 1.
# TYPE gatehouse_build_info gauge
gatehouse_build_info{version="1.2.3"} 1
# HELP gatehouse_start_time_seconds When the server started, in seconds since 1970.
# TYPE gatehouse_start_time_seconds gauge
gatehouse_start_time_seconds 1700000000.25
# HELP gatehouse_workers Threads that serve connections.
# TYPE gatehouse_workers gauge
gatehouse_workers 2
# HELP gatehouse_state Which state the gate is in: 1 of that one, 0 of the others.
# TYPE gatehouse_state gauge
gatehouse_state{state="starting"} 0
gatehouse_state{state="serving"} 1
gatehouse_state{state="draining"} 0
gatehouse_state{state="stopped"} 0
# HELP gatehouse_draining 1 while the gate ends its sessions and takes no new ones.
# TYPE gatehouse_draining gauge
gatehouse_draining 0
# HELP gatehouse_lockdown 1 while a lockdown is on.
# TYPE gatehouse_lockdown gauge
gatehouse_lockdown 0
# HELP gatehouse_policy_version The version of the policy that new sessions meet.
# TYPE gatehouse_policy_version gauge
gatehouse_policy_version 16
# HELP gatehouse_policy_provisional 1 while the policy is on trial and returns to the one before by itself.
# TYPE gatehouse_policy_provisional gauge
gatehouse_policy_provisional 0
# HELP gatehouse_policy_file_healthy 0 where the policy file holds what could not be taken into use.
# TYPE gatehouse_policy_file_healthy gauge
gatehouse_policy_file_healthy 1
# HELP gatehouse_sessions Open sessions.
# TYPE gatehouse_sessions gauge
gatehouse_sessions 12
# HELP gatehouse_pending_connections Connections that are not yet sessions.
# TYPE gatehouse_pending_connections gauge
gatehouse_pending_connections 3
# HELP gatehouse_accepted_total Sessions ever opened.
# TYPE gatehouse_accepted_total counter
gatehouse_accepted_total 345
# HELP gatehouse_messages_in_total Messages of clients.
# TYPE gatehouse_messages_in_total counter
gatehouse_messages_in_total 18446744073709551615
# HELP gatehouse_messages_out_total Messages to clients.
# TYPE gatehouse_messages_out_total counter
gatehouse_messages_out_total 2
# HELP gatehouse_bytes_in_total Payload bytes of clients.
# TYPE gatehouse_bytes_in_total counter
gatehouse_bytes_in_total 30
# HELP gatehouse_bytes_out_total Payload bytes to clients.
# TYPE gatehouse_bytes_out_total counter
gatehouse_bytes_out_total 40
# HELP gatehouse_backlog_bytes Bytes that wait to be sent to clients.
# TYPE gatehouse_backlog_bytes gauge
gatehouse_backlog_bytes 50
# HELP gatehouse_refused_total Connects, upgrades, messages and commands that were refused, by reason.
# TYPE gatehouse_refused_total counter
gatehouse_refused_total{reason="jwt_sig"} 7
# HELP gatehouse_closed_total Sessions that ended, by reason.
# TYPE gatehouse_closed_total counter
gatehouse_closed_total{reason="kicked"} 8
# HELP gatehouse_auth_failures_total Failed authentications.
# TYPE gatehouse_auth_failures_total counter
gatehouse_auth_failures_total 9
# HELP gatehouse_throttled_total How often reading from a session was stopped by a rate.
# TYPE gatehouse_throttled_total counter
gatehouse_throttled_total 10
# HELP gatehouse_dropped_total Messages that slow clients did not get.
# TYPE gatehouse_dropped_total counter
gatehouse_dropped_total 11
# HELP gatehouse_reported_total Messages that broke a schema and went through.
# TYPE gatehouse_reported_total counter
gatehouse_reported_total 13
# HELP gatehouse_handshake_seconds Time that the steps of a handshake took which were passed: tls; request, which ends with the checks of the upgrade; upstream, which ends with its answer.
# TYPE gatehouse_handshake_seconds histogram
gatehouse_handshake_seconds_bucket{phase="tls",le="0.001"} 1
gatehouse_handshake_seconds_bucket{phase="tls",le="0.25"} 3
gatehouse_handshake_seconds_bucket{phase="tls",le="+Inf"} 7
gatehouse_handshake_seconds_sum{phase="tls"} 1.5
gatehouse_handshake_seconds_count{phase="tls"} 7
gatehouse_handshake_seconds_bucket{phase="request",le="0.001"} 0
gatehouse_handshake_seconds_bucket{phase="request",le="0.25"} 0
gatehouse_handshake_seconds_bucket{phase="request",le="+Inf"} 0
gatehouse_handshake_seconds_sum{phase="request"} 0
gatehouse_handshake_seconds_count{phase="request"} 0
gatehouse_handshake_seconds_bucket{phase="upstream",le="0.001"} 0
gatehouse_handshake_seconds_bucket{phase="upstream",le="0.25"} 0
gatehouse_handshake_seconds_bucket{phase="upstream",le="+Inf"} 0
gatehouse_handshake_seconds_sum{phase="upstream"} 0
gatehouse_handshake_seconds_count{phase="upstream"} 0
# HELP gatehouse_message_latency_seconds Time from when a message could be read until what came of it was offered to the sockets.
# TYPE gatehouse_message_latency_seconds histogram
gatehouse_message_latency_seconds_bucket{le="5e-05"} 17
gatehouse_message_latency_seconds_bucket{le="+Inf"} 20
gatehouse_message_latency_seconds_sum 0.25
gatehouse_message_latency_seconds_count 20
# HELP gatehouse_loop_seconds Time that turns of the workers' loops were busy.
# TYPE gatehouse_loop_seconds histogram
gatehouse_loop_seconds_bucket{le="5e-05"} 18446744073709551614
gatehouse_loop_seconds_bucket{le="+Inf"} 18446744073709551615
gatehouse_loop_seconds_sum 1e-05
gatehouse_loop_seconds_count 18446744073709551615
# HELP gatehouse_bans Bans that stand.
# TYPE gatehouse_bans gauge
gatehouse_bans 17
# HELP gatehouse_bans_by_rule_total Bans that limits made, or made longer.
# TYPE gatehouse_bans_by_rule_total counter
gatehouse_bans_by_rule_total 18
# HELP gatehouse_channels Channels that are remembered: with subscribers, history or presence.
# TYPE gatehouse_channels gauge
gatehouse_channels 21
# HELP gatehouse_channels_limit How many may be.
# TYPE gatehouse_channels_limit gauge
gatehouse_channels_limit 24
# HELP gatehouse_history_bytes Memory that the publications of all channels take.
# TYPE gatehouse_history_bytes gauge
gatehouse_history_bytes 22
# HELP gatehouse_history_limit_bytes How much they may; then the longest unused history goes.
# TYPE gatehouse_history_limit_bytes gauge
gatehouse_history_limit_bytes 25
# HELP gatehouse_presence_bytes Memory that the presence of all channels takes.
# TYPE gatehouse_presence_bytes gauge
gatehouse_presence_bytes 23
# HELP gatehouse_presence_limit_bytes How much it may; then who comes in is refused.
# TYPE gatehouse_presence_limit_bytes gauge
gatehouse_presence_limit_bytes 26
# HELP gatehouse_loop_p50_seconds Time that half of the turns of the workers' loops stay under, over a second.
# TYPE gatehouse_loop_p50_seconds gauge
gatehouse_loop_p50_seconds 0.00025
# HELP gatehouse_loop_p99_seconds Time that 99 of 100 turns of the workers' loops stay under, over a second.
# TYPE gatehouse_loop_p99_seconds gauge
gatehouse_loop_p99_seconds 1.5
# HELP gatehouse_loop_busy_ratio Share of time in which workers were busy, over a second.
# TYPE gatehouse_loop_busy_ratio gauge
gatehouse_loop_busy_ratio 0.125
# HELP gatehouse_audit_healthy 0 while the audit log cannot be written.
# TYPE gatehouse_audit_healthy gauge
gatehouse_audit_healthy 1
# HELP gatehouse_audit_records_total The number of the audit log's newest record.
# TYPE gatehouse_audit_records_total counter
gatehouse_audit_records_total 1000
# HELP gatehouse_audit_dropped_total Audit records that were lost.
# TYPE gatehouse_audit_dropped_total counter
gatehouse_audit_dropped_total 14
# HELP gatehouse_feed_dropped_total Changes that consoles were not told of one by one.
# TYPE gatehouse_feed_dropped_total counter
gatehouse_feed_dropped_total 15
# HELP gatehouse_certificates_healthy 0 where a new certificate could not be taken into use, or not be renewed.
# TYPE gatehouse_certificates_healthy gauge
gatehouse_certificates_healthy 1
# HELP gatehouse_certificate_expiry_timestamp_seconds When the first of the listeners' certificates ends, in seconds since 1970.
# TYPE gatehouse_certificate_expiry_timestamp_seconds gauge
gatehouse_certificate_expiry_timestamp_seconds 1.8e+09
# HELP gatehouse_key_sets_healthy 0 while the keys of an issuer cannot be fetched or read.
# TYPE gatehouse_key_sets_healthy gauge
gatehouse_key_sets_healthy 1
# HELP gatehouse_listener_certificate_expiry_timestamp_seconds When the certificate of a listener ends, in seconds since 1970.
# TYPE gatehouse_listener_certificate_expiry_timestamp_seconds gauge
gatehouse_listener_certificate_expiry_timestamp_seconds{listener="public"} 1.8e+09
# HELP gatehouse_upstream_up 0 while an application behind the gate is ejected for not answering.
# TYPE gatehouse_upstream_up gauge
gatehouse_upstream_up{route="plc",upstream="ws://a/"} 1
gatehouse_upstream_up{route="plc",upstream="ws://b/"} 0
gatehouse_upstream_up{route="plc",upstream="ws://c/"} 1
# HELP gatehouse_upstream_draining 1 while an operator wants no new sessions there.
# TYPE gatehouse_upstream_draining gauge
gatehouse_upstream_draining{route="plc",upstream="ws://a/"} 0
gatehouse_upstream_draining{route="plc",upstream="ws://b/"} 0
gatehouse_upstream_draining{route="plc",upstream="ws://c/"} 1
# HELP gatehouse_upstream_sessions Open sessions to it.
# TYPE gatehouse_upstream_sessions gauge
gatehouse_upstream_sessions{route="plc",upstream="ws://a/"} 4
gatehouse_upstream_sessions{route="plc",upstream="ws://b/"} 4
gatehouse_upstream_sessions{route="plc",upstream="ws://c/"} 4
# HELP gatehouse_upstream_opened_total Sessions ever opened to it.
# TYPE gatehouse_upstream_opened_total counter
gatehouse_upstream_opened_total{route="plc",upstream="ws://a/"} 90
gatehouse_upstream_opened_total{route="plc",upstream="ws://b/"} 90
gatehouse_upstream_opened_total{route="plc",upstream="ws://c/"} 90
# HELP gatehouse_upstream_failures_total Attempts and health checks of it that came to nothing.
# TYPE gatehouse_upstream_failures_total counter
gatehouse_upstream_failures_total{route="plc",upstream="ws://a/"} 3
gatehouse_upstream_failures_total{route="plc",upstream="ws://b/"} 3
gatehouse_upstream_failures_total{route="plc",upstream="ws://c/"} 3
# HELP gatehouse_upstream_lost_total Sessions that ended because it went away or broke the protocol.
# TYPE gatehouse_upstream_lost_total counter
gatehouse_upstream_lost_total{route="plc",upstream="ws://a/"} 2
gatehouse_upstream_lost_total{route="plc",upstream="ws://b/"} 2
gatehouse_upstream_lost_total{route="plc",upstream="ws://c/"} 2
# HELP process_cpu_seconds_total Time that all threads were running, in user and system mode.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 2.25
# HELP process_resident_memory_bytes Memory that is held in RAM.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1048576
# HELP process_virtual_memory_bytes Address space that is taken.
# TYPE process_virtual_memory_bytes gauge
process_virtual_memory_bytes 2097152
# HELP process_threads Threads of the process.
# TYPE process_threads gauge
process_threads 6
# HELP process_open_fds Files and sockets that are open.
# TYPE process_open_fds gauge
process_open_fds 40
# HELP process_max_fds Files and sockets that may be open.
# TYPE process_max_fds gauge
process_max_fds 1024
# HELP process_start_time_seconds When the process started, in seconds since 1970.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1700000000.125
)";

std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

/// Without the series of reasons that are 0: there is one for each word.
std::string withoutZeroReasons(const std::string& text)
{
    std::string left;
    for (const std::string& line : linesOf(text))
        if (line.find("{reason=") == std::string::npos || !line.ends_with(" 0"))
            left += line + '\n';
    return left;
}

bool holds(const std::string& text, const std::string& line)
{
    return text.find('\n' + line + '\n') != std::string::npos;
}

} // namespace

void ApiMetricsTest::the_text_is_this()
{
    const auto found = linesOf(withoutZeroReasons(formatMetrics(busyGate())));
    const auto expected = linesOf(std::string(golden));
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
        QCOMPARE(found[i], expected[i]);
    QCOMPARE(found.size(), expected.size());
}

void ApiMetricsTest::every_reason_has_a_series_from_the_start()
{
    const std::string text = formatMetrics(Info{});
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const std::string word(reasonWord(static_cast<Reason>(i)));
        QVERIFY2(holds(text, "gatehouse_refused_total{reason=\"" + word + "\"} 0"), word.c_str());
        QVERIFY2(holds(text, "gatehouse_closed_total{reason=\"" + word + "\"} 0"), word.c_str());
    }
    QVERIFY(text.find("reason=\"\"") == std::string::npos);
}

void ApiMetricsTest::what_does_not_exist_has_no_series()
{
    const std::string text = formatMetrics(Info{});
    QVERIFY(text.find("upstream") == text.find("upstream_connect")); // the reasons alone
    QVERIFY(text.find("gatehouse_upstream") == std::string::npos);
    QVERIFY(text.find("certificate_expiry") == std::string::npos);
    QVERIFY(text.find("process_") == std::string::npos);
    QVERIFY(holds(text, "gatehouse_message_latency_seconds_bucket{le=\"+Inf\"} 0")); // a histogram has at least this
}

void ApiMetricsTest::states_are_told_by_one_series_each_data()
{
    QTest::addColumn<int>("state");
    QTest::addColumn<QByteArray>("word");
    QTest::newRow("starting") << int(GateState::Starting) << QByteArray("starting");
    QTest::newRow("serving") << int(GateState::Serving) << QByteArray("serving");
    QTest::newRow("draining") << int(GateState::Draining) << QByteArray("draining");
    QTest::newRow("stopped") << int(GateState::Stopped) << QByteArray("stopped");
}

void ApiMetricsTest::states_are_told_by_one_series_each()
{
    QFETCH(int, state);
    QFETCH(QByteArray, word);
    Info info;
    info.stats.state = static_cast<GateState>(state);
    const std::string text = formatMetrics(info);
    for (const char* each : {"starting", "serving", "draining", "stopped"})
        QVERIFY(holds(text, std::string("gatehouse_state{state=\"") + each + "\"} " + (word == each ? "1" : "0")));
    QVERIFY(holds(text, std::string("gatehouse_draining ") + (word == "draining" ? "1" : "0")));
}

void ApiMetricsTest::what_is_wrong_shows_as_0()
{
    Info info = busyGate();
    info.stats.audit = AuditState::Failing;
    info.stats.certificates = CertificateState::ReloadFailed;
    info.stats.keySets = KeySetState::Failing;
    info.stats.policyProblem = "CANARY";
    info.stats.lockdown.emplace();
    info.stats.provisionalUntil = WallTime(1s);
    const std::string text = formatMetrics(info);
    for (const char* line :
         {"gatehouse_audit_healthy 0", "gatehouse_certificates_healthy 0", "gatehouse_key_sets_healthy 0",
          "gatehouse_policy_file_healthy 0", "gatehouse_lockdown 1", "gatehouse_policy_provisional 1"})
        QVERIFY2(holds(text, line), line);
    info.stats.certificates = CertificateState::ExpiresSoon; // which its time says
    QVERIFY(holds(formatMetrics(info), "gatehouse_certificates_healthy 1"));
}

void ApiMetricsTest::hostile_names_stay_inside_their_label_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("label");
    const auto row = [](const char* what, const QByteArray& name, const QByteArray& label) {
        QTest::newRow(what) << name << label;
    };
    row("quote", "a\"} 1\ngatehouse_sessions 9", R"(a\"} 1\ngatehouse_sessions 9)");
    row("backslash", R"(a\)", R"(a\\)");
    row("backslash and n", R"(a\n)", R"(a\\n)");
    row("return and NUL", QByteArray("a\r\0b", 4), "a??b");
    row("other scripts", "Förderband 漢 😀", "Förderband 漢 😀");
    row("no UTF-8", "a\xffz", "a?z");
    row("cut off", "a\xe6\xbc", "a??");
    row("surrogate", "a\xed\xa0\x80", "a???");
    row("braces", "{a=\"b\"}", R"({a=\"b\"})");
    row("nothing", "", "");
}

void ApiMetricsTest::hostile_names_stay_inside_their_label()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, label);
    Info info;
    info.stats.upstreams = {upstream("ws://a/", UpstreamState::Up)};
    info.stats.upstreams[0].route = name.toStdString();
    const std::string text = formatMetrics(info);
    QVERIFY2(holds(text, "gatehouse_upstream_up{route=\"" + label.toStdString() + "\",upstream=\"ws://a/\"} 1"),
             text.substr(text.find("# TYPE gatehouse_upstream_up")).c_str());
    QCOMPARE(linesOf(text).size(), linesOf(formatMetrics(Info{})).size() + 3 * 6);
}

void ApiMetricsTest::nothing_of_clients_is_in_it()
{
    Info info = busyGate();
    info.name = info.policyFile = info.stateDir = "CANARY";
    info.listeners = {{"public", "wss://CANARY", "CANARY", WallTime(1s)}};
    info.stats.keySetProblem = info.stats.policyProblem = "CANARY";
    info.stats.upstreams[1].problem = "CANARY 10.1.2.3";
    Lockdown lockdown;
    lockdown.actor = lockdown.reason = "CANARY";
    lockdown.lists = LockdownLists{{"CANARY"}, {}};
    info.stats.lockdown = lockdown;
    QVERIFY(formatMetrics(info).find("CANARY") == std::string::npos);
}

void ApiMetricsTest::every_line_has_the_form()
{
    const QRegularExpression help(QStringLiteral("^# HELP ((?:gatehouse|process)_[a-z0-9_]+) [A-Z0-9][^\\\\\\n]*\\.$"));
    const QRegularExpression type(
        QStringLiteral("^# TYPE ((?:gatehouse|process)_[a-z0-9_]+) (gauge|counter|histogram)$"));
    const QRegularExpression sample(QStringLiteral("^((?:gatehouse|process)_[a-z0-9_]+)(\\{([a-z]+=\"([^\"\\\\]|\\\\["
                                                   "\\\\\"n])*\",?)+\\})? [0-9.]+(e[+-][0-9]+)?$"));
    QString name;
    bool counts = false;
    QStringList suffixes; // of the series of a metric
    std::set<QString> seen;
    std::set<std::string> series;
    for (const std::string& line : linesOf(formatMetrics(busyGate()))) {
        const QString text = QString::fromStdString(line);
        if (const auto match = help.match(text); match.hasMatch()) {
            name = match.captured(1);
            QVERIFY2(seen.insert(name).second, line.c_str());
        } else if (const auto typed = type.match(text); typed.hasMatch()) {
            QCOMPARE(typed.captured(1), name);
            counts = typed.captured(2) == QLatin1String("counter");
            QCOMPARE(name.endsWith(QLatin1String("_total")), counts);
            suffixes.clear();
            if (typed.captured(2) == QLatin1String("histogram"))
                suffixes = {QStringLiteral("_bucket"), QStringLiteral("_sum"), QStringLiteral("_count")};
        } else {
            const auto value = sample.match(text);
            QVERIFY2(value.hasMatch(), line.c_str());
            QVERIFY2(value.captured(1) == name || suffixes.contains(value.captured(1).mid(name.size())), line.c_str());
            QVERIFY2(series.insert(line.substr(0, line.rfind(' '))).second, line.c_str());
        }
    }
}

QTEST_GUILESS_MAIN(ApiMetricsTest)
#include "apimetricstest.moc"
