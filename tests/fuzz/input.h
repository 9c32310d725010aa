// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::fuzz {

inline std::string_view asText(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

/// A fuzzer's bytes, read from the front; at their end everything is 0 or empty.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size)
        : m_rest(std::as_bytes(std::span(data, size)))
    {
    }

    [[nodiscard]] bool empty() const { return m_rest.empty(); }
    std::uint8_t byte()
    {
        const auto taken = take(1);
        return taken.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(taken.front());
    }
    std::uint16_t word()
    {
        const unsigned high = byte();
        return static_cast<std::uint16_t>(high << 8U | byte());
    }
    std::span<const std::byte> take(std::size_t atMost)
    {
        const auto taken = m_rest.first(std::min(atMost, m_rest.size()));
        m_rest = m_rest.subspan(taken.size());
        return taken;
    }
    std::span<const std::byte> rest() { return take(m_rest.size()); }

private:
    std::span<const std::byte> m_rest;
};

/// Where a stream is cut, the same for the same seed: mostly into a few bytes, now and then into many.
class Cuts {
public:
    explicit Cuts(std::uint32_t seed)
        : m_state(seed * 2654435761U + 1)
    {
    }

    /// The size of the next piece, from 1 on.
    std::size_t next()
    {
        const std::uint32_t random = step();
        const unsigned bits = 1 + step() % 9;
        return 1 + random % (1U << bits);
    }

private:
    std::uint32_t step() // xorshift
    {
        m_state ^= m_state << 13U;
        m_state ^= m_state >> 17U;
        m_state ^= m_state << 5U;
        return m_state;
    }

    std::uint32_t m_state;
};

using Pieces = std::vector<std::size_t>; ///< of a stream: where each ends

/// Those of a long stream are the longer, so that it does not fall into thousands of pieces.
inline Pieces randomPieces(std::string_view stream, std::uint32_t seed)
{
    Cuts cuts(seed);
    Pieces ends;
    for (std::size_t end = 0; end < stream.size(); ends.push_back(end))
        end = std::min(stream.size(), end + cuts.next() * (1 + stream.size() / 1024));
    return ends;
}

inline Pieces bytewise(std::string_view stream)
{
    Pieces ends(stream.size());
    std::iota(ends.begin(), ends.end(), std::size_t{1});
    return ends;
}

} // namespace gatehouse::fuzz
