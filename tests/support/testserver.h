// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "byteclient.h"
#include "manualclock.h"
#include "runtime/serverruntime.h"

#include <QTemporaryDir>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse::test {

/// Asks until the answer is yes, and then no more; false where the ceiling was reached.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

/// A whole server in this process, from a fresh folder of setup::initialise(). It listens on 127.0.0.1 with TLS
/// ("public") and without ("lab"), serves `/hub/{channel}` with a token and `/echo` without one, and has every limit of
/// an address off, so that a test sets the one that it means.
class TestServer {
public:
    using Edit = std::function<void(nlohmann::json& policy)>;

    /// Throws where the server does not start: what it said.
    explicit TestServer(const Edit& edit = {}, const Clock* clock = nullptr);
    ~TestServer();

    [[nodiscard]] std::uint16_t port(std::string_view listener = "lab") const;
    [[nodiscard]] ByteClient plain(const ByteClient::Options& options = {}) const;
    [[nodiscard]] ByteClient tls(const ByteClient::Options& options = {}) const;
    /// A client behind the 101 of `/hub/CHANNEL`, over the plain listener.
    [[nodiscard]] ByteClient join(const std::string& channel, const std::string& user,
                                  const ByteClient::Options& options = {}) const;

    [[nodiscard]] std::string token(const std::string& user, const std::vector<std::string>& roles = {},
                                    std::chrono::seconds ttl = std::chrono::hours(1)) const;
    /// A token of these parts, signed with the server's secret or with another.
    [[nodiscard]] std::string signedToken(const std::string& header, const std::string& payload,
                                          const std::optional<std::string>& secret = std::nullopt) const;
    /// Claims that hold, as JSON, for tests to spoil.
    [[nodiscard]] nlohmann::json claims(const std::string& user) const;

    /// Carries out a command as actor "tester" and waits for its answer.
    [[nodiscard]] Reply call(Command command) const;
    [[nodiscard]] Info info() const;
    [[nodiscard]] std::vector<SessionRow> sessions() const;
    /// How often the gate refused for this reason.
    [[nodiscard]] std::uint64_t refused(Reason reason) const;
    /// Newest first.
    [[nodiscard]] std::vector<AuditRecord> audit(AuditQuery query = {}) const;
    [[nodiscard]] std::vector<AuditRecord> audit(AuditKind kind, Reason reason) const;

    /// Writes the policy anew, edited further, for ReloadCommand or restart().
    void edit(const Edit& edit);
    void stop();
    void start();

    [[nodiscard]] ServerRuntime& runtime() const { return *m_runtime; }
    [[nodiscard]] const Policy& policy() const { return *m_policy; }
    [[nodiscard]] std::filesystem::path policyFile() const;
    [[nodiscard]] const Clock& clock() const { return m_clock; }

private:
    SystemClock m_systemClock;
    const Clock& m_clock;
    QTemporaryDir m_folder;
    nlohmann::json m_document;
    std::shared_ptr<const Policy> m_policy;
    std::unique_ptr<ServerRuntime> m_runtime;
};

} // namespace gatehouse::test
