// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

// Where the parts of a JSON text lie, for values that are handed on as they were written: reading and writing them
// again would change numbers that no double holds, and the order of keys. The text must have been parsed before;
// whatever it is, nothing beyond its end is looked at.
namespace gatehouse {

struct JsonSlice {
    std::string name; ///< escapes resolved
    std::string_view value;
};

/// Of an object, in its order; empty where it is none.
[[nodiscard]] std::vector<JsonSlice> jsonMembers(std::string_view object);

/// Of an array; empty where it is none.
[[nodiscard]] std::vector<std::string_view> jsonElements(std::string_view array);

} // namespace gatehouse
