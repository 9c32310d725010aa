// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "byteclient.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::test {

/// An application behind the gate that says exactly the bytes it is told to: a listening socket on 127.0.0.1 whose
/// connections are handed out one by one.
class ByteUpstream {
public:
    /// `receiveBuffer` of each of its sockets; 0: the system's.
    explicit ByteUpstream(int receiveBuffer = 0);
    ~ByteUpstream();
    ByteUpstream(const ByteUpstream&) = delete;
    ByteUpstream& operator=(const ByteUpstream&) = delete;

    [[nodiscard]] std::uint16_t port() const { return m_port; }
    [[nodiscard]] std::string url(std::string_view path = "/") const;
    /// The next connection, whole or not; one that is not connected() where none came within the time.
    [[nodiscard]] ByteClient accept(std::chrono::milliseconds atMost = ceiling) const;
    /// From here on it refuses; what is connected stays.
    void stop();
    /// And listens again, on the same port.
    void listen();

    /// A request's head with its empty line; what the connection held where it ended before.
    [[nodiscard]] static std::string readHead(ByteClient& peer);
    /// The value of a header of that head; empty: there is none. Several are joined by ", ".
    [[nodiscard]] static std::string header(std::string_view head, std::string_view name);
    /// The 101 to that head. `more` are whole lines with their ends.
    [[nodiscard]] static std::string switching(std::string_view head, std::string_view more = {});

private:
    int m_listening = -1;
    std::uint16_t m_port = 0;
    int m_receiveBuffer;
};

} // namespace gatehouse::test
