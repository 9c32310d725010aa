// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/difference.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace gatehouse {

namespace {

/// Lines with their newlines, each as a number that equal lines share.
struct Lines {
    std::vector<std::string_view> texts;
    std::vector<std::uint32_t> numbers;
};

using Numbers = std::unordered_map<std::string_view, std::uint32_t>;

Lines split(std::string_view text, Numbers& known)
{
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.texts.push_back(text.substr(0, end));
        lines.numbers.push_back(
            known.emplace(lines.texts.back(), static_cast<std::uint32_t>(known.size())).first->second);
        text.remove_prefix(end);
    }
    return lines;
}

/// Which lines of both texts have no partner in the other.
struct Marks {
    std::vector<bool> removed;
    std::vector<bool> added;
};

/// Myers' greedy algorithm (An O(ND) Difference Algorithm and Its Variations, 1986) between common ends. Where it would
/// cost too much, all between the ends is marked.
class Matcher {
public:
    Matcher(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after)
        : m_before(before)
        , m_after(after)
    {
    }

    [[nodiscard]] Marks match()
    {
        trim();
        Marks marks{std::vector<bool>(m_before.size(), false), std::vector<bool>(m_after.size(), false)};
        const auto all = [](std::vector<bool>& lines, std::size_t from, std::size_t count) {
            std::fill_n(lines.begin() + static_cast<std::ptrdiff_t>(from), count, true);
        };
        if (m_old == 0 || m_new == 0 || !search()) {
            all(marks.removed, m_head, m_old);
            all(marks.added, m_head, m_new);
        } else {
            walkBack(marks);
        }
        return marks;
    }

private:
    static constexpr std::ptrdiff_t mostEdits = 1000;
    static constexpr std::size_t mostSteps = 20'000'000;

    void trim()
    {
        const std::size_t shorter = std::min(m_before.size(), m_after.size());
        while (m_head < shorter && m_before[m_head] == m_after[m_head])
            ++m_head;
        std::size_t tail = 0;
        while (tail < shorter - m_head && m_before[m_before.size() - 1 - tail] == m_after[m_after.size() - 1 - tail])
            ++tail;
        m_old = m_before.size() - m_head - tail;
        m_new = m_after.size() - m_head - tail;
    }

    /// The furthest reaching place on diagonal `k` (old minus new) after `edits`: by a line added or by one removed.
    [[nodiscard]] static bool byAdding(const std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t k,
                                       std::ptrdiff_t edits)
    {
        return k == -edits || (k != edits && at(furthest, k - 1) < at(furthest, k + 1));
    }

    [[nodiscard]] static std::ptrdiff_t at(const std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t k)
    {
        return furthest[static_cast<std::size_t>(k + static_cast<std::ptrdiff_t>(furthest.size() / 2))];
    }

    /// True when the ends were reached; m_rounds then has the furthest places before each edit.
    [[nodiscard]] bool search()
    {
        const auto olds = static_cast<std::ptrdiff_t>(m_old);
        const auto news = static_cast<std::ptrdiff_t>(m_new);
        std::size_t steps = 0;
        std::vector<std::ptrdiff_t> furthest(3, 0);
        for (std::ptrdiff_t edits = 0; edits <= std::min(mostEdits, olds + news); ++edits) {
            m_rounds.push_back(furthest);
            std::vector<std::ptrdiff_t> next(static_cast<std::size_t>(2 * edits + 5), 0);
            const auto middle = static_cast<std::ptrdiff_t>(next.size() / 2);
            for (std::ptrdiff_t k = -edits; k <= edits; k += 2) {
                std::ptrdiff_t x = 0;
                if (edits > 0)
                    x = byAdding(furthest, k, edits) ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
                for (; x < olds && x - k < news && same(x, x - k); ++x)
                    ++steps;
                next[static_cast<std::size_t>(middle + k)] = x;
                if (x >= olds && x - k >= news)
                    return true;
                if (++steps > mostSteps)
                    return false;
            }
            furthest = std::move(next);
        }
        return false;
    }

    [[nodiscard]] bool same(std::ptrdiff_t old, std::ptrdiff_t now) const
    {
        return m_before[m_head + static_cast<std::size_t>(old)] == m_after[m_head + static_cast<std::size_t>(now)];
    }

