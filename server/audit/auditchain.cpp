// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditchain.h"

#include "audit/auditreader.h"
#include "audit/auditrow.h"
#include "audit/sqlconnection.h"

#include <QSqlError>
#include <QVariant>

#include <openssl/sha.h>
#include <string_view>

namespace gatehouse {

namespace {

/// Gathers fields, each behind its length in eight bytes of network order.
class FieldEncoder {
public:
    void text(std::string_view field)
    {
        bytes(field.size());
        m_encoded.append(field);
    }
    void integer(std::uint64_t field)
    {
        bytes(sizeof field);
        bytes(field);
    }
    [[nodiscard]] const std::string& encoded() const { return m_encoded; }

private:
    void bytes(std::uint64_t value)
    {
        for (int shift = 56; shift >= 0; shift -= 8)
            m_encoded.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }

    std::string m_encoded;
};

std::string brokenAt(std::uint64_t number, const char* what)
{
    return "record " + std::to_string(number) + ' ' + what;
}

} // namespace

ChainHash chainHash(std::uint64_t number, const AuditRecord& record, const ChainHash& previous)
{
    FieldEncoder fields;
    fields.text("gatehouse audit 1");
    fields.text({reinterpret_cast<const char*>(previous.data()), previous.size()});
    fields.integer(number);
    fields.integer(static_cast<std::uint64_t>(record.time.time_since_epoch().count()));
    fields.text(auditKindWord(record.kind));
    fields.text(reasonWord(record.decision.reason));
    fields.text(record.decision.rule.pointer);
    fields.text(record.decision.rule.name);
    fields.text(record.decision.met);
    fields.text(record.decision.limit);
    fields.integer(record.session.value);
    for (const std::string* text :
         {&record.user, &record.issuer, &record.address, &record.route, &record.origin, &record.actor, &record.detail})
        fields.text(*text);
    fields.integer(record.code);
    fields.integer(record.suppressed);
    fields.integer(record.policyVersion);
    ChainHash hash{};
    SHA256(reinterpret_cast<const unsigned char*>(fields.encoded().data()), fields.encoded().size(), hash.data());
    return hash;
}

Result<ChainReport, std::string> verifyChain(const std::filesystem::path& file)
{
    SqlConnection connection;
    if (SqlResult opened = openAuditStore(connection, file); !opened)
        return Failure{opened.error()};
    QSqlQuery rows = connection.query();
    if (!rows.exec(QStringLiteral("SELECT %1 FROM audit ORDER BY number").arg(auditColumns())))
        return Failure{file.string() + ": " + sqlError(rows)};

    ChainReport report;
    const auto broken = [&report](std::uint64_t number, const char* what) {
        report.firstBad = number;
        report.what = brokenAt(number, what);
        return report;
    };
    while (rows.next()) {
        const std::uint64_t expected = report.newest + 1;
        const auto number = static_cast<std::uint64_t>(rows.value(0).toLongLong());
        if (number != expected)
            return number > expected ? broken(expected, "is missing") : broken(number, "was never given that number");
        const auto row = readAuditRow(rows);
        if (!row || chainHash(expected, row->entry.record, report.newestHash) != row->hash)
            return broken(expected, "is not what was written");
        report.newest = expected;
        report.newestHash = row->hash;
        ++report.checked;
    }
    if (rows.lastError().isValid())
        return Failure{file.string() + ": " + sqlError(rows)};
    return report;
}

} // namespace gatehouse
