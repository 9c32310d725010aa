// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/session.h"
#include "net/sessioninfo.h"
#include "policy/decide.h"

#include <algorithm>
#include <utility>

// A session and the policies that come while it is open.
namespace gatehouse {

/// Where the route switched compression off, a peer that goes on compressing gets no more room than any other.
wire::DecoderLimits Session::decoderLimits(const Route& route, bool deflate)
{
    wire::DecoderLimits limits{route.messages.maxSize, route.messages.maxFragments};
    if (deflate)
        limits.maxInflated = route.compression ? route.compression->maxInflated : route.messages.maxSize;
    return limits;
}

void Session::findChannelRule()
{
    m_channelSchema = nullptr;
    m_channelRule = 0;
    const auto rule = m_match.channel.empty() ? std::nullopt : matchChannel(policy(), m_who, m_match.channel);
    if (!rule)
        return;
    m_channelRule = *rule;
    if (const auto& schema = policy().channels[*rule].schema)
        m_channelSchema = &*schema;
}

LiveSession Session::live() const
{
    LiveSession session{m_facts, m_info, 0, 0, {}};
    if (m_meter) {
        session.messagesInRate = m_meter->rate(0);
        session.bytesInRate = m_meter->rate(2);
    }
    if (!paused())
        session.idleSince = std::max(m_lastMessage, m_resumed);
    return session;
}

void Session::meetPolicy()
{
    m_policyEpoch = m_context.policyEpoch;
    const std::shared_ptr<const PolicyGeneration> next = m_context.generation;
    if (closing())
        return;
    const LiveSession now = live();
    const Lockdown* lockdown = m_context.lockedDown();
    auto terms = decideSession(*next, now, m_context.now, m_context.wall, lockdown);
    if (terms) {
        adopt(next, std::move(*terms));
        return;
    }
    const Reason reason = terms.error().reason;
    const std::uint16_t code = policyCloseCode(reason);
    if (m_context.sweeping)
        m_context.endedByPolicy.push_back(affectedSession(now, terms.error(), code));
    m_endedByVersion = next->policy->version;
    const bool locked = reason == Reason::Lockdown;
    end({std::move(terms.error()), code,
         locked && !lockdown->reason.empty() ? lockdown->reason : std::string(reasonWord(reason)),
         locked ? lockdown->actor : std::string()});
}

void Session::adopt(std::shared_ptr<const PolicyGeneration> next, SessionTerms terms)
{
    const auto before = std::exchange(m_generation, std::move(next));
    const Route& was = before->policy->routes[m_match.route];
    m_match = std::move(terms.match);
    const Route& is = route();
    if (!m_who.anonymous())
        m_who = std::move(terms.who);
    m_expires = terms.expires;
    m_mayPublish.reset();
    findChannelRule();
    m_decoder.setLimits(decoderLimits(is, m_deflateWindow.has_value()));
    choosePartSize();
    m_messages.rescale(was.messages.rate, is.messages.rate, m_context.now);
    m_bytes.rescale(was.messages.bytes, is.messages.bytes, m_context.now);
    m_control.rescale(was.controlFrames, is.controlFrames, m_context.now);
    restartTimers(was);
    auto info = std::make_shared<SessionInfo>(*m_info);
    showPolicy(*info, policy(), m_match.route, m_who);
    m_info = std::move(info);
    noteChange();
    m_handler.termsChanged(*this);
}

/// Nobody is blamed for a deadline that is over the moment it is set: what was begun has the new time from now on. Idle
/// time and lifetime were decided already.
void Session::restartTimers(const Route& was)
{
    const Route& is = route();
    if (was.ping != is.ping && (m_pingPending || !was.ping))
        m_pingSent = m_context.now;
    if (!is.ping)
        m_pingPending = false;
    if (was.messages.completeWithin != is.messages.completeWithin && m_messageStarted != TimePoint{})
        m_messageStarted = m_context.now;
    askForRoom();
    m_connection.startTimer();
}

} // namespace gatehouse
