// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/newfile.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace gatehouse {

namespace {

Failure<std::string> failed(const std::filesystem::path& file, int error)
{
    return Failure{file.string() + ": " + std::generic_category().message(error)};
}

class Descriptor {
public:
    explicit Descriptor(int fd)
        : m_fd(fd)
    {
    }
    ~Descriptor()
    {
        if (m_fd >= 0)
            close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_fd; }

private:
    int m_fd;
};

bool writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

constexpr gid_t ownGroup = static_cast<gid_t>(-1);

/// 0, or the error of the first step that failed.
int writeTemporary(const std::filesystem::path& file, std::string_view bytes, mode_t mode, gid_t group = ownGroup)
{
    const Descriptor fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    // The group first: a mode that lets a group read must not meet the wrong one.
    if (fd.get() < 0 || !writeAll(fd.get(), bytes) || fchown(fd.get(), static_cast<uid_t>(-1), group) != 0 ||
        fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0)
        return errno;
    return 0;
}

int syncFolder(const std::filesystem::path& folder)
{
    const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd.get() >= 0 && fsync(fd.get()) == 0 ? 0 : errno;
}

} // namespace

Result<Done, std::string> writeNewFile(const std::filesystem::path& file, std::string_view bytes, mode_t mode)
{
    std::filesystem::path temporary = file;
    temporary += ".new." + std::to_string(getpid());
    int error = writeTemporary(temporary, bytes, mode);
    if (error == EEXIST)
        return failed(temporary, error);
    // link() refuses a name that exists, where rename() would replace it.
    if (error == 0 && link(temporary.c_str(), file.c_str()) != 0)
        error = errno;
    unlink(temporary.c_str());
    if (error == 0)
        error = syncFolder(file.parent_path());
    if (error != 0)
        return failed(file, error);
    return Done{};
}

Result<Done, std::string> writeLike(const std::filesystem::path& model, const std::filesystem::path& file,
                                    std::string_view bytes)
{
    struct stat status {};
    if (stat(model.c_str(), &status) != 0)
        return failed(model, errno);
    if (unlink(file.c_str()) != 0 && errno != ENOENT)
        return failed(file, errno);
    const gid_t group = status.st_gid == getegid() ? ownGroup : status.st_gid;
    if (const int error = writeTemporary(file, bytes, status.st_mode & 0777, group); error != 0)
        return failed(file, error);
    return Done{};
}

Result<Done, std::string> writeBeside(const std::filesystem::path& model, const std::filesystem::path& file,
                                      std::string_view bytes)
{
    struct stat status {};
    if (stat(model.c_str(), &status) != 0)
        return failed(model, errno);
    if (auto written = writeLike(model, file, bytes); !written)
        return written;
    if (status.st_uid != geteuid() && chown(file.c_str(), status.st_uid, static_cast<gid_t>(-1)) != 0) {
        const int error = errno;
        unlink(file.c_str());
        return failed(file, error);
    }
    return Done{};
}

Result<Done, std::string> replaceFile(const std::filesystem::path& file, std::string_view bytes)
{
    std::error_code error;
    if (std::filesystem::symlink_status(file, error).type() == std::filesystem::file_type::not_found)
        return writeNewFile(file, bytes, S_IRUSR | S_IWUSR);
    const std::filesystem::path target = std::filesystem::canonical(file, error);
    if (error)
        return failed(file, error.value());
    if (access(target.c_str(), W_OK) != 0)
        return failed(target, errno);
    std::filesystem::path fresh = target;
    fresh += ".new." + std::to_string(getpid());
    if (auto written = writeBeside(target, fresh, bytes); !written) {
        unlink(fresh.c_str());
        return written;
    }
    auto moved = moveInto(fresh, target);
    if (!moved)
        unlink(fresh.c_str());
    return moved;
}

Result<Done, std::string> moveInto(const std::filesystem::path& from, const std::filesystem::path& to)
{
    // What was written before is on disk under its name before it takes another.
    if (const int error = syncFolder(from.parent_path()); error != 0)
        return failed(from, error);
    if (rename(from.c_str(), to.c_str()) != 0)
        return failed(to, errno);
    if (const int error = syncFolder(to.parent_path()); error != 0)
        return failed(to, error);
    return Done{};
}

Result<Done, std::string> makePrivateFolder(const std::filesystem::path& folder)
{
    std::error_code error;
    if (std::filesystem::is_directory(folder, error))
        return Done{};
    if (folder.has_parent_path() && folder.parent_path() != folder)
        if (auto above = makePrivateFolder(folder.parent_path()); !above)
            return above;
    if (mkdir(folder.c_str(), S_IRWXU) != 0 || chmod(folder.c_str(), S_IRWXU) != 0)
        return failed(folder, errno);
    return Done{};
}

} // namespace gatehouse
