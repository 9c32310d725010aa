// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sendqueue.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t compactAt = 64;
constexpr std::size_t frameCost = 96; // a vector with its reference counts, its block's header, and the pointer here

} // namespace

void SendQueue::push(SharedFrame frame)
{
    m_bytes += frame->size();
    m_frames.push_back(std::move(frame));
}

std::size_t SendQueue::held() const
{
    const std::size_t frames = m_frames.size() - m_first;
    return m_bytes + (frames > 1 ? (frames - 1) * frameCost : 0); // one frame of the largest size always fits a limit
}

std::span<const std::byte> SendQueue::next(std::span<std::byte> scratch) const
{
    if (m_bytes == 0)
        return {};
    const std::span front = std::span(*m_frames[m_first]).subspan(m_offset);
    if (m_first + 1 == m_frames.size() || front.size() >= scratch.size())
        return front.first(std::min(front.size(), scratch.size()));
    std::size_t filled = 0;
    std::size_t offset = m_offset;
    for (std::size_t i = m_first; i < m_frames.size() && filled < scratch.size(); ++i) {
        const std::size_t count = std::min(m_frames[i]->size() - offset, scratch.size() - filled);
        std::copy_n(m_frames[i]->data() + offset, count, scratch.data() + filled); // an empty frame has no data()
        filled += count;
        offset = 0;
    }
    return scratch.first(filled);
}

void SendQueue::consume(std::size_t bytes)
{
    m_bytes -= bytes;
    while (bytes > 0) {
        const std::size_t left = m_frames[m_first]->size() - m_offset;
        if (bytes < left) {
            m_offset += bytes;
            break;
        }
        bytes -= left;
        m_offset = 0;
        m_frames[m_first++].reset();
    }
    if (m_bytes == 0) {
        m_frames.clear();
        m_first = 0;
        if (m_frames.capacity() > 4)
            m_frames.shrink_to_fit();
    } else if (m_first >= compactAt && m_first * 2 >= m_frames.size()) {
        m_frames.erase(m_frames.begin(), m_frames.begin() + static_cast<std::ptrdiff_t>(m_first));
        m_first = 0;
    }
}

void SendQueue::dropUnsent(std::size_t offered)
{
    if (m_bytes == 0)
        return;
    if (offered == 0 && m_offset == 0) {
        m_frames.clear();
        m_first = m_bytes = 0;
        return;
    }
    std::size_t kept = m_frames[m_first]->size() - m_offset;
    std::size_t end = m_first + 1;
    while (end < m_frames.size() && kept < offered)
        kept += m_frames[end++]->size();
    m_frames.resize(end);
    m_bytes = kept;
}

} // namespace gatehouse
