// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/utf8.h"

#include <cstring>
#include <simdjson.h>

namespace gatehouse::wire {

namespace {

// What may come next. After E0, ED, F0 and F4 the second byte has a narrower range (RFC 3629 §4).
enum State : std::uint8_t { Whole, Last, LastTwo, LastThree, AfterE0, AfterEd, AfterF0, AfterF4, Refused };

constexpr std::uint64_t highBits = 0x8080808080808080U;

constexpr bool within(std::uint8_t byte, std::uint8_t low, std::uint8_t high)
{
    return byte >= low && byte <= high;
}

constexpr State afterLead(std::uint8_t byte)
{
    if (byte < 0x80)
        return Whole;
    if (within(byte, 0xc2, 0xdf))
        return Last;
    if (byte == 0xe0)
        return AfterE0;
    if (byte == 0xed)
        return AfterEd;
    if (within(byte, 0xe1, 0xef))
        return LastTwo;
    if (byte == 0xf0)
        return AfterF0;
    if (within(byte, 0xf1, 0xf3))
        return LastThree;
    return byte == 0xf4 ? AfterF4 : Refused;
}

constexpr State step(std::uint8_t state, std::uint8_t byte)
{
    switch (state) {
    case Whole:
        return afterLead(byte);
    case Last:
        return within(byte, 0x80, 0xbf) ? Whole : Refused;
    case LastTwo:
        return within(byte, 0x80, 0xbf) ? Last : Refused;
    case LastThree:
        return within(byte, 0x80, 0xbf) ? LastTwo : Refused;
    case AfterE0:
        return within(byte, 0xa0, 0xbf) ? Last : Refused;
    case AfterEd:
        return within(byte, 0x80, 0x9f) ? Last : Refused;
    case AfterF0:
        return within(byte, 0x90, 0xbf) ? LastTwo : Refused;
    case AfterF4:
        return within(byte, 0x80, 0x8f) ? LastTwo : Refused;
    default:
        return Refused;
    }
}

constexpr std::size_t bulkFrom = 64; // below, the steps are as fast as the call

/// The size of `bytes` without a code point that its end cuts; what lies before may still be bad.
std::size_t wholePart(std::span<const std::byte> bytes)
{
    const std::size_t size = bytes.size();
    for (std::size_t back = 1; back <= 3 && back <= size; ++back) {
        const auto byte = std::to_integer<std::uint8_t>(bytes[size - back]);
        if (within(byte, 0x80, 0xbf))
            continue;
        const std::size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return needed > back ? size - back : size;
    }
    return size;
}

} // namespace

bool Utf8Validator::step(std::byte byte)
{
    m_state = gatehouse::wire::step(m_state, std::to_integer<std::uint8_t>(byte));
    return m_state != Refused;
}

/// The SIMD check knows whole texts alone: what a cut leaves at the front and at the end goes byte by byte.
bool Utf8Validator::feed(std::span<const std::byte> bytes)
{
    while (m_state != Whole && !bytes.empty()) {
        if (!step(bytes.front()))
            return false;
        bytes = bytes.subspan(1);
    }
    if (bytes.size() >= bulkFrom) {
        const std::size_t size = wholePart(bytes);
        if (!simdjson::validate_utf8(static_cast<const char*>(static_cast<const void*>(bytes.data())), size)) {
            m_state = Refused;
            return false;
        }
        bytes = bytes.subspan(size);
    }
    while (!bytes.empty()) {
        if (m_state == Whole && bytes.size() >= sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            if ((word & highBits) == 0) {
                bytes = bytes.subspan(sizeof word);
                continue;
            }
        }
        if (!step(bytes.front()))
            return false;
        bytes = bytes.subspan(1);
    }
    return m_state != Refused;
}

} // namespace gatehouse::wire
