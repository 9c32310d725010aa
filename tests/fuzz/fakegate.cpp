// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakegate.h"

#include "check.h"
#include "hub/echo.h"
#include "hub/plainhub.h"
#include "input.h"
#include "net/guarded.h"
#include "policy/decidenetworks.h"

#include <stdexcept>
#include <sys/epoll.h>

namespace gatehouse::fuzz {

namespace {

// What a frame costs beside its payload: its header, and the vector and the counts that share it.
constexpr std::uint64_t frameCost = 14 + 96;
constexpr std::uint64_t longestReply = 2048;                   ///< a refusal or a 101
constexpr std::uint64_t controlBurst = 20 * (125 + frameCost); ///< pongs of one turn

} // namespace

Decision WatchedHandler::admit(const Policy& policy, const Identity& who, const RouteMatch& match)
{
    return m_inner->admit(policy, who, match);
}

void WatchedHandler::opened(Session& session)
{
    CHECK(m_open.insert(&session).second && !session.closing());
    m_inner->opened(session);
}

Decision WatchedHandler::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    CHECK(m_open.contains(&session) && !session.closing());
    const Messages& rules = session.route().messages;
    const auto& compression = session.route().compression;
    CHECK(payload.size() <= std::max(rules.maxSize, compression ? compression->maxInflated : 0));
    CHECK(type == wire::Opcode::Binary ? rules.binary : rules.text);
    if (!payload.empty() && payload.front() == std::byte{'!'})
        throw std::runtime_error("a handler's fault");
    const std::string text(asText(payload));
    Decision decision = m_inner->message(session, type, payload);
    if (!decision.allowed())
        return decision;
    const bool shared = session.route().kind == RouteKind::Plain;
    for (const Session* each : m_open) {
        if (each == &session || (shared && each->channel() == session.channel()))
            m_peerOf(*each).messages.push_back(text);
    }
    return decision;
}

/// Parts of one message come in order, and are no more than a message may be.
void WatchedHandler::part(Session& session, const wire::Event& part)
{
    CHECK(m_open.contains(&session) && !session.closing());
    CHECK(part.first != m_parts.contains(&session));
    std::string& text = m_parts[&session];
    text += asText(part.payload);
    CHECK(text.size() <= session.route().messages.maxSize);
    if (part.last) {
        m_peerOf(session).messages.push_back(text);
        m_parts.erase(&session);
    }
    m_inner->part(session, part);
}

void WatchedHandler::roomAgain(Session& session)
{
    CHECK(m_open.contains(&session) && !session.congested() && !session.withheld());
    m_inner->roomAgain(session);
}

void WatchedHandler::withheld(Session& session, bool on)
{
    CHECK(m_open.contains(&session) && session.withheld() == on);
    CHECK(on ? m_withheld.insert(&session).second : m_withheld.erase(&session) == 1);
    m_inner->withheld(session, on);
}

std::unique_ptr<SessionPartner> App::enter(Entrant entrant, std::function<void(EntryAnswer)> answered)
{
    struct Partner final : SessionPartner {
        explicit Partner(int& count)
            : living(count)
        {
            ++living;
        }
        ~Partner() override { --living; }
        int& living;
    };
    CHECK(entrant.session && !entrant.request.path.empty() && !entrant.request.headers.empty());
    m_waiting.push_back(std::move(answered));
    return std::make_unique<Partner>(m_partners);
}

/// Whoever went meanwhile is told nothing.
void App::answer(EntryAnswer answer)
{
    for (Session* session : std::set<Session*>(std::exchange(m_held, {})))
        session->release();
    if (m_waiting.empty())
        return;
    m_waiting.front()(std::move(answer));
    m_waiting.erase(m_waiting.begin());
}

Decision App::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    CHECK(session.partner());
    session.send(OutgoingMessage(type, payload));
    if (!payload.empty() && payload.front() == std::byte{'h'} && !session.closing()) {
        session.hold();
        m_held.insert(&session);
    }
    return Decision::allow();
}

