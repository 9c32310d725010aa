// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime_p.h"

// The applications behind the gate.
namespace gatehouse {

void ServerRuntime::Private::run(const Actor&, const UpstreamsQuery&, const ReplyCallback& done)
{
    done(Answer(UpstreamList{m_stats.upstreams}));
}

void ServerRuntime::Private::run(const Actor&, const UpstreamDrainCommand& command, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::NotFound, "no route has the upstream " + command.upstream}});
}

} // namespace gatehouse
