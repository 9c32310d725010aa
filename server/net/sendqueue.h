// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gatehouse {

/// One encoded frame, shared by all who receive it.
using SharedFrame = std::shared_ptr<const std::vector<std::byte>>;

/// Frames that wait to be written. Holds no heap while it is empty.
class SendQueue {
public:
    void push(SharedFrame frame);
    [[nodiscard]] bool empty() const { return m_bytes == 0; }
    [[nodiscard]] std::size_t bytes() const { return m_bytes; }
    /// The memory that its frames take, which of many tiny ones is far more than their bytes.
    [[nodiscard]] std::size_t held() const;

    /// The next bytes to write, as many as fit: several frames are copied together into `scratch`, a large one is lent.
    [[nodiscard]] std::span<const std::byte> next(std::span<std::byte> scratch) const;
    void consume(std::size_t bytes);

    /// Forgets what was not begun: keeps the first `offered` bytes, which TLS may hold already, and the rest of the
    /// frame that they end in.
    void dropUnsent(std::size_t offered);

private:
    std::vector<SharedFrame> m_frames;
    std::size_t m_first = 0;  ///< index of the front frame
    std::size_t m_offset = 0; ///< bytes of it that are written
    std::size_t m_bytes = 0;
};

} // namespace gatehouse
