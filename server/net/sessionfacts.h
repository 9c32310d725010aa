// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/tokenevidence.h"
#include "domain/address.h"
#include "domain/clientcertificate.h"
#include "domain/ids.h"
#include "net/arrival.h"
#include "net/tokensource.h"
#include "policy/identity.h"
#include "policy/policy.h"

#include <memory>
#include <optional>
#include <string>

namespace gatehouse {

struct Admission;
class Transport;

/// The listener that a session came through, as it was then.
struct ListenerFacts {
    std::string name;
    IpAddress address;
    std::uint16_t port = 0; ///< as in the policy: 0 where the system chose
    bool tls = false;
    std::filesystem::path clientCa;
};

/// All that a policy asks of a session, as it was when the session opened: with it, another policy can be asked whether
/// it would let it in. Immutable, for any thread.
struct SessionFacts {
    SessionId id;
    Identity who; ///< by the policy that admitted it
    ListenerFacts listener;
    std::string tlsVersion; ///< "1.3"; empty: plain
    IpAddress peer;         ///< of the connection itself
    IpAddress client;       ///< behind trusted proxies; the peer where none named one
    std::string path;       ///< raw, without query
    std::string host;
    std::optional<std::string> origin; ///< unset: none was sent
    std::string subprotocol;           ///< echoed; empty: none
    RouteKind kind = RouteKind::Plain;
    std::string channel;
    std::optional<TokenSource> source;                    ///< unset: anonymous
    std::shared_ptr<const TokenEvidence> token;           ///< null: anonymous, or by certificate
    std::shared_ptr<const ClientCertificate> certificate; ///< null: not by certificate
    TimePoint opened{};
    WallTime openedWall{};
};

[[nodiscard]] std::shared_ptr<const SessionFacts> makeSessionFacts(const WorkerContext& context, SessionId id,
                                                                   const Arrival& arrival, const Admission& admission,
                                                                   const Transport& transport);

} // namespace gatehouse
