// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlsguard.h"

#include <algorithm>

namespace gatehouse {

std::optional<std::string_view> sentServerName(std::span<const unsigned char> extension)
{
    constexpr std::size_t prefix = 5; // list length (2), type (1), name length (2)
    constexpr std::size_t longestName = 255;
    const auto number = [&](std::size_t at) { return (std::size_t{extension[at]} << 8U) | extension[at + 1]; };
    if (extension.size() <= prefix || extension.size() > prefix + longestName || number(0) != extension.size() - 2 ||
        extension[2] != 0 || number(3) != extension.size() - prefix)
        return std::nullopt;
    const auto name = extension.subspan(prefix);
    if (!std::ranges::all_of(name, [](unsigned char c) { return c > 0x20 && c < 0x7f; }))
        return std::nullopt;
    return std::string_view(static_cast<const char*>(static_cast<const void*>(name.data())), name.size());
}

} // namespace gatehouse
