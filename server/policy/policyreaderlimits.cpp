// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policyreader.h"

namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

} // namespace

void PolicyReader::readLimits(const Node& at)
{
    Limits& limits = m_policy.limits;
    if (!m_document.object(at, "limits"))
        return;
    const auto key = [&](std::string_view name) { return DocumentReader::member(at, name); };
    readCount(key("sessions"), limits.sessions);
    readCount(key("sessions_per_ip"), limits.sessionsPerIp);
    readCount(key("sessions_per_user"), limits.sessionsPerUser);
    readCount(key("pending"), limits.pending);
    readCount(key("pending_per_ip"), limits.pendingPerIp);
    m_document.readRate(key("connects_per_ip"), limits.connectsPerIp);
    readAuthFailures(key("auth_failures_per_ip"));
    m_document.readRate(key("messages_per_user"), limits.messagesPerUser);
    m_document.readRate(key("bytes_per_user"), limits.bytesPerUser);
    m_document.readRate(key("messages_per_ip"), limits.messagesPerIp);
    readRequestLimits(at);
    m_document.readDuration(key("close_timeout"), limits.closeTimeout, 100ms, 10min);
    m_document.readWhole(key("channels"), limits.channels, 1, 10'000'000);
    m_document.readWhole(key("channel_name"), limits.channelName, 1, 4096);
    m_document.readSize(key("memory_for_history"), limits.memoryForHistory, 64 << 10, std::uint64_t{1} << 40);
}

void PolicyReader::readCount(const Node& at, std::optional<std::uint64_t>& target)
{
    if (at.isOff()) {
        target.reset();
        return;
    }
    std::uint64_t count = 0;
    m_document.readWhole(at, count, 1, 100'000'000);
    if (count > 0)
        target = count;
}

void PolicyReader::readAuthFailures(const Node& at)
{
    auto& target = m_policy.limits.authFailuresPerIp;
    if (at.isOff()) {
        target.reset();
        return;
    }
    if (at && !at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, "auth_failures"))
        return;
    AuthFailureLimit limit;
    m_document.readWhole(DocumentReader::member(at, "count"), limit.count, 1, 1'000'000);
    m_document.readDuration(DocumentReader::member(at, "per"), limit.per, 1s, 24h);
    m_document.readDuration(DocumentReader::member(at, "then_ban"), limit.thenBan, 1s, 24h * 366);
    target = limit;
}

void PolicyReader::readRequestLimits(const Node& at)
{
    constexpr std::uint64_t largest = 1 << 20;
    Limits& limits = m_policy.limits;
    const auto key = [&](std::string_view name) { return DocumentReader::member(at, name); };
    m_document.readSize(key("request_line"), limits.requestLine, 64, largest);
    m_document.readSize(key("request_target"), limits.requestTarget, 16, largest);
    m_document.readSize(key("request_header"), limits.requestHeader, 256, largest);
    m_document.readSize(key("request_head"), limits.requestHead, 512, largest);
    m_document.readWhole(key("request_headers"), limits.requestHeaders, 8, 1000);
    m_document.readDuration(key("request_timeout"), limits.requestTimeout, 100ms, 10min);
    const auto within = [&](std::string_view name, std::uint64_t inner, std::string_view outerName,
                            std::uint64_t outer) {
        const Node place = key(name) ? key(name) : key(outerName);
        if (inner > outer)
            m_document.error(Code::Conflict, place, std::string(name) + " is over " + std::string(outerName));
    };
    within("request_target", limits.requestTarget, "request_line", limits.requestLine);
    within("request_line", limits.requestLine, "request_head", limits.requestHead);
    within("request_header", limits.requestHeader, "request_head", limits.requestHead);
}

} // namespace gatehouse
