// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/gatewayresources.h"
#include "gateway/upstreamlink.h"
#include "net/routehandler.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gatehouse {

struct Ending;

/// The application's side of one session: finds an upstream before the 101, and relays between it and the session
/// after it. Owner: one I/O worker.
class GatewayPartner final : public SessionPartner, private UpstreamLink::Owner {
public:
    static constexpr unsigned mostAttempts = 3;
    static constexpr std::uint32_t partSize = 16384; ///< of a message that need not be whole

    GatewayPartner(WorkerContext& context, RandomKeys& keys, std::shared_ptr<const GatewayResources> resources,
                   Entrant entrant, std::function<void(EntryAnswer)> answered);
    ~GatewayPartner() override;

    /// Asks the first upstream.
    void begin();

    // Of the session that the answer led to.
    void opened(Session& session);
    void relay(wire::Opcode type, std::span<const std::byte> payload, bool first, bool last);
    void sessionRoom();
    void withheld(bool on);
    void closed();

private:
    /// Until the 101.
    struct Entry {
        Entrant entrant;
        std::function<void(EntryAnswer)> answered;
        std::vector<std::shared_ptr<Upstream>> candidates;
        std::vector<IpAddress> addresses; ///< of the one that is tried
        std::size_t nextCandidate = 0, nextAddress = 0;
        unsigned attempts = 0;
        TimePoint until{}, attemptUntil{}; ///< of all attempts, and of this one
        LinkFailure failure;
        std::string failedAt; ///< the upstream that the failure is of
        [[nodiscard]] const Route& route() const;
    };

    void tryNext();
    [[nodiscard]] bool connectNext();
    [[nodiscard]] std::optional<LinkFailure> connectTo(const IpAddress& address);
    void endAttempt(const LinkFailure& failure);
    void refuse();
    void answer(EntryAnswer answer);

    // UpstreamLink::Owner
    [[nodiscard]] LinkTerms terms() const override;
    void answered(const std::string& subprotocol) override;
    void failed(const LinkFailure& failure) override;
    void message(wire::Opcode type, std::span<const std::byte> payload) override;
    void part(const wire::Event& part) override;
    void roomAgain() override;
    void ended(const LinkEnd& end) override;

    [[nodiscard]] Decision checkMessage(wire::Opcode type, std::span<const std::byte> payload);
    [[nodiscard]] Decision checkSchema(std::span<const std::byte> payload);
    /// False where it goes no further.
    [[nodiscard]] bool passes(Decision decision);
    void violated(Decision decision);
    void pace();
    void leaveUpstream(std::optional<std::uint16_t> code, std::string_view reason);
    void endSession(Decision why, std::optional<std::uint16_t> code, std::string text);
    void record(const Decision& decision, std::string detail) const;
    [[nodiscard]] std::size_t routeIndex() const;
    [[nodiscard]] bool wantsWhole() const;

    WorkerContext& m_context;
    RandomKeys& m_keys;
    std::shared_ptr<const GatewayResources> m_resources;
    std::unique_ptr<Entry> m_entry; ///< null once it was answered
    std::shared_ptr<Upstream> m_upstream;
    UpstreamLink* m_link = nullptr;      ///< owned by the worker; null: there is none, or none any more
    Session* m_session = nullptr;        ///< null before opened() and after closed()
    bool m_answered = false;             ///< by the upstream, which is to be told of the end
    bool m_dropping = false;             ///< the message whose parts come does not go through
    std::optional<LinkEnd> m_ended;      ///< it ended before there was a session
    std::vector<TimePoint> m_violations; ///< of the upstream within the route's window, oldest first
    std::uint64_t m_refused = 0;
    TimePoint m_nextDropRecord{};
};

/// The rule of one upstream: /routes/3/gateway/upstreams/0, or of the whole list where the policy has it no more.
[[nodiscard]] Rule upstreamRule(const Policy& policy, std::size_t route, const UpstreamUrl& url);

} // namespace gatehouse
