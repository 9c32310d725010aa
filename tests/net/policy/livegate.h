// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "runtime/gate.h"
#include "testserver.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gatehouse::test {

/// What workers tell, kept for the test.
class GateNotes final : public EventSink, public GateEvents {
public:
    void record(AuditRecord record) noexcept override;
    void authFailed(AuthFailure) override {}
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override;
    void publish(std::uint32_t, WorkerBatch) override {}

    [[nodiscard]] std::vector<AuditRecord> records(AuditKind kind) const;
    /// One-time tokens wait for answerClaims().
    void holdClaims() { m_held = true; }
    void answerClaims(ClaimVerdict verdict);
    [[nodiscard]] std::size_t heldClaims() const;

private:
    mutable std::mutex m_mutex; ///< guards what follows
    std::vector<AuditRecord> m_records;
    std::vector<std::function<void(ClaimVerdict)>> m_claims;
    std::atomic<bool> m_held{false};
};

/// A gate without a runtime around it, whose policy the test changes as it likes. Listeners: "lab" without TLS,
/// "public" with it, "edge" without, behind the proxies of 127.50.0.0/24. Routes: "hub" for tokens in Authorization and
/// in the cookie "t", "echo" for anybody.
class LiveGate {
public:
    using Change = std::function<void(Policy& policy)>;

    explicit LiveGate(const Change& change = {});
    ~LiveGate() { gate.stop(); }

    [[nodiscard]] std::uint16_t port(std::string_view listener) const;
    [[nodiscard]] std::shared_ptr<const PolicyGeneration> next(const Change& change) const;
    /// Throws where it cannot be applied or is not answered.
    PolicyMet apply(const Change& change);
    PolicyMet apply(const std::shared_ptr<const PolicyGeneration>& generation);
    [[nodiscard]] std::vector<LiveSession> sessions();
    /// The one of this user, or at this address.
    [[nodiscard]] LiveSession session(const std::string& name);
    [[nodiscard]] SessionRow row(const std::string& name);
    [[nodiscard]] std::string token(const std::string& user, const std::vector<std::string>& roles = {},
                                    std::chrono::seconds ttl = std::chrono::hours(1)) const;
    [[nodiscard]] const PolicyGeneration& generation() const { return *m_generation; }
    /// Behind the 101 of a listener. Throws where it is not let in.
    [[nodiscard]] ByteClient enter(std::string_view listener, const UpgradeOptions& upgrade,
                                   const ByteClient::Options& options = {}) const;
    /// Of /hub/CHANNEL on "lab".
    [[nodiscard]] ByteClient join(const std::string& channel, const std::string& user,
                                  const std::vector<std::string>& roles = {}) const;

    ManualClock clock;
    GateNotes notes;

private:
    TestServer m_server; ///< for its certificate, its key and its tokens
    std::shared_ptr<const PolicyGeneration> m_generation;

public:
    Gate gate{clock, notes, notes};
};

/// What a session is called in these tests: its user, or the address of an anonymous one.
[[nodiscard]] std::string nameOf(const AffectedSession& session);

/// Every client is there to the end, or was told why not.
[[nodiscard]] bool stillServed(ByteClient& client, const std::string& message);

} // namespace gatehouse::test
