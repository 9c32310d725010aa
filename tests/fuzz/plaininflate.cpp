// SPDX-License-Identifier: GPL-3.0-or-later
#include "plaininflate.h"

#include "check.h"

#include <algorithm>
#include <array>
#define ZLIB_CONST
#include <zlib.h>

namespace gatehouse::fuzz {

namespace {

const Bytef* bytesOf(std::string_view text)
{
    return static_cast<const Bytef*>(static_cast<const void*>(text.data()));
}

} // namespace

PlainInflated inflatePlainly(std::string_view data, std::size_t most, std::uint8_t windowBits)
{
    PlainInflated result;
    while (!data.empty() && !result.broken && result.text.size() < most) {
        z_stream stream{};
        CHECK(inflateInit2(&stream, -int{windowBits}) == Z_OK);
        const std::string_view text(result.text);
        const std::string_view dictionary = text.substr(text.size() - std::min<std::size_t>(text.size(), 32768));
        CHECK(inflateSetDictionary(&stream, bytesOf(dictionary), static_cast<uInt>(dictionary.size())) == Z_OK);
        stream.next_in = bytesOf(data);
        stream.avail_in = static_cast<uInt>(data.size());
        int code = Z_OK;
        for (std::size_t before = SIZE_MAX;
             code == Z_OK && result.text.size() < most && before != result.text.size();) {
            std::array<Bytef, 4096> output;
            before = result.text.size();
            stream.next_out = output.data();
            stream.avail_out = static_cast<uInt>(std::min(output.size(), most - before));
            code = inflate(&stream, Z_SYNC_FLUSH);
            result.text.append(output.data(), stream.next_out);
        }
        result.broken = code == Z_DATA_ERROR;
        data.remove_prefix(data.size() - stream.avail_in);
        inflateEnd(&stream);
        result.ended = code == Z_STREAM_END && data.empty();
        if (code != Z_STREAM_END)
            break;
    }
    return result;
}

bool wholeDeflated(std::string_view data, std::size_t most)
{
    constexpr std::string_view cutEnd("\x00\x00\xff\xff", 4);
    constexpr std::string_view finalBlock("\x01\x00\x00\xff\xff", 5); // empty
    const PlainInflated before = inflatePlainly(data, most + 1);
    const PlainInflated after = inflatePlainly(std::string(data).append(cutEnd).append(finalBlock), most + 1);
    return !before.broken && after.ended && after.text == before.text;
}

} // namespace gatehouse::fuzz
