// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gatehouse {

/// One rule in which two policy documents differ.
struct PolicyChange {
    enum class Kind : std::uint8_t { Added, Removed, Changed };

    Kind kind = Kind::Changed;
    std::string pointer; ///< JSON pointer into the newer document; of what was removed into the older
    std::string name;    ///< "hub › messages › rate", as Rule::name has it
    std::string before;  ///< for people: "50/s, burst 100", "https://old.example"; empty where there was nothing
    std::string after;

    friend bool operator==(const PolicyChange&, const PolicyChange&) = default;
};

} // namespace gatehouse
