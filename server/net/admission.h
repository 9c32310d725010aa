// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "net/arrival.h"
#include "net/sessionfacts.h"
#include "net/transport.h"
#include "net/workercontext.h"
#include "policy/identity.h"
#include "wire/deflateoffer.h"
#include "wire/request.h"

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

struct Refusal {
    Decision decision;
    std::uint16_t status = 400;
    std::optional<std::uint32_t> retryAfter; ///< seconds
    std::string route;
    std::string user;    ///< verified
    std::string claimed; ///< by a token that was refused: for the operator's eyes
    std::string origin;
};

/// Who was let in, and where to.
struct Admission {
    std::shared_ptr<const PolicyGeneration> generation; ///< that let it in
    std::uint64_t policyEpoch = 0;                      ///< of the worker, when the request came
    std::size_t listener = 0;                           ///< index into that generation's policy
    RouteMatch match;
    Identity who;
    std::string key;         ///< Sec-WebSocket-Key
    std::string subprotocol; ///< to echo; empty: none
    std::optional<wire::DeflateAgreement> deflate;
    std::string path;
    std::string host;
    std::string origin;
    bool originSent = false;
    std::string userAgent;
    std::shared_ptr<UserState> user;
    Lease gateSlot, addressSlot, userSlot;
    bool awaitsToken = false;                             ///< in the first message: nobody is let in yet
    std::optional<TokenSource> source;                    ///< of the token; unset: anonymous
    std::shared_ptr<const TokenEvidence> evidence;        ///< of the token
    std::shared_ptr<const ClientCertificate> certificate; ///< where that is the token
    std::optional<TokenClaim> claim;         ///< of a one-time token: to be used up before anybody is let in
    std::unique_ptr<OfferedRequest> offered; ///< where somebody else is to be asked before the 101; else null
    SessionId session;                       ///< drawn before the session opens; none: not yet
    std::string upstream;                    ///< SessionInfo::upstream
    std::unique_ptr<SessionPartner> partner; ///< null: none
};

[[nodiscard]] wire::RequestLimits requestLimits(const Limits& limits);

/// All checks between a whole request head and the 101: those of checkRequest(), then token, bans, roles, channel and
/// session limits. Counts failures towards a ban; reports nothing else.
[[nodiscard]] Result<Admission, Refusal> admit(WorkerContext& context, Arrival& arrival, const Transport& transport,
                                               const wire::Request& request, bool bytesAfterHead);

/// Goes on where an admission awaits its token: the checks from the token on.
[[nodiscard]] Result<Admission, Refusal> admitToken(WorkerContext& context, const Arrival& arrival, Admission admission,
                                                    std::string_view token);

/// Goes on where an admission's claim was answered: the token is used up now, and nobody was banned meanwhile.
[[nodiscard]] Result<Admission, Refusal> admitClaimed(WorkerContext& context, const Arrival& arrival,
                                                      Admission admission, ClaimVerdict verdict);

/// Goes on where somebody else was asked: what an operator ordered meanwhile holds before the 101.
[[nodiscard]] Result<Admission, Refusal> admitEntered(WorkerContext& context, const Arrival& arrival,
                                                      Admission admission);

/// A refusal with what is known of the request so far. `status` unset: the one of the reason.
[[nodiscard]] Refusal refusalOf(const Admission& admission, Decision decision,
                                std::optional<std::chrono::nanoseconds> retryAfter = std::nullopt,
                                std::optional<std::uint16_t> status = std::nullopt);

} // namespace gatehouse
