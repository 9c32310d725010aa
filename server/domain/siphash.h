// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatehouse {

/// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), fed in whole words: who does not know the
/// key can foretell no hash, and so choose no keys that collide.
class SipHash {
public:
    SipHash(std::uint64_t k0, std::uint64_t k1)
        : m_state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                  k1 ^ 0x7465646279746573U}
    {
    }
    void add(std::uint64_t word)
    {
        m_state[3] ^= word;
        round();
        round();
        m_state[0] ^= word;
    }
    void add(std::string_view text)
    {
        add(text.size());
        for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 8))) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data(), std::min<std::size_t>(text.size(), 8));
            add(word);
        }
    }
    [[nodiscard]] std::uint64_t finish()
    {
        m_state[2] ^= 0xff;
        for (int i = 0; i < 4; ++i)
            round();
        return m_state[0] ^ m_state[1] ^ m_state[2] ^ m_state[3];
    }

private:
    void round()
    {
        auto& [a, b, c, d] = m_state;
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    std::array<std::uint64_t, 4> m_state;
};

} // namespace gatehouse
