// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/deflate.h"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <new>

namespace gatehouse::wire {

namespace {

/// The end of an empty block without compression, which is cut from each message (RFC 7692 §7.2.1).
constexpr std::array tail{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

// data_type after inflate(), as zlib.h describes it.
constexpr int unusedBits = 31;
constexpr int betweenBlocks = 128;

constexpr std::size_t lookahead = 262; ///< of a window, zlib points back less far than it reaches, by this

const Bytef* in(std::span<const std::byte> bytes)
{
    return static_cast<const Bytef*>(static_cast<const void*>(bytes.data()));
}

Bytef* out(std::span<std::byte> bytes)
{
    return static_cast<Bytef*>(static_cast<void*>(bytes.data()));
}

uInt atOnce(std::size_t size)
{
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

void require(int code)
{
    if (code != Z_OK) // the parameters are ours: only memory can be short
        throw std::bad_alloc();
}

/// What a payload of this size has use for, up to zlib's own choice: level L holds 2^(L + 6) symbols in a block.
int memoryLevel(std::size_t size)
{
    return std::clamp(static_cast<int>(std::bit_width(size)) - 6, 1, 8);
}

} // namespace

Inflater::Inflater()
{
    auto stream = std::make_unique<z_stream>();
    require(inflateInit2(stream.get(), -largestWindow)); // negative: raw data
    m_stream.reset(stream.release());
}

void Inflater::End::operator()(z_stream_s* stream) const
{
    inflateEnd(stream);
    delete stream;
}

std::optional<std::size_t> Inflater::inflate(std::span<const std::byte>& input, std::span<std::byte> output)
{
    m_stream->next_out = out(output);
    m_stream->avail_out = atOnce(output.size());
    const uInt room = m_stream->avail_out;
    m_final = false;
    for (;;) {
        const uInt offered = atOnce(input.size());
        m_stream->next_in = in(input);
        m_stream->avail_in = offered;
        const int code = ::inflate(m_stream.get(), Z_SYNC_FLUSH);
        m_received += offered - m_stream->avail_in;
        input = input.subspan(offered - m_stream->avail_in);
        const std::size_t made = room - m_stream->avail_out;
        if (code == Z_MEM_ERROR)
            throw std::bad_alloc();
        m_final = code == Z_STREAM_END;
        if (m_final) // a final block ends no message: more may follow, and point back before it (§7.2.1)
            require(inflateResetKeep(m_stream.get()));
        else if (code != Z_OK && code != Z_BUF_ERROR && made == 0) // what came before the fault goes out first
            return std::nullopt;
        if (made > 0 || input.empty())
            return made;
    }
}

bool Inflater::finish()
{
    std::span<const std::byte> rest = tail;
    std::array<std::byte, 1> spill{};
    const auto made = inflate(rest, spill);
    if (made != 0U)
        return false;
    // The empty block whose end was cut may be a final one: then zlib has stopped behind it.
    return m_final || ((m_stream->data_type & betweenBlocks) != 0 && (m_stream->data_type & unusedBits) == 0);
}

std::uint8_t usefulWindow(std::size_t size, std::uint8_t windowBits)
{
    const auto needed = static_cast<std::size_t>(std::bit_width(size + lookahead - 1));
    return std::min(windowBits, static_cast<std::uint8_t>(std::max<std::size_t>(needed, smallestWindow)));
}

std::optional<std::vector<std::byte>> deflated(std::span<const std::byte> payload, std::uint8_t windowBits)
{
    // Where the output does not fit, it is not smaller; zlib says that it is done by leaving a byte of room.
    const std::size_t room = payload.size() + tail.size();
    if (windowBits < smallestWindow || room > std::numeric_limits<uInt>::max())
        return std::nullopt;
    z_stream stream{};
    require(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -int{usefulWindow(payload.size(), windowBits)},
                         memoryLevel(payload.size()), Z_DEFAULT_STRATEGY));
    const std::unique_ptr<z_stream, decltype(&deflateEnd)> ended(&stream, &deflateEnd);
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(room);
    const std::span output(buffer.get(), room);
    stream.next_in = in(payload);
    stream.avail_in = static_cast<uInt>(payload.size());
    stream.next_out = out(output);
    stream.avail_out = static_cast<uInt>(room);
    if (::deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_out == 0)
        return std::nullopt;
    const std::size_t size = room - stream.avail_out - tail.size();
    if (size >= payload.size())
        return std::nullopt;
    return std::vector<std::byte>(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(size));
}

} // namespace gatehouse::wire
