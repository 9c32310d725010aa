// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/plainhub.h"

#include "net/session.h"
#include "policy/decide.h"

#include <functional>

namespace gatehouse {

Decision PlainHub::admit(const Policy& policy, const Identity& who, const RouteMatch& match)
{
    return decideChannel(policy, who, match.channel, ChannelRight::Subscribe);
}

void PlainHub::opened(Session& session)
{
    Subscribers& subscribers = m_subscribers[session.channel()];
    subscribers.push_back(&session);
    if (subscribers.size() == 1) // bounded by the sessions that are open, so that it may always be queued
        (void)dispatch(homeOf(session.channel()), item(Subscribe, session.channel()), true);
}

Decision PlainHub::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    if (!session.mayPublish())
        return decideChannel(session.policy(), session.who(), session.channel(), ChannelRight::Publish);
    BusItem publication = item(Publish, session.channel());
    publication.message = std::make_shared<const OutgoingMessage>(type, payload);
    if (!dispatch(homeOf(session.channel()), std::move(publication), false))
        session.end({{Reason::QueueFull, {}, "the channel's queue is full", {}},
                     closeCode(Reason::QueueFull),
                     "queue_full",
                     {}});
    return Decision::allow();
}

void PlainHub::closed(Session& session)
{
    const auto found = m_subscribers.find(session.channel());
    if (found == m_subscribers.end())
        return;
    std::erase(found->second, &session);
    if (!found->second.empty())
        return;
    m_subscribers.erase(found);
    (void)dispatch(homeOf(session.channel()), item(Unsubscribe, session.channel()), true);
}

void PlainHub::received(BusItem item)
{
    switch (static_cast<Kind>(item.kind)) {
    case Subscribe:
        subscribe(item);
        break;
    case Unsubscribe:
        unsubscribe(item);
        break;
    case Publish:
        publish(std::move(item));
        break;
    case Deliver:
        deliver(item);
        break;
    case Lost:
        endLost(item.channel);
        break;
    }
}

std::uint32_t PlainHub::homeOf(std::string_view channel) const
{
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(channel) % m_bus.workers());
}

bool PlainHub::dispatch(std::uint32_t worker, BusItem item, bool force)
{
    if (worker != m_bus.self())
        return m_bus.send(worker, std::move(item), force);
    received(std::move(item));
    return true;
}

BusItem PlainHub::item(Kind kind, const std::string& channel) const
{
    BusItem result;
    result.handler = m_handler;
    result.kind = kind;
    result.from = m_bus.self();
    result.channel = channel;
    return result;
}

void PlainHub::subscribe(const BusItem& item)
{
    Home& home = m_homes[item.channel];
    home.subscribed.resize(m_bus.workers());
    home.lost.resize(m_bus.workers());
    if (!home.subscribed[item.from])
        ++home.workers;
    home.subscribed[item.from] = true;
    home.lost[item.from] = false;
}

void PlainHub::unsubscribe(const BusItem& item)
{
    const auto found = m_homes.find(item.channel);
    if (found == m_homes.end() || !found->second.subscribed[item.from])
        return;
    found->second.subscribed[item.from] = false;
    if (--found->second.workers == 0)
        m_homes.erase(found);
}

void PlainHub::publish(BusItem publication)
{
    const auto found = m_homes.find(publication.channel);
    if (found == m_homes.end())
        return;
    Home& home = found->second;
    publication.kind = Deliver;
    for (std::uint32_t worker = 0; worker < m_bus.workers(); ++worker) {
        if (!home.subscribed[worker] || home.lost[worker])
            continue;
        if (!dispatch(worker, publication, false)) {
            home.lost[worker] = true; // never silently: its subscribers are ended and come back
            (void)dispatch(worker, item(Lost, publication.channel), true);
        }
    }
}

void PlainHub::deliver(const BusItem& delivery)
{
    const auto found = m_subscribers.find(delivery.channel);
    if (found == m_subscribers.end())
        return;
    for (Session* session : found->second) // send() ends nobody, so that the list stands still
        session->send(*delivery.message);
}

void PlainHub::endLost(const std::string& channel)
{
    const auto found = m_subscribers.find(channel);
    if (found == m_subscribers.end())
        return;
    const Subscribers subscribers = found->second;
    for (Session* session : subscribers)
        session->end({{Reason::QueueFull, {}, "the worker's queue is full", {}},
                      closeCode(Reason::QueueFull),
                      "queue_full",
                      {}});
}

} // namespace gatehouse
