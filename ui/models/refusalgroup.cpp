// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/refusalgroup.h"

#include <algorithm>

namespace gatehouse::ui {

RefusalGroup refusalGroup(Reason reason)
{
    switch (reason) {
    case Reason::RateUser:
    case Reason::RateIp:
    case Reason::RateSession:
    case Reason::ControlRate:
    case Reason::LimitIp:
    case Reason::LimitUser:
    case Reason::LimitTotal:
    case Reason::LimitPending:
    case Reason::ChannelLimit:
        return RefusalGroup::Rate;
    default:
        return isAuthFailure(reason) ? RefusalGroup::Token : RefusalGroup::Other;
    }
}

double refusedIn(const Figures& figures, RefusalGroup group)
{
    // The total counts what no reason does, so that the groups always add up to it.
    double named = 0;
    double inGroup = 0;
    for (const auto& [reason, rate] : figures.refusedBy) {
        named += rate;
        if (refusalGroup(reason) == group)
            inGroup += rate;
    }
    return group == RefusalGroup::Other ? inGroup + std::max(0.0, figures.refused - named) : inGroup;
}

std::vector<std::pair<Reason, double>> topRefusals(const Figures& figures, std::size_t limit)
{
    std::vector<std::pair<Reason, double>> top = figures.refusedBy;
    std::ranges::stable_sort(top, std::ranges::greater{}, &std::pair<Reason, double>::second);
    top.resize(std::min(top.size(), limit));
    return top;
}

} // namespace gatehouse::ui
