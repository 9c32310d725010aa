// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "wire/headscanner.h"
#include "wire/request.h"

#include <functional>
#include <set>
#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using namespace gatehouse::wire;

namespace {

using Kind = HeadScanner::Kind;

// Heads that a test made may be longer than any that is let in.
constexpr RequestLimits wide{1U << 20U, 1U << 20U, 1U << 20U, 1U << 22U, 10000};

RequestLimits limitsOf(std::uint8_t level)
{
    switch (level % 4) {
    case 0:
        return {};
    case 1:
        return {128, 64, 64, 512, 8};
    case 2:
        return {24, 8, 24, 96, 3};
    default:
        return {64, 64, 1024, 40, 100}; // the whole is the first to be reached
    }
}

/// What a scanner said in the end.
struct Scan {
    std::size_t size = 0;
    Reason reason = Reason::None;
    friend bool operator==(const Scan&, const Scan&) = default;
};

Scan valueOf(const Result<std::size_t, Reason>& size)
{
    return size ? Scan{*size, Reason::None} : Scan{0, size.error()};
}

/// Each call sees the text at another place, as a buffer that grows does.
template <class Step> Scan scanInPieces(std::string_view text, const RequestLimits& limits, Kind kind, Step step)
{
    HeadScanner scanner(limits, kind);
    for (std::size_t seen = 0;;) {
        seen = std::min(seen + step(), text.size());
        const std::string moved(text.substr(0, seen));
        const Scan scan = valueOf(scanner.scan(moved));
        if (scan.size > 0 || scan.reason != Reason::None || seen == text.size()) {
            CHECK(valueOf(scanner.scan(moved)) == scan);
            return scan;
        }
    }
}

bool tokenOnly(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

bool noControls(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= ' ' && byte != 0x7f);
    });
}

bool naiveHeaderLine(std::string_view line, const RequestLimits& limits)
{
    const std::size_t colon = line.find(':');
    return line.size() <= limits.header && colon != std::string_view::npos && tokenOnly(line.substr(0, colon)) &&
           noControls(line);
}

/// Of the targets that do not begin with a slash the naive way knows no rules: it takes all of them or none.
enum class OtherTargets : std::uint8_t { None, All };

bool naiveRequestLine(std::string_view line, const RequestLimits& limits, OtherTargets others)
{
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (line.size() > limits.line || !noControls(line) || first == std::string_view::npos || first == last)
        return false;
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const bool visible = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
    const bool form =
        target.starts_with('/') ? target.find('#') == std::string_view::npos : others == OtherTargets::All;
    return tokenOnly(line.substr(0, first)) && !target.empty() && target.size() <= limits.target && visible && form &&
           line.substr(last) == " HTTP/1.1";
}

bool naiveStatusLine(std::string_view line, const RequestLimits& limits)
{
    const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
    return line.size() <= limits.line && noControls(line) && line.size() >= 13 && line.starts_with("HTTP/1.1 ") &&
           line[9] != '0' && digit(9) && digit(10) && digit(11) && line[12] == ' ';
}

/// Whether a whole head stands at the front, in the plainest way to say it.
bool naiveHead(std::string_view text, const RequestLimits& limits, Kind kind, OtherTargets others)
{
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos || end + 4 > limits.head)
        return false;
    std::string_view lines = text.substr(0, end + 2);
    std::size_t count = 0;
    for (bool first = true; !lines.empty(); first = false) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(line.size() + 2);
        const bool good = !first                  ? naiveHeaderLine(line, limits) && ++count <= limits.headers
                          : kind == Kind::Request ? naiveRequestLine(line, limits, others)
                                                  : naiveStatusLine(line, limits);
        if (!good)
            return false;
    }
    return true;
}

/// Yields the scanner's answer, which no cut may change.
Scan scanEveryWay(std::string_view text, const RequestLimits& limits, Kind kind, std::uint32_t seed)
{
    HeadScanner scanner(limits, kind);
    const Scan whole = valueOf(scanner.scan(text));
    CHECK(!scanner.versionUnsupported() || whole.reason == Reason::HsRequestLine);
    Cuts cuts(seed);
    CHECK(scanInPieces(text, limits, kind, [&] { return cuts.next(); }) == whole);
    if (text.size() <= 1024)
        CHECK(scanInPieces(text, limits, kind, [] { return std::size_t{1}; }) == whole);
    CHECK(whole.size <= text.size() && whole.size <= limits.head);
    if (whole.size > 0) {
        CHECK(text.substr(0, whole.size).find("\r\n\r\n") == whole.size - 4);
        CHECK(naiveHead(text, limits, kind, OtherTargets::All));
    } else {
        CHECK(!naiveHead(text, limits, kind, OtherTargets::None));
    }
    return whole;
}

