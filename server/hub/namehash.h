// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/siphash.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace gatehouse {

/// For tables whose keys peers choose: under a key that was drawn at random nobody can choose names that collide.
struct NameHash {
    using is_transparent = void;

    std::array<std::uint64_t, 2> key{};

    [[nodiscard]] std::size_t operator()(std::string_view name) const
    {
        SipHash hash(key[0], key[1]);
        hash.add(name);
        return static_cast<std::size_t>(hash.finish());
    }
};

} // namespace gatehouse
