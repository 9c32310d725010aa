// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/reevaluation.h"

namespace gatehouse {

PolicyImpact assessPolicy(const PolicyGeneration&, const PolicyGeneration&, const std::vector<LiveSession>& sessions,
                          TimePoint, WallTime, std::chrono::milliseconds)
{
    PolicyImpact impact;
    impact.sessions = sessions.size();
    return impact;
}

} // namespace gatehouse
