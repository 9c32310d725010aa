// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime_p.h"

namespace gatehouse {

void ServerRuntime::Private::run(const Actor&, const PolicyGetQuery&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyCheckCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyWhatIfCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyApplyCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyConfirmCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyHistoryQuery&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

void ServerRuntime::Private::run(const Actor&, const PolicyRollbackCommand&, const ReplyCallback& done)
{
    done(Failure{ControlError{ControlErrorCode::Unavailable, "not yet"}});
}

} // namespace gatehouse
