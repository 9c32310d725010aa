// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/systemgroup.h"

#include <cerrno>
#include <grp.h>
#include <vector>

namespace gatehouse {

std::optional<gid_t> systemGroup(const std::string& name)
{
    constexpr std::size_t largest = 1U << 20; // a group with all its members
    std::vector<char> buffer(16384);
    group entry{};
    group* found = nullptr;
    while (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
           buffer.size() < largest)
        buffer.resize(buffer.size() * 2);
    if (!found)
        return std::nullopt;
    return found->gr_gid;
}

} // namespace gatehouse
