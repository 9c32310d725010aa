// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/decision.h"
#include "domain/ids.h"
#include "domain/result.h"
#include "net/outgoingmessage.h"
#include "net/tokensource.h"
#include "policy/decide.h"
#include "wire/frame.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse {

class Session;
struct PolicyGeneration;

/// What a handler says beside names and messages. Holds values: nothing of the worker that made it.
struct BusBody {
    virtual ~BusBody() = default;
};

/// What one worker says to the route handler of another.
struct BusItem {
    std::uint32_t handler = 0;                     ///< index of the handler among the worker's
    std::uint32_t kind = 0;                        ///< the handler's own
    std::uint32_t from = 0;                        ///< worker
    std::chrono::steady_clock::time_point since{}; ///< set by the bus: when that was read which it comes of
    std::string channel;
    SharedMessage message;
    std::shared_ptr<BusBody> body{}; ///< null: nothing more is to be said
};

/// The workers as a handler sees them.
class WorkerBus {
public:
    virtual ~WorkerBus() = default;
    [[nodiscard]] virtual std::uint32_t self() const = 0;
    [[nodiscard]] virtual std::uint32_t workers() const = 0;
    /// False, and nothing sent, where the queue of that worker is full; `force` is for what the handler bounds itself.
    [[nodiscard]] virtual bool send(std::uint32_t worker, BusItem item, bool force = false) = 0;
};

/// What the upgrade request held, as it came. Kept only until the 101, for routes that enter later; holds secrets.
struct OfferedRequest {
    std::string path;                      ///< raw
    std::string query;                     ///< raw, without '?'
    std::vector<std::string> subprotocols; ///< that the route may echo, without `gatehouse`, in the client's order
    std::vector<std::pair<std::string, std::string>> headers; ///< all of them, in order
};

/// Somebody who passed every check and waits for the 101.
struct Entrant {
    std::shared_ptr<const PolicyGeneration> generation;
    RouteMatch match;
    Identity who;
    SessionId session; ///< that it will be
    IpAddress client;  ///< behind trusted proxies
    bool secure = false;
    std::string host;                  ///< as the client wrote it
    std::optional<TokenSource> source; ///< of the token; unset: anonymous
    OfferedRequest request;
};

/// What came of an entry.
struct EntryAnswer {
    Decision decision;                                    ///< allowed: the 101 follows
    std::optional<std::uint16_t> status{};                ///< of a refusal; unset: the reason's
    std::optional<std::chrono::nanoseconds> retryAfter{}; ///< of a refusal
    std::optional<std::string> subprotocol{}; ///< that was chosen, empty: none; unset: the one that the gate chose
    std::string upstream{};                   ///< SessionInfo::upstream
};

/// The other side of a session, where its route has one: made by enter(), owned by the connection and then by the
/// session, destroyed with it.
class SessionPartner {
public:
    virtual ~SessionPartner() = default;
};

/// What a policy generation holds ready for one of its routes. Immutable, for any thread.
class RouteResources {
public:
    virtual ~RouteResources() = default;
};

inline constexpr std::uint64_t largestToken = 8192; ///< bytes

/// What a first message holds.
struct FirstMessageToken {
    std::string token;
    bool goesOn = false; ///< the message is for the session, too
};

/// How it is said that a first message was refused.
struct FirstRefusal {
    std::string message;    ///< before the Close; empty: none
    std::uint16_t code = 0; ///< of the Close
};

/// What becomes of a route's messages. One instance for each worker, called on its thread alone.
class RouteHandler {
public:
    virtual ~RouteHandler() = default;

    /// The last question before the 101.
    [[nodiscard]] virtual Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) = 0;
    /// True where somebody else is to be asked before the 101.
    [[nodiscard]] virtual bool entersLater() const { return false; }
    /// Asks. `answered` is called once, on this worker's thread and after this call returned, unless the partner was
    /// destroyed before. Null: nobody can be asked, which is Reason::Internal.
    [[nodiscard]] virtual std::unique_ptr<SessionPartner> enter(Entrant entrant,
                                                                std::function<void(EntryAnswer)> answered);
    virtual void opened(Session& session) = 0;
    /// A whole message that passed type, size and rate. A refusal counts as a violation.
    [[nodiscard]] virtual Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) = 0;
    /// True where message() need not be given whole messages: what is not whole in the input then comes to part().
    /// Asked anew after each change of policy.
    [[nodiscard]] virtual bool takesParts(const Session& session) const;
    /// A part of a message (see wire::Event) whose first one passed type and rates. After the session's end, and after
    /// a refusal, nothing more of that message comes.
    virtual void part(Session& session, const wire::Event& part);
    /// A session that was congested() has room again.
    virtual void roomAgain(Session& session);
    /// Quarantine begins or ends: nothing is to be delivered to the session while it is on.
    virtual void withheld(Session& session, bool on);
    /// True where a message may hold many things, each of which counts: then message() is given every message of a good
    /// type and size, and asks Session::charge() for each of them.
    [[nodiscard]] virtual bool countsItself() const { return false; }
    /// What is sent in place of a ping frame; null: a ping frame.
    [[nodiscard]] virtual SharedFrame ping(const Session& session) const;
    /// The most bytes of a first message that holds the token.
    [[nodiscard]] virtual std::uint64_t firstMessageLimit() const;
    /// The token in a first message, and whether the message is for message() too, once there is a session. A refusal
    /// that is none of the token's is answered as refusedFirst() says.
    [[nodiscard]] virtual Result<FirstMessageToken, Decision> tokenIn(std::string_view message);
    /// How whoever is refused for its first message is told; unset: by a Close with the reason's code.
    [[nodiscard]] virtual std::optional<FirstRefusal> refusedFirst(std::string_view message, const Decision& why);
    /// At the time of Session::wakeAt().
    virtual void woken(Session& session);
    /// Another policy holds for an open session, or its user has other roles.
    virtual void termsChanged(Session& session);
    /// About four times a second.
    virtual void tick();
    /// The session takes and gives no more messages; Session::ending() says why.
    virtual void closed(Session& session) = 0;
    virtual void received(BusItem item) = 0;
};

} // namespace gatehouse
