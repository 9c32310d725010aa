// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "feed/workercounters.h"

#include <cstdint>
#include <vector>

namespace gatehouse {

/// How long messages take through the gate: from when the loop woke up to read one until all that was to be written had
/// been offered to the sockets. Nothing is written before that point of a turn, so that one reading of the clock at
/// each end of it is as exact as one for each message. What comes from another worker brings the time along from where
/// it was read. Where a socket takes no more, the rest is the backlog's; where a rate stops reading, what waits has not
/// been read. Owner: the worker.
class MessageTimes {
public:
    explicit MessageTimes(WorkerCounters& counters)
        : m_counters(counters)
    {
    }

    void beginTurn(TimePoint woke) { m_turn = m_since = woke; }

    /// While one is handled that was read here, whatever comes of it. It counts here unless it only goes on to other
    /// workers.
    class Handling {
    public:
        explicit Handling(MessageTimes& times)
            : m_times(times)
            , m_before(times.outcomes())
        {
            times.m_passedOn = false;
        }
        ~Handling()
        {
            if (!m_times.m_passedOn || m_times.outcomes() != m_before)
                ++m_times.m_taken;
        }
        Handling(const Handling&) = delete;
        Handling& operator=(const Handling&) = delete;

    private:
        MessageTimes& m_times;
        const std::uint64_t m_before;
    };

    /// Something goes to another worker; returns the time that is to go with it.
    [[nodiscard]] TimePoint passOn()
    {
        m_passedOn = true;
        return m_since;
    }

    /// Does what another thread asked for, which counts where sessions get something by it.
    template <class Action> void receive(TimePoint since, const Action& action)
    {
        m_since = since;
        const std::uint64_t before = outcomes();
        action();
        m_since = m_turn;
        if (outcomes() != before)
            note(since);
    }
    template <class Action> void receive(const Action& action) { receive(m_turn, action); }

    /// All that was due has been offered to the sockets. `clock` is read where there is something to measure.
    template <class ReadClock> void endFlush(const ReadClock& clock)
    {
        if (m_taken == 0 && m_received.empty())
            return;
        const TimePoint flushed = clock();
        if (m_taken > 0)
            m_counters.message.add(flushed - m_turn, m_taken);
        for (const Received& some : m_received)
            m_counters.message.add(flushed - some.since, some.count);
        m_taken = 0;
        m_received.clear(); // and keeps its memory: as much as one turn took from the queue
    }

private:
    struct Received {
        TimePoint since;
        std::uint64_t count = 0;
    };

    [[nodiscard]] std::uint64_t outcomes() const { return m_counters.messagesOut.value() + m_counters.dropped.value(); }
    void note(TimePoint since)
    {
        if (!m_received.empty() && m_received.back().since == since)
            ++m_received.back().count;
        else
            m_received.push_back({since, 1});
    }

    WorkerCounters& m_counters;
    TimePoint m_turn{}, m_since{};
    std::uint64_t m_taken = 0;
    std::vector<Received> m_received;
    bool m_passedOn = false;
};

} // namespace gatehouse
