// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/jsonbounds.h"

#include <nlohmann/json.hpp>

namespace gatehouse {

bool nestsDeeper(std::string_view text, std::size_t most)
{
    std::size_t depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            inString = !inString;
        } else if (inString) {
            i += c == '\\' ? 1 : 0;
        } else if (c == '[' || c == '{') {
            if (++depth > most)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

std::size_t blanksInLines(const nlohmann::json& value, std::size_t level)
{
    if (!value.is_structured() || value.empty())
        return 0;
    std::size_t blanks = 1 + 2 * level; // before the closing bracket
    for (const nlohmann::json& item : value)
        blanks += 1 + 2 * (level + 1) + blanksInLines(item, level + 1);
    return blanks;
}

} // namespace gatehouse