void App::part(Session& session, const wire::Event& part)
{
    CHECK(session.partner());
    session.sendPart(part.type, part.payload, part.first, part.last);
}

void WatchedHandler::closed(Session& session)
{
    CHECK(session.ending());
    m_parts.erase(&session);
    m_withheld.erase(&session);
    CHECK(m_open.erase(&session) == 1);
    m_inner->closed(session);
}

void WatchedAudit::record(AuditRecord record) noexcept
{
    if (record.kind != AuditKind::Open && record.kind != AuditKind::Close) {
        CHECK(record.kind == AuditKind::Quarantine || record.decision.reason != Reason::None);
        return;
    }
    CHECK(record.session);
    Counts& counts = m_sessions[record.session];
    if (record.kind == AuditKind::Open) {
        CHECK(++counts.opens == 1 && counts.closes == 0);
    } else {
        CHECK(counts.opens == 1 && ++counts.closes <= 2);
        CHECK(counts.closes == 1 || record.decision.reason == Reason::CloseTimeout);
    }
}

bool WatchedAudit::allClosed() const
{
    return std::all_of(m_sessions.begin(), m_sessions.end(), [](const auto& entry) { return entry.second.closes > 0; });
}

void WatchedEvents::authFailed(AuthFailure failure)
{
    CHECK(isAuthFailure(failure.why.reason));
}

void WatchedEvents::claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done)
{
    CHECK(claim.issuer == "once" && !claim.tokenId.empty());
    if (const auto verdict = std::exchange(m_next, std::nullopt))
        done(*verdict);
    else
        m_claims.push_back(std::move(done));
}

void WatchedEvents::answerClaim(ClaimVerdict verdict)
{
    if (m_claims.empty()) {
        m_next = verdict;
        return;
    }
    m_claims.front()(verdict);
    m_claims.erase(m_claims.begin());
}

void WatchedEvents::answerAllClaims()
{
    while (!m_claims.empty())
        answerClaim(ClaimVerdict::Claimed);
}

void WatchedEvents::banByRule(const IpAddress&, std::chrono::milliseconds duration, const Decision& why)
{
    CHECK(duration.count() > 0 && why.reason == Reason::AuthBruteforce);
}

FakeWorker::FakeWorker(GateParts& parts)
    : WorkerContext(parts.environment, 0)
{
    generation = firstPolicy();
    bans = std::make_shared<const BanSet>();
    const auto peerOf = [this](const Session& session) -> Peer& { return *m_peers.at(session.id()); };
    auto channels = std::make_shared<ChannelHub>(static_cast<WorkerBus&>(*this), 0U, m_budget, NameHash{},
                                                 [this] { return "epoch" + std::to_string(++m_epochs); });
    auto hub = std::make_unique<PlainHub>(static_cast<WorkerContext&>(*this), std::move(channels));
    m_handlers.push_back(std::make_unique<WatchedHandler>(std::move(hub), peerOf));
    m_handlers.push_back(std::make_unique<WatchedHandler>(std::make_unique<Echo>(), peerOf));
    auto app = std::make_unique<App>();
    m_app = app.get();
    m_handlers.push_back(std::make_unique<WatchedHandler>(std::move(app), peerOf));
    now = parts.clock.now();
    wall = parts.clock.wall();
}

FakeWorker::~FakeWorker()
{
    changed.clear();
}

