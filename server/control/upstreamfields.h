// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/upstreamcommands.h"

// As fields.h says.
namespace gatehouse {

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UpstreamStatus> status)
{
    archive("route", status.route);
    archive("url", status.url);
    archive("state", status.state);
    archive("since", status.since);
    archive("ejected_until", status.ejectedUntil);
    archive("sessions", status.sessions);
    archive("opened", status.opened);
    archive("failures", status.failures);
    archive("lost", status.lost);
    archive("last_failure", status.lastFailure);
    archive("problem", status.problem);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UpstreamList> list)
{
    archive("upstreams", list.upstreams);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UpstreamDrainCommand> drain)
{
    archive.need("upstream", drain.upstream);
    archive("route", drain.route);
    archive("on", drain.on);
    archive("within", drain.within);
    archive("reason", drain.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UpstreamDrainResult> result)
{
    archive("upstreams", result.upstreams);
    archive("ending", result.ending);
}

template <class Archive> void describe(Archive&, typename Archive::template Ref<UpstreamsQuery>) {}

} // namespace gatehouse
