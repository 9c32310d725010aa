// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/centrifugehub.h"

#include "hub/centrifugeclient.h"
#include "net/session.h"
#include "policy/decide.h"

#include <algorithm>

namespace gatehouse {

using namespace clientprotocol;

namespace {

constexpr std::uint64_t largestConnect = 32768; // bytes: a token, and the positions of the channels that it names

std::string_view textOf(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

SharedFrame pingFrame()
{
    std::string text;
    appendPing(text);
    return std::make_shared<const std::vector<std::byte>>(
        wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(text))));
}

/// The first command of a message that came before there was a session.
std::optional<Result<ClientCommand, CommandError>> firstCommand(MessageValidator& validator, std::string_view message)
{
    return ClientCommandReader(validator, message, {}).next();
}

} // namespace

CentrifugeHub::CentrifugeHub(WorkerContext& context, std::shared_ptr<ChannelHub> channels)
    : m_context(context)
    , m_channels(std::move(channels))
    , m_ping(pingFrame())
{
}

CentrifugeHub::~CentrifugeHub() = default;

/// Channels are asked for later.
Decision CentrifugeHub::admit(const Policy&, const Identity&, const RouteMatch&)
{
    return Decision::allow();
}

void CentrifugeHub::opened(Session& session)
{
    auto client = std::make_shared<CentrifugeClient>(m_context, *m_channels, session);
    m_clients.emplace(&session, client);
    client->begin();
}

Decision CentrifugeHub::message(Session& session, wire::Opcode, std::span<const std::byte> payload)
{
    if (const auto client = find(session))
        client->message(textOf(payload));
    return Decision::allow();
}

void CentrifugeHub::withheld(Session& session, bool on)
{
    if (const auto client = find(session))
        client->withheld(on);
}

void CentrifugeHub::woken(Session& session)
{
    if (const auto client = find(session))
        client->woken();
}

void CentrifugeHub::termsChanged(Session& session)
{
    if (const auto client = find(session))
        client->termsChanged();
}

void CentrifugeHub::closed(Session& session)
{
    const auto found = m_clients.find(&session);
    if (found == m_clients.end())
        return;
    const auto client = std::move(found->second);
    m_clients.erase(found);
    client->closed();
}

/// Before `connect` nobody answers it.
SharedFrame CentrifugeHub::ping(const Session& session) const
{
    const auto found = m_clients.find(&session);
    return found != m_clients.end() && found->second->connected() ? m_ping : nullptr;
}

std::uint64_t CentrifugeHub::firstMessageLimit() const
{
    return largestConnect;
}

Result<FirstMessageToken, Decision> CentrifugeHub::tokenIn(std::string_view message)
{
    const auto command = firstCommand(m_context.validator, message);
    if (!command || !*command)
        return Failure{
            Decision{Reason::Schema, {}, command ? commandErrorText(command->error()) : "nothing", "connect"}};
    const auto* connect = std::get_if<ConnectRequest>(&(*command)->request);
    if (!connect)
        return Failure{Decision{Reason::Schema, {}, "a command before connect", "connect"}};
    if (connect->token.empty())
        return Failure{Decision{Reason::AuthMissing, {}, "a connect without a token", "a token"}};
    return FirstMessageToken{connect->token, true};
}

std::optional<FirstRefusal> CentrifugeHub::refusedFirst(std::string_view message, const Decision& why)
{
    const auto said = [](DisconnectCode code) { return FirstRefusal{{}, static_cast<std::uint16_t>(code)}; };
    if (why.reason == Reason::AuthMissing)
        return said(DisconnectCode::InvalidToken);
    const bool expired = isExpiry(why);
    if (!expired && why.reason != Reason::Revoked && why.reason != Reason::Schema)
        return std::nullopt;
    FirstRefusal refusal = said(expired                         ? DisconnectCode::ConnectionExpired
                                : why.reason == Reason::Revoked ? DisconnectCode::StateInvalidated
                                                                : DisconnectCode::BadRequest);
    const auto command = firstCommand(m_context.validator, message);
    if (!command)
        return refusal;
    const std::uint32_t id = *command ? (*command)->id : command->error().id;
    if (id != 0)
        appendError(refusal.message, id,
                    expired                         ? ErrorCode::TokenExpired
                    : why.reason == Reason::Revoked ? ErrorCode::TokenRevoked
                    : *command                      ? ErrorCode::BadRequest
                                                    : errorCodeOf(command->error()));
    return refusal;
}

/// Channels have one handler at each worker that speaks for them, which is not this one.
void CentrifugeHub::received(BusItem) {}

void CentrifugeHub::tick()
{
    for (const auto& client : changed())
        client->tick();
}

std::size_t CentrifugeHub::unsubscribe(const ClientSelector& who, const std::string& channel)
{
    std::size_t count = 0;
    for (const auto& client : select(who))
        count += client->unsubscribe(channel);
    return count;
}

std::size_t CentrifugeHub::subscribe(const ClientSelector& who, const ServerSubscription& subscription)
{
    std::size_t count = 0;
    for (const auto& client : select(who))
        count += client->subscribe(subscription) ? 1U : 0U;
    return count;
}

std::size_t CentrifugeHub::refresh(const ClientSelector& who, std::optional<WallTime> expires)
{
    const auto clients = select(who);
    for (const auto& client : clients)
        client->refreshed(expires);
    return clients.size();
}

std::shared_ptr<CentrifugeClient> CentrifugeHub::find(const Session& session) const
{
    const auto found = m_clients.find(&session);
    return found == m_clients.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<CentrifugeClient>> CentrifugeHub::select(const ClientSelector& who) const
{
    std::vector<std::shared_ptr<CentrifugeClient>> clients;
    if (who.user.empty() && who.client.empty())
        return clients;
    for (const auto& [session, client] : m_clients)
        if ((who.user.empty() || session->who().user == who.user) && (who.client.empty() || client->id() == who.client))
            clients.push_back(client);
    return clients;
}

std::vector<std::shared_ptr<CentrifugeClient>> CentrifugeHub::changed() const
{
    std::vector<std::shared_ptr<CentrifugeClient>> clients;
    for (const auto& [session, client] : m_clients)
        if (client->changed())
            clients.push_back(client);
    return clients;
}

} // namespace gatehouse
