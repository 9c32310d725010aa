// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/checktoken.h"

namespace gatehouse {

Result<VerifiedToken, Decision> checkToken(WorkerContext& context, const PolicyGeneration& generation,
                                           std::size_t route, std::string_view token)
{
    auto verified = generation.policy == context.generation->policy
                        ? context.tokens.verify(generation.policy, context.generation->keys, route, token, context.wall)
                        : verifyToken(*generation.policy, *generation.keys, route, token, context.wall);
    if (verified)
        return std::move(*verified);
    const TokenRefusal& refusal = verified.error();
    if (refusal.keyUnknownTo) {
        const Issuer& issuer = generation.policy->issuers[*refusal.keyUnknownTo];
        if (!issuer.jwksUrl.empty())
            context.gate.events.keyUnknown(issuer.name);
    }
    return Failure{static_cast<const Decision&>(refusal)};
}

} // namespace gatehouse
