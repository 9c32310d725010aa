// SPDX-License-Identifier: GPL-3.0-or-later
#include "recordscenes.h"

#include "pages/auditpage.h"
#include "pages/authfailurespage.h"
#include "pages/overviewpage.h"
#include "pages/recordtable.h"

#include <QCoreApplication>

#include <array>
#include <cmath>
#include <random>

namespace gatehouse::test {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t newestRecord = 184'220;

// A wave with noise around `middle`; the same each time.
double wave(std::mt19937& noise, double middle, double spread, int second)
{
    // Seconds next to each other are alike, as they are on a real gate.
    std::uniform_real_distribution<double> jitter(-spread, spread);
    const double slow = std::sin(second / 70.0) + 0.6 * std::sin(second / 23.0) + 0.4 * std::sin(second / 9.0);
    return std::max(0.0, middle + spread * slow * 0.6 + jitter(noise) * 0.15);
}

bool isStorm(int second)
{
    return second > 560 && second < 720;
}

// The same failures that attack() tells by the minute.
std::array<std::uint64_t, 900> spreadFailures()
{
    std::array<std::uint64_t, 900> seconds{};
    for (const AuthFailureGroup& group : attack()) {
        for (std::size_t minute = 0; minute < group.perMinute.size(); ++minute) {
            for (std::uint32_t i = 0; i < group.perMinute[minute]; ++i)
                ++seconds[minute * 60 + 1 + (i * 17 + group.address.size() * 5) % 59];
        }
    }
    return seconds;
}

std::vector<GateStats> quarterHour()
{
    const std::array<std::uint64_t, 900> failuresBySecond = spreadFailures();
    std::mt19937 noise(7);
    std::vector<GateStats> seconds;
    GateStats stats;
    stats.state = GateState::Serving;
    std::uint64_t rate = 0;
    std::uint64_t token = 0;
    for (int second = 0; second < 900; ++second) {
        const bool storm = isStorm(second);
        stats.time = sceneTime() - std::chrono::seconds(899 - second);
        stats.sessions = static_cast<std::uint64_t>(1246 + second * 38 / 899);
        stats.messagesIn += static_cast<std::uint64_t>(wave(noise, 5000, 400, second));
        stats.messagesOut += static_cast<std::uint64_t>(wave(noise, 3250, 250, second));
        stats.bytesIn += 1'900'000;
        stats.bytesOut += 1'300'000;
        rate += static_cast<std::uint64_t>(wave(noise, storm ? 90 : 5, storm ? 30 : 3, second));
        const std::uint64_t failed = failuresBySecond[static_cast<std::size_t>(second)];
        token += failed;
        stats.authFailures += failed;
        stats.refused = {{Reason::JwtSig, token + 1}, {Reason::RateSession, rate + 1}};
        stats.refusedTotal = rate + token + 2;
        stats.loopLatencyP50 = static_cast<std::uint64_t>(wave(noise, 1400, 200, second));
        stats.loopLatencyP99 = static_cast<std::uint64_t>(wave(noise, storm ? 3400 : 1900, 250, second));
        stats.loopLoad = 0.11;
        stats.backlog = static_cast<std::uint64_t>(second < 600 ? wave(noise, 380'000, 90'000, second)
                                                                : 380'000 + (second - 600) * 3'600);
        stats.auditRecords = newestRecord;
        seconds.push_back(stats);
    }
    return seconds;
}

SessionRow session(std::uint64_t id, const std::string& user, double share)
{
    auto info = std::make_shared<SessionInfo>();
    info->id = SessionId{id};
    info->user = user;
    info->address = "10.20.2." + std::to_string(id % 200);
    info->rateLimit = 50;
    SessionRow row;
    row.activity.messagesInRate = share * 50;
    row.info = std::move(info);
    return row;
}

Decision refusing(Reason reason)
{
    if (reason == Reason::JwtTime)
        return {reason, {"/issuers/1/leeway", "issuer corp › leeway"}, "expired 41 s ago", "30s"};
    return {reason, {"/issuers/0/secret_file", "issuer local › secret_file"}, "a signature of another key", "HS256"};
}

AuthFailureGroup failures(std::string address, Reason reason, std::vector<std::uint32_t> perMinute, std::string user,
                          std::string origin, std::chrono::seconds ago)
{
    AuthFailureGroup group;
    group.address = std::move(address);
    group.reason = reason;
    for (const std::uint32_t count : perMinute)
        group.count += count;
    group.perMinute = std::move(perMinute);
    group.last = sceneTime() - ago;
    group.first = group.last - 9min;
    group.lastRoute = "hub";
    group.lastUser = std::move(user);
    group.lastOrigin = std::move(origin);
    group.lastRefusal = {refusing(reason), 41, group.last, {}};
    return group;
}

AuditRecord made(AuditKind kind, std::uint64_t sessionId, std::string user, std::string address, std::string route,
                 std::string actor, std::string detail, std::uint16_t code = 0, Decision decision = {})
{
    AuditRecord record;
    record.kind = kind;
    record.session = SessionId{sessionId};
    record.user = std::move(user);
    record.address = std::move(address);
    record.route = std::move(route);
    record.actor = std::move(actor);
    record.detail = std::move(detail);
    record.code = code;
    record.decision = std::move(decision);
    return record;
}

std::vector<AuditRecord> kindsOfRecords()
{
    const Decision rate{Reason::RateSession,
                        {"/routes/0/messages/rate", "hub › messages › rate"},
                        "53/s came over 10 s",
                        "50/s, burst 100"};
    const Decision signature{Reason::JwtSig, {"/issuers/0", "issuer local"}, "signature does not match", "HS256"};
    const Decision slow{
        Reason::SlowConsumer, {"/routes/1/send_buffer", "plc › send buffer"}, "1.0 MiB queued", "1 MiB"};
    std::vector<AuditRecord> records{
        made(AuditKind::Ban, 0, "", "10.20.9.14", "", "rule", "10 min, second full window"),
        made(AuditKind::Limit, 7370, "guest-118", "10.20.2.107", "hub", "", "", 0, rate),
        made(AuditKind::Refuse, 0, "alice", "10.20.9.14", "hub", "", "", 401, signature),
        made(AuditKind::Open, 7518, "priya", "10.20.2.143", "hub", "", ""),
        made(AuditKind::Close, 7444, "kiosk-11", "10.20.0.125", "plc", "", "", 4008, slow),
        made(AuditKind::Kick, 7001, "omar", "10.20.0.89", "hub", "dana", "please reconnect later", 4403,
             {Reason::Kicked, {}, {}, {}}),
        made(AuditKind::Reload, 0, "", "", "", "dana", "policy version 41")};
    records[1].suppressed = 211;
    records[2].origin = "https://app.example";
    return records;
}

AuditRecord recordOf(std::uint64_t number)
{
    static const std::vector<AuditRecord> kinds = kindsOfRecords();
    AuditRecord record = kinds[number % kinds.size()];
    record.time = sceneTime() - std::chrono::seconds((newestRecord - std::min(number, newestRecord)) * 23 + 3);
    record.policyVersion = 41;
    return record;
}

bool holds(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

bool matches(const AuditQuery& query, const AuditRecord& record)
{
    if (query.kind && *query.kind != record.kind)
        return false;
    return query.text.empty() || holds(record.user, query.text) || holds(record.address, query.text) ||
           holds(record.actor, query.text) || holds(record.detail, query.text) ||
           holds(std::string(reasonWord(record.decision.reason)), query.text);
}

Reply answer(const Command& command)
{
    if (const auto* query = std::get_if<AuditQuery>(&command))
        return Answer(auditPage(*query, newestRecord));
    if (const auto* ban = std::get_if<BanCommand>(&command)) {
        BanResult result;
        result.ban = {BanId{9}, ban->subject, ban->value, ban->issuer, "dana", ban->reason, sceneTime(), {}};
        if (ban->duration)
            result.ban.until = sceneTime() + *ban->duration;
        result.ended = {SessionId{7}, SessionId{8}};
        return Answer(result);
    }
    if (std::holds_alternative<UnbanCommand>(command))
        return Answer(UnbanResult{});
    if (std::holds_alternative<SessionsQuery>(command))
        return Answer(SessionList{{session(14, "alice", 0.1), session(214, "bjorn", 0.2)}});
    if (std::holds_alternative<InfoQuery>(command)) {
        Info info;
        info.listeners.push_back(
            {"public", "wss://0.0.0.0:8443", "CN=gate.example", sceneTime() + std::chrono::hours(24 * 12 + 5)});
        return Answer(info);
    }
    return Failure{ControlError{ControlErrorCode::NotFound, "not here"}};
}

template <class P> void full(PageStage& stage, bool chooseRow)
{
    auto& page = stage.show<P>();
    stage.push(busySnapshot());
    if constexpr (requires { page.table(); }) {
        if (chooseRow) {
            page.table().setCurrentIndex(page.model().index(2, 0));
            QCoreApplication::processEvents();
        }
    }
}

FeedBatch quietSnapshot()
{
    FeedBatch batch;
    batch.snapshot = true;
    batch.stats.time = sceneTime();
    batch.stats.state = GateState::Serving;
    return batch;
}

} // namespace

PageStage::PageStage()
    : settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat)
    , bridge(control, Actor{"dana", "console", ApiRole::Admin, std::nullopt})
{
    control.answer = answer;
}