Connection* FakeWorker::accept(Peer& peer, std::size_t listener, const IpAddress& from)
{
    const Limits& limits = policy().limits;
    Arrival arrival;
    arrival.listener = listener;
    arrival.peer = from;
    m_addresses.insert(gate.tables.addresses.find(from.limitKey(), now));
    if (!decideListenerNetworks(policy(), listener, from).allowed())
        return nullptr;
    if (!isTrustedProxy(policy(), listener, from) && enter(*this, arrival, from))
        return nullptr;
    if (!gate.tables.pending.reserve(limits.pending))
        return nullptr;
    Lease pendingSlot(nullptr, gate.tables.pending);
    peer.secure = policy().listeners[listener].tls.has_value();
    auto connection =
        std::make_unique<Connection>(static_cast<WorkerContext&>(*this), std::make_unique<FakeTransport>(peer),
                                     std::move(arrival), std::uint16_t{40000}, std::move(pendingSlot));
    connection->interest = EPOLLIN;
    Connection* raw = connection.get();
    m_live.push_back({std::move(connection), &peer, 0, false});
    return raw;
}

std::vector<FakeWorker::Live>::iterator FakeWorker::find(const Endpoint* connection)
{
    return std::find_if(m_live.begin(), m_live.end(),
                        [connection](const Live& live) { return live.connection.get() == connection; });
}

std::vector<Connection*> FakeWorker::connections() const
{
    std::vector<Connection*> all;
    for (const Live& live : m_live)
        all.push_back(live.connection.get());
    return all;
}

bool FakeWorker::due(const Live& live)
{
    const Connection& connection = *live.connection;
    return !connection.inRead && (live.peer->readable() || connection.phase() == Connection::Phase::Handshake ||
                                  (connection.readWantsWrite() && live.peer->writable()));
}

void FakeWorker::turn()
{
    now = gate.clock.now();
    wall = gate.clock.wall();
    const std::uint64_t queuedBefore = queuedSoFar();
    std::vector<std::pair<std::uint64_t, ClaimVerdict>> verdicts;
    verdicts.swap(m_verdicts);
    for (const auto& [claim, verdict] : verdicts)
        if (const auto found = m_claims.find(claim); found != m_claims.end()) {
            Connection& connection = *found->second;
            m_claims.erase(found);
            guarded(connection, [&connection, verdict = verdict] { connection.claimed(verdict); });
        }
    std::vector<Endpoint*> again;
    again.swap(toRead);
    for (Connection* connection : connections()) {
        const auto found = find(connection);
        if (found == m_live.end())
            continue;
        if (found->peer->end == Peer::End::Reset && !connection->wantsRead() && !connection->dead()) {
            guarded(*connection, [&] { connection->hungUp(); }); // epoll says it, asked or not
            continue;
        }
        if ((connection->interest & EPOLLOUT) != 0 && found->peer->writable())
            requestFlush(*connection);
        if (due(*found))
            guarded(*connection, [&] { connection->onReadable(); });
    }
    for (Endpoint* endpoint : again) {
        endpoint->inRead = false;
        if (!endpoint->dead())
            guarded(*endpoint, [&] { endpoint->onReadable(); });
    }
    wheel.advance(now, [](Timer& timer) {
        Endpoint& endpoint = static_cast<Endpoint::OwnedTimer&>(timer).owner;
        guarded(endpoint, [&] { endpoint.onTimer(); });
    });
    for (std::size_t i = 0; i < toFlush.size(); ++i) {
        Endpoint& endpoint = *toFlush[i];
        endpoint.inFlush = false;
        guarded(endpoint, [&] { endpoint.flush(); });
    }
    toFlush.clear();
    sample();
    const auto dead = [](const Endpoint* endpoint) { return endpoint->dead(); };
    std::erase_if(toRead, dead);
    std::erase_if(changed, dead);
    m_discarded.clear();
    for (Live& live : m_live)
        checkMemory(live, queuedSoFar() - queuedBefore);
}

/// What publish() asks of sessions.
void FakeWorker::sample()
{
    std::vector<Connection*> last;
    last.swap(changed);
    for (const Connection* connection : last) {
        if (Session* session = connection->session(); session && connection->phase() != Connection::Phase::Dead) {
            session->noted = false;
            (void)session->sampleRates();
            CHECK(session->activity().backlog == connection->backlog());
        }
    }
    closed.clear();
}

