// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "net/listeners.h"

#include <filesystem>
#include <string>

namespace gatehouse {

/// One process holds a state directory: an flock() on its `lock` file, which names the holder's process id.
class StateLock {
public:
    /// Makes the directory (mode 0700) where it is missing, and refuses one that others can write to. The error names
    /// the holder.
    [[nodiscard]] static Result<StateLock, std::string> take(const std::filesystem::path& directory);

private:
    explicit StateLock(Fd fd)
        : m_fd(std::move(fd))
    {
    }
    Fd m_fd;
};

} // namespace gatehouse
