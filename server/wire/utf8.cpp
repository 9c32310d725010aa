// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/utf8.h"

#include <cstring>

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

} // namespace

bool Utf8Validator::feed(std::span<const std::byte> bytes)
{
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    while (left > 0) {
        if (m_state == Whole && left >= sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, sizeof word);
            if ((word & highBits) == 0) {
                at += sizeof word;
                left -= sizeof word;
                continue;
            }
        }
        m_state = step(m_state, std::to_integer<std::uint8_t>(*at));
        if (m_state == Refused)
            return false;
        ++at;
        --left;
    }
    return m_state != Refused;
}

} // namespace gatehouse::wire
