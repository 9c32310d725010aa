// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdio>
#include <cstdlib>

namespace gatehouse::fuzz {

[[noreturn]] inline void checkFailed(const char* condition, const char* file, int line)
{
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    std::abort();
}

} // namespace gatehouse::fuzz

/// What must hold whatever the input is; in every build.
#define CHECK(condition) ((condition) ? void() : gatehouse::fuzz::checkFailed(#condition, __FILE__, __LINE__))
