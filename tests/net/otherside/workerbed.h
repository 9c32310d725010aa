// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/session.h"
#include "net/worker.h"
#include "testserver.h"

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gatehouse::test {

/// What a test's route saw. Written by the worker's thread, read by the test's.
struct Seen {
    std::vector<std::string> messages; ///< whole ones, and those that came in parts when they ended
    std::size_t parts = 0;
    std::string open; ///< of the message that comes in parts
    std::vector<bool> withheld;
    std::size_t roomAgain = 0;
    std::vector<std::optional<Ending>> closed;
};

/// A route with another side that the test plays: it asks before the 101 and takes messages in parts, where it is told
/// so. On the worker's thread but for what says otherwise.
class ScriptedRoute final : public RouteHandler {
public:
    struct Script {
        std::atomic<bool> asks{true};
        std::atomic<bool> parts{false};
        std::atomic<bool> nobody{false}; ///< enter() makes no partner
        std::atomic<bool> throws{false}; ///< enter() throws
        std::atomic<bool> atOnce{false}; ///< answers before enter() returns
        std::atomic<int> partners{0};    ///< that live
        std::atomic<std::size_t> asked{0};
        mutable std::mutex mutex;
        Seen seen; ///< under the mutex
    };
    struct Question {
        Entrant entrant;
        std::function<void(EntryAnswer)> answered;
    };

    ScriptedRoute(Script& script, WorkerContext& context)
        : m_script(script)
        , m_context(context)
    {
    }

    [[nodiscard]] Decision admit(const Policy&, const Identity&, const RouteMatch&) override { return {}; }
    [[nodiscard]] bool entersLater() const override { return m_script.asks; }
    [[nodiscard]] std::unique_ptr<SessionPartner> enter(Entrant entrant,
                                                        std::function<void(EntryAnswer)> answered) override;
    void opened(Session& session) override { sessions[session.id()] = &session; }
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    [[nodiscard]] bool takesParts(const Session&) const override { return m_script.parts; }
    void part(Session& session, const wire::Event& part) override;
    void roomAgain(Session& session) override;
    void withheld(Session& session, bool on) override;
    void closed(Session& session) override;
    void received(BusItem) override {}

    [[nodiscard]] WorkerContext& context() { return m_context; }

    std::vector<Question> questions; ///< in the order in which they came
    std::map<SessionId, Session*> sessions;

private:
    Script& m_script;
    WorkerContext& m_context;
};

/// One worker behind a plain listener on 127.0.0.1 by a clock that the test moves. Its route `/app` is a ScriptedRoute.
class WorkerBed {
public:
    using Edit = std::function<void(Policy& policy)>;

    explicit WorkerBed(const Edit& edit = {});
    ~WorkerBed();

    /// A client whose request has been sent, and whose entry is being waited for.
    [[nodiscard]] ByteClient asking(const UpgradeOptions& options = appOptions());
    /// A client behind the 101.
    [[nodiscard]] ByteClient entered();
    [[nodiscard]] static UpgradeOptions appOptions();
    [[nodiscard]] std::uint16_t port() const { return m_port; }

    /// Runs on the worker's thread; returns when it has.
    void run(const std::function<void(Worker& worker, ScriptedRoute& route)>& task);
    /// The newest question that was asked.
    void answer(EntryAnswer answer);
    /// The session that opened last.
    void withSession(const std::function<void(Session& session)>& task);
    /// The loop has gone round at the clock's time.
    void settle();
    [[nodiscard]] Seen seen() const;
    [[nodiscard]] std::vector<AuditRecord> records(AuditKind kind) const;
    [[nodiscard]] std::uint64_t refused(Reason reason) const;
    [[nodiscard]] std::shared_ptr<const PolicyGeneration> generation(const Edit& edit) const;
    void apply(const Edit& edit);
    /// Nobody is there any more, and nothing is held for anybody.
    [[nodiscard]] bool empty() const;

    ManualClock clock;
    ScriptedRoute::Script script;
    std::unique_ptr<GateTables> tables = std::make_unique<GateTables>();
    std::unique_ptr<Worker> worker;

private:
    class Sink final : public EventSink, public GateEvents {
    public:
        void record(AuditRecord record) noexcept override;
        void authFailed(AuthFailure) override {}
        void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
        void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override { done(ClaimVerdict::Failed); }
        void publish(std::uint32_t, WorkerBatch) override {}

        mutable std::mutex mutex;
        std::vector<AuditRecord> all;
    };

    Sink m_sink;
    std::unique_ptr<GateEnvironment> m_environment;
    ScriptedRoute* m_route = nullptr;
    std::uint16_t m_port = 0;
};

} // namespace gatehouse::test
