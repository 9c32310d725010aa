// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sendqueue.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

namespace {

constexpr std::size_t compactAt = 64;
constexpr std::size_t frameCost = 104; // a vector with its reference counts, its block's header, and the piece here

/// Of the frame of ours at the front of `bytes`, by its header (RFC 6455 §5.2).
std::size_t frameSize(std::span<const std::byte> bytes)
{
    const auto second = std::to_integer<unsigned>(bytes[1]);
    const unsigned announced = second & 127U;
    const std::size_t more = announced == 126 ? 2 : announced == 127 ? 8 : 0;
    std::size_t length = more == 0 ? announced : 0;
    for (std::size_t i = 0; i < more; ++i)
        length = length * 256 + std::to_integer<std::size_t>(bytes[2 + i]);
    return 2 + more + ((second & 128U) != 0 ? 4 : 0) + length;
}

/// Where the frame ends that the first `size` bytes end in.
std::size_t wholeFrames(std::span<const std::byte> chunk, std::size_t size)
{
    std::size_t end = 0;
    while (end < size && end < chunk.size())
        end += frameSize(chunk.subspan(end));
    return end;
}

} // namespace

ChunkPool::Chunk ChunkPool::take()
{
    if (m_spare.empty())
        return std::make_unique<std::vector<std::byte>>();
    Chunk chunk = std::move(m_spare.back());
    m_spare.pop_back();
    return chunk;
}

void ChunkPool::give(Chunk chunk)
{
    if (m_spare.size() >= mostSpare || chunk->capacity() > chunkSize)
        return;
    chunk->clear();
    m_spare.reserve(mostSpare);
    m_spare.push_back(std::move(chunk));
}

void SendQueue::push(SharedFrame frame)
{
    const std::size_t size = frame->size();
    m_pieces.push_back({std::move(frame), nullptr});
    m_bytes += size;
}

void SendQueue::append(const wire::FrameHeader& header, std::span<const std::byte> payload,
                       std::optional<std::uint32_t> mask)
{
    const std::size_t size = header.size + payload.size();
    const bool fits =
        m_first < m_pieces.size() && m_pieces.back().own && m_pieces.back().own->size() + size <= ChunkPool::chunkSize;
    ChunkPool::Chunk fresh;
    if (!fits)
        fresh = m_pool ? m_pool->take() : std::make_unique<std::vector<std::byte>>();
    std::vector<std::byte>& chunk = fits ? *m_pieces.back().own : *fresh;
    const std::size_t needed = chunk.size() + size;
    if (needed > chunk.capacity())
        chunk.reserve(std::max(needed, std::min(2 * chunk.capacity(), ChunkPool::chunkSize)));
    if (!fits)
        m_pieces.push_back({nullptr, std::move(fresh)});
    chunk.insert(chunk.end(), header.bytes.begin(), header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size));
    chunk.insert(chunk.end(), payload.begin(), payload.end());
    if (mask)
        wire::applyMask(std::span(chunk).last(payload.size()), *mask, 0);
    m_bytes += size;
}

std::size_t SendQueue::held() const
{
    const std::size_t pieces = m_pieces.size() - m_first;
    return m_bytes + (pieces > 1 ? (pieces - 1) * frameCost : 0); // one frame of the largest size always fits a limit
}

std::span<const std::byte> SendQueue::next(std::span<std::byte> scratch) const
{
    if (m_bytes == 0)
        return {};
    const std::span front = std::span(m_pieces[m_first].bytes()).subspan(m_offset);
    if (m_first + 1 == m_pieces.size() || front.size() >= scratch.size())
        return front.first(std::min(front.size(), scratch.size()));
    std::size_t filled = 0;
    std::size_t offset = m_offset;
    for (std::size_t i = m_first; i < m_pieces.size() && filled < scratch.size(); ++i) {
        const std::vector<std::byte>& bytes = m_pieces[i].bytes();
        const std::size_t count = std::min(bytes.size() - offset, scratch.size() - filled);
        std::copy_n(bytes.data() + offset, count, scratch.data() + filled); // an empty frame has no data()
        filled += count;
        offset = 0;
    }
    return scratch.first(filled);
}

void SendQueue::consume(std::size_t bytes)
{
    m_bytes -= bytes;
    while (bytes > 0) {
        const std::size_t left = m_pieces[m_first].bytes().size() - m_offset;
        if (bytes < left) {
            m_offset += bytes;
            break;
        }
        bytes -= left;
        m_offset = 0;
        letGo(m_pieces[m_first++]);
    }
    if (m_bytes == 0) {
        clear();
    } else if (m_first >= compactAt && m_first * 2 >= m_pieces.size()) {
        m_pieces.erase(m_pieces.begin(), m_pieces.begin() + static_cast<std::ptrdiff_t>(m_first));
        m_first = 0;
    }
}

void SendQueue::dropUnsent(std::size_t offered)
{
    std::size_t begun = m_offset + offered; // from the front of the piece that is looked at
    std::size_t kept = 0;
    std::size_t end = m_first;
    for (; end < m_pieces.size() && begun > 0; ++end) {
        Piece& piece = m_pieces[end];
        if (piece.own)
            piece.own->resize(wholeFrames(*piece.own, begun));
        const std::size_t size = piece.bytes().size();
        kept += size;
        begun -= std::min(begun, size);
    }
    for (std::size_t i = end; i < m_pieces.size(); ++i)
        letGo(m_pieces[i]);
    m_pieces.resize(end);
    m_bytes = kept - m_offset;
    if (m_bytes == 0)
        clear();
}

void SendQueue::letGo(Piece& piece)
{
    piece.shared.reset();
    if (ChunkPool::Chunk chunk = std::move(piece.own); chunk && m_pool)
        m_pool->give(std::move(chunk));
}

/// A few pieces' own room stays, since most queues have one at a time.
void SendQueue::clear()
{
    for (std::size_t i = m_first; i < m_pieces.size(); ++i)
        letGo(m_pieces[i]);
    m_pieces.clear();
    m_first = m_offset = 0;
    if (m_pieces.capacity() > 4)
        m_pieces.shrink_to_fit();
}

} // namespace gatehouse
