// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

namespace gatehouse::test {

namespace {

std::string described(const AuditRecord& record)
{
    return std::string(auditKindWord(record.kind)) + ' ' + std::string(reasonWord(record.decision.reason)) + ' ' +
           std::to_string(record.code) + " on route \"" + record.route + '"';
}

std::string described(const std::map<Reason, std::uint64_t>& counts)
{
    std::string text;
    for (const auto& [reason, count] : counts)
        text += ' ' + std::string(reasonWord(reason)) + '=' + std::to_string(count);
    return text.empty() ? " nothing" : text;
}

std::string freshAddress()
{
    static unsigned last = 0;
    ++last;
    return "127.1." + std::to_string(last / 250) + '.' + std::to_string(1 + last % 250);
}

std::string compared(const std::vector<AuditRecord>& records, const std::vector<AuditRecord>& expected)
{
    bool same = records.size() == expected.size();
    for (std::size_t i = 0; same && i < records.size(); ++i)
        same = described(records[i]) == described(expected[i]);
    if (same)
        return {};
    std::string text = "recorded:";
    for (const AuditRecord& record : records)
        text += ' ' + described(record) + ';';
    text += " instead of:";
    for (const AuditRecord& record : expected)
        text += ' ' + described(record) + ';';
    return text;
}

AuditRecord record(AuditKind kind, Reason reason, std::uint16_t code, const std::string& route)
{
    AuditRecord result;
    result.kind = kind;
    result.decision.reason = reason;
    result.code = code;
    result.route = route;
    return result;
}

} // namespace

FaultTrace::FaultTrace(const TestServer& server)
    : m_server(server)
    , m_address(freshAddress())
    , m_before(counts())
    , m_endsBefore(ends())
{
}

ByteClient::Options FaultTrace::source() const
{
    ByteClient::Options options;
    options.source = m_address;
    return options;
}

FaultTrace::Counts FaultTrace::counts() const
{
    const auto now = m_server.info().stats.refused;
    return {now.begin(), now.end()};
}

FaultTrace::Counts FaultTrace::ends() const
{
    const auto now = m_server.info().stats.closed;
    return {now.begin(), now.end()};
}

std::string FaultTrace::countedSince(const Counts& expected) const
{
    Counts since = counts();
    for (const auto& [reason, count] : m_before)
        since[reason] -= count;
    std::erase_if(since, [](const auto& each) { return each.second == 0; });
    return since == expected ? std::string() : "counted:" + described(since) + " instead of:" + described(expected);
}

std::vector<AuditRecord> FaultTrace::records() const
{
    AuditQuery query;
    query.address = m_address;
    return m_server.audit(std::move(query));
}

std::string FaultTrace::refused(Reason reason, std::uint16_t status, const std::string& route) const
{
    const std::string counted = countedSince({{reason, 1}});
    return counted.empty() ? compared(records(), {record(AuditKind::Refuse, reason, status, route)}) : counted;
}

std::string FaultTrace::closed(Reason reason, std::uint16_t code, const std::string& route, bool counted) const
{
    if (std::string difference = countedSince(counted ? Counts{{reason, 1}} : Counts{}); !difference.empty())
        return difference;
    const auto before = m_endsBefore.find(reason);
    const Counts now = ends();
    const auto after = now.find(reason);
    const std::uint64_t ended =
        (after == now.end() ? 0 : after->second) - (before == m_endsBefore.end() ? 0 : before->second);
    if (ended != 1)
        return "ended for " + std::string(reasonWord(reason)) + ": " + std::to_string(ended) + " instead of 1";
    return compared(records(),
                    {record(AuditKind::Close, reason, code, route), record(AuditKind::Open, Reason::None, 101, route)});
}

std::string FaultTrace::accepted() const
{
    if (std::string difference = countedSince({}); !difference.empty())
        return difference;
    const auto all = records();
    return all.size() == 1 && all[0].kind == AuditKind::Open ? std::string() : compared(all, {});
}

} // namespace gatehouse::test