void checkInside(std::string_view view, std::string_view text)
{
    const std::less_equal<const char*> notAfter;
    CHECK(view.empty() ||
          (notAfter(text.data(), view.data()) && notAfter(view.data() + view.size(), text.data() + text.size())));
}

/// The parts stand in the target in their order, with nothing between them that is not theirs.
void checkTarget(const Request& request)
{
    std::string_view rest = request.target;
    if (!request.authority.empty()) {
        const std::size_t scheme = rest.find("://");
        CHECK(scheme == 4 || scheme == 5);
        rest.remove_prefix(scheme + 3);
        CHECK(rest.starts_with(request.authority) && request.authority.find_first_of("/?#@") == std::string_view::npos);
        rest.remove_prefix(request.authority.size());
    } else if (!rest.starts_with('/')) {
        CHECK(request.method == "CONNECT" && request.path.empty() && request.query.empty());
        return;
    }
    CHECK(request.path.starts_with('/') && request.path.find_first_of("?#") == std::string_view::npos);
    if (rest.starts_with('/')) {
        CHECK(rest.starts_with(request.path));
        rest.remove_prefix(request.path.size());
    }
    CHECK(rest.empty() ? request.query.empty() : rest.front() == '?' && rest.substr(1) == request.query);
}

void checkHeaders(const std::vector<Header>& headers, std::string_view head, const RequestLimits& limits)
{
    CHECK(headers.size() <= limits.headers);
    head.remove_prefix(head.find("\r\n") + 2);
    for (const Header& header : headers) {
        checkInside(header.name, head);
        checkInside(header.value, head);
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size() + 2);
        CHECK(header.name == line.substr(0, line.find(':')));
        std::string_view value = line.substr(header.name.size() + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        CHECK(header.value == value.substr(0, value.find_last_not_of(" \t") + 1));
    }
    CHECK(head == "\r\n");
}

/// What is let in and sent on by the client role comes out as it went in.
void checkSentOn(const Request& request, const Upgrade& upgrade)
{
    const std::string target = std::string(request.path) + '?' + std::string(request.query);
    ClientRequest sent{std::string(upgrade.host), target, std::string(upgrade.key), {}, {}, {}};
    if (upgrade.origin)
        sent.origin = *upgrade.origin;
    for (const std::string_view name : upgrade.subprotocols)
        sent.subprotocols.emplace_back(name);
    for (const std::string_view value : upgrade.authorization)
        sent.headers.emplace_back("Authorization", value);
    const std::string text = upgradeRequest(sent);
    const auto parsed = parseRequest(text, wide);
    CHECK(parsed.ok() && parsed->path == request.path && parsed->query == request.query);
    const auto again = parseUpgrade(*parsed);
    CHECK(again.ok());
    CHECK(again->key == upgrade.key && again->host == upgrade.host && again->origin == upgrade.origin);
    CHECK(again->subprotocols == upgrade.subprotocols && again->authorization == upgrade.authorization);

    const std::string_view chosen = upgrade.subprotocols.empty() ? std::string_view() : upgrade.subprotocols.back();
    const std::string answer = switchingProtocols(upgrade.key, chosen);
    const auto response = parseResponse(answer, wide);
    CHECK(response.ok() && response->has_value() && (*response)->size == answer.size());
    const auto agreed = checkAnswer(**response, sent);
    CHECK(agreed.ok() && *agreed == chosen);
}

void checkUpgrade(const Request& request, std::string_view head)
{
    const auto length = contentLength(request);
    const auto upgrade = parseUpgrade(request);
    if (!upgrade) {
        CHECK(upgrade.error() != Reason::None);
        return;
    }
    CHECK(request.method == "GET" && request.path.starts_with('/'));
    CHECK(request.authority.empty() || request.authority.size() == upgrade->host.size());
    CHECK(length.ok() && *length == 0 && request.all("Transfer-Encoding").empty());
    CHECK(request.one("host") == upgrade->host && request.one("SEC-WEBSOCKET-KEY") == upgrade->key);
    CHECK(request.one("Sec-WebSocket-Version") == "13" && !request.all("Upgrade").empty());
    CHECK(upgrade->key.size() == 24 && upgrade->key.ends_with("=="));
    CHECK(!upgrade->host.empty() && upgrade->host.find('@') == std::string_view::npos);
    CHECK(request.all("Origin").size() <= 1 && upgrade->subprotocols.size() <= 32);
    for (const std::string_view view : {upgrade->key, upgrade->host, upgrade->userAgent, upgrade->origin.value_or("")})
        checkInside(view, head);
    for (const std::string_view name : upgrade->subprotocols) {
        CHECK(tokenOnly(name));
        checkInside(name, head);
    }
    CHECK(std::set(upgrade->subprotocols.begin(), upgrade->subprotocols.end()).size() == upgrade->subprotocols.size());
    checkSentOn(request, *upgrade);
}

