// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/connection.h"

#include <exception>

namespace gatehouse {

/// Nothing that one peer makes us do may end the thread: what it throws ends that peer's connection alone.
template <class Work> void guarded(Connection& connection, Work&& work)
{
    try {
        work();
    } catch (const std::exception&) {
        connection.fail();
    }
}

} // namespace gatehouse
