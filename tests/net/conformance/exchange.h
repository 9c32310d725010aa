// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "rawwire.h"
#include "testserver.h"

#include <QObject>

#include <memory>
#include <string>
#include <vector>

namespace gatehouse::test {

/// One case: what the client writes, and the only frames that may come back. Where no Close is among them, the client
/// closes with 1000 when they have come, and hears that and nothing else.
struct Exchange {
    std::vector<std::string> writes; ///< each one call of send()
    std::vector<raw::Frame> answers;
};

/// The gatehouse.json of this folder, on ports of the system's choice.
[[nodiscard]] nlohmann::json committedPolicy();
/// What the server says when it refuses.
[[nodiscard]] raw::Frame refused(unsigned code, std::string_view word);
[[nodiscard]] std::string described(const raw::Frame& frame);
/// Reads exactly these frames; otherwise what was wrong with what came.
[[nodiscard]] std::string heard(raw::Reader& reader, const std::vector<raw::Frame>& answers);
/// After a Close: not one byte more, then the server's end, with TLS behind its close_notify, and no reset.
[[nodiscard]] std::string ended(ByteClient& client, raw::Reader& reader);

/// Every case runs over ws and over wss against one server, whose policy is the gatehouse.json of this folder.
class ConformanceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void initTestCase();
    void cleanupTestCase();

protected:
    [[nodiscard]] ByteClient connected(const std::string& path = "/echo",
                                       const ByteClient::Options& options = {}) const;
    /// Empty where it went exactly so.
    [[nodiscard]] std::string played(const Exchange& exchange) const;
    [[nodiscard]] TestServer& server() const { return *m_server; }
    [[nodiscard]] static bool overTls();

private:
    std::unique_ptr<TestServer> m_server;
};

} // namespace gatehouse::test

Q_DECLARE_METATYPE(gatehouse::test::Exchange)

/// Fails with what went otherwise.
#define COMPARE_EXCHANGE(...)                                                                                          \
    do {                                                                                                               \
        const std::string difference = (__VA_ARGS__);                                                                  \
        QVERIFY2(difference.empty(), difference.c_str());                                                              \
    } while (false)
