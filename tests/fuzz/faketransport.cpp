// SPDX-License-Identifier: GPL-3.0-or-later
#include "faketransport.h"

#include "check.h"
#include "input.h"

#include <cstring>

namespace gatehouse::fuzz {

IoStatus FakeTransport::handshake()
{
    CHECK(!m_shaken && !m_over);
    m_shaken = m_peer.handshake == IoStatus::Ok;
    m_over = m_peer.handshake == IoStatus::Closed || m_peer.handshake == IoStatus::Failed;
    return m_peer.handshake;
}

IoResult FakeTransport::peek(std::span<std::byte> into)
{
    CHECK(!m_over && !m_shaken && !into.empty());
    if (m_peer.end == Peer::End::Reset)
        return {IoStatus::Failed, 0};
    const std::size_t count = std::min({into.size(), m_peer.largestRead, m_peer.says.size() - m_peer.heard});
    if (count == 0)
        return {m_peer.end == Peer::End::Closed ? IoStatus::Closed : IoStatus::WouldBlock, 0};
    std::memcpy(into.data(), m_peer.says.data() + m_peer.heard, count);
    return {IoStatus::Ok, count};
}

void FakeTransport::skip(std::size_t size)
{
    CHECK(!m_over && !m_shaken && size <= m_peer.says.size() - m_peer.heard);
    m_peer.heard += size;
}

IoResult FakeTransport::read(std::span<std::byte> into)
{
    CHECK(!m_over && (m_shaken || !m_peer.secure) && !into.empty());
    if (m_peer.end == Peer::End::Reset) {
        m_over = true;
        return {IoStatus::Failed, 0};
    }
    const std::size_t count = std::min({into.size(), m_peer.largestRead, m_peer.says.size() - m_peer.heard});
    if (count > 0) {
        std::memcpy(into.data(), m_peer.says.data() + m_peer.heard, count);
        m_peer.heard += count;
        return {IoStatus::Ok, count};
    }
    m_over = m_peer.end == Peer::End::Closed;
    return {m_over ? IoStatus::Closed : IoStatus::WouldBlock, 0};
}

bool FakeTransport::readable()
{
    CHECK(!m_over && (m_shaken || !m_peer.secure));
    return m_peer.heard < m_peer.says.size() && m_peer.end != Peer::End::Reset;
}

IoResult FakeTransport::write(std::span<const std::byte> from)
{
    const std::string_view text = asText(from);
    CHECK(!m_peer.toldAll && (m_shaken || !m_peer.secure) && !text.empty());
    CHECK(text.starts_with(m_offered));
    m_wantsWrite = false;
    if (m_peer.end == Peer::End::Reset)
        return {IoStatus::Failed, 0};
    const std::size_t count = std::min({text.size(), m_peer.room, m_peer.largestWrite});
    m_offered = count == 0 ? std::string(text) : std::string();
    m_wantsWrite = count == 0;
    m_peer.taken.append(text.substr(0, count));
    if (m_peer.room != SIZE_MAX)
        m_peer.room -= count;
    return {count == 0 ? IoStatus::WouldBlock : IoStatus::Ok, count};
}

void FakeTransport::shutdownWrite()
{
    CHECK(!m_peer.toldAll);
    m_peer.toldAll = true;
}

} // namespace gatehouse::fuzz
