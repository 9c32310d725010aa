// SPDX-License-Identifier: GPL-3.0-or-later
#include "livegate.h"

#include "auth/token.h"
#include "runtime/generation.h"

#include <future>
#include <stdexcept>

namespace gatehouse::test {

namespace {

void prepare(Policy& policy)
{
    policy.workers = 2;
    policy.listeners[0].trustedProxies.clear();
    Listener edge = policy.listeners[1];
    edge.name = "edge";
    edge.trustedProxies = {*Network::parse("127.50.0.0/24")};
    policy.listeners.push_back(edge);
    policy.roles = {"reader", "editor"};
    policy.issuers[0].rolesAllowed = {"*"};
    policy.channels = {{"**", {"*"}, {"*"}, {}}};
    Route& hub = policy.routes[0];
    hub.authentication.from = {TokenPlace::Authorization, TokenPlace::Cookie, TokenPlace::FirstMessage};
    hub.authentication.cookie = "t";
    hub.origins.push_back({OriginRule::Kind::Exact, "https", "app.example", 443, "https://app.example"});
    hub.subprotocols.allow = {"v1.plc"};
    hub.sessionLifetime.reset();
}

template <class Answer, class Ask> Answer wait(Ask ask)
{
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    ask([promise](Answer value) { promise->set_value(std::move(value)); });
    if (answer.wait_for(ceiling) != std::future_status::ready)
        throw std::runtime_error("the gate did not answer");
    return answer.get();
}

std::string nameOf(const SessionFacts& facts)
{
    return facts.who.anonymous() ? facts.client.toString() : facts.who.user;
}

} // namespace

void GateNotes::record(AuditRecord record) noexcept
{
    const std::lock_guard lock(m_mutex);
    m_records.push_back(std::move(record));
}

void GateNotes::claimToken(TokenClaim, std::function<void(ClaimVerdict)> done)
{
    if (!m_held)
        return done(ClaimVerdict::Claimed);
    const std::lock_guard lock(m_mutex);
    m_claims.push_back(std::move(done));
}

void GateNotes::answerClaims(ClaimVerdict verdict)
{
    std::vector<std::function<void(ClaimVerdict)>> claims;
    {
        const std::lock_guard lock(m_mutex);
        claims.swap(m_claims);
    }
    for (const auto& done : claims)
        done(verdict);
}

std::size_t GateNotes::heldClaims() const
{
    const std::lock_guard lock(m_mutex);
    return m_claims.size();
}

std::vector<AuditRecord> GateNotes::records(AuditKind kind) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<AuditRecord> found;
    for (const AuditRecord& record : m_records)
        if (record.kind == kind)
            found.push_back(record);
    return found;
}

LiveGate::LiveGate(const Change& change)
    : m_server({}, &clock)
{
    m_server.stop();
    auto policy = std::make_shared<Policy>(m_server.policy());
    prepare(*policy);
    if (change)
        change(*policy);
    m_generation = makeGeneration(policy, clock).value();
    const auto started =
        gate.start(m_generation, std::make_shared<const BanSet>(), std::make_shared<const RevocationSet>(), 0);
    if (!started)
        throw std::runtime_error(started.error());
}

std::uint16_t LiveGate::port(std::string_view listener) const
{
    for (const ListenerInfo& info : gate.listeners())
        if (info.name == listener)
            return static_cast<std::uint16_t>(std::stoi(info.url.substr(info.url.rfind(':') + 1)));
    throw std::runtime_error("no such listener");
}

std::shared_ptr<const PolicyGeneration> LiveGate::next(const Change& change) const
{
    auto policy = std::make_shared<Policy>(*m_generation->policy);
    ++policy->version;
    change(*policy);
    auto made = makeGeneration(policy, clock, m_generation.get());
    if (!made)
        throw std::runtime_error(made.error());
    return *made;
}

PolicyMet LiveGate::apply(const Change& change)
{
    return apply(next(change));
}

PolicyMet LiveGate::apply(const std::shared_ptr<const PolicyGeneration>& generation)
{
    m_generation = generation;
    return wait<PolicyMet>([&](auto done) {
        if (const auto applied = gate.apply(generation, std::move(done)); !applied)
            throw std::runtime_error(applied.error());
    });
}

std::vector<LiveSession> LiveGate::sessions()
{
    return wait<std::vector<LiveSession>>([&](auto done) { gate.gatherSessions(std::move(done)); });
}

LiveSession LiveGate::session(const std::string& name)
{
    for (LiveSession& session : sessions())
        if (nameOf(*session.facts) == name)
            return std::move(session);
    throw std::runtime_error("no session of " + name);
}

SessionRow LiveGate::row(const std::string& name)
{
    const SessionId id = session(name).facts->id;
    const auto rows = wait<std::vector<std::optional<SessionRow>>>([&](auto done) {
        gate.gather<std::optional<SessionRow>>([id](const Worker& worker) { return worker.row(id); }, std::move(done));
    });
    for (const auto& row : rows)
        if (row)
            return *row;
    throw std::runtime_error("no row of " + name);
}

std::string LiveGate::token(const std::string& user, const std::vector<std::string>& roles,
                            std::chrono::seconds ttl) const
{
    return mintToken(*m_generation->policy, {user, roles, ttl, {}}, clock.wall()).value();
}

ByteClient LiveGate::enter(std::string_view listener, const UpgradeOptions& upgrade,
                           const ByteClient::Options& options) const
{
    const auto security = listener == "public" ? ByteClient::Security::Tls : ByteClient::Security::Plain;
    ByteClient client(port(listener), security, options);
    if (const HttpAnswer answer = client.upgrade(upgrade); answer.status != 101)
        throw std::runtime_error("not let in: " + answer.text);
    return client;
}

ByteClient LiveGate::join(const std::string& channel, const std::string& user,
                          const std::vector<std::string>& roles) const
{
    UpgradeOptions upgrade;
    upgrade.path = "/hub/" + channel;
    upgrade.token = token(user, roles);
    return enter("lab", upgrade);
}

std::string nameOf(const AffectedSession& session)
{
    return session.user.empty() ? session.address : session.user;
}

bool stillServed(ByteClient& client, const std::string& message)
{
    return client.text(message) && client.nextData().payload == message;
}

} // namespace gatehouse::test
