// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clientcertificate.h"
#include "domain/reason.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace gatehouse {

enum class IoStatus : std::uint8_t { Ok, WouldBlock, Closed, Failed };

struct IoResult {
    IoStatus status = IoStatus::Ok;
    std::size_t bytes = 0;
};

/// The bytes of one connection, as a connection sees them: a socket with or without TLS, or what a test puts there.
/// Nothing blocks. Owner: one I/O worker.
class Transport {
public:
    virtual ~Transport() = default;

    /// What epoll watches; -1 where there is no socket.
    [[nodiscard]] virtual int fd() const = 0;
    [[nodiscard]] virtual bool secure() const = 0;
    /// True where the last call could not go on before the socket takes more bytes.
    [[nodiscard]] virtual bool wantsWrite() const = 0;
    /// Why handshake(), or read() after it, answered Failed.
    [[nodiscard]] virtual Reason failure() const = 0;

    /// What of the peer's certificate was refused, or of its part of the handshake, in words for the operator; empty:
    /// nothing.
    [[nodiscard]] virtual std::string certificateProblem() const { return {}; }
    /// The server name that the client sent in TLS (RFC 6066 §3); empty: none. Until the first write.
    [[nodiscard]] virtual std::string serverName() const { return {}; }

    /// What the client's certificate says, where the handshake verified one.
    [[nodiscard]] virtual std::optional<ClientCertificate> clientCertificate() const { return std::nullopt; }

    /// Before the handshake: what came, at least one byte where it answers Ok, and none of it is taken.
    [[nodiscard]] virtual IoResult peek(std::span<std::byte> into) = 0;
    /// Takes bytes that peek() showed.
    virtual void skip(std::size_t size) = 0;

    [[nodiscard]] virtual IoStatus handshake() = 0;
    [[nodiscard]] virtual IoResult read(std::span<std::byte> into) = 0;
    /// True where a read would yield at least one byte right now; takes none.
    [[nodiscard]] virtual bool readable() = 0;
    /// Where it answers WouldBlock, the next call must offer the same bytes, or more of them.
    [[nodiscard]] virtual IoResult write(std::span<const std::byte> from) = 0;
    /// The peer sees the end of what was written.
    virtual void shutdownWrite() = 0;

    [[nodiscard]] virtual std::string tlsVersion() const = 0; ///< "1.3"; empty without TLS
    [[nodiscard]] virtual std::string tlsCipher() const = 0;
};

} // namespace gatehouse
