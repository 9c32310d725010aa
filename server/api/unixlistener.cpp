// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/unixlistener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace gatehouse {

namespace {

constexpr int backlog = 64;

Failure<std::string> failed(const std::filesystem::path& path, const std::string& what, int error)
{
    return Failure{"control socket " + path.string() + ": " + what +
                   (error != 0 ? std::string(": ") + std::strerror(error) : "")};
}

Result<Done, std::string> makeFolders(const std::filesystem::path& folder, std::optional<gid_t> group)
{
    std::error_code error;
    if (folder.empty() || std::filesystem::is_directory(folder, error))
        return Done{};
    if (auto made = makeFolders(folder.parent_path(), group); !made)
        return made;
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return failed(folder, "cannot make the folder", errno);
    if (group && (::chown(folder.c_str(), static_cast<uid_t>(-1), *group) != 0 || ::chmod(folder.c_str(), 0710) != 0))
        return failed(folder, "cannot be given to control_group", errno);
    return Done{};
}

int unixSocket()
{
    return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

Result<Done, std::string> removeStale(const std::filesystem::path& path, const sockaddr_un& address)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<Done, std::string>(Done{}) : failed(path, "cannot be looked at", errno);
    if (!S_ISSOCK(status.st_mode))
        return failed(path, "exists and is no socket; remove it or change control_socket", 0);
    const int probe = unixSocket();
    if (probe < 0)
        return failed(path, "cannot make a socket", errno);
    const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::close(probe);
    // EAGAIN: somebody listens whose queue is full.
    if (connected == 0 || error == EAGAIN)
        return failed(path, "another process answers on it; is a server running already?", 0);
    if (error != ECONNREFUSED)
        return failed(path, "cannot tell whether somebody answers on it", error);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return failed(path, "cannot remove what a former server left", errno);
    return Done{};
}

} // namespace

UnixListener::UnixListener(int descriptor, std::filesystem::path path)
    : m_descriptor(descriptor)
    , m_path(std::move(path))
{
    struct stat status {};
    if (::lstat(m_path.c_str(), &status) == 0) {
        m_device = status.st_dev;
        m_inode = status.st_ino;
    }
}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_path(std::move(other.m_path))
    , m_device(other.m_device)
    , m_inode(other.m_inode)
{
}

UnixListener::~UnixListener()
{
    if (m_descriptor < 0)
        return;
    struct stat status {};
    if (::lstat(m_path.c_str(), &status) == 0 && status.st_dev == m_device && status.st_ino == m_inode)
        ::unlink(m_path.c_str());
    ::close(m_descriptor);
}

Result<UnixListener, std::string> UnixListener::open(const std::filesystem::path& path, std::optional<gid_t> group)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.empty() || text.size() >= sizeof address.sun_path)
        return failed(path,
                      "the path has " + std::to_string(text.size()) + " bytes; a Unix socket's has 1 to " +
                          std::to_string(sizeof address.sun_path - 1) + ", choose a shorter control_socket",
                      0);
    std::memcpy(address.sun_path, text.data(), text.size());
    if (auto made = makeFolders(path.parent_path(), group); !made)
        return Failure{made.error()};
    if (auto removed = removeStale(path, address); !removed)
        return Failure{removed.error()};
    const int descriptor = unixSocket();
    if (descriptor < 0)
        return failed(path, "cannot make a socket", errno);
    // On Linux a socket's file gets the socket's own mode less the umask. Unlike umask(), this touches no other thread.
    if (::fchmod(descriptor, 0600) != 0 ||
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(descriptor);
        return failed(path, "cannot be made", error);
    }
    UnixListener listener(descriptor, path);
    // Its group first: with the mode alone, the server's own group would have it for a moment.
    if (group && (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 || ::chmod(path.c_str(), 0660) != 0))
        return failed(path, "cannot be given to control_group", errno);
    if (::listen(descriptor, backlog) != 0)
        return failed(path, "cannot listen", errno);
    return listener;
}

std::optional<Peer> peerOf(int descriptor)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return std::nullopt;
    Peer peer{credentials.uid, credentials.gid, std::to_string(credentials.uid)};
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(peer.uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        peer.name = found->pw_name;
    return peer;
}

bool isMember(const Peer& peer, gid_t group)
{
    if (peer.gid == group)
        return true;
    constexpr int most = 65536; // groups of one user, as many as Linux has
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(peer.name.c_str(), peer.gid, groups.data(), &count) < 0) { // now it says how many there are
        if (count > most)
            return false;
        groups.resize(static_cast<std::size_t>(std::max(count, 1)));
        if (::getgrouplist(peer.name.c_str(), peer.gid, groups.data(), &count) < 0)
            return false;
    }
    return std::find(groups.begin(), groups.begin() + count, group) != groups.begin() + count;
}

} // namespace gatehouse
