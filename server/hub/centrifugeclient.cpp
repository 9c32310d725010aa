// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/centrifugeclient.h"

#include "auth/revocations.h"
#include "domain/ban.h"
#include "hub/centrifugesubscription.h"
#include "net/banset.h"
#include "net/checktoken.h"
#include "net/reevaluation.h"
#include "policy/decide.h"

#include <algorithm>
#include <utility>

// A client from its `connect` to its end, and its tokens.
namespace gatehouse {

using namespace clientprotocol;

namespace {

constexpr std::size_t mostQuestions = 64; // of one session, at the homes of its channels
constexpr std::size_t largestOut = 65536; // bytes of replies that are gathered

} // namespace

CentrifugeClient::CentrifugeClient(WorkerContext& context, ChannelHub& channels, Session& session)
    : m_context(context)
    , m_channels(channels)
    , m_session(session)
    , m_id(std::to_string(session.id().value))
{
}

CentrifugeClient::~CentrifugeClient() = default;

void CentrifugeClient::begin()
{
    m_connectBy = m_context.now + m_session.route().authentication.firstMessageWithin;
    schedule();
}

void CentrifugeClient::message(std::string_view text)
{
    const auto self = shared_from_this();
    m_gathering = true;
    ClientCommandReader reader(m_context.validator, text,
                               {m_session.route().messages.maxCommandsPerFrame, m_session.policy().channelsPerSession});
    while (m_state != State::Gone) {
        const auto command = reader.next();
        if (!command)
            break;
        take(*command, reader.line().size());
        if (m_out.size() >= largestOut)
            flush();
        (void)m_session.mayGoOn(); // where not, it is gone by now
    }
    m_gathering = false;
    flush();
}

/// Each command is charged for, whatever it is worth.
void CentrifugeClient::take(const Result<ClientCommand, CommandError>& command, std::size_t bytes)
{
    if (command && std::holds_alternative<Pong>(command->request)) {
        (void)m_session.chargePong();
        return;
    }
    if (Decision charged = m_session.charge(bytes); !charged.allowed()) {
        sayError(command ? command->id : command.error().id, ErrorCode::TooManyRequests);
        flush();
        m_session.refuseRate(std::move(charged));
        return;
    }
    if (!command) {
        refuseCommand(command.error());
        return;
    }
    if (m_state == State::New && !std::holds_alternative<ConnectRequest>(command->request)) {
        end(misuse("a command before connect", "connect"), DisconnectCode::BadRequest);
        return;
    }
    std::visit([&](const auto& request) { run(command->id, request); }, command->request);
}

void CentrifugeClient::refuseCommand(const CommandError& error)
{
    sayError(error.id, errorCodeOf(error));
    Decision why = misuse(commandErrorText(error), {});
    flush();
    if (error.fault == CommandFault::UnknownMethod) // a newer client's, which breaks nothing
        m_session.deny(why);
    else
        m_session.violate(std::move(why));
}

void CentrifugeClient::run(std::uint32_t id, const ConnectRequest& request)
{
    if (!acceptsToken(request.token))
        return;
    if (m_state != State::New) {
        end(misuse("a second connect", "one"), DisconnectCode::BadRequest);
        return;
    }
    HubClaims claims;
    if (const auto& token = m_session.facts().token)
        claims = readHubClaims(*token);
    if (claims.channel) {
        end({Reason::JwtClaims, {}, "a token for a channel", "a token to connect with"}, DisconnectCode::InvalidToken);
        return;
    }
    m_info = std::move(claims.info);
    m_state = State::Connecting;
    m_connecting = std::make_unique<Connecting>();
    m_connecting->id = id;
    ConnectResult& result = m_connecting->result;
    result.client = m_id;
    result.version = "Gatehouse";
    const Route& route = m_session.route();
    if (looksAt(route.authentication, TokenPlace::FirstMessage)) // else there is no place for another token
        result.ttl = timeToLive(m_session.who().expires, m_context.wall);
    if (route.ping) {
        result.ping = std::chrono::ceil<std::chrono::seconds>(route.ping->every);
        result.pong = true;
    }
    m_connecting->missing = 1; // until all are asked for
    subscribeByClaims(request, claims);
    --m_connecting->missing;
    settleConnect();
}

/// What the token says of channels is the user's wish; the policy decides.
void CentrifugeClient::subscribeByClaims(const ConnectRequest& request, const HubClaims& claims)
{
    for (const std::string& channel : claims.channels) {
        Decision allowed =
            m_subscriptions.size() < m_session.policy().channelsPerSession
                ? decideChannel(m_session.policy(), m_session.who(), channel, ChannelRight::Subscribe)
                : Decision{Reason::ChannelLimit, {"/channels_per_session", "channels_per_session"}, {}, {}};
        if (!allowed.allowed()) {
            m_session.deny(allowed);
            continue;
        }
        Wish wish;
        wish.channel = channel;
        wish.joinLeave = true;
        wish.byToken = true;
        const auto had = std::find_if(request.subs.begin(), request.subs.end(),
                                      [&](const auto& sub) { return sub.first == channel; });
        if (had != request.subs.end() && had->second.recover)
            wish.since = had->second.position;
        ++m_connecting->missing;
        start(std::move(wish), [this, channel](Result<SubscribeResult, ErrorCode> result) {
            if (!m_connecting)
                return;
            if (result)
                m_connecting->result.subs.emplace_back(channel, std::move(*result));
            --m_connecting->missing;
            settleConnect();
        });
    }
}

void CentrifugeClient::settleConnect()
{
    if (!m_connecting || m_connecting->missing > 0)
        return;
    const auto connecting = std::move(m_connecting);
    m_state = State::Connected;
    schedule();
    say(connecting->id, connecting->result);
}

/// The token of a `connect` beside the one that opened the session: the same, or none.
bool CentrifugeClient::acceptsToken(std::string_view token)
{
    const Authentication& authentication = m_session.route().authentication;
    if (token.empty() || !looksAt(authentication, TokenPlace::FirstMessage))
        return true;
    const auto verified = checkToken(m_context, m_session.generation(), m_session.routeIndex(), token);
    const auto& had = m_session.facts().token;
    if (verified && had && verified->evidence && *verified->evidence == *had)
        return true;
    end(verified ? Decision{Reason::AuthAmbiguous, {}, "another token than the one that it came in with", "one token"}
                 : verified.error(),
        DisconnectCode::InvalidToken);
    return false;
}

void CentrifugeClient::run(std::uint32_t id, const RefreshRequest& request)
{
    if (!looksAt(m_session.route().authentication, TokenPlace::FirstMessage) || m_session.who().anonymous()) {
        sayError(id, ErrorCode::NotAvailable);
        return;
    }
    const Policy& policy = m_session.policy();
    const auto verified = checkToken(m_context, m_session.generation(), m_session.routeIndex(), request.token);
    if (!verified) {
        const bool expired = isExpiry(verified.error());
        end(verified.error(), expired ? DisconnectCode::ConnectionExpired : DisconnectCode::InvalidToken);
        return;
    }
    const Identity& who = verified->who;
    if (Decision revoked = decideRevocation(*m_context.revocations, who, m_context.wall); !revoked.allowed()) {
        end(std::move(revoked), DisconnectCode::StateInvalidated);
        return;
    }
    if (const Ban* ban = m_context.bans->matchToken(who.issuer, who.tokenId, m_context.wall)) {
        end({Reason::Banned, banRule(*ban), who.user, {}}, DisconnectCode::ForceDisconnect);
        return;
    }
    if (who.issuer != m_session.who().issuer || who.user != m_session.who().user) {
        end({Reason::JwtClaims, {}, "a token of somebody else", "the same user"}, DisconnectCode::InvalidToken);
        return;
    }
    if (readHubClaims(*verified->evidence).channel) {
        end({Reason::JwtClaims, {}, "a token for a channel", "a token to connect with"}, DisconnectCode::InvalidToken);
        return;
    }
    if (who.onceUntil) { // it would have to be used up on disk first
        sayError(id, ErrorCode::NotAvailable, "tokens of this issuer are good once: connect anew");
        return;
    }
    if (Decision roles = decideRoles(policy, m_session.routeIndex(), who); !roles.allowed()) {
        end(std::move(roles), DisconnectCode::PermissionDenied);
        return;
    }
    m_session.renew(*verified);
    termsChanged();
    say(id, RefreshResult{timeToLive(who.expires, m_context.wall)});
}

/// The subscriber's own: the same user, and this channel.
Result<CentrifugeClient::ChannelToken, ErrorCode> CentrifugeClient::readChannelToken(const std::string& channel,
                                                                                     std::string_view token)
{
    const auto refuse = [&](Decision why, ErrorCode code) {
        m_session.deny(why);
        return Failure{code};
    };
    if (token.empty())
        return refuse({Reason::AuthMissing, {}, "no token for the channel", "a token"}, ErrorCode::PermissionDenied);
    const auto verified = checkToken(m_context, m_session.generation(), m_session.routeIndex(), token);
    if (!verified)
        return refuse(verified.error(),
                      isExpiry(verified.error()) ? ErrorCode::TokenExpired : ErrorCode::PermissionDenied);
    const Identity& who = verified->who;
    if (Decision revoked = decideRevocation(*m_context.revocations, who, m_context.wall); !revoked.allowed())
        return refuse(std::move(revoked), ErrorCode::TokenRevoked);
    const HubClaims claims = readHubClaims(*verified->evidence);
    if (!claims.channel || *claims.channel != channel)
        return refuse({Reason::JwtClaims, {}, "a token for something else", "channel"}, ErrorCode::PermissionDenied);
    if (who.issuer != m_session.who().issuer || who.user != m_session.who().user)
        return refuse({Reason::JwtClaims, {}, "a token of somebody else", "the same user"},
                      ErrorCode::PermissionDenied);
    if (who.onceUntil)
        return refuse({Reason::JwtClaims, {}, "a token of an issuer whose tokens are good once", {}},
                      ErrorCode::NotAvailable);
    return ChannelToken{claims.info, who.expires};
}

void CentrifugeClient::woken()
{
    const TimePoint now = m_context.now;
    if (m_state == State::New && now >= m_connectBy) {
        const Route& route = m_session.route();
        end({Reason::MsgTimeout,
             routeRule(m_session.policy(), m_session.routeIndex(), "authentication/first_message_within"), "no connect",
             std::to_string(route.authentication.firstMessageWithin.count()) + " ms"},
            DisconnectCode::Stale);
        return;
    }
    std::vector<std::string> over;
    for (const auto& [channel, subscription] : m_subscriptions)
        if (now >= subscription->expires)
            over.push_back(channel);
    for (const std::string& channel : over)
        endSubscription(channel, UnsubscribeCode::Expired);
    schedule();
}

void CentrifugeClient::schedule()
{
    TimePoint first = m_state == State::New ? m_connectBy : TimePoint::max();
    for (const auto& [channel, subscription] : m_subscriptions)
        if (subscription->on)
            first = std::min(first, subscription->expires);
    m_session.wakeAt(first);
}

void CentrifugeClient::closed()
{
    m_state = State::Gone;
    m_out.clear();
    m_connecting.reset();
    while (!m_subscriptions.empty())
        leave(std::string(m_subscriptions.begin()->first));
}

void CentrifugeClient::asked()
{
    if (++m_questions >= mostQuestions)
        m_session.hold();
}

void CentrifugeClient::answered()
{
    if (--m_questions < mostQuestions / 2)
        m_session.release();
}

void CentrifugeClient::sayError(std::uint32_t id, ErrorCode code, std::string_view text)
{
    if (id == 0 || m_state == State::Gone) // clients take a reply without an id for a ping
        return;
    appendError(m_out, id, code, text);
    if (!m_gathering)
        flush();
}

/// What comes by itself comes behind the replies that were there before.
void CentrifugeClient::push(const std::string& text)
{
    if (m_state == State::Gone)
        return;
    flush();
    m_session.reply(std::as_bytes(std::span(text)));
}

void CentrifugeClient::flush()
{
    if (m_out.empty() || m_state == State::Gone)
        return;
    m_session.reply(std::as_bytes(std::span(m_out)));
    m_out.clear();
}

void CentrifugeClient::end(Decision why, DisconnectCode code)
{
    flush();
    const std::string word(reasonWord(why.reason));
    m_session.end({std::move(why), static_cast<std::uint16_t>(code), word, {}, {}, true});
}

Decision CentrifugeClient::misuse(std::string met, std::string limit) const
{
    return {Reason::Schema, routeRule(m_session.policy(), m_session.routeIndex(), "hub/protocol"), std::move(met),
            std::move(limit)};
}

} // namespace gatehouse
