// SPDX-License-Identifier: GPL-3.0-or-later
#include "connectionscenes.h"

#include <array>
#include <cmath>

namespace gatehouse::test {
namespace {

using namespace std::chrono_literals;

Explanation rateRefusal(WallTime now)
{
    Explanation why;
    why.decision = {Reason::RateSession,
                    {"/routes/0/messages/rate", "hub › messages › rate"},
                    "53/s came over the last 10 s",
                    "50/s, burst 100"};
    why.policyVersion = 41;
    why.time = now - 2s;
    return why;
}

AuditEntry record(std::uint64_t number, AuditKind kind, WallTime time, Reason reason, std::string detail)
{
    AuditEntry entry;
    entry.number = number;
    entry.record.kind = kind;
    entry.record.time = time;
    entry.record.decision.reason = reason;
    entry.record.route = "hub";
    entry.record.detail = std::move(detail);
    return entry;
}

} // namespace

SessionRow sketched(const SessionSketch& sketch, WallTime now)
{
    auto info = std::make_shared<SessionInfo>();
    info->id = SessionId{sketch.id};
    info->user = sketch.user;
    info->issuer = "corp";
    info->keyId = "k-2026-10";
    info->tokenId = "5b1e7c0a-9f42-4e1b-8d06-" + std::to_string(100'000'000'000 + sketch.id);
    info->roles = {sketch.role};
    info->address = sketch.address;
    info->port = static_cast<std::uint16_t>(40000 + sketch.id % 20000);
    info->listener = "public";
    info->route = sketch.route;
    info->path = "/" + sketch.route + "/news.floor";
    if (sketch.route == "plc")
        info->upstream = "ws://10.20.0.5:1880/";
    else
        info->channels = {"news.floor", "news.all"};
    info->origin = "https://app.example";
    info->userAgent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0";
    info->tlsVersion = "1.3";
    info->tlsCipher = "AES-256-GCM";
    info->since = now - sketch.age;
    info->tokenExpires = now + 41min;
    info->policyVersion = 41;
    info->rateLimit = sketch.limit;
    info->rateBurst = 100;
    info->sendBufferLimit = 1024 * 1024;
    info->violationsAllowed = 3;
    info->sessionsPerUser = 20;
    SessionRow row;
    row.activity.messagesInRate = sketch.rate;
    row.activity.messagesOutRate = sketch.rate * 0.6;
    row.activity.bytesInRate = sketch.rate * 118;
    row.activity.backlog = sketch.backlog;
    row.activity.userSessions = 3;
    row.activity.lastMessage = now - sketch.silent;
    row.activity.rateLeft = sketch.rate >= sketch.limit ? 0U : 96U;
    if (sketch.limit > 0 && sketch.rate > sketch.limit) {
        row.activity.lastRefusal = rateRefusal(now);
        row.activity.violations = 2;
        row.activity.refused = 212;
    }
    row.info = std::move(info);
    return row;
}

std::vector<SessionSketch> smallGate()
{
    return {
        {7000, "alice", "editor", "10.20.0.17", "plc", 3, 0, 130s},
        {7037, "line-3-plc", "device", "10.20.1.26", "hub", 48, 1229, 41min},
        {7074, "bjorn", "reader", "10.20.2.35", "hub", 0.4, 0, 7min},
        {7111, "kiosk-07", "device", "10.20.3.44", "plc", 1.2, 0, 66min},
        {7148, "scada-ro", "reader", "10.20.0.53", "hub", 12, 86016, 3h},
        {7185, "mei", "editor", "10.20.1.62", "hub", 2, 0, 3min},
        {7222, "svc-report", "reader", "10.20.2.71", "plc", 22, 2150, 12min},
        {7259, "kiosk-02", "device", "10.20.3.80", "hub", 0.8, 0, 59min},
        {7296, "omar", "reader", "10.20.0.89", "hub", 0, 0, 5min, 281s},
        {7333, "line-1-plc", "device", "10.20.1.98", "plc", 31, 410, 33min},
        {7370, "guest-118", "reader", "10.20.2.107", "hub", 53, 626688, 29s},
        {7407, "dana", "reader", "10.20.3.116", "hub", 4, 0, 20min},
        {7444, "kiosk-11", "device", "10.20.0.125", "plc", 1, 0, 61min},
        {7481, "line-2-plc", "device", "10.20.1.134", "hub", 29, 0, 33min},
        {7518, "priya", "reader", "10.20.2.143", "hub", 0.2, 0, 15min},
        {7555, "svc-mail", "editor", "10.20.3.152", "plc", 6, 0, 44min},
        {7592, "kiosk-04", "device", "10.20.0.161", "hub", 1, 0, 61min},
        {7629, "tomas", "reader", "10.20.1.170", "hub", 2, 0, 9min},
    };
}

std::vector<SessionSketch> largeGate()
{
    static constexpr std::array roles{"reader", "device", "editor"};
    static constexpr std::array routes{"hub", "plc"};
    std::vector<SessionSketch> all = smallGate();
    for (std::uint64_t i = all.size(); i < 1284; ++i) {
        SessionSketch sketch;
        sketch.id = 7000 + i * 37;
        // 40 characters, as many as an account of a directory may well have.
        sketch.user = i % 9 == 4 ? "svc-telemetry-collector-north-hall-" + std::to_string(10000 + i)
                                 : (i % 3 == 0 ? "kiosk-" : "line-") + std::to_string(i);
        sketch.role = roles[i % roles.size()];
        sketch.address = "10.20." + std::to_string(i % 4) + "." + std::to_string(i % 250);
        sketch.route = routes[i % routes.size()];
        sketch.rate = static_cast<double>((i * 7919) % 97) / 3.0;
        sketch.backlog = i % 11 == 0 ? i * 97 : 0;
        sketch.age = std::chrono::seconds(20 + i * 13 % 9000);
        all.push_back(sketch);
    }
    // The first screenful has them too.
    all[2].user = "svc-telemetry-collector-north-hall-10022";
    all[7].user = "svc-telemetry-collector-south-hall-10027";
    return all;
}

FeedBatch gateBatch(const std::vector<SessionSketch>& sketches, WallTime now, int turn)
{
    FeedBatch batch;
    batch.stats.time = now;
    batch.stats.state = GateState::Serving;
    batch.stats.sessions = sketches.size();
    const auto seconds = static_cast<std::uint64_t>(turn) * 2;
    batch.stats.messagesIn = seconds * 5120;
    batch.stats.messagesOut = seconds * 3292;
    batch.stats.bytesIn = seconds * 1'950'000;
    batch.stats.bytesOut = seconds * 1'300'000;
    batch.stats.refusedTotal = seconds * 12;
    batch.stats.refused = {{Reason::JwtTime, seconds * 3}, {Reason::RateSession, seconds * 9}};
    batch.stats.auditRecords = 184220;
    for (const SessionSketch& sketch : sketches) {
        SessionSketch moved = sketch;
        const auto seed = static_cast<double>(sketch.id * 7919 % 101);
        const double phase = turn * (0.05 + seed / 900) + seed;
        const double wobble =
            1 + 0.35 * std::sin(phase) + 0.12 * std::sin(turn * 0.9 + seed) + 0.08 * std::sin(turn * 2.3 * seed);
        moved.rate = turn % 60 == 0 ? sketch.rate : sketch.rate * wobble;
        SessionRow row = sketched(moved, now);
        // Only the newest sample may exceed the limit: the state of a row is that of its sketch.
        if (sketch.rate <= sketch.limit) {
            row.activity.lastRefusal.reset();
            row.activity.violations = 0;
        }
        batch.rows.push_back(std::move(row));
    }
    return batch;
}

Reply gateAnswer(const Command& command, WallTime now)
{
    if (std::holds_alternative<InfoQuery>(command)) {
        Info info;
        info.listeners.push_back({"public", "wss://0.0.0.0:8443", "CN=gate.example", now + 24h * 200});
        return Answer(info);
    }
    if (std::holds_alternative<AuditQuery>(command)) {
        AuditPage page;
        page.entries = {record(184219, AuditKind::Limit, now - 9s, Reason::RateSession, "212 refused"),
                        record(184101, AuditKind::Limit, now - 21s, Reason::RateSession, "first refusal"),
                        record(184090, AuditKind::Open, now - 29s, Reason::None, "token of corp")};
        return Answer(page);
    }
    if (const auto* kick = std::get_if<KickCommand>(&command))
        return Answer(KickResult{kick->sessions, {}});
    if (std::holds_alternative<SessionsQuery>(command))
        return Answer(SessionList{gateBatch(smallGate(), now, 0).rows});
    if (std::holds_alternative<DrainCommand>(command))
        return Answer(Accepted{});
    return Failure{ControlError{ControlErrorCode::Rejected, "not part of this scene"}};
}

} // namespace gatehouse::test
