// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/checktoken.h"

namespace gatehouse {

Result<Identity, Decision> checkToken(WorkerContext& context, std::size_t route, std::string_view token)
{
    const PolicyGeneration& generation = *context.generation;
    auto verified = context.tokens.verify(generation.policy, generation.keys, route, token, context.wall);
    if (verified)
        return std::move(verified->who);
    const TokenRefusal& refusal = verified.error();
    if (refusal.keyUnknownTo) {
        const Issuer& issuer = generation.policy->issuers[*refusal.keyUnknownTo];
        if (!issuer.jwksUrl.empty())
            context.gate.events.keyUnknown(issuer.name);
    }
    return Failure{static_cast<const Decision&>(refusal)};
}

} // namespace gatehouse
