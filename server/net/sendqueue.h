// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/frame.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace gatehouse {

/// One encoded frame, shared by all who receive it.
using SharedFrame = std::shared_ptr<const std::vector<std::byte>>;

/// Memory that queues put frames of their own into, kept for the next queue that needs some: an empty queue holds none,
/// and a message that passes through takes none of its own. For the queues of one thread.
class ChunkPool {
public:
    using Chunk = std::unique_ptr<std::vector<std::byte>>;

    static constexpr std::size_t chunkSize = 16384 + sizeof(wire::FrameHeader::bytes); ///< a part and its header
    static constexpr std::size_t mostSpare = 16;

    /// An empty one, with whatever room it has.
    [[nodiscard]] Chunk take();
    /// Frees it where enough are spare, or where it grew for one large frame.
    void give(Chunk chunk);
    [[nodiscard]] std::size_t spare() const { return m_spare.size(); }

private:
    std::vector<Chunk> m_spare;
};

/// Frames that wait to be written. Holds no frame's memory while it is empty.
class SendQueue {
public:
    /// `pool`, where there is one, outlives its use.
    explicit SendQueue(ChunkPool* pool = nullptr)
        : m_pool(pool)
    {
    }

    void push(SharedFrame frame);
    /// A frame that nobody else receives: `header` is that of this very payload, which is copied, and masked where
    /// there is a mask.
    void append(const wire::FrameHeader& header, std::span<const std::byte> payload,
                std::optional<std::uint32_t> mask = std::nullopt);
    [[nodiscard]] bool empty() const { return m_bytes == 0; }
    [[nodiscard]] std::size_t bytes() const { return m_bytes; }
    /// The memory that its frames take, which of many tiny ones that are shared is far more than their bytes. Room that
    /// a chunk has left, or had for what is sent, is not counted: at most two chunks.
    [[nodiscard]] std::size_t held() const;

    /// The next bytes to write, as many as fit: several frames are copied together into `scratch`, a large one is lent,
    /// and so is a chunk.
    [[nodiscard]] std::span<const std::byte> next(std::span<std::byte> scratch) const;
    void consume(std::size_t bytes);

    /// Forgets what was not begun: keeps the first `offered` bytes, which TLS may hold already, and the rest of the
    /// frame that they end in.
    void dropUnsent(std::size_t offered);

private:
    /// One shared frame, or a chunk of our own with one frame or more, whole ones.
    struct Piece {
        SharedFrame shared;
        ChunkPool::Chunk own;
        [[nodiscard]] const std::vector<std::byte>& bytes() const { return own ? *own : *shared; }
    };
    void letGo(Piece& piece);
    void clear();

    ChunkPool* m_pool;
    std::vector<Piece> m_pieces;
    std::size_t m_first = 0;  ///< index of the front piece
    std::size_t m_offset = 0; ///< bytes of it that are written
    std::size_t m_bytes = 0;
};

} // namespace gatehouse
