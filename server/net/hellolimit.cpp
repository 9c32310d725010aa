// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/hellolimit.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr unsigned char changeCipherSpec = 20, handshake = 22; // RFC 8446 §B.1
constexpr unsigned char clientHello = 1;                       // RFC 8446 §B.3

} // namespace

bool HelloLimit::take(std::span<const unsigned char> bytes) noexcept
{
    while (!m_ended && !bytes.empty()) {
        if (m_recordLeft == 0) {
            m_record[m_recordHead++] = bytes.front();
            bytes = bytes.subspan(1);
            if (m_recordHead < m_record.size())
                continue;
            m_recordHead = 0;
            m_recordLeft = static_cast<std::uint32_t>(m_record[3] << 8U) | m_record[4];
            m_changedCipher = m_changedCipher || m_record[0] == changeCipherSpec;
            continue;
        }
        std::size_t used = std::min<std::size_t>(m_recordLeft, bytes.size());
        if (m_record[0] == handshake && m_messageLeft > 0) {
            used = std::min<std::size_t>(used, m_messageLeft);
            m_messageLeft -= static_cast<std::uint32_t>(used);
        } else if (m_record[0] == handshake) {
            used = 1;
            if (!takeMessageByte(bytes.front()))
                return false;
        }
        m_recordLeft -= static_cast<std::uint32_t>(used);
        bytes = bytes.subspan(used);
    }
    return true;
}

bool HelloLimit::takeMessageByte(unsigned char byte) noexcept
{
    m_message[m_messageHead++] = byte;
    if (m_messageHead < m_message.size())
        return true;
    m_messageHead = 0;
    m_messageLeft =
        static_cast<std::uint32_t>(m_message[1] << 16U) | static_cast<std::uint32_t>(m_message[2] << 8U) | m_message[3];
    return m_message[0] != clientHello || m_messageLeft <= largest;
}

} // namespace gatehouse
