// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "byteclient.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Frames written and read by hand, apart from server/wire: a server that is judged by its own codec is not judged.
namespace gatehouse::test::raw {

/// First bytes with FIN (RFC 6455 §5.2); without it a message goes on.
inline constexpr unsigned fin = 0x80;
inline constexpr unsigned text = 0x81, binary = 0x82, close = 0x88, ping = 0x89, pong = 0x8a;
inline constexpr unsigned firstOfText = 0x01, firstOfBinary = 0x02, middle = 0x00, last = 0x80;

struct Frame {
    unsigned first = text; ///< FIN, reserved bits and opcode
    std::string payload;

    friend bool operator==(const Frame&, const Frame&) = default;
};

/// A client's frame with a key that differs from call to call and is never 0.
[[nodiscard]] std::string masked(unsigned first, std::string_view payload);
[[nodiscard]] std::string masked(unsigned first, std::string_view payload, std::uint32_t key);
[[nodiscard]] std::string unmasked(unsigned first, std::string_view payload);
/// A masked header that announces `length` in a field of 0, 2 or 8 bytes, whether that is the shortest or not.
[[nodiscard]] std::string header(unsigned first, std::uint64_t length, std::size_t lengthBytes, std::uint32_t key = 0);
/// The payload of a Close.
[[nodiscard]] std::string closing(unsigned code, std::string_view reason = {});
/// Bytes that repeat no short pattern, so that a part which is lost, doubled or unmasked out of phase shows; ASCII.
[[nodiscard]] std::string filler(std::size_t size);
[[nodiscard]] std::vector<std::string> chopped(std::string_view bytes, std::size_t size);

/// Reads the server's frames, and nothing that RFC 6455 does not let a server send.
class Reader {
public:
    /// `compressed`: RSV1 is agreed on (RFC 7692 §6).
    explicit Reader(ByteClient& client, bool compressed = false)
        : m_client(client)
        , m_compressed(compressed)
    {
    }

    /// Waits for one; nothing at the end of the connection, where the ceiling was reached, or at a fault.
    [[nodiscard]] std::optional<Frame> next();
    /// What the server should not have sent.
    [[nodiscard]] const std::string& fault() const { return m_fault; }
    /// Bytes that are there beyond the frames that were read.
    [[nodiscard]] std::size_t left() const { return m_bytes.size() - m_start; }

private:
    [[nodiscard]] std::string check(unsigned first, unsigned second) const;
    bool fill(std::size_t size);

    ByteClient& m_client;
    bool m_compressed;
    std::string m_bytes;
    std::size_t m_start = 0; ///< of what is not read yet
    std::string m_fault;
};

} // namespace gatehouse::test::raw
