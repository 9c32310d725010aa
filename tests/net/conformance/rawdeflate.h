// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Payloads of RFC 7692 §7.2 by zlib, apart from server/wire.
namespace gatehouse::test::raw {

struct Deflating {
    int window = 15;         ///< bits, 9 to 15
    int level = 6;           ///< 0: stored blocks alone
    int strategy = 0;        ///< of zlib: 4 is fixed codes, 2 is no matches
    std::size_t block = 0;   ///< bytes after which a new block begins; 0: as zlib sees fit
    bool finalBlock = false; ///< ends in a block that is marked as the last (RFC 7692 §7.2.3.4)
};

[[nodiscard]] std::string deflated(std::string_view payload, const Deflating& how = {});
/// What a peer reads that has no larger window and no context; unset where it cannot.
[[nodiscard]] std::optional<std::string> inflated(std::string_view payload, int window = 15);

} // namespace gatehouse::test::raw
