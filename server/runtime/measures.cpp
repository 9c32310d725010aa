// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime_p.h"

namespace gatehouse {

void ServerRuntime::Private::run(const Actor&, const LockdownCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const LimitCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const LimitsQuery&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const UnlimitCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const QuarantineCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

} // namespace gatehouse
