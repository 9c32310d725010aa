// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/transport.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gatehouse::fuzz {

/// The other end of a FakeTransport: what it says, what it takes, and what it was told. Outlives the transport.
struct Peer {
    enum class End : std::uint8_t { Open, Closed, Reset };

    std::string says;
    std::size_t heard = 0; ///< bytes of it that the server has read
    std::size_t largestRead = SIZE_MAX;
    std::size_t room = SIZE_MAX; ///< bytes that it takes before the server must wait
    std::size_t drip = 0;        ///< bytes of room that come with time
    std::size_t largestWrite = SIZE_MAX;
    std::string taken;
    std::vector<std::string> messages; ///< that it must be told in this order; the last ones may be missing
    End end = End::Open;
    bool toldAll = false; ///< the server has ended its side
    bool secure = false;
    std::string serverName;
    std::optional<ClientCertificate> certificate;
    IoStatus handshake = IoStatus::Ok;

    [[nodiscard]] bool readable() const { return heard < says.size() || end != End::Open; }
    [[nodiscard]] bool writable() const { return room > 0 || end == End::Reset; }
};

/// A transport without a socket. It holds its user to the interface's rules as well.
class FakeTransport final : public Transport {
public:
    explicit FakeTransport(Peer& peer)
        : m_peer(peer)
    {
    }

    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] bool secure() const override { return m_peer.secure; }
    [[nodiscard]] bool wantsWrite() const override { return m_wantsWrite; }
    [[nodiscard]] Reason failure() const override { return Reason::TlsAborted; }
    [[nodiscard]] std::string certificateProblem() const override { return {}; }
    [[nodiscard]] std::string serverName() const override { return m_peer.serverName; }

    [[nodiscard]] std::optional<ClientCertificate> clientCertificate() const override { return m_peer.certificate; }

    [[nodiscard]] IoResult peek(std::span<std::byte> into) override;
    void skip(std::size_t size) override;
    [[nodiscard]] IoStatus handshake() override;
    [[nodiscard]] IoResult read(std::span<std::byte> into) override;
    [[nodiscard]] bool readable() override;
    [[nodiscard]] IoResult write(std::span<const std::byte> from) override;
    void shutdownWrite() override;

    [[nodiscard]] std::string tlsVersion() const override { return m_peer.secure ? "1.3" : ""; }
    [[nodiscard]] std::string tlsCipher() const override { return m_peer.secure ? "TLS_AES_128_GCM_SHA256" : ""; }

private:
    Peer& m_peer;
    std::string m_offered; ///< what a write that had to wait was given, and the next one must be given again
    bool m_wantsWrite = false;
    bool m_shaken = false;
    bool m_over = false; ///< Closed or Failed was answered
};

} // namespace gatehouse::fuzz
