// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "domain/clock.h"

#include <optional>
#include <string>

namespace gatehouse {

/// Which version of the policy runs, which one returns unless somebody confirms, and when. No I/O.
/// Owner: the runtime thread.
class PolicyKeeper {
public:
    /// The version that a start with this document is, as the store has it: the one that the file was to hold where it
    /// still does, else a new one.
    [[nodiscard]] static PolicyVersion atStart(const std::optional<PolicyVersion>& newest,
                                               const std::optional<PolicyVersion>& definitive, std::string document,
                                               std::string hash, WallTime now);

    /// `running`: one that the file holds.
    explicit PolicyKeeper(PolicyVersion running)
        : m_running(std::move(running))
    {
    }

    [[nodiscard]] const PolicyVersion& running() const { return m_running; }
    /// What the file is to hold: the running version, or the one that it would return to.
    [[nodiscard]] const PolicyVersion& definitive() const { return m_returnsTo ? *m_returnsTo : m_running; }
    [[nodiscard]] bool provisional() const { return m_returnsTo.has_value(); }
    [[nodiscard]] std::uint64_t nextNumber() const { return m_running.version + 1; }
    /// While provisional: how much longer it is; zero or less: its time is over.
    [[nodiscard]] std::chrono::nanoseconds left(TimePoint now) const { return m_until - now; }

    /// `next` runs from now on. Unless it is provisional the file holds it, and nothing returns any more.
    void take(PolicyVersion next, TimePoint now,
              const std::optional<std::chrono::milliseconds>& provisional = std::nullopt);
    /// The provisional version is definitive from now on.
    void confirm(const Actor& actor, WallTime wall);
    /// The version that comes back, as one of its own; only while provisional.
    [[nodiscard]] PolicyVersion returned(WallTime wall) const;

private:
    PolicyVersion m_running;
    std::optional<PolicyVersion> m_returnsTo;
    TimePoint m_until{};
};

} // namespace gatehouse
