// SPDX-License-Identifier: GPL-3.0-or-later
#include "rawdeflate.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <zlib.h>

namespace gatehouse::test::raw {

namespace {

constexpr std::string_view tail("\0\0\xff\xff", 4);

/// zlib does not write to its input.
Bytef* bytesOf(std::string_view text)
{
    return static_cast<Bytef*>(static_cast<void*>(const_cast<char*>(text.data())));
}

void deflatePart(z_stream& stream, std::string_view part, int flush, std::string& out)
{
    stream.next_in = bytesOf(part);
    stream.avail_in = static_cast<uInt>(part.size());
    std::array<Bytef, 65536> buffer;
    do {
        stream.next_out = buffer.data();
        stream.avail_out = static_cast<uInt>(buffer.size());
        (void)deflate(&stream, flush);
        out.append(static_cast<const char*>(static_cast<const void*>(buffer.data())), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
}

} // namespace

std::string deflated(std::string_view payload, const Deflating& how)
{
    z_stream stream{};
    if (deflateInit2(&stream, how.level, Z_DEFLATED, -how.window, 8, how.strategy) != Z_OK)
        throw std::runtime_error("deflateInit2");
    std::string out;
    while (how.block > 0 && payload.size() > how.block) {
        deflatePart(stream, payload.substr(0, how.block), Z_FULL_FLUSH, out);
        payload.remove_prefix(how.block);
    }
    deflatePart(stream, payload, how.finalBlock ? Z_FINISH : Z_SYNC_FLUSH, out);
    deflateEnd(&stream);
    if (how.finalBlock)
        return out + '\0';
    return out.substr(0, out.size() - tail.size());
}

std::optional<std::string> inflated(std::string_view payload, int window)
{
    z_stream stream{};
    if (inflateInit2(&stream, -window) != Z_OK)
        throw std::runtime_error("inflateInit2");
    std::string out;
    std::array<Bytef, 65536> buffer;
    bool whole = true;
    for (const std::string_view part : {payload, tail}) {
        stream.next_in = bytesOf(part);
        stream.avail_in = static_cast<uInt>(part.size());
        int result = Z_OK;
        do {
            stream.next_out = buffer.data();
            stream.avail_out = static_cast<uInt>(buffer.size());
            result = inflate(&stream, Z_SYNC_FLUSH);
            out.append(static_cast<const char*>(static_cast<const void*>(buffer.data())),
                       buffer.size() - stream.avail_out);
        } while (result == Z_OK && stream.avail_out == 0);
        whole = whole && (result == Z_OK || result == Z_BUF_ERROR) && stream.avail_in == 0;
    }
    inflateEnd(&stream);
    return whole ? std::optional(out) : std::nullopt;
}

} // namespace gatehouse::test::raw