    void walkBack(Marks& marks) const
    {
        auto x = static_cast<std::ptrdiff_t>(m_old);
        auto y = static_cast<std::ptrdiff_t>(m_new);
        for (auto edits = static_cast<std::ptrdiff_t>(m_rounds.size()) - 1; edits > 0; --edits) {
            const auto& furthest = m_rounds[static_cast<std::size_t>(edits)];
            const std::ptrdiff_t k = x - y;
            const bool added = byAdding(furthest, k, edits);
            x = at(furthest, added ? k + 1 : k - 1);
            y = x - (added ? k + 1 : k - 1);
            if (added)
                marks.added[m_head + static_cast<std::size_t>(y)] = true;
            else
                marks.removed[m_head + static_cast<std::size_t>(x)] = true;
        }
    }

    const std::vector<std::uint32_t>& m_before;
    const std::vector<std::uint32_t>& m_after;
    std::size_t m_head = 0; ///< equal lines at the start
    std::size_t m_old = 0;  ///< lines between the equal ends
    std::size_t m_new = 0;
    std::vector<std::vector<std::ptrdiff_t>> m_rounds;
};

/// Lines [begin, end) of both texts.
struct Block {
    std::size_t oldBegin = 0;
    std::size_t oldEnd = 0;
    std::size_t newBegin = 0;
    std::size_t newEnd = 0;
};

std::vector<Block> blocksOf(const Marks& marks)
{
    std::vector<Block> blocks;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < marks.removed.size() || j < marks.added.size()) {
        Block block{i, i, j, j};
        while (block.oldEnd < marks.removed.size() && marks.removed[block.oldEnd])
            ++block.oldEnd;
        while (block.newEnd < marks.added.size() && marks.added[block.newEnd])
            ++block.newEnd;
        if (block.oldEnd > i || block.newEnd > j)
            blocks.push_back(block);
        i = block.oldEnd + 1;
        j = block.newEnd + 1;
    }
    return blocks;
}

void appendLine(std::string& out, char mark, std::string_view line)
{
    out += mark;
    out += line;
    if (!line.ends_with('\n'))
        out += "\n\\ No newline at end of file\n";
}

std::string range(char mark, std::size_t begin, std::size_t end)
{
    const std::size_t count = end - begin;
    std::string text(1, mark);
    text += std::to_string(count == 0 ? begin : begin + 1);
    return count == 1 ? text : text + "," + std::to_string(count);
}

/// One hunk: the blocks [first, last) with what stands between and around them.
void appendHunk(std::string& out, const Lines& before, const Lines& after, const std::vector<Block>& blocks,
                std::size_t first, std::size_t last, std::size_t context)
{
    const std::size_t ahead = std::min(blocks[first].oldBegin, context);
    const std::size_t behind = std::min(before.texts.size() - blocks[last - 1].oldEnd, context);
    const std::size_t end = blocks[last - 1].oldEnd + behind;
    out += "@@ " + range('-', blocks[first].oldBegin - ahead, end) + " " +
           range('+', blocks[first].newBegin - ahead, blocks[last - 1].newEnd + behind) + " @@\n";
    std::size_t line = blocks[first].oldBegin - ahead;
    for (std::size_t i = first; i < last; ++i) {
        for (; line < blocks[i].oldBegin; ++line)
            appendLine(out, ' ', before.texts[line]);
        for (; line < blocks[i].oldEnd; ++line)
            appendLine(out, '-', before.texts[line]);
        for (std::size_t j = blocks[i].newBegin; j < blocks[i].newEnd; ++j)
            appendLine(out, '+', after.texts[j]);
    }
    for (; line < end; ++line)
        appendLine(out, ' ', before.texts[line]);
}

} // namespace

std::string textDifference(std::string_view before, std::string_view after, unsigned context)
{
    Numbers known;
    const Lines old = split(before, known);
    const Lines now = split(after, known);
    const std::vector<Block> blocks = blocksOf(Matcher(old.numbers, now.numbers).match());
    std::string out;
    for (std::size_t first = 0; first < blocks.size();) {
        std::size_t last = first + 1;
        while (last < blocks.size() && blocks[last].oldBegin - blocks[last - 1].oldEnd <= 2 * std::size_t{context})
            ++last;
        appendHunk(out, old, now, blocks, first, last, context);
        first = last;
    }
    return out;
}

} // namespace gatehouse
