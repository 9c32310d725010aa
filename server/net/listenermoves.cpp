// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/listenermoves.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool sameSocket(const Listener& a, const Listener& b)
{
    return a.address == b.address && a.port == b.port && (a.port != 0 || a.name == b.name);
}

bool sameDoor(const Listener& a, const Listener& b)
{
    return a.name == b.name && a.address == b.address && a.port == b.port && a.kind == b.kind &&
           a.tls.has_value() == b.tls.has_value();
}

} // namespace

ListenerMoves moveListeners(const std::vector<Listener>& before, const std::vector<Listener>& next)
{
    const auto find = [&](const Listener& listener, auto same) -> std::optional<std::size_t> {
        const auto found = std::ranges::find_if(next, [&](const Listener& each) { return same(listener, each); });
        if (found == next.end())
            return std::nullopt;
        return static_cast<std::size_t>(found - next.begin());
    };
    ListenerMoves moves;
    for (const Listener& listener : before) {
        moves.sockets.push_back(find(listener, sameSocket));
        moves.arrivals.push_back(find(listener, sameDoor));
    }
    for (std::size_t i = 0; i < next.size(); ++i)
        if (std::ranges::find(moves.sockets, std::optional(i)) == moves.sockets.end())
            moves.opened.push_back(i);
    return moves;
}

} // namespace gatehouse
