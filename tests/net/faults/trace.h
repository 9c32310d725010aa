// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "testserver.h"

#include <map>
#include <string>

namespace gatehouse::test {

/// What a fault leaves behind at the server. Each trace has a loopback address of its own, by which its records are
/// found and apart from which they are capped; the counters are those of the whole server, from its making on.
class FaultTrace {
public:
    explicit FaultTrace(const TestServer& server);

    /// For the client that makes the fault.
    [[nodiscard]] ByteClient::Options source() const;
    [[nodiscard]] const std::string& address() const { return m_address; }

    /// One count of this reason and of no other, and one record of the refusal. Empty, or what was otherwise.
    [[nodiscard]] std::string refused(Reason reason, std::uint16_t status, const std::string& route = {}) const;
    /// The same for a session that ended: its end is counted, its opening and its end are recorded. `counted`: as
    /// refused, too.
    [[nodiscard]] std::string closed(Reason reason, std::uint16_t code, const std::string& route,
                                     bool counted = true) const;
    /// Nothing was refused, and nothing recorded but an opening.
    [[nodiscard]] std::string accepted() const;

private:
    using Counts = std::map<Reason, std::uint64_t>;

    [[nodiscard]] Counts counts() const;
    [[nodiscard]] Counts ends() const;
    [[nodiscard]] std::string countedSince(const Counts& expected) const;
    [[nodiscard]] std::vector<AuditRecord> records() const;

    const TestServer& m_server;
    std::string m_address;
    Counts m_before, m_endsBefore;
};

/// Fails with what was otherwise; asks again until it is so, since the server may still be about it.
#define COMPARE_TRACE(...)                                                                                             \
    do {                                                                                                               \
        std::string difference;                                                                                        \
        (void)eventually([&] { return (difference = (__VA_ARGS__)).empty(); });                                        \
        QVERIFY2(difference.empty(), difference.c_str());                                                              \
    } while (false)

} // namespace gatehouse::test
