// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/statelock.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gatehouse {

Result<StateLock, std::string> StateLock::take(const std::filesystem::path& directory)
{
    const auto problem = [&](const std::string& what) {
        return Failure{what + ' ' + directory.string() + ": " + std::strerror(errno)};
    };
    std::error_code made;
    std::filesystem::create_directories(directory.parent_path(), made);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return problem("cannot make state directory");
    struct stat status {};
    if (stat(directory.c_str(), &status) != 0)
        return problem("cannot look at state directory");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) // who may put another store in its place lifts every ban
        return Failure{"state directory " + directory.string() + " can be written by others; chmod 700 it"};
    const std::filesystem::path file = directory / "lock";
    Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd)
        return problem("cannot open the lock file in");
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return problem("cannot lock");
        std::array<char, 24> holder{};
        const ssize_t got = pread(fd.get(), holder.data(), holder.size() - 1, 0);
        std::string pid(holder.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        pid.erase(pid.find_last_not_of("\n ") + 1);
        return Failure{"process " + (pid.empty() ? std::string("unknown") : pid) + " already serves from " +
                       directory.string() + "; stop it first, or give this one a state_dir of its own"};
    }
    const std::string pid = std::to_string(getpid()) + '\n';
    if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return problem("cannot write the lock file in");
    return StateLock(std::move(fd));
}

} // namespace gatehouse
