// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace gatehouse {

class ServerControl;

struct ControlSocketOptions {
    std::filesystem::path path;
    std::size_t connections = 64;                     ///< at once; over it the longest idle one goes
    std::size_t bodyLimit = 12 << 20;                 ///< bytes of a request's body: a policy of 4 MiB as a JSON text
    std::chrono::milliseconds requestDeadline{10000}; ///< to send a request whole, and to take an answer
    std::chrono::milliseconds idleTimeout{60000};     ///< between requests
    std::optional<uid_t> user;                        ///< whose processes may connect; unset: this process's user
};

/// The API on a Unix socket: HTTP/1.1 with keep-alive, POST /api/METHOD, GET /livez and /readyz. Commands are carried
/// out on behalf of the user at the other end, via "socket". Has a thread of its own, "api", which never waits for a
/// client or a command. `control` must outlive it.
class ControlSocket {
public:
    [[nodiscard]] static Result<std::unique_ptr<ControlSocket>, std::string> open(ControlSocketOptions options,
                                                                                  ServerControl& control);
    /// Closes all connections, joins the thread and removes the socket. Answers that come later are dropped.
    ~ControlSocket();

private:
    ControlSocket();
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
