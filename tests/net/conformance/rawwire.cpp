// SPDX-License-Identifier: GPL-3.0-or-later
#include "rawwire.h"

#include <random>

namespace gatehouse::test::raw {

namespace {

constexpr unsigned maskBit = 0x80;

unsigned at(const std::string& bytes, std::size_t index)
{
    return static_cast<unsigned char>(bytes[index]);
}

void append(std::string& bytes, std::uint64_t value, std::size_t size)
{
    for (std::size_t left = size; left > 0; --left)
        bytes.push_back(static_cast<char>(value >> (8 * (left - 1)) & 0xff));
}

std::size_t shortest(std::uint64_t length)
{
    return length < 126 ? 0 : length <= 0xffff ? 2 : 8;
}

std::string head(unsigned first, unsigned mask, std::uint64_t length, std::size_t lengthBytes)
{
    std::string bytes;
    append(bytes, first, 1);
    append(bytes, mask | (lengthBytes == 0 ? length : lengthBytes == 2 ? 126 : 127), 1);
    append(bytes, length, lengthBytes);
    return bytes;
}

} // namespace

std::string masked(unsigned first, std::string_view payload)
{
    static std::mt19937 random(20260901);
    std::uint32_t key = 0;
    while (key == 0)
        key = static_cast<std::uint32_t>(random());
    return masked(first, payload, key);
}

std::string masked(unsigned first, std::string_view payload, std::uint32_t key)
{
    std::string bytes = header(first, payload.size(), shortest(payload.size()), key);
    const std::string mask = bytes.substr(bytes.size() - 4);
    const std::size_t start = bytes.size();
    bytes.append(payload);
    for (std::size_t i = 0; i < payload.size(); ++i)
        bytes[start + i] = static_cast<char>(bytes[start + i] ^ mask[i % 4]);
    return bytes;
}

std::string unmasked(unsigned first, std::string_view payload)
{
    return head(first, 0, payload.size(), shortest(payload.size())).append(payload);
}

std::string header(unsigned first, std::uint64_t length, std::size_t lengthBytes, std::uint32_t key)
{
    std::string bytes = head(first, maskBit, length, lengthBytes);
    append(bytes, key, 4);
    return bytes;
}

std::string closing(unsigned code, std::string_view reason)
{
    std::string bytes;
    append(bytes, code, 2);
    return bytes.append(reason);
}

std::string filler(std::size_t size)
{
    static std::string bytes;
    static std::uint32_t state = 1;
    while (bytes.size() < size) {
        state = state * 1664525 + 1013904223;
        bytes.push_back(static_cast<char>(' ' + (state >> 24) % 95));
    }
    return bytes.substr(0, size);
}

std::vector<std::string> chopped(std::string_view bytes, std::size_t size)
{
    std::vector<std::string> chops;
    for (std::size_t i = 0; i < bytes.size(); i += size)
        chops.emplace_back(bytes.substr(i, size));
    return chops;
}

bool Reader::fill(std::size_t size)
{
    if (left() < size) {
        m_bytes.erase(0, m_start);
        m_start = 0;
    }
    while (left() < size) {
        const std::string more = m_client.receive();
        if (more.empty())
            return false;
        m_bytes += more;
    }
    return true;
}

std::string Reader::check(unsigned first, unsigned second) const
{
    const unsigned opcode = first & 0x0f;
    const unsigned rsv = first & 0x70;
    if (rsv != 0 && (rsv != 0x40 || !m_compressed || (opcode != 1 && opcode != 2)))
        return "a reserved bit is set";
    if (opcode > 2 && (opcode < 8 || opcode > 10))
        return "opcode " + std::to_string(opcode);
    if ((second & maskBit) != 0)
        return "a server's frame is masked";
    if (opcode >= 8 && ((first & fin) == 0 || second > 125))
        return "a control frame is fragmented or too long";
    if (first == close && second == 1)
        return "a Close of one byte";
    return {};
}

std::optional<Frame> Reader::next()
{
    if (!m_fault.empty() || !fill(2))
        return std::nullopt;
    const unsigned first = at(m_bytes, m_start);
    const unsigned second = at(m_bytes, m_start + 1);
    if (m_fault = check(first, second); !m_fault.empty())
        return std::nullopt;
    const std::size_t lengthBytes = second == 127 ? 8 : second == 126 ? 2 : 0;
    if (!fill(2 + lengthBytes))
        return std::nullopt;
    std::uint64_t length = lengthBytes == 0 ? second : 0;
    for (std::size_t i = 0; i < lengthBytes; ++i)
        length = length << 8 | at(m_bytes, m_start + 2 + i);
    if (shortest(length) != lengthBytes) {
        m_fault = "a length that is not in its shortest form";
        return std::nullopt;
    }
    const std::size_t head = 2 + lengthBytes;
    if (!fill(head + length))
        return std::nullopt;
    Frame frame{first, m_bytes.substr(m_start + head, length)};
    m_start += head + length;
    return frame;
}

} // namespace gatehouse::test::raw
