// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "policy/decidenetworks.h"
#include "wire/forwarded.h"
#include "wire/proxyprotocol.h"

#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using namespace gatehouse::wire;

namespace {

using State = ProxyProtocol::State;

struct Outcome {
    State state = State::NeedMore;
    std::size_t taken = 0;
    std::optional<ProxyProtocol::Source> source;
};

/// As a socket would offer it: what was not taken comes again, with what came meanwhile.
template <class Step> Outcome readInPieces(std::span<const std::byte> stream, Step step)
{
    ProxyProtocol header;
    std::size_t came = 0, taken = 0;
    while (came < stream.size() && header.state() == State::NeedMore) {
        came = std::min(came + step(), stream.size());
        const std::vector<std::byte> offered(stream.begin() + static_cast<std::ptrdiff_t>(taken),
                                             stream.begin() + static_cast<std::ptrdiff_t>(came));
        const std::size_t size = header.take(offered);
        CHECK(size <= offered.size());
        CHECK(header.state() != State::NeedMore || size == offered.size()); // else a socket would wake for it for ever
        taken += size;
    }
    const bool ended = header.state() != State::NeedMore;
    const std::byte more{'x'};
    CHECK(!ended || header.take(std::span(&more, 1)) == 0);
    return {header.state(), taken, header.source()};
}

bool isTextOf(std::string_view line)
{
    return line.size() <= ProxyProtocol::longestText && line.starts_with("PROXY ") && line.ends_with("\r\n") &&
           line.find('\n') == line.size() - 1;
}

void checkHeader(std::span<const std::byte> stream, std::uint32_t seed)
{
    const Outcome whole = readInPieces(stream, [&] { return std::max<std::size_t>(1, stream.size()); });
    CHECK(readInPieces(stream, [] { return std::size_t{1}; }).state == whole.state);
    Cuts cuts(seed);
    const Outcome cut = readInPieces(stream, [&] { return cuts.next(); });
    CHECK(cut.state == whole.state && cut.source == whole.source);
    CHECK(whole.taken <= ProxyProtocol::longestBinary);
    if (whole.state != State::Done) {
        CHECK(!whole.source);
        return;
    }
    CHECK(cut.taken == whole.taken); // to its last byte, and nothing behind it
    const std::string_view header = asText(stream.first(whole.taken));
    if (!header.starts_with("PROXY ")) {
        CHECK(header.size() >= 16 && header.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n", 12)));
        const auto high = static_cast<unsigned char>(header[14]);
        const auto low = static_cast<unsigned char>(header[15]);
        CHECK(header.size() == 16U + (unsigned{high} << 8U | low));
        CHECK(!whole.source || header[12] == '\x21');
        return;
    }
    CHECK(isTextOf(header));
    if (!whole.source) {
        CHECK(header.starts_with("PROXY UNKNOWN"));
        return;
    }
    // What was read stands there, between single blanks.
    std::string_view address = header.substr(11, header.find(' ', 11) - 11);
    CHECK(IpAddress::parse(address) == whole.source->address && !whole.source->address.isUnspecified());
    CHECK(header.find(' ' + std::to_string(whole.source->port) + ' ') != std::string_view::npos);
}

/// One line, read from its right end at leisure: the last element alone decides what is appended to it.
void checkAppended(std::string_view forged, bool rfc)
{
    const std::string appended = rfc ? "for=\"[2001:db8::77]:4711\"" : "2001:db8::77";
    const auto trusted = IpAddress::parse("2001:db8::77");
    const std::string line = std::string(forged) + ", " + appended;
    const std::string_view view = line;
    const auto chain = rfc ? readForwarded(std::span(&view, 1)) : readForwardedFor(std::span(&view, 1));
    CHECK(!chain.empty());
    CHECK(chain.back() == trusted || (rfc && !chain.back())); // never what the client would like to be
    const std::array<std::string_view, 2> lines{forged, appended};
    const auto split = rfc ? readForwarded(lines) : readForwardedFor(lines);
    CHECK(split.back() == trusted);
}

void checkForwarded(std::string_view text, bool rfc)
{
    std::vector<std::string_view> lines;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto chain = rfc ? readForwarded(lines) : readForwardedFor(lines);
    CHECK(chain.size() <= text.size() + 1 && (lines.empty() == chain.empty()));
    Policy policy;
    policy.listeners.resize(1);
    policy.listeners[0].trustedProxies = {Network::parse("10.0.0.0/8").value(), Network::parse("fd00::/8").value()};
    const auto proxy = IpAddress::parse("10.0.0.1").value();
    const auto client = decideClient(policy, 0, proxy, chain);
    std::size_t behind = chain.size(); // by a plain walk
    while (behind > 0 && chain[behind - 1] && isTrustedProxy(policy, 0, *chain[behind - 1]))
        --behind;
    if (behind == 0)
        CHECK(client.ok() && *client == (chain.empty() ? proxy : *chain.front()));
    else if (!chain[behind - 1])
        CHECK(!client.ok() && client.error().reason == Reason::ProxyHeader);
    else
        CHECK(client.ok() && *client == *chain[behind - 1]);
    for (const std::string_view line : lines)
        checkAppended(line, rfc);
}

} // namespace

/// The first byte: 0 to 63 X-Forwarded-For, to 127 Forwarded, each with a line for a header line; from 128 on a seed
/// for the cuts of a stream that should begin with the PROXY protocol.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t first = input.byte();
    if (first < 128)
        checkForwarded(asText(input.rest()), first >= 64);
    else
        checkHeader(input.rest(), first);
    return 0;
}
