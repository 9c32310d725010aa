// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/firstmessage.h"

#include "policy/decide.h"

namespace gatehouse {

namespace {

wire::DecoderLimits limitsOf(const Route& route, bool deflate, std::uint64_t largest)
{
    wire::DecoderLimits limits{largest, route.messages.maxFragments};
    if (deflate)
        limits.maxInflated = largest;
    return limits;
}

} // namespace

FirstMessage::FirstMessage(const Policy& policy, std::size_t route, bool deflate, std::uint64_t largest)
    : m_policy(policy)
    , m_route(route)
    , m_largest(largest)
    , m_decoder(wire::Role::Server, limitsOf(policy.routes[route], deflate, largest))
{
}

FirstMessage::Step FirstMessage::take(std::span<std::byte>& bytes, TimePoint now)
{
    for (;;) {
        const wire::Event event = m_decoder.next(bytes);
        switch (event.kind) {
        case wire::Event::Kind::NeedMore:
            return {};
        case wire::Event::Kind::Part: // its decoder is not asked for parts
            break;
        case wire::Event::Kind::Message:
            if (event.type != wire::Opcode::Text)
                return refused(Reason::Type);
            return {Step::Kind::Came,
                    {},
                    {static_cast<const char*>(static_cast<const void*>(event.payload.data())), event.payload.size()},
                    {}};
        case wire::Event::Kind::Ping:
            if (!takeControlFrame(now))
                return refused(Reason::ControlRate);
            return {Step::Kind::Pong, wire::encodeFrame(wire::Opcode::Pong, event.payload), {}, {}};
        case wire::Event::Kind::Pong:
            if (!takeControlFrame(now))
                return refused(Reason::ControlRate);
            break;
        case wire::Event::Kind::Close:
            return {Step::Kind::Closed, wire::encodeClose(event.closeCode, {}), {}, {}};
        case wire::Event::Kind::Violation:
            return refused(event.reason);
        }
    }
}

bool FirstMessage::takeControlFrame(TimePoint now)
{
    const auto& rate = m_policy.routes[m_route].controlFrames;
    return !rate || m_control.take(*rate, now);
}

FirstMessage::Step FirstMessage::refused(Reason reason) const
{
    const Route& route = m_policy.routes[m_route];
    const auto rule = [this](std::string_view key) { return routeRule(m_policy, m_route, key); };
    Decision why{reason, {}, {}, {}};
    switch (reason) {
    case Reason::TooBig:
        why.limit = std::to_string(m_largest) + " bytes before there is a session";
        break;
    case Reason::Type:
        why.met = "binary";
        why.limit = "a token as text";
        break;
    case Reason::Fragments:
        why = {reason, rule("messages/max_fragments"), {}, std::to_string(route.messages.maxFragments)};
        break;
    case Reason::ControlRate:
        why = {reason, rule("control_frames"), "bucket empty", describeRate(route.controlFrames.value_or(Rate{}))};
        break;
    default:
        break;
    }
    return {Step::Kind::Refused, {}, {}, std::move(why)};
}

} // namespace gatehouse
