// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace gatehouse {

/// A listening Unix socket that only its owner, or a group, may connect to. Removes its path on destruction if it is
/// still its own.
class UnixListener {
public:
    /// Makes missing folders with mode 0700 and the socket with mode 0600. A socket left behind by a process that is
    /// gone is replaced; one that answers, and anything that is no socket, is not. Errors name the path, in English.
    /// `group`: that may connect too, for whom the socket has mode 0660 and a folder made for it 0710; its folders are
    /// theirs to enter only as far as they were made here, or say so themselves.
    [[nodiscard]] static Result<UnixListener, std::string> open(const std::filesystem::path& path,
                                                                std::optional<gid_t> group = std::nullopt);

    UnixListener(UnixListener&& other) noexcept;
    UnixListener& operator=(UnixListener&&) = delete;
    ~UnixListener();

    [[nodiscard]] int descriptor() const { return m_descriptor; }

private:
    UnixListener(int descriptor, std::filesystem::path path);

    int m_descriptor = -1;
    std::filesystem::path m_path;
    dev_t m_device = 0;
    ino_t m_inode = 0;
};

/// Who is at the other end of a connected Unix socket.
struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name; ///< of the user; the number where there is none
};
[[nodiscard]] std::optional<Peer> peerOf(int descriptor);
/// By its process's own group, or as the system lists the user's groups.
[[nodiscard]] bool isMember(const Peer& peer, gid_t group);

} // namespace gatehouse
