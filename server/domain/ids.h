// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace gatehouse {

/// An integer that cannot be mistaken for another kind's; 0 is "none".
template <class Tag> struct StrongId {
    std::uint64_t value = 0;

    friend auto operator<=>(const StrongId&, const StrongId&) = default;
    explicit operator bool() const { return value != 0; }
};

using SessionId = StrongId<struct SessionIdTag>;       ///< unique while the process runs
using BanId = StrongId<struct BanIdTag>;               ///< unique within a state directory
using RevocationId = StrongId<struct RevocationIdTag>; ///< unique within a state directory
using LimitId = StrongId<struct LimitIdTag>;           ///< unique within a state directory

} // namespace gatehouse

namespace std {
template <class Tag> struct hash<gatehouse::StrongId<Tag>> {
    std::size_t operator()(gatehouse::StrongId<Tag> id) const noexcept { return hash<std::uint64_t>{}(id.value); }
};
} // namespace std
