// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/metrics.h"

#include "wire/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace gatehouse {

namespace {

/// What every process has carries the names that Prometheus' own libraries give it.
constexpr std::string_view processPrefix = "process_";

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

bool isUtf8(std::string_view text)
{
    wire::Utf8Validator validator;
    return validator.feed(std::as_bytes(std::span(text))) && validator.complete();
}

/// As the value of a label. Bytes that are no UTF-8 would make the whole scrape unreadable, and readers disagree about
/// carriage returns and NUL.
std::string escapedLabel(std::string_view text)
{
    const bool whole = isUtf8(text);
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\\' || c == '"')
            escaped += {'\\', c};
        else if (c == '\n')
            escaped += "\\n";
        else if (byte < 0x20 || byte == 0x7F || (byte > 0x7F && !whole))
            escaped += '?';
        else
            escaped += c;
    }
    return escaped;
}

class Exposition {
public:
    void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }
    /// `name` ends in _total.
    void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }

    /// Its series are samples() of histograms.
    void histogram(std::string_view name, std::string_view help) { begin(name, "histogram", help); }

    /// Of the metric that began last.
    void sample(std::uint64_t value, Labels labels = {}) { line(std::to_string(value), labels); }
    void sample(double value, Labels labels = {}) { line(text(value), labels); }
    void sample(bool value, Labels labels = {}) { line(value ? "1" : "0", labels); }

    // Metrics of one series.
    template <class T> void gauge(std::string_view name, std::string_view help, T value)
    {
        gauge(name, help);
        sample(value);
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value)
    {
        counter(name, help);
        sample(value);
    }

    /// A histogram of the metric that began last: what it has by buckets alone is told from the smallest on.
    void samples(const Histogram& histogram, std::string_view label = {}, std::string_view value = {})
    {
        const auto tell = [&](std::string_view suffix, std::string_view bound, std::string_view number) {
            std::vector<std::pair<std::string_view, std::string_view>> labels;
            if (!label.empty())
                labels.emplace_back(label, value);
            if (!bound.empty())
                labels.emplace_back("le", bound);
            line(number, labels, suffix);
        };
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
            count += histogram.counts[i];
            tell("_bucket", i < histogram.bounds.size() ? text(histogram.bounds[i]) : "+Inf", std::to_string(count));
        }
        if (histogram.counts.empty())
            tell("_bucket", "+Inf", "0");
        tell("_sum", {}, text(histogram.sum));
        tell("_count", {}, std::to_string(count));
    }

    [[nodiscard]] std::string take() { return std::move(m_text); }

private:
    void begin(std::string_view name, std::string_view type, std::string_view help)
    {
        m_name = (name.starts_with(processPrefix) ? "" : "gatehouse_") + std::string(name);
        m_text += "# HELP " + m_name + ' ' + std::string(help) + "\n# TYPE " + m_name + ' ' + std::string(type) + '\n';
    }
    void line(std::string_view value, std::span<const std::pair<std::string_view, std::string_view>> labels,
              std::string_view suffix = {})
    {
        m_text += m_name;
        m_text += suffix;
        char before = '{';
        for (const auto& [key, content] : labels) {
            m_text += before + std::string(key) + "=\"" + escapedLabel(content) + '"';
            before = ',';
        }
        m_text += (labels.empty() ? " " : "} ") + std::string(value) + '\n';
    }
    void line(std::string_view value, Labels labels) { line(value, std::span(std::data(labels), labels.size())); }
    static std::string text(double value)
    {
        std::array<char, 32> digits{};
        return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
    }

    std::string m_name;
    std::string m_text;
};

double seconds(std::uint64_t microseconds)
{
    return static_cast<double>(microseconds) / 1e6;
}

/// Seconds since 1970.
double timestamp(WallTime time)
{
    return std::chrono::duration<double>(
               std::chrono::time_point_cast<std::chrono::milliseconds>(time).time_since_epoch())
        .count();
}

constexpr std::array gateStates{std::pair{GateState::Starting, "starting"}, std::pair{GateState::Serving, "serving"},
                                std::pair{GateState::Draining, "draining"}, std::pair{GateState::Stopped, "stopped"}};