void fuzzRequest(std::string_view text, const RequestLimits& limits, std::uint32_t seed)
{
    const Scan scan = scanEveryWay(text, limits, Kind::Request, seed);
    CHECK(valueOf(scanHead(text, limits)) == scan);
    if (scan.size == 0) {
        const auto parsed = parseRequest(text, limits);
        CHECK(!parsed.ok() && parsed.error() == (scan.reason == Reason::None ? Reason::HsSyntax : scan.reason));
        return;
    }
    const std::string_view head = text.substr(0, scan.size);
    if (text.size() > head.size())
        CHECK(!parseRequest(text, limits).ok());
    const auto request = parseRequest(head, limits);
    CHECK(request.ok());
    CHECK(head.starts_with(std::string(request->method) + ' ' + std::string(request->target) + " HTTP/1.1\r\n"));
    CHECK(request->target.size() <= limits.target);
    for (const std::string_view view : {request->method, request->target, request->authority, request->query})
        checkInside(view, head);
    if (request->path != "/") // which an absolute target may go without
        checkInside(request->path, head);
    checkTarget(*request);
    checkHeaders(request->headers, head, limits);
    checkUpgrade(*request, head);
}

void fuzzResponse(std::string_view text, const RequestLimits& limits, std::uint32_t seed)
{
    const Scan scan = scanEveryWay(text, limits, Kind::Response, seed);
    const auto response = parseResponse(text, limits);
    CHECK(response.ok() == (scan.reason == Reason::None));
    if (!response) {
        CHECK(response.error() == scan.reason);
        return;
    }
    CHECK(response->has_value() == (scan.size > 0));
    if (!*response)
        return;
    CHECK((*response)->size == scan.size && (*response)->status >= 100 && (*response)->status <= 999);
    checkHeaders((*response)->headers, text.substr(0, scan.size), limits);
    const ClientRequest asked{"h", "/", "dGhlIHNhbXBsZSBub25jZQ==", {}, {"chat", "superchat"}, {}};
    if (const auto chosen = checkAnswer(**response, asked)) {
        CHECK((*response)->status == 101);
        CHECK((*response)->one("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        CHECK(chosen->empty() || *chosen == "chat" || *chosen == "superchat");
    }
}

/// Parts of anybody's making become the headers that they are meant to be, or no request at all.
void fuzzClient(std::string_view text)
{
    const auto part = [&text] {
        const std::string_view front = text.substr(0, text.find('|'));
        text.remove_prefix(std::min(front.size() + 1, text.size()));
        return std::string(front);
    };
    ClientRequest request{part(), part(), part(), {}, {}, {}};
    if (!text.empty())
        request.origin = part();
    if (!text.empty())
        request.subprotocols.push_back(part());
    while (!text.empty()) {
        std::string name = part();
        request.headers.emplace_back(std::move(name), part());
    }
    const std::string head = upgradeRequest(request);
    if (head.empty())
        return;
    const auto parsed = parseRequest(head, wide);
    CHECK(parsed.ok());
    const std::size_t own = 5 + (request.origin ? 1U : 0U) + request.subprotocols.size();
    CHECK(parsed->headers.size() == own + request.headers.size());
    CHECK(parsed->target == request.target && parsed->headers.front().value == request.host);
    CHECK(parsed->headers[3].value == request.key);
}

} // namespace

// Three characters, then the text: what it is (0 request, 1 response, 2 parts of a request), limits, seed of the cuts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t what = input.byte();
    const RequestLimits limits = limitsOf(input.byte());
    const std::uint32_t seed = input.byte();
    const std::string text(asText(input.rest()));
    switch (what % 4) {
    case 1:
        fuzzResponse(text, limits, seed);
        break;
    case 2:
        fuzzClient(text);
        break;
    default:
        fuzzRequest(text, limits, seed);
        break;
    }
    return 0;
}