PageStage::~PageStage() = default;

void PageStage::push(FeedBatch batch)
{
    control.push(std::move(batch));
    // The wake is one event, and each answer to what the page then asks is another.
    for (int turn = 0; turn < 4; ++turn)
        QCoreApplication::processEvents();
}

WallTime sceneTime()
{
    return WallTime(std::chrono::milliseconds(1'795'357'927'000));
}

std::vector<AuthFailureGroup> attack()
{
    return {
        failures("10.20.9.14", Reason::JwtSig, {0, 0, 0, 0, 0, 0, 1, 3, 6, 5, 4, 2, 0, 0, 0}, "alice", "", 41s),
        failures("10.20.9.31", Reason::JwtFormat, {0, 0, 0, 0, 0, 0, 0, 2, 3, 2, 1, 0, 0, 0, 0}, "",
                 "https://evil.example", 130s),
        failures("10.20.9.77", Reason::JwtAlg, {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "root", "", 380s),
        failures("10.20.2.7", Reason::JwtTime, {1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0}, "line-2-plc", "", 301s),
        failures("192.0.2.55", Reason::JwtTime, {0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0}, "svc-report",
                 "https://app.example", 65s),
        failures("10.20.0.81", Reason::JwtTime, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "kiosk-04", "", 3s),
        failures("2001:db8:4::9a", Reason::JwtKid, {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0}, "mei",
                 "https://app.example", 190s),
        failures("10.20.3.3", Reason::Origin, {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "",
                 "https://app.example.evil.test", 860s)};
}

FeedBatch busySnapshot()
{
    FeedBatch batch;
    batch.snapshot = true;
    batch.history = quarterHour();
    batch.stats = batch.history.back();
    batch.authFailures = attack();
    batch.authFailures[2].banned = true;
    std::uint64_t id = 7000;
    for (const auto& [user, share] : std::vector<std::pair<std::string, double>>{{"alice", 0.06},
                                                                                 {"line-3-plc", 0.96},
                                                                                 {"guest-118", 1.06},
                                                                                 {"line-1-plc", 0.62},
                                                                                 {"line-2-plc", 0.58},
                                                                                 {"svc-report", 0.44}})
        batch.rows.push_back(session(++id, user, share));
    return batch;
}

std::vector<UpstreamStatus> sceneUpstreams()
{
    const auto upstream = [](const char* url, UpstreamState state, std::chrono::milliseconds since) {
        UpstreamStatus status;
        status.route = "plc";
        status.url = url;
        status.state = state;
        status.since = sceneTime() - since;
        status.sessions = 214;
        status.opened = 1860;
        return status;
    };
    std::vector<UpstreamStatus> all{upstream("ws://10.20.0.5:1880/", UpstreamState::Up, 3h),
                                    upstream("ws://10.20.0.6:1880/", UpstreamState::Ejected, 41s),
                                    upstream("wss://bridge.plant3.example/plc/v2", UpstreamState::Draining, 5min)};
    all[1].sessions = 0;
    all[1].failures = 12;
    all[1].lost = 188;
    all[1].ejectedUntil = sceneTime() + 19s;
    all[1].lastFailure = Reason::UpstreamConnect;
    all[1].problem = "connection refused";
    all[2].sessions = 37;
    all[2].failures = 1;
    return all;
}

gatehouse::AuditPage auditPage(const AuditQuery& query, std::uint64_t newest)
{
    gatehouse::AuditPage page;
    const std::uint64_t from = query.before ? std::min(*query.before - 1, newest) : newest;
    const std::uint64_t last = from > 3000 ? from - 3000 : 0; // as far down as scenes look
    for (std::uint64_t number = from; number > last; --number) {
        AuditRecord record = recordOf(number);
        if (!matches(query, record))
            continue;
        if (page.entries.size() == query.limit) {
            page.more = true;
            break;
        }
        page.entries.push_back({number, std::move(record)});
    }
    return page;
}

std::vector<RecordScene> recordScenes()
{
    return {{QStringLiteral("overview"), [](PageStage& stage) { full<ui::OverviewPage>(stage, false); }},
            {QStringLiteral("overview-empty"),
             [](PageStage& stage) {
                 stage.control.answer = [](const Command& command) -> Reply {
                     if (std::holds_alternative<AuditQuery>(command))
                         return Answer(gatehouse::AuditPage{});
                     return Answer(Info{});
                 };
                 stage.show<ui::OverviewPage>();
                 stage.push(quietSnapshot());
             }},
            {QStringLiteral("auth-failures"), [](PageStage& stage) { full<ui::AuthFailuresPage>(stage, true); }},
            {QStringLiteral("auth-failures-empty"),
             [](PageStage& stage) {
                 stage.show<ui::AuthFailuresPage>();
                 stage.push(quietSnapshot());
             }},
            {QStringLiteral("audit"), [](PageStage& stage) { full<ui::AuditPage>(stage, true); }},
            {QStringLiteral("audit-no-match"), [](PageStage& stage) {
                 auto& page = stage.show<ui::AuditPage>(false);
                 page.setFilterText(QStringLiteral("nobody-of-that-name"));
                 page.setActive(true);
                 stage.push(busySnapshot());
             }}};
}

} // namespace gatehouse::test
