// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/differencelines.h"

#include "text/format.h"

#include <charconv>

namespace gatehouse::ui {
namespace {

constexpr qsizetype longestLine = 2000;

/// "@@ -12,7 +12,9 @@": first line and number of lines of the older text.
struct Hunk {
    int from = 0;
    int count = 1;
};

Hunk hunkOf(std::string_view line)
{
    Hunk hunk;
    const std::size_t minus = line.find('-');
    if (minus == std::string_view::npos)
        return hunk;
    const char* end = line.data() + line.size();
    const auto first = std::from_chars(line.data() + minus + 1, end, hunk.from);
    if (first.ptr != end && *first.ptr == ',')
        std::from_chars(first.ptr + 1, end, hunk.count);
    return hunk;
}

} // namespace

DifferenceLines differenceLines(std::string_view unified, std::size_t most)
{
    using Kind = DifferenceLine::Kind;
    DifferenceLines found;
    int reached = 1; // the older text's next line
    while (!unified.empty()) {
        const std::string_view line = unified.substr(0, unified.find('\n'));
        unified.remove_prefix(std::min(unified.size(), line.size() + 1));
        DifferenceLine made;
        if (line.starts_with("@@")) {
            const Hunk hunk = hunkOf(line);
            made.kind = Kind::Folded;
            made.folded = std::max(0, hunk.from - reached);
            reached = hunk.from + hunk.count;
            if (made.folded == 0)
                continue;
        } else if (line.empty() || line.front() == '\\') {
            continue;
        } else {
            made.kind = line.front() == '-' ? Kind::Removed : line.front() == '+' ? Kind::Added : Kind::Context;
            made.text = plainText(line.substr(1), longestLine);
            found.removed += made.kind == Kind::Removed;
            found.added += made.kind == Kind::Added;
        }
        if (found.lines.size() < most)
            found.lines.push_back(std::move(made));
        else
            ++found.left;
    }
    return found;
}

} // namespace gatehouse::ui
