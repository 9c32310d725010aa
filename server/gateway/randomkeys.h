// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gatehouse {

/// Bytes that nobody can foretell, for masks (RFC 6455 §10.3) and for keys: drawn from OpenSSL's generator in blocks,
/// since a call for each frame would cost more than the frame. What was given out is forgotten. Owner: one I/O worker.
class RandomKeys {
public:
    /// All of them throw std::runtime_error where the generator fails: nothing may be sent that can be foretold.
    [[nodiscard]] std::uint32_t mask();
    /// A Sec-WebSocket-Key (RFC 6455 §4.1 item 7): base64 of 16 bytes.
    [[nodiscard]] std::string webSocketKey();

private:
    void draw(std::span<std::byte> into);

    std::array<std::byte, 1024> m_bytes{};
    std::size_t m_used = m_bytes.size();
};

} // namespace gatehouse