void addGate(Exposition& out, const Info& info)
{
    const GateStats& stats = info.stats;
    out.gauge("build_info", "The version that runs; always 1.");
    out.sample(true, {{"version", info.version}});
    out.gauge("start_time_seconds", "When the server started, in seconds since 1970.", timestamp(info.started));
    out.gauge("workers", "Threads that serve connections.", std::uint64_t{info.workers});
    out.gauge("state", "Which state the gate is in: 1 of that one, 0 of the others.");
    for (const auto& [state, word] : gateStates)
        out.sample(stats.state == state, {{"state", word}});
    out.gauge("draining", "1 while the gate ends its sessions and takes no new ones.",
              stats.state == GateState::Draining);
    out.gauge("lockdown", "1 while a lockdown is on.", stats.lockdown.has_value());
    out.gauge("policy_version", "The version of the policy that new sessions meet.", stats.policyVersion);
    out.gauge("policy_provisional", "1 while the policy is on trial and returns to the one before by itself.",
              stats.provisionalUntil.has_value());
    out.gauge("policy_file_healthy", "0 where the policy file holds what could not be taken into use.",
              stats.policyProblem.empty());
}

void addReasons(Exposition& out, const std::vector<std::pair<Reason, std::uint64_t>>& counts)
{
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        const auto found = std::ranges::find(counts, reason, &std::pair<Reason, std::uint64_t>::first);
        out.sample(found == counts.end() ? std::uint64_t{0} : found->second, {{"reason", reasonWord(reason)}});
    }
}

void addTraffic(Exposition& out, const GateStats& stats)
{
    out.gauge("sessions", "Open sessions.", stats.sessions);
    out.gauge("pending_connections", "Connections that are not yet sessions.", stats.pending);
    out.counter("accepted_total", "Sessions ever opened.", stats.accepted);
    out.counter("messages_in_total", "Messages of clients.", stats.messagesIn);
    out.counter("messages_out_total", "Messages to clients.", stats.messagesOut);
    out.counter("bytes_in_total", "Payload bytes of clients.", stats.bytesIn);
    out.counter("bytes_out_total", "Payload bytes to clients.", stats.bytesOut);
    out.gauge("backlog_bytes", "Bytes that wait to be sent to clients.", stats.backlog);
    out.counter("refused_total", "Connects, upgrades, messages and commands that were refused, by reason.");
    addReasons(out, stats.refused);
    out.counter("closed_total", "Sessions that ended, by reason.");
    addReasons(out, stats.closed);
    out.counter("auth_failures_total", "Failed authentications.", stats.authFailures);
    out.counter("throttled_total", "How often reading from a session was stopped by a rate.", stats.throttled);
    out.counter("dropped_total", "Messages that slow clients did not get.", stats.dropped);
    out.counter("reported_total", "Messages that broke a schema and went through.", stats.reported);
}

void addMachine(Exposition& out, const GateStats& stats)
{
    out.gauge("loop_p50_seconds", "Time that half of the turns of the workers' loops stay under, over a second.",
              seconds(stats.loopLatencyP50));
    out.gauge("loop_p99_seconds", "Time that 99 of 100 turns of the workers' loops stay under, over a second.",
              seconds(stats.loopLatencyP99));
    out.gauge("loop_busy_ratio", "Share of time in which workers were busy, over a second.", stats.loopLoad);
    out.gauge("audit_healthy", "0 while the audit log cannot be written.", stats.audit == AuditState::Good);
    out.counter("audit_records_total", "The number of the audit log's newest record.", stats.auditRecords);
    out.counter("audit_dropped_total", "Audit records that were lost.", stats.auditDropped);
    out.counter("feed_dropped_total", "Changes that consoles were not told of one by one.", stats.feedDropped);
    out.gauge("certificates_healthy", "0 where a new certificate could not be taken into use, or not be renewed.",
              stats.certificates != CertificateState::ReloadFailed);
    if (stats.certificatesEnd)
        out.gauge("certificate_expiry_timestamp_seconds",
                  "When the first of the listeners' certificates ends, in seconds since 1970.",
                  timestamp(*stats.certificatesEnd));
    out.gauge("key_sets_healthy", "0 while the keys of an issuer cannot be fetched or read.",
              stats.keySets == KeySetState::Good);
}

void addLatencies(Exposition& out, const Latencies& latencies)
{
    out.histogram("handshake_seconds", "Time that the steps of a handshake took which were passed: tls; request, which "
                                       "ends with the checks of the upgrade; upstream, which ends with its answer.");
    out.samples(latencies.tls, "phase", "tls");
    out.samples(latencies.request, "phase", "request");
    out.samples(latencies.upstream, "phase", "upstream");
    out.histogram("message_latency_seconds",
                  "Time from when a message could be read until what came of it was offered to the sockets.");
    out.samples(latencies.message);
    out.histogram("loop_seconds", "Time that turns of the workers' loops were busy.");
    out.samples(latencies.turn);
}

