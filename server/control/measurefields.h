// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/measurecommands.h"

// The fields of what an operator does in an incident; see fields.h.
namespace gatehouse {

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<TemporaryLimit> limit)
{
    archive("id", limit.id);
    archive("session", limit.session);
    archive("user", limit.user);
    archive("issuer", limit.issuer);
    archive.rate("rate", limit.rate);
    archive("actor", limit.actor);
    archive("reason", limit.reason);
    archive("since", limit.since);
    archive("until", limit.until);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LockdownLists> lists)
{
    archive("users", lists.users);
    archive("networks", lists.networks);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Lockdown> lockdown)
{
    archive("lists", lockdown.lists);
    archive("actor", lockdown.actor);
    archive("reason", lockdown.reason);
    archive("since", lockdown.since);
    archive("until", lockdown.until);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LockdownCommand> lockdown)
{
    archive("on", lockdown.on);
    archive("allow_users", lockdown.allowUsers);
    archive("allow_networks", lockdown.allowNetworks);
    archive("duration", lockdown.duration);
    archive("reason", lockdown.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LockdownResult> result)
{
    archive("lockdown", result.lockdown);
    archive("lists", result.lists);
    archive("ended", result.ended);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LimitCommand> limit)
{
    archive("sessions", limit.sessions);
    archive("user", limit.user);
    archive("issuer", limit.issuer);
    archive.rate("rate", limit.rate);
    archive("duration", limit.duration);
    archive("reason", limit.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LimitResult> result)
{
    archive("limits", result.limits);
    archive("missing", result.missing);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<LimitList> list)
{
    archive("limits", list.limits);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnlimitCommand> unlimit)
{
    archive.need("id", unlimit.id);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<QuarantineCommand> quarantine)
{
    archive.need("sessions", quarantine.sessions);
    archive("on", quarantine.on);
    archive("duration", quarantine.duration);
    archive("reason", quarantine.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<QuarantineResult> result)
{
    archive("sessions", result.sessions);
    archive("missing", result.missing);
}

template <class Archive> void describe(Archive&, typename Archive::template Ref<LimitsQuery>) {}

} // namespace gatehouse
