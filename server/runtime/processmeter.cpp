// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/processmeter.h"

#include <array>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr std::chrono::seconds lookEvery{1};

std::string textOf(const char* file)
{
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// By the time since the machine started, which is what the kernel notes: the wall clock may have been set since.
std::optional<WallTime> startedAt(double sinceBoot, WallTime wall)
{
    timespec boot{};
    if (clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
        return std::nullopt;
    const double age = static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9 - sinceBoot;
    return wall - std::chrono::milliseconds(static_cast<std::int64_t>(age * 1000));
}

std::optional<std::uint64_t> openFiles()
{
    std::error_code failed;
    std::filesystem::directory_iterator entry("/proc/self/fd", failed);
    std::uint64_t count = 0;
    while (!failed && entry != std::filesystem::directory_iterator()) {
        ++count;
        entry.increment(failed);
    }
    if (failed || count == 0)
        return std::nullopt;
    return count - 1; // the folder itself is open while it is read
}

ProcessFigures read(WallTime wall)
{
    ProcessFigures figures;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    if (const auto stat = parseProcessStat(textOf("/proc/self/stat"))) {
        figures.cpuSeconds = static_cast<double>(stat->userTicks + stat->systemTicks) / ticks;
        figures.residentBytes = stat->residentPages * page;
        figures.virtualBytes = stat->virtualBytes;
        figures.threads = stat->threads;
        figures.started = startedAt(static_cast<double>(stat->startTicks) / ticks, wall);
    }
    figures.openFiles = openFiles();
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        figures.mostFiles = limit.rlim_cur;
    return figures;
}

} // namespace

std::optional<ProcessStat> parseProcessStat(const std::string& text)
{
    const auto name = text.rfind(") "); // of the program; it may hold blanks and brackets
    if (name == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(name + 2));
    constexpr std::size_t first = 3; // the number of the field behind the name, as proc(5) counts
    constexpr std::size_t last = 24;
    std::array<std::uint64_t, last + 1> values{};
    std::string field;
    for (std::size_t i = first; i <= last; ++i) {
        if (!(fields >> field))
            return std::nullopt;
        if (i == 14 || i == 15 || i == 20 || i >= 22) {
            const char* end = field.data() + field.size();
            if (const auto read = std::from_chars(field.data(), end, values[i]);
                read.ptr != end || read.ec != std::errc())
                return std::nullopt;
        }
    }
    return ProcessStat{values[14], values[15], values[20], values[22], values[23], values[24]};
}

const ProcessFigures& ProcessMeter::look(TimePoint now, WallTime wall)
{
    if (!m_looked || now - *m_looked >= lookEvery) {
        const auto started = m_figures.started; // what it was said to be first: readings differ by a tick
        m_figures = read(wall);
        if (started)
            m_figures.started = started;
        m_looked = now;
    }
    return m_figures;
}

} // namespace gatehouse
