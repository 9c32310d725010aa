// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/endpoint.h"

#include <exception>

namespace gatehouse {

/// Nothing that one peer makes us do may end the thread: what it throws ends that peer's socket alone.
template <class Work> void guarded(Endpoint& endpoint, Work&& work)
{
    try {
        work();
    } catch (const std::exception&) {
        endpoint.fail();
    }
}

} // namespace gatehouse
