// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/privatefile.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace gatehouse {

namespace {

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

std::optional<std::string> readSecretFile(const std::filesystem::path& file)
{
    constexpr std::size_t largest = 65536;
    std::ifstream stream(file, std::ios::binary);
    std::string bytes(largest + 1, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.eof() || stream.bad())
        return std::nullopt;
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    if (bytes.ends_with('\n'))
        bytes.pop_back();
    return bytes;
}

} // namespace gatehouse
