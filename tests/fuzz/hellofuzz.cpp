// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "net/hellolimit.h"
#include "net/tlsguard.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

using Octets = std::span<const unsigned char>;

Octets octets(std::span<const std::byte> bytes)
{
    return {static_cast<const unsigned char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

unsigned number(Octets bytes, std::size_t at, std::size_t size)
{
    unsigned value = 0;
    for (const unsigned char byte : bytes.subspan(at, size))
        value = value << 8U | byte;
    return value;
}

/// How many bytes show that a hello is too large, read at leisure: first the records, then what they carry.
std::optional<std::size_t> tooLargeAfter(Octets stream)
{
    std::vector<unsigned char> messages;
    std::vector<std::size_t> cameWith; // the size of the stream up to each of those bytes
    for (std::size_t at = 0; at + 5 <= stream.size();) {
        const std::size_t size = std::min<std::size_t>(number(stream, at + 3, 2), stream.size() - at - 5);
        for (std::size_t i = at + 5; stream[at] == 22 && i < at + 5 + size; ++i) {
            messages.push_back(stream[i]);
            cameWith.push_back(i + 1);
        }
        at += 5 + size;
    }
    for (std::size_t at = 0; at + 4 <= messages.size();) {
        const unsigned size = number(messages, at + 1, 3);
        if (messages[at] == 1 && size > HelloLimit::largest)
            return cameWith[at + 3];
        at += 4 + size;
    }
    return std::nullopt;
}

void checkLimit(Octets stream, std::uint32_t seed)
{
    const auto expected = tooLargeAfter(stream);
    HelloLimit limit;
    Cuts cuts(seed);
    for (std::size_t seen = 0; seen < stream.size();) {
        const std::size_t size = std::min(cuts.next(), stream.size() - seen);
        const bool good = limit.take(stream.subspan(seen, size));
        seen += size;
        CHECK(good == (!expected || seen < *expected));
        if (!good)
            return;
    }
    limit.end();
    const std::array<unsigned char, 9> large{22, 3, 1, 255, 255, 1, 255, 255, 255};
    CHECK(limit.take(large)); // what is encrypted is nobody's hello
}

void checkName(Octets extension)
{
    const auto name = sentServerName(extension);
    if (!name)
        return;
    CHECK(!name->empty() && name->size() <= 255 && name->size() + 5 == extension.size());
    CHECK(static_cast<const void*>(name->data()) == extension.data() + 5);
    CHECK(std::ranges::all_of(*name, [](char c) { return c > ' ' && c < '\x7f'; }));
}

} // namespace

/// The first byte: 0 to 127 a seed for the cuts of a stream of records, from 128 on a server_name extension follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t first = input.byte();
    if (first < 128)
        checkLimit(octets(input.rest()), first);
    else
        checkName(octets(input.rest()));
    return 0;
}
