// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gatehouse::wire {

namespace {

void putBigEndian(FrameHeader& header, std::uint64_t value, std::size_t size)
{
    for (std::size_t left = size; left > 0; --left)
        header.bytes[header.size++] = static_cast<std::byte>(value >> (8 * (left - 1)) & 0xff);
}

/// The longest front of `text` that is whole UTF-8 and no longer than `limit`.
std::string_view wholeCodePoints(std::string_view text, std::size_t limit)
{
    const auto bytes = std::as_bytes(std::span(text));
    Utf8Validator validator;
    std::size_t whole = 0;
    for (std::size_t i = 0; i < std::min(limit, bytes.size()) && validator.feed(bytes.subspan(i, 1)); ++i) {
        if (validator.complete())
            whole = i + 1;
    }
    return text.substr(0, whole);
}

std::vector<std::byte> frameOf(const FrameHeader& header, std::span<const std::byte> payload,
                               std::optional<std::uint32_t> mask)
{
    std::vector<std::byte> frame;
    frame.reserve(header.size + payload.size());
    frame.insert(frame.end(), header.bytes.begin(), header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size));
    frame.insert(frame.end(), payload.begin(), payload.end());
    if (mask)
        applyMask(std::span(frame).subspan(header.size), *mask, 0);
    return frame;
}

} // namespace

FrameHeader frameHeader(Opcode opcode, std::uint64_t length, bool fin, bool rsv1, std::optional<std::uint32_t> mask)
{
    FrameHeader header;
    const unsigned first = (fin ? 0x80U : 0U) | (rsv1 ? 0x40U : 0U) | static_cast<unsigned>(opcode);
    const unsigned maskBit = mask ? 0x80U : 0U;
    header.bytes[header.size++] = static_cast<std::byte>(first);
    if (length < 126) {
        header.bytes[header.size++] = static_cast<std::byte>(maskBit | static_cast<unsigned>(length));
    } else if (length <= 0xffff) {
        header.bytes[header.size++] = static_cast<std::byte>(maskBit | 126U);
        putBigEndian(header, length, 2);
    } else {
        header.bytes[header.size++] = static_cast<std::byte>(maskBit | 127U);
        putBigEndian(header, length, 8);
    }
    if (mask) {
        std::memcpy(&header.bytes[header.size], &*mask, sizeof *mask);
        header.size += sizeof *mask;
    }
    return header;
}

std::vector<std::byte> encodeFrame(Opcode opcode, std::span<const std::byte> payload, std::optional<std::uint32_t> mask)
{
    return frameOf(frameHeader(opcode, payload.size(), true, false, mask), payload, mask);
}

std::optional<std::vector<std::byte>> encodeDeflated(Opcode opcode, std::span<const std::byte> payload,
                                                     std::uint8_t windowBits, std::optional<std::uint32_t> mask)
{
    const auto small = deflated(payload, windowBits);
    if (!small)
        return std::nullopt;
    return frameOf(frameHeader(opcode, small->size(), true, true, mask), *small, mask);
}

std::vector<std::byte> encodeClose(std::optional<std::uint16_t> code, std::string_view reason,
                                   std::optional<std::uint32_t> mask)
{
    std::array<std::byte, maxControlPayload> payload{};
    std::size_t size = 0;
    if (code) {
        const unsigned sent = isValidCloseCode(*code) ? *code : 1011U;
        payload[size++] = static_cast<std::byte>(sent >> 8);
        payload[size++] = static_cast<std::byte>(sent & 0xff);
        const std::string_view whole = wholeCodePoints(reason, maxCloseReason);
        std::ranges::copy(std::as_bytes(std::span(whole)), payload.begin() + 2);
        size += whole.size();
    }
    return encodeFrame(Opcode::Close, std::span(payload).first(size), mask);
}

bool isValidCloseCode(std::uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void applyMask(std::span<std::byte> bytes, std::uint32_t mask, std::uint64_t offset)
{
    if (mask == 0)
        return;
    const auto key = std::bit_cast<std::array<std::byte, 4>>(mask);
    std::array<std::byte, 8> pattern{};
    for (std::size_t i = 0; i < pattern.size(); ++i)
        pattern[i] = key[(offset + i) & 3];
    const auto wide = std::bit_cast<std::uint64_t>(pattern);
    using Block = std::array<std::uint64_t, 8>; // one cache line, which compilers turn into vector registers
    std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= sizeof(Block); at += sizeof(Block), left -= sizeof(Block)) {
        Block block;
        std::memcpy(&block, at, sizeof block);
        for (std::uint64_t& word : block)
            word ^= wide;
        std::memcpy(at, &block, sizeof block);
    }
    for (; left >= sizeof wide; at += sizeof wide, left -= sizeof wide) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        word ^= wide;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] ^= pattern[i];
}

} // namespace gatehouse::wire
