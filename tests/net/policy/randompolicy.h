// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "livegate.h"

#include <random>

namespace gatehouse::test {

/// Policies that differ from a base in a few rules, and ways to come in. By a seed.
class RandomPolicy {
public:
    RandomPolicy(Policy base, std::uint32_t seed)
        : m_base(std::move(base))
        , m_engine(seed)
    {
    }

    /// A change to any policy: the base with up to four rules changed.
    [[nodiscard]] LiveGate::Change change();

    struct Way {
        std::string listener;
        UpgradeOptions upgrade;
        ByteClient::Options options;
    };
    /// A way to come in that the base allows, of a user of this number; an even one may be anonymous.
    [[nodiscard]] Way way(int number, WallTime now);

    [[nodiscard]] int upTo(int largest) { return std::uniform_int_distribution<int>(0, largest)(m_engine); }
    [[nodiscard]] bool flag() { return upTo(1) == 1; }

private:
    template <class T> const T& oneOf(const std::vector<T>& values)
    {
        return values[static_cast<std::size_t>(upTo(static_cast<int>(values.size()) - 1))];
    }
    void changeListener(Policy& policy);
    void changeRequest(Route& route);
    void changeToken(Policy& policy);
    void changeAuthorization(Policy& policy);
    void changeTimes(Policy& policy);
    void changeHub(Policy& policy);

    Policy m_base;
    std::mt19937 m_engine;
};

} // namespace gatehouse::test
