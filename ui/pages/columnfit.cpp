// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/columnfit.h"

#include <algorithm>

namespace gatehouse::ui {
namespace {

using Column = ConnectionColumn;

constexpr int widestUser = 320;

std::size_t at(Column column)
{
    return static_cast<std::size_t>(column);
}

int standardWidth(Column column)
{
    switch (column) {
    case Column::Id:
        return 52;
    case Column::User:
        return 82;
    case Column::State:
        return 123;
    case Column::Role:
        return 60;
    case Column::Address:
        return 108;
    case Column::Route:
        return 52;
    case Column::In:
        return 58;
    case Column::Trend:
        return 74;
    case Column::OfLimit:
        return 111;
    case Column::Backlog:
        return 72;
    case Column::Since:
        return 60;
    case Column::Channels:
        return 140;
    case Column::Client:
        return 160;
    case Column::Tls:
        return 56;
    case Column::Idle:
    case Column::Out:
        return 72;
    case Column::BytesIn:
    case Column::BytesOut:
    case Column::Violations:
        return 92;
    }
    return 80;
}

} // namespace

ColumnFit ColumnFit::standard()
{
    ColumnFit fit;
    for (int i = 0; i < connectionColumns; ++i) {
        const auto column = static_cast<Column>(i);
        fit.wanted[at(column)] = i <= static_cast<int>(Column::Since);
        fit.width[at(column)] = standardWidth(column);
    }
    return fit;
}

const std::vector<Column>& ColumnFit::leavingOrder()
{
    static const std::vector<Column> order{Column::Client,   Column::Tls,     Column::Channels, Column::Violations,
                                           Column::BytesOut, Column::BytesIn, Column::Out,      Column::Idle,
                                           Column::Role,     Column::Since,   Column::Trend,    Column::Backlog,
                                           Column::Route,    Column::In,      Column::Address,  Column::OfLimit};
    return order;
}

ColumnFit ColumnFit::within(int available) const
{
    ColumnFit fit = *this;
    const auto used = [&fit] {
        int sum = 0;
        for (std::size_t i = 0; i < fit.wanted.size(); ++i)
            sum += fit.wanted[i] ? fit.width[i] : 0;
        return sum;
    };
    for (const Column column : leavingOrder()) {
        if (used() <= available)
            break;
        fit.wanted[at(column)] = false;
    }
    const int spare = available - used();
    if (spare > 0)
        fit.width[at(Column::User)] =
            std::max(fit.width[at(Column::User)], std::min(fit.width[at(Column::User)] + spare, widestUser));
    return fit;
}

} // namespace gatehouse::ui
