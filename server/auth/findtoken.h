// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clientcertificate.h"
#include "domain/decision.h"
#include "domain/result.h"
#include "policy/identity.h"
#include "policy/policy.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// Where a request may carry a token, as received.
struct TokenFacts {
    std::vector<std::string_view> authorization; ///< every Authorization header's value
    std::vector<std::string_view> subprotocols;  ///< the names offered, in order
    std::vector<std::string_view> cookies{};     ///< every Cookie header's value
    std::string_view query{};                    ///< of the request target, without `?`
    const ClientCertificate* certificate = nullptr;
};

struct FoundToken {
    TokenPlace place = TokenPlace::Authorization;
    std::string text; ///< empty where the certificate itself is the token

    friend bool operator==(const FoundToken&, const FoundToken&) = default;
};

/// Finds the one token in the places that the route names; a first message is none of them. No token in any of them: an
/// empty optional. Tokens in two places or twice in one: AuthAmbiguous. A `bearer.T` with nothing beside it that can be
/// echoed: Subprotocol. A cookie (RFC 6265 §4.2) or parameter that is empty is none.
[[nodiscard]] Result<std::optional<FoundToken>, Decision> findToken(const Policy& policy, std::size_t route,
                                                                    const TokenFacts& facts);

/// Whom a client certificate names: the one name of that kind, plain text of 1 to 128 bytes. Unset where it has none,
/// several, or another: it counts as no token.
[[nodiscard]] std::optional<Identity> certificateIdentity(const ClientCertificate& certificate, CertificateName kind);

/// Every value of a cookie (RFC 6265 §5.4) of exactly this name, without the quotes around it.
[[nodiscard]] std::vector<std::string_view> cookieValues(const std::vector<std::string_view>& headers,
                                                         std::string_view name);

/// Every value of a parameter, percent-decoded where it can be. The name may be encoded too.
[[nodiscard]] std::vector<std::string> queryValues(std::string_view query, std::string_view name);

} // namespace gatehouse
