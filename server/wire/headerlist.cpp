// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/headerlist.h"

#include "wire/httptext.h"

namespace gatehouse::wire {

std::vector<std::string_view> valuesOf(const std::vector<Header>& headers, std::string_view name)
{
    std::vector<std::string_view> values;
    for (const Header& header : headers) {
        if (equalsIgnoringCase(header.name, name))
            values.push_back(header.value);
    }
    return values;
}

bool listHas(const std::vector<Header>& headers, std::string_view name, std::string_view token)
{
    for (const std::string_view value : valuesOf(headers, name)) {
        ListReader list(value);
        while (const auto element = list.next()) {
            if (equalsIgnoringCase(*element, token))
                return true;
        }
    }
    return false;
}

} // namespace gatehouse::wire
