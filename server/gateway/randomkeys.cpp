// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/randomkeys.h"

#include <algorithm>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdexcept>

namespace gatehouse {

std::uint32_t RandomKeys::mask()
{
    std::array<std::byte, 4> bytes;
    draw(bytes);
    std::uint32_t mask = 0;
    std::memcpy(&mask, bytes.data(), sizeof mask);
    return mask;
}

std::string RandomKeys::webSocketKey()
{
    std::array<std::byte, 16> bytes;
    draw(bytes);
    std::array<unsigned char, 25> text{}; // with the zero that EVP_EncodeBlock() appends
    EVP_EncodeBlock(text.data(), static_cast<const unsigned char*>(static_cast<const void*>(bytes.data())),
                    static_cast<int>(bytes.size()));
    return {text.begin(), text.end() - 1};
}

void RandomKeys::draw(std::span<std::byte> into)
{
    if (m_bytes.size() - m_used < into.size()) {
        auto* bytes = static_cast<unsigned char*>(static_cast<void*>(m_bytes.data()));
        if (RAND_bytes(bytes, static_cast<int>(m_bytes.size())) != 1)
            throw std::runtime_error("no random bytes");
        m_used = 0;
    }
    const auto taken = std::span(m_bytes).subspan(m_used, into.size());
    std::ranges::copy(taken, into.begin());
    std::ranges::fill(taken, std::byte{0});
    m_used += into.size();
}

} // namespace gatehouse
