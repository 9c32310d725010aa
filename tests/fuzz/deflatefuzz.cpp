// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "plaininflate.h"
#include "wire/deflate.h"
#include "wire/deflateoffer.h"
#include "wire/frame.h"

#include <functional>
#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using namespace gatehouse::wire;

namespace {

constexpr std::size_t mostInflated = 1U << 18U; ///< of one input; a cap as a decoder has it
constexpr std::string_view tail("\x00\x00\xff\xff", 4);

bool plainWord(std::string_view text)
{
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-_=0123456789; ") == std::string_view::npos;
}

/// Whether an element of a list begins with the extension's name, in the plainest way to say it.
bool namesDeflate(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower.find("permessage-deflate") != std::string::npos;
}

void checkAgreement(const DeflateAgreement& agreement)
{
    CHECK(agreement.windowBits >= 8 && agreement.windowBits <= largestWindow);
}

/// Lines of header text: what a server makes of offers, and a client of answers.
void fuzzOffer(std::string_view text)
{
    std::vector<std::string_view> lines;
    for (std::string_view rest = text; !rest.empty();) {
        lines.push_back(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(lines.back().size() + 1, rest.size()));
    }
    if (const auto agreement = acceptDeflate(lines)) {
        checkAgreement(*agreement);
        CHECK(namesDeflate(text) && agreement->windowBits >= smallestWindow);
        CHECK(plainWord(agreement->answer) && agreement->answer.starts_with("permessage-deflate; "));
        CHECK(agreement->answer.find("server_no_context_takeover") != std::string::npos);
        CHECK(agreement->answer.find("client_no_context_takeover") != std::string::npos);
        const auto read = readDeflateAnswer({agreement->answer}); // by the client that made the offer
        CHECK(read.has_value());
    }
    if (const auto answer = readDeflateAnswer(lines)) {
        checkAgreement(*answer);
        CHECK(lines.size() == 1 && namesDeflate(text));
    }
}

struct Inflated {
    std::string text;
    bool broken = false;
    bool whole = false;
    friend bool operator==(const Inflated&, const Inflated&) = default;
};

using Step = std::function<std::size_t()>;

Step always(std::size_t size)
{
    return [size] { return size; };
}

/// Cuts of long data are the longer, so that they do not fall into thousands of pieces.
Step varying(std::uint32_t seed, std::size_t size)
{
    return [cuts = Cuts(seed), scale = 1 + size / 1024]() mutable { return cuts.next() * scale; };
}

/// Through the Inflater, its input and output in pieces; stops at the cap.
Inflated inflateInPieces(std::string_view data, std::size_t cap, const Step& inputStep, const Step& outputStep)
{
    Inflater inflater;
    Inflated result;
    for (std::size_t at = 0; at < data.size();) {
        const std::string piece(data.substr(at, inputStep()));
        at += piece.size();
        std::span<const std::byte> left = std::as_bytes(std::span(piece));
        for (;;) {
            std::vector<std::byte> output(std::min(outputStep(), cap + 1 - result.text.size()));
            const auto made = inflater.inflate(left, output);
            if (!made) {
                result.broken = true;
                return result;
            }
            CHECK(*made <= output.size());
            if (*made == 0) {
                CHECK(left.empty());
                break;
            }
            result.text.append(asText(std::span(output).first(*made)));
            if (result.text.size() > cap)
                return result;
        }
        CHECK(inflater.received() == at);
    }
    result.whole = inflater.finish();
    return result;
}

void fuzzInflate(std::string_view data, std::size_t cap, std::uint32_t seed)
{
    const Inflated whole = inflateInPieces(data, cap, always(data.size()), always(16384));
    CHECK(whole.text.size() <= cap + 1);
    CHECK(inflateInPieces(data, cap, varying(seed, data.size()), varying(seed + 1, cap)) == whole);
    if (data.size() <= 512)
        CHECK(inflateInPieces(data, cap, always(1), varying(seed, cap)) == whole);
    const PlainInflated plain = inflatePlainly(data, cap + 1);
    CHECK(plain.text == whole.text);
    if (whole.text.size() <= cap)
        CHECK(plain.broken == whole.broken);
    if (whole.text.size() <= cap && !whole.broken)
        CHECK(whole.whole == wholeDeflated(data, cap));
}

/// What is deflated for a window, zlib inflates within that window and the Inflater to the same.
void fuzzRoundTrip(std::string_view text, std::uint32_t seed)
{
    const auto bytes = std::as_bytes(std::span(text));
    for (std::uint8_t bits = 8; bits <= largestWindow; ++bits) {
        const auto small = deflated(bytes, bits);
        CHECK(bits >= smallestWindow || !small);
        if (!small)
            continue;
        const std::string data(asText(*small));
        CHECK(data.size() < text.size());
        const Inflated inflated = inflateInPieces(data, text.size(), varying(seed, data.size()), always(4096));
        CHECK(inflated.whole && inflated.text == text);
        const PlainInflated plain = inflatePlainly(data + std::string(tail), text.size(), bits);
        CHECK(!plain.broken && plain.text == text);
    }
}

/// Text that repeats itself over short and long ways, from a few bytes.
std::string grow(Input& input)
{
    std::string text;
    while (!input.empty() && text.size() < 80000) {
        const std::size_t back = input.word();
        const std::size_t size = input.byte() * std::size_t{4};
        if (back == 0 || back > text.size()) {
            text.append(asText(input.take(size)));
        } else {
            for (std::size_t i = 0; i < size; ++i)
                text.push_back(text[text.size() - back]);
        }
    }
    return text;
}

} // namespace

// Three bytes, then header lines, deflated data or steps to a text: what it is (0 offers, 1 data, 2 text as it is, 3
// steps), the cap, seed of the cuts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t what = input.byte();
    const std::size_t cap = std::min<std::size_t>(std::size_t{1} << (input.byte() % 24U), mostInflated) - 1;
    const std::uint32_t seed = input.byte();
    switch (what % 4) {
    case 0:
        fuzzOffer(asText(input.rest()));
        break;
    case 1:
        fuzzInflate(asText(input.rest()), cap, seed);
        break;
    case 2:
        fuzzRoundTrip(asText(input.rest()), seed);
        break;
    default:
        fuzzRoundTrip(grow(input), seed);
        break;
    }
    return 0;
}
