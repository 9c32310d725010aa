// SPDX-License-Identifier: GPL-3.0-or-later
// What the codec takes for a byte and for a message, beside the plain loops that it replaces. One thread, no I/O.
#include "wire/frame.h"
#include "wire/headscanner.h"
#include "wire/utf8.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

using Bytes = std::vector<std::byte>;
constexpr int rounds = 9;

/// The median time of one call, in nanoseconds, over rounds of at least 20 ms each.
double nanoseconds(const std::function<void()>& call)
{
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const auto begin = Clock::now();
        std::uint64_t calls = 0;
        do {
            for (int i = 0; i < 32; ++i) // reading the clock takes as long as a small call
                call();
            calls += 32;
        } while (Clock::now() - begin < std::chrono::milliseconds(20));
        times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count() /
                        static_cast<double>(calls));
    }
    std::ranges::nth_element(times, times.begin() + rounds / 2);
    return times[rounds / 2];
}

void perByte(const char* name, std::size_t size, double ours, double plain)
{
    std::printf("| %-34s | %7zu | %8.2f | %8.2f | %5.1f |\n", name, size, static_cast<double>(size) / ours,
                static_cast<double>(size) / plain, plain / ours);
}

// Kept from being turned into what they are measured against.
__attribute__((noinline, optimize("no-tree-vectorize"))) void maskByByte(std::span<std::byte> bytes, std::uint32_t mask)
{
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] ^= static_cast<std::byte>(mask >> (8 * (i & 3)) & 0xff);
}

bool validByByte(std::span<const std::byte> bytes)
{
    Utf8Validator validator;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (!validator.feed(bytes.subspan(i, 1)))
            return false;
    return validator.complete();
}

Bytes repeated(std::string_view text, std::size_t size)
{
    Bytes bytes;
    while (bytes.size() + text.size() <= size) {
        const auto part = std::as_bytes(std::span(text));
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

void measureBytes()
{
    std::printf(
        "| work                               |   bytes | GB/s     | by byte  | times |\n|---|---|---|---|---|\n");
    for (const std::size_t size : {std::size_t(64), std::size_t(4096), std::size_t(1) << 20}) {
        Bytes bytes(size);
        perByte("unmask", size, nanoseconds([&] { applyMask(bytes, 0x12345678, 1); }),
                nanoseconds([&] { maskByByte(bytes, 0x12345678); }));
        for (const auto& [name, text] : {std::pair("UTF-8, ASCII", "plain text "),
                                         std::pair("UTF-8, mixed", "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80 ")}) {
            const Bytes words = repeated(text, size);
            bool good = true;
            const double ours = nanoseconds([&] {
                Utf8Validator validator;
                good = validator.feed(words) && good;
            });
            perByte(name, words.size(), ours, nanoseconds([&] { good = validByByte(words) && good; }));
            if (!good)
                std::printf("a valid text was refused\n");
        }
    }
}

void measureMessages()
{
    std::printf("\n| work                               |   bytes | ns each  |\n|---|---|---|\n");
    for (const std::size_t size : {std::size_t(64), std::size_t(4096), std::size_t(60000)}) {
        const Bytes frame = encodeFrame(Opcode::Text, repeated("plain text ", size), 0);
        Bytes input = frame;
        Decoder decoder(Role::Server, {});
        const double time = nanoseconds([&] {
            std::span<std::byte> rest(input);
            (void)decoder.next(rest);
        });
        std::printf("| %-34s | %7zu | %8.1f |\n", "message, from bytes to event", size, time);
    }
    const std::string head = upgradeRequest({.host = "gate.example",
                                             .target = "/hub/news",
                                             .key = "dGhlIHNhbXBsZSBub25jZQ==",
                                             .origin = "https://app.example",
                                             .subprotocols = {"gatehouse"},
                                             .headers = {{"Authorization", "Bearer " + std::string(300, 'a')},
                                                         {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"}}});
    const double time = nanoseconds([&] {
        HeadScanner scanner{RequestLimits()};
        (void)scanner.scan(head);
        (void)parseUpgrade(scanner.request(head));
    });
    std::printf("| %-34s | %7zu | %8.1f |\n", "request head, to an upgrade", head.size(), time);
}

} // namespace

int main()
{
    measureBytes();
    measureMessages();
}
