// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/token.h"
#include "domain/steadytime.h"
#include "net/connection.h"
#include "net/session.h"
#include "net/sessioninfo.h"

#include <algorithm>

// A session whose messages hold many things each, and whose user shows new tokens while it is open.
namespace gatehouse {

void Session::onUnits(const wire::Event& event)
{
    m_bytesIn += event.payload.size();
    m_context.counters.bytesIn.add(event.payload.size());
    noteChange();
    if (!isOfGoodType(event))
        return;
    m_wireExcess = event.wireSize > event.payload.size() ? event.wireSize - event.payload.size() : 0;
    if (Decision decision = m_handler.message(*this, event.type, event.payload); !decision.allowed())
        refuse(std::move(decision));
}

void Session::takeFirst(std::string_view message)
{
    wire::Event event;
    event.kind = wire::Event::Kind::Message;
    event.type = wire::Opcode::Text;
    event.payload = std::as_bytes(std::span(message));
    event.wireSize = message.size();
    if (!closing())
        onMessage(event);
}

Decision Session::charge(std::size_t bytes)
{
    countMessage();
    m_lastMessage = m_context.now;
    return askRates(std::max<std::uint64_t>(bytes + std::exchange(m_wireExcess, 0), 1), Share::Whole);
}

Decision Session::checkData(std::string_view json, std::size_t channelRule)
{
    const bool ofChannel = policy().channels[channelRule].schema.has_value();
    if (!route().messages.schema && !ofChannel)
        return Decision::allow();
    Decision decision = checkSchemas(std::as_bytes(std::span(json)), ofChannel ? &channelRule : nullptr);
    if (decision.allowed() || route().messages.onViolation != OnViolation::Report)
        return decision;
    refuseData(std::move(decision));
    return Decision::allow();
}

void Session::deny(const Decision& decision)
{
    noteRefusal(decision);
    report(AuditKind::Limit, decision, 0, {}, "refused");
}

std::size_t Session::backlog() const
{
    return m_connection.backlogMemory();
}

void Session::showChannels(std::vector<std::string> channels)
{
    auto info = std::make_shared<SessionInfo>(*m_info);
    info->channels = std::move(channels);
    m_info = std::move(info);
    noteChange();
}

void Session::wakeAt(TimePoint time)
{
    m_wakeAt = time;
    if (!closing())
        m_connection.startTimer();
}

/// What another policy would ask of the session is asked of the new token.
void Session::renew(const VerifiedToken& token)
{
    m_who = token.who;
    auto facts = std::make_shared<SessionFacts>(*m_facts);
    facts->who = token.who;
    facts->token = token.evidence;
    facts->source = TokenSource{TokenPlace::FirstMessage, {}};
    facts->certificate = nullptr;
    m_facts = std::move(facts);
    auto info = std::make_shared<SessionInfo>(*m_info);
    info->keyId = m_who.keyId;
    info->tokenId = m_who.tokenId;
    info->tokenExpires = m_who.expires;
    showPolicy(*info, policy(), m_match.route, m_who);
    m_info = std::move(info);
    m_mayPublish.reset();
    m_expires = expiryOf(policy(), m_who, m_context.now, m_context.wall);
    m_connection.startTimer();
    noteChange();
}

/// What another policy would ask of the session is asked of its token as if that ended then.
void Session::expireAt(WallTime time)
{
    if (time > m_context.wall) {
        m_who.expires = time;
        auto facts = std::make_shared<SessionFacts>(*m_facts);
        facts->who.expires = time;
        m_facts = std::move(facts);
        m_expires = expiryOf(policy(), m_who, m_context.now, m_context.wall);
    }
    m_endsBy = steadyTime(time, m_context.now, m_context.wall);
    auto info = std::make_shared<SessionInfo>(*m_info);
    info->tokenExpires = time;
    m_info = std::move(info);
    m_connection.startTimer();
    noteChange();
}

} // namespace gatehouse
