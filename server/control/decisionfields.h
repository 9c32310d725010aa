// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"

// The fields of decisions; see fields.h.
namespace gatehouse {

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Rule> rule)
{
    archive("pointer", rule.pointer);
    archive("name", rule.name);
}

// A decision has no object of its own: its fields lie among those of the value that holds it.
template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Decision> decision)
{
    archive("reason", decision.reason);
    archive("rule", decision.rule);
    archive("met", decision.met);
    archive("limit", decision.limit);
}

} // namespace gatehouse