void addBans(Exposition& out, const BanFigures& bans)
{
    out.gauge("bans", "Bans that stand.", bans.standing);
    out.counter("bans_by_rule_total", "Bans that limits made, or made longer.", bans.byRule);
}

/// Totals alone: clients choose the names of channels.
void addHub(Exposition& out, const HubFigures& hub)
{
    out.gauge("channels", "Channels that are remembered: with subscribers, history or presence.", hub.channels);
    out.gauge("channels_limit", "How many may be.", hub.mostChannels);
    out.gauge("history_bytes", "Memory that the publications of all channels take.", hub.historyBytes);
    out.gauge("history_limit_bytes", "How much they may; then the longest unused history goes.", hub.mostHistoryBytes);
    out.gauge("presence_bytes", "Memory that the presence of all channels takes.", hub.presenceBytes);
    out.gauge("presence_limit_bytes", "How much it may; then who comes in is refused.", hub.mostPresenceBytes);
}

/// The first of a name alone: nothing else keeps a scraper from two samples of one series.
void addCertificates(Exposition& out, const std::vector<ListenerInfo>& listeners)
{
    std::set<std::string_view> told;
    for (const ListenerInfo& one : listeners) {
        if (!one.certificateExpires || !told.insert(one.name).second)
            continue;
        if (told.size() == 1)
            out.gauge("listener_certificate_expiry_timestamp_seconds",
                      "When the certificate of a listener ends, in seconds since 1970.");
        out.sample(timestamp(*one.certificateExpires), {{"listener", one.name}});
    }
}

void addProcess(Exposition& out, const ProcessFigures& process)
{
    if (process.cpuSeconds) {
        out.counter("process_cpu_seconds_total", "Time that all threads were running, in user and system mode.");
        out.sample(*process.cpuSeconds);
    }
    const auto gauge = [&](std::string_view name, std::string_view help, const std::optional<std::uint64_t>& value) {
        if (value)
            out.gauge(name, help, *value);
    };
    gauge("process_resident_memory_bytes", "Memory that is held in RAM.", process.residentBytes);
    gauge("process_virtual_memory_bytes", "Address space that is taken.", process.virtualBytes);
    gauge("process_threads", "Threads of the process.", process.threads);
    gauge("process_open_fds", "Files and sockets that are open.", process.openFiles);
    gauge("process_max_fds", "Files and sockets that may be open.", process.mostFiles);
    if (process.started)
        out.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
                  timestamp(*process.started));
}

void addUpstreams(Exposition& out, const std::vector<UpstreamStatus>& upstreams)
{
    if (upstreams.empty())
        return;
    const auto each = [&](const auto& value) {
        for (const UpstreamStatus& one : upstreams)
            out.sample(value(one), {{"route", one.route}, {"upstream", one.url}});
    };
    out.gauge("upstream_up", "0 while an application behind the gate is ejected for not answering.");
    each([](const UpstreamStatus& one) { return one.state != UpstreamState::Ejected; });
    out.gauge("upstream_draining", "1 while an operator wants no new sessions there.");
    each([](const UpstreamStatus& one) { return one.state == UpstreamState::Draining; });
    out.gauge("upstream_sessions", "Open sessions to it.");
    each([](const UpstreamStatus& one) { return one.sessions; });
    out.counter("upstream_opened_total", "Sessions ever opened to it.");
    each([](const UpstreamStatus& one) { return one.opened; });
    out.counter("upstream_failures_total", "Attempts and health checks of it that came to nothing.");
    each([](const UpstreamStatus& one) { return one.failures; });
    out.counter("upstream_lost_total", "Sessions that ended because it went away or broke the protocol.");
    each([](const UpstreamStatus& one) { return one.lost; });
}

} // namespace

std::string formatMetrics(const Info& info)
{
    Exposition out;
    addGate(out, info);
    addTraffic(out, info.stats);
    addLatencies(out, info.latencies);
    addBans(out, info.bans);
    addHub(out, info.hub);
    addMachine(out, info.stats);
    addCertificates(out, info.listeners);
    addUpstreams(out, info.stats.upstreams);
    addProcess(out, info.process);
    return out.take();
}

} // namespace gatehouse
