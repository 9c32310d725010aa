// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gatehouse {

/// Watches the bytes of a handshake as they come, and finds a ClientHello that announces more than 16 KiB. OpenSSL
/// allows 128 KiB, and takes memory for all of it once it has seen the length: 13 bytes of a peer would cost 150 KiB of
/// ours. Real ones have 2 KiB, with a ticket that holds a client's certificate 4.
class HelloLimit {
public:
    static constexpr std::size_t largest = 16384;

    /// Bytes in their order, in any pieces; false where a hello is too large.
    [[nodiscard]] bool take(std::span<const unsigned char> bytes) noexcept;
    /// What follows is encrypted.
    void end() noexcept { m_ended = true; }
    /// A change_cipher_spec record has come.
    [[nodiscard]] bool changedCipher() const noexcept { return m_changedCipher; }

private:
    [[nodiscard]] bool takeMessageByte(unsigned char byte) noexcept;

    std::array<unsigned char, 5> m_record{};          ///< RFC 8446 §5.1: type, version, length
    std::array<unsigned char, 4> m_message{};         ///< RFC 8446 §4: type, length
    std::uint8_t m_recordHead = 0, m_messageHead = 0; ///< how much of them has come
    std::uint32_t m_recordLeft = 0, m_messageLeft = 0;
    bool m_ended = false, m_changedCipher = false;
};

} // namespace gatehouse
