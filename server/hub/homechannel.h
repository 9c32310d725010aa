// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "hub/channelstream.h"
#include "hub/dueorder.h"
#include "hub/presence.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace gatehouse {

/// What may go where room is needed, each kind in its own order.
enum class Spare : std::uint8_t {
    Empty,       ///< a position alone, and nobody there: the channel may go
    History,     ///< publications, and nobody there: the channel may go
    BusyHistory, ///< publications, and somebody there: the publications may go
    None
};
inline constexpr std::size_t spareKinds = static_cast<std::size_t>(Spare::None);

/// A channel as its home worker knows it. Stays where it is made.
struct HomeChannel {
    HomeChannel() = default;
    HomeChannel(const HomeChannel&) = delete;
    HomeChannel& operator=(const HomeChannel&) = delete;

    [[nodiscard]] bool busy() const { return !workers.empty() || !lost.empty() || presence; }
    [[nodiscard]] bool hasPublications() const { return stream && !stream->empty(); }

    std::string_view name;                 ///< of the table's key
    std::vector<std::uint32_t> workers;    ///< subscribed, and to be sent what is published; rising
    std::vector<std::uint32_t> lost;       ///< subscribed, but missed something: sent nothing until they subscribe anew
    std::unique_ptr<ChannelStream> stream; ///< null: no history
    std::unique_ptr<Presence> presence;    ///< null: nobody, or it is not kept
    TimePoint used{};
    std::uint64_t useNumber = 0; ///< rises with each use of any channel of the table
    std::uint32_t duePlace = DueOrder<HomeChannel>::nowhere;
    Spare spare = Spare::None; ///< the list that it is in
    HomeChannel* before = nullptr;
    HomeChannel* behind = nullptr;
};

/// Channels in the order in which they came here or were used, in no memory of its own.
class UseOrder {
public:
    [[nodiscard]] HomeChannel* oldest() const { return m_first; }
    void append(HomeChannel& channel)
    {
        channel.before = m_last;
        channel.behind = nullptr;
        (m_last ? m_last->behind : m_first) = &channel;
        m_last = &channel;
    }
    void remove(HomeChannel& channel)
    {
        (channel.before ? channel.before->behind : m_first) = channel.behind;
        (channel.behind ? channel.behind->before : m_last) = channel.before;
        channel.before = channel.behind = nullptr;
    }

private:
    HomeChannel* m_first = nullptr;
    HomeChannel* m_last = nullptr;
};

} // namespace gatehouse
