// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/presence.h"

namespace gatehouse {

namespace {

/// The nodes of the three tables that name a client or its user, the counts of the shared info and the allocator's
/// own. Each client is charged for its user, since the last one who goes may be another than the one who came first.
constexpr std::uint64_t entryOverhead = 240;
/// Of one that is not empty: itself and its tables.
constexpr std::uint64_t presenceOverhead = 320;

std::uint64_t memoryOf(const ClientInfo& info)
{
    return entryOverhead + sizeof(ClientInfo) + 3 * info.client.capacity() + 2 * info.user.capacity() +
           info.connInfo.capacity() + info.chanInfo.capacity();
}

} // namespace

PresenceChange Presence::add(const SharedClientInfo& info)
{
    const auto found = m_clients.find(info->client);
    if (found == m_clients.end() && m_clients.size() >= m_maxClients)
        return PresenceChange::Full;
    std::uint64_t& ofUser = m_users[info->user];
    if (found == m_clients.end()) {
        m_clients.emplace(info->client, info);
        ++ofUser;
        m_bytes += memoryOf(*info);
        return PresenceChange::Joined;
    }
    ++ofUser;
    m_bytes += memoryOf(*info) - memoryOf(*found->second);
    leaveUser(found->second->user);
    found->second = info;
    return PresenceChange::Updated;
}

SharedClientInfo Presence::remove(std::string_view client)
{
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return nullptr;
    SharedClientInfo info = std::move(found->second);
    m_clients.erase(found);
    m_bytes -= memoryOf(*info);
    leaveUser(info->user);
    return info;
}

std::uint64_t Presence::bytes() const
{
    return m_clients.empty() ? 0 : presenceOverhead + m_bytes;
}

std::uint64_t Presence::bytesWith(const ClientInfo& info) const
{
    const auto found = m_clients.find(info.client);
    return presenceOverhead + m_bytes + memoryOf(info) - (found == m_clients.end() ? 0 : memoryOf(*found->second));
}

void Presence::leaveUser(std::string_view user)
{
    const auto found = m_users.find(user);
    if (--found->second == 0)
        m_users.erase(found);
}

} // namespace gatehouse
