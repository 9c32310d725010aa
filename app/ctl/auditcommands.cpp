// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/auditcommands.h"

#include "audit/auditchain.h"
#include "audit/auditreader.h"
#include "common/exitcodes.h"
#include "ctl/output.h"
#include "ctl/terminaltext.h"

#include <array>
#include <cstdio>
#include <ostream>

namespace gatehouse::ctl {

namespace {

std::string hexadecimal(const ChainHash& hash)
{
    std::string text;
    for (const unsigned byte : hash) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    }
    return text;
}

// Numbers and hexadecimal digits alone, so that nothing needs quoting.
std::string jsonOf(const ChainReport& report)
{
    return std::string("{\"good\": ") + (report.firstBad ? "false" : "true") +
           ", \"checked\": " + std::to_string(report.checked) + ", \"newest\": " + std::to_string(report.newest) +
           ", \"newest_hash\": \"" + hexadecimal(report.newestHash) +
           "\", \"first_bad\": " + (report.firstBad ? std::to_string(*report.firstBad) : std::string("null")) + "}\n";
}

} // namespace

int auditList(const Invocation& invocation, const std::filesystem::path& store, std::ostream& out, std::ostream& error)
{
    auto page = AuditReader(store).query(std::get<AuditQuery>(invocation.command));
    if (!page) {
        error << "gatehousectl: " << escaped(page.error()) << '\n';
        return exitFailure;
    }
    const Answer answer = std::move(page).value();
    out << (invocation.json ? jsonText(answer) : humanText(answer));
    return exitOk;
}

int auditVerify(const Invocation& invocation, const std::filesystem::path& store, std::ostream& out,
                std::ostream& error)
{
    const auto report = verifyChain(store);
    if (!report) {
        error << "gatehousectl: " << escaped(report.error()) << '\n';
        return exitFailure;
    }
    if (invocation.json)
        out << jsonOf(*report);
    else if (report->firstBad)
        out << "Broken: " << report->what << ". Good before it: " << report->checked << " records.\n";
    else
        out << "Good: " << report->checked << " records.\nNewest: " << report->newest << ' '
            << hexadecimal(report->newestHash) << '\n';
    return report->firstBad ? exitFailure : exitOk;
}

} // namespace gatehouse::ctl
