// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewaypartner.h"

#include "net/session.h"
#include "policy/decide.h"

#include <algorithm>
#include <utility>

// What goes through between a session and its upstream, and how the end of one becomes the end of the other.
namespace gatehouse {

namespace {

/// What an upstream breaks of the policy and not of RFC 6455.
bool breaksPolicyAlone(Reason broke)
{
    return broke == Reason::TooBig || broke == Reason::Fragments || broke == Reason::MsgTimeout;
}

std::string_view ruleBroken(Reason broke)
{
    switch (broke) {
    case Reason::TooBig:
        return "messages/max_size";
    case Reason::Fragments:
        return "messages/max_fragments";
    case Reason::MsgTimeout:
        return "messages/complete_within";
    default:
        return "control_frames";
    }
}

} // namespace

std::size_t GatewayPartner::routeIndex() const
{
    return static_cast<std::size_t>(&m_session->route() - m_session->policy().routes.data());
}

/// Something must see a message of the upstream's before any of it goes on.
bool GatewayPartner::wantsWhole() const
{
    const Route& route = m_session->route();
    return route.messages.upstreamSchema || route.slowConsumer == SlowConsumer::DropNewest ||
           !m_session->info().compression.empty();
}

LinkTerms GatewayPartner::terms() const
{
    const Policy& policy = m_session ? m_session->policy() : *m_context.generation->policy;
    LinkTerms terms;
    terms.closeTimeout = policy.limits.closeTimeout;
    if (!m_session && !m_entry)
        return terms;
    const Route& route = m_session ? m_session->route() : m_entry->route();
    terms.limits = {route.messages.maxSize, route.messages.maxFragments, {}};
    terms.completeWithin = route.messages.completeWithin;
    terms.ping = route.ping;
    terms.controlFrames = route.controlFrames;
    terms.partSize = m_session && !wantsWhole() ? partSize : 0;
    return terms;
}

void GatewayPartner::opened(Session& session)
{
    m_session = &session;
    if (m_ended) {
        ended(LinkEnd(*m_ended));
        return;
    }
    if (m_link) {
        pace();
        m_link->start();
    }
}

void GatewayPartner::relay(wire::Opcode type, std::span<const std::byte> payload, bool first, bool last)
{
    if (!m_link)
        return;
    m_link->send(type, payload, first, last);
    if (m_link && m_link->full())
        m_session->hold();
}

void GatewayPartner::roomAgain()
{
    if (m_session)
        m_session->release();
}

void GatewayPartner::sessionRoom()
{
    pace();
}

void GatewayPartner::withheld(bool)
{
    pace();
}

/// The upstream is read while the session takes what comes of it. What is dropped needs no room.
void GatewayPartner::pace()
{
    if (!m_link || !m_session)
        return;
    const bool drops = m_session->route().slowConsumer == SlowConsumer::DropNewest;
    m_link->hold(m_session->withheld() || (!drops && m_session->congested()));
}

void GatewayPartner::message(wire::Opcode type, std::span<const std::byte> payload)
{
    const MessageTimes::Handling timed(m_context.messageTimes);
    if (!m_session || m_session->closing() || !passes(checkMessage(type, payload)))
        return;
    m_session->send(type, payload);
    pace();
}

void GatewayPartner::part(const wire::Event& part)
{
    if (!m_session || m_session->closing())
        return;
    std::optional<MessageTimes::Handling> timed; // of a message its first part
    if (part.first)
        timed.emplace(m_context.messageTimes);
    if (part.first)
        m_dropping = !passes(decideType(m_session->policy(), routeIndex(), part.type == wire::Opcode::Binary));
    if (m_dropping || !m_session)
        return;
    m_session->sendPart(part.type, part.payload, part.first, part.last);
    pace();
}

Decision GatewayPartner::checkMessage(wire::Opcode type, std::span<const std::byte> payload)
{
    Decision decision = decideType(m_session->policy(), routeIndex(), type == wire::Opcode::Binary);
    return decision.allowed() ? checkSchema(payload) : decision;
}

/// A message of either type is JSON by its bytes (RFC 8259 §8.1). Where in the schema; of the message nothing.
Decision GatewayPartner::checkSchema(std::span<const std::byte> payload)
{
    const auto& schema = m_session->route().messages.upstreamSchema;
    if (!schema)
        return Decision::allow();
    const auto misfit = [&](std::string met, std::string_view pointer) {
        return Decision{Reason::Schema, routeRule(m_session->policy(), routeIndex(), "messages/schema/upstream"),
                        std::move(met), schema->file.filename().string() + '#' + std::string(pointer)};
    };
    if (const auto fault = m_context.validator.read(payload))
        return misfit(std::string(jsonFaultText(*fault)), {});
    if (!schema->compiled) // a failure never opens the gate
        return misfit("the schema is not compiled", {});
    if (const auto mismatch = m_context.validator.check(*schema->compiled))
        return misfit(mismatch->tooMuchWork ? "too much work to check" : "does not fit", mismatch->pointer);
    return Decision::allow();
}

/// The reason becomes the upstream's; what it was stands in `met`.
bool GatewayPartner::passes(Decision decision)
{
    if (decision.allowed())
        return true;
    const std::string_view word = reasonWord(decision.reason);
    decision.met = decision.met.empty() ? std::string(word) : std::string(word) + ": " + decision.met;
    decision.reason = Reason::UpstreamMessage;
    const Messages& rules = m_session->route().messages;
    if (rules.onViolation == OnViolation::Report) {
        m_context.counters.reported.add();
        record(decision, "let through");
        return true;
    }
    ++m_refused;
    m_context.counters.refused[static_cast<std::size_t>(Reason::UpstreamMessage)].add();
    if (rules.onViolation == OnViolation::Close) {
        violated(std::move(decision));
    } else if (m_context.now >= m_nextDropRecord) { // once in a window, since it never ends
        m_nextDropRecord = m_context.now + rules.violationsWithin;
        record(decision, "dropped; " + std::to_string(m_refused) + " of the upstream refused so far");
    }
    return false;
}

void GatewayPartner::violated(Decision decision)
{
    const Messages& rules = m_session->route().messages;
    std::erase_if(m_violations, [&](TimePoint at) { return m_context.now - at >= rules.violationsWithin; });
    m_violations.push_back(m_context.now);
    record(decision, std::to_string(m_violations.size()) + " of " + std::to_string(rules.violationsBeforeClose) +
                         " violations of the upstream");
    if (m_violations.size() < rules.violationsBeforeClose)
        return;
    if (std::exchange(m_answered, false))
        m_upstream->closed(true, decision.reason, decision.met);
    endSession(std::move(decision), closeCode(Reason::UpstreamMessage),
               std::string(reasonWord(Reason::UpstreamMessage)));
}

void GatewayPartner::record(const Decision& decision, std::string detail) const
{
    const SessionInfo& info = m_session->info();
    AuditRecord record;
    record.time = m_context.wall;
    record.kind = AuditKind::Limit;
    record.decision = decision;
    record.session = info.id;
    record.user = m_session->who().user;
    record.issuer = m_session->who().issuer;
    record.address = info.address;
    record.route = info.route;
    record.origin = info.origin;
    record.detail = std::move(detail);
    record.policyVersion = m_session->policy().version;
    m_context.gate.audit.record(std::move(record));
}

/// The upstream's end becomes the session's.
void GatewayPartner::ended(const LinkEnd& end)
{
    m_link = nullptr;
    if (!m_session) {
        m_ended = end;
        return;
    }
    const Policy& policy = m_session->policy();
    const std::size_t route = routeIndex();
    Decision why{end.reason, upstreamRule(policy, route, m_upstream->url()), end.met, m_upstream->url().text};
    if (breaksPolicyAlone(end.broke) || end.broke == Reason::ControlRate) {
        why.rule = routeRule(policy, route, ruleBroken(end.broke));
        if (end.broke != Reason::ControlRate)
            why.reason = Reason::UpstreamMessage;
    }
    if (end.reason == Reason::UpstreamTimeout && m_session->route().ping)
        why.rule = routeRule(policy, route, "ping/timeout");
    const bool closed = end.reason == Reason::UpstreamClosed;
    if (m_answered) {
        m_answered = false;
        m_upstream->closed(!closed, why.reason, end.met);
    }
    if (why.reason == Reason::UpstreamProtocol || why.reason == Reason::UpstreamMessage)
        m_context.counters.refused[static_cast<std::size_t>(why.reason)].add();
    if (closed) {
        endSession(std::move(why), end.code, end.text);
        return;
    }
    const auto code = closeCode(why.reason);
    std::string text(reasonWord(why.reason));
    endSession(std::move(why), code, std::move(text));
}

void GatewayPartner::endSession(Decision why, std::optional<std::uint16_t> code, std::string text)
{
    if (m_session)
        m_session->end({std::move(why), code, std::move(text), {}});
}

/// Called by end() itself, and where the connection is gone.
void GatewayPartner::closed()
{
    const auto& ending = m_session->ending();
    m_session = nullptr;
    if (ending && ending->why.reason == Reason::PeerClosed)
        leaveUpstream(ending->code, ending->peerText);
    else
        leaveUpstream(1001, {});
}

void GatewayPartner::leaveUpstream(std::optional<std::uint16_t> code, std::string_view reason)
{
    if (UpstreamLink* link = std::exchange(m_link, nullptr))
        link->leave(code, reason);
    if (!m_upstream)
        return;
    if (std::exchange(m_answered, false)) {
        if (m_ended && m_ended->reason != Reason::UpstreamClosed)
            m_upstream->closed(true, m_ended->reason, m_ended->met);
        else
            m_upstream->closed(false);
    } else if (m_entry) {
        m_upstream->abandoned();
    }
    m_upstream.reset();
}

} // namespace gatehouse
