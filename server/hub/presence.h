// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/publication.h"
#include "hub/namehash.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gatehouse {

using SharedClientInfo = std::shared_ptr<const ClientInfo>;

struct PresenceStats {
    std::uint64_t clients = 0;
    std::uint64_t users = 0; ///< different ones; those without a name are one

    friend bool operator==(const PresenceStats&, const PresenceStats&) = default;
};

enum class PresenceChange : std::uint8_t {
    Joined,  ///< to be announced
    Updated, ///< was there already
    Full     ///< nothing changed
};

/// Who is in a channel, by the id of the client. Owner: one I/O worker.
class Presence {
public:
    using Clients = std::unordered_map<std::string, SharedClientInfo, NameHash, std::equal_to<>>;

    Presence(const NameHash& hash, std::uint64_t maxClients)
        : m_clients(0, hash)
        , m_users(0, hash)
        , m_maxClients(maxClients)
    {
    }

    [[nodiscard]] PresenceChange add(const SharedClientInfo& info);
    /// Who left; null: was not there.
    SharedClientInfo remove(std::string_view client);

    [[nodiscard]] const Clients& clients() const { return m_clients; }
    [[nodiscard]] bool empty() const { return m_clients.empty(); }
    [[nodiscard]] PresenceStats stats() const { return {m_clients.size(), m_users.size()}; }
    [[nodiscard]] std::uint64_t bytes() const;
    /// What bytes() would be behind add(), were there room.
    [[nodiscard]] std::uint64_t bytesWith(const ClientInfo& info) const;

private:
    void leaveUser(std::string_view user);

    Clients m_clients;
    std::unordered_map<std::string, std::uint64_t, NameHash, std::equal_to<>> m_users; ///< how many clients of each
    std::uint64_t m_maxClients;
    std::uint64_t m_bytes = 0; ///< of the clients
};

} // namespace gatehouse
