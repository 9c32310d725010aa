// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"
#include "runtime/generation.h"

#include <filesystem>
#include <functional>
#include <string>

namespace gatehouse {

/// The policy's file: watched, read, replaced. Owner: the jobs thread.
class PolicyFile {
public:
    static constexpr std::chrono::seconds lookEvery{1};

    PolicyFile(std::filesystem::path file, const Clock& clock)
        : m_file(std::move(file))
        , m_clock(clock)
    {
    }

    /// `changed` is called where the file is another than was read or written last, and stood still for a look.
    void watch(std::function<void()> changed) { m_changed = std::move(changed); }
    /// To be called often; looks no more often than it must.
    void tick();

    /// At most 4 MiB. The error names the file. What is read is no change any more, good or not.
    [[nodiscard]] Result<std::string, std::string> read();
    /// What it holds, without taking it as known.
    [[nodiscard]] Result<std::string, std::string> peek() const;
    [[nodiscard]] Result<Done, std::string> write(const std::string& text);
    [[nodiscard]] const std::filesystem::path& path() const { return m_file; }

private:
    const std::filesystem::path m_file;
    const Clock& m_clock;
    std::function<void()> m_changed;
    FileStamp m_known; ///< of what was read or written last
    FileStamp m_seen;  ///< at the last look
    TimePoint m_nextLook{};
};

} // namespace gatehouse