std::uint64_t FakeWorker::queuedSoFar() const
{
    return counters.bytesOut.value() + counters.messagesOut.value() * frameCost;
}

/// An open session waits with no more than its send buffer when a turn is over; one that is closing, with no more than
/// it had, and what its last turn brought.
void FakeWorker::checkMemory(Live& live, std::uint64_t queued)
{
    const Connection& connection = *live.connection;
    const Session* session = connection.session();
    const std::size_t held = connection.backlogMemory();
    CHECK(connection.phase() != Connection::Phase::Dead);
    CHECK(connection.backlog() == 0 || (connection.interest & EPOLLOUT) != 0); // else it would wait for ever
    if (!session) {
        CHECK(held <= longestReply + controlBurst);
    } else if (!session->closing()) {
        CHECK(connection.phase() == Connection::Phase::Open && held <= session->route().sendBuffer);
    } else if (live.closing) {
        CHECK(held <= live.held);
    } else {
        CHECK(held <= session->route().sendBuffer + longestReply + controlBurst + queued);
    }
    live.closing = session && session->closing();
    live.held = held;
    if (session)
        CHECK(m_handlers[static_cast<std::size_t>(session->route().kind)]->holds(*session) != session->closing());
}

void FakeWorker::end(Connection& connection, const Ending& ending)
{
    if (Session* session = connection.session())
        session->end(ending);
}

void FakeWorker::drain()
{
    draining = true;
    for (Connection* connection : connections())
        connection->drain();
}

void FakeWorker::checkEmpty() const
{
    CHECK(m_live.empty() && m_discarded.empty() && toFlush.empty() && toRead.empty());
    for (const auto& each : m_handlers)
        CHECK(each->empty());
    CHECK(counters.sessions.value() == 0 && counters.pending.value() == 0 && counters.backlog.value() == 0);
    CHECK(counters.accepted.value() == m_peers.size());
    CHECK(gate.tables.sessions.used() == 0 && gate.tables.pending.used() == 0);
    for (const auto& address : m_addresses)
        CHECK(address->sessions.used() == 0 && address->pending.used() == 0);
    for (const char* user : {"ann", "bob", "eve", "one"}) {
        const auto state =
            gate.tables.users.find(userKey(user == std::string_view("one") ? "once" : "local", user), now);
        CHECK(state && state->sessions.used() == 0);
    }
    CHECK(m_claims.empty() && m_app->partners() == 0);
}

RouteHandler& FakeWorker::handler(const Policy& of, std::size_t route)
{
    return *m_handlers[static_cast<std::size_t>(of.routes[route].kind)];
}

bool FakeWorker::adopt(std::unique_ptr<Endpoint>)
{
    return false;
}

void FakeWorker::forget(const Connection& connection)
{
    m_claims.erase(connection.claim);
}

void FakeWorker::discard(Endpoint& endpoint)
{
    const auto found = find(&endpoint);
    CHECK(found != m_live.end());
    m_discarded.push_back(std::move(found->connection));
    m_live.erase(found);
}

void FakeWorker::sessionOpened(Connection& connection)
{
    const auto found = find(&connection);
    CHECK(found != m_live.end() && connection.session());
    CHECK(m_peers.emplace(connection.session()->id(), found->peer).second);
}

void FakeWorker::updateInterest(Endpoint& endpoint)
{
    CHECK(find(&endpoint) != m_live.end());
    endpoint.interest = EPOLLIN | (endpoint.wantsWrite() ? EPOLLOUT : 0U);
}

std::function<void(ClaimVerdict)> FakeWorker::awaitClaim(Connection& connection)
{
    connection.claim = ++m_lastClaim;
    m_claims[connection.claim] = &connection;
    return [this, claim = connection.claim](ClaimVerdict verdict) { m_verdicts.emplace_back(claim, verdict); };
}

bool FakeWorker::send(std::uint32_t, BusItem, bool)
{
    CHECK(false); // there is no other worker
    return false;
}

} // namespace gatehouse::fuzz
