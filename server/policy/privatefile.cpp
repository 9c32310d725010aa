// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/privatefile.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace gatehouse {

namespace {

struct FileDescriptor {
    int number;
    explicit FileDescriptor(int fd)
        : number(fd)
    {
    }
    ~FileDescriptor()
    {
        if (number >= 0)
            close(number);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
};

std::optional<FileProblem> inspect(const std::filesystem::path& file, struct stat& status)
{
    const auto problem = [&](const std::string& what) { return FileProblem{false, file.string() + ": " + what}; };
    if (stat(file.c_str(), &status) != 0)
        return problem(std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode))
        return problem("not a regular file");
    if (access(file.c_str(), R_OK) != 0)
        return problem(std::generic_category().message(errno));
    return std::nullopt;
}

} // namespace

std::optional<FileProblem> checkReadableFile(const std::filesystem::path& file)
{
    struct stat status {};
    return inspect(file, status);
}

std::optional<FileProblem> checkPrivateFile(const std::filesystem::path& file)
{
    constexpr mode_t widest = 0640;
    struct stat status {};
    if (auto problem = inspect(file, status))
        return problem;
    const mode_t mode = status.st_mode & 07777;
    if ((mode & ~widest) == 0)
        return std::nullopt;
    std::array<char, 8> octal{};
    std::snprintf(octal.data(), octal.size(), "%04o", static_cast<unsigned>(mode));
    return FileProblem{true, file.string() + ": mode " + octal.data() +
                                 "; 0600, or 0640 with a group of its own, is required"};
}

Result<std::string, std::string> readWholeFile(const std::filesystem::path& file, std::size_t largest)
{
    const auto problem = [&](const std::string& what) { return Failure{file.string() + ": " + what}; };
    const FileDescriptor fd{open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    struct stat status {};
    if (fd.number < 0 || fstat(fd.number, &status) != 0)
        return problem(std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode))
        return problem("not a regular file");
    std::string bytes(largest + 1, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = read(fd.number, bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return problem(std::generic_category().message(errno));
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    if (size > largest)
        return problem("larger than " + std::to_string(largest / 1024) + " KiB");
    bytes.resize(size);
    return bytes;
}

std::optional<std::string> readSecretFile(const std::filesystem::path& file)
{
    auto bytes = readWholeFile(file, 65536);
    if (!bytes)
        return std::nullopt;
    if (bytes->ends_with('\n'))
        bytes->pop_back();
    return std::move(bytes).value();
}

} // namespace gatehouse
