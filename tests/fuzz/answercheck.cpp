// SPDX-License-Identifier: GPL-3.0-or-later
#include "answercheck.h"

#include "check.h"
#include "referencecodec.h"

#include <charconv>

namespace gatehouse::fuzz {

namespace {

std::string_view valueOf(std::string_view head, std::string_view name)
{
    const std::string line = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(line);
    if (at == std::string_view::npos)
        return {};
    CHECK(head.find(line, at + 1) == std::string_view::npos);
    const std::string_view rest = head.substr(at + line.size());
    return rest.substr(0, rest.find("\r\n"));
}

void checkFrames(std::string_view told, const std::vector<std::string>& messages, bool whole, bool deflate)
{
    wire::DecoderLimits noLimits{UINT64_MAX, 4, {}}; // no more fragments than a peer sent that is echoed
    if (deflate)
        noLimits.maxInflated = 1U << 20U;
    const Outcome outcome = decodePlainly(told, wire::Role::Client, noLimits);
    bool closed = false;
    std::size_t message = 0;
    for (const Seen& seen : outcome.events) {
        CHECK(seen.kind != wire::Event::Kind::Violation);
        closed = seen.kind == wire::Event::Kind::Close;
        if (seen.kind == wire::Event::Kind::Message) {
            CHECK(message < messages.size() && seen.payload == messages[message]);
            ++message;
        }
    }
    CHECK(!whole || closed);
    if (!closed)
        return;
    // The decoder stops at the Close; its length says whether anything stands behind it.
    std::size_t size = 0;
    while (size < told.size()) {
        const auto opcode = static_cast<unsigned char>(told[size]) & 15U;
        std::size_t length = static_cast<unsigned char>(told[size + 1]);
        std::size_t head = 2;
        const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (more > 0)
            length = 0;
        for (; head < 2 + more; ++head)
            length = length * 256 + static_cast<unsigned char>(told[size + head]);
        size += head + length;
        if (opcode == 8)
            break;
    }
    CHECK(size == told.size());
}

} // namespace

void checkAnswer(std::string_view told, const std::vector<std::string>& messages, bool whole)
{
    const std::size_t end = told.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        CHECK(!whole || told.empty());
        return;
    }
    const std::string_view head = told.substr(0, end + 4);
    const std::string_view rest = told.substr(head.size());
    CHECK(head.starts_with("HTTP/1.1 ") && head.size() > 13 && head[12] == ' ');
    if (head.substr(9, 3) == "101") {
        CHECK(valueOf(head, "Upgrade") == "websocket" && valueOf(head, "Connection") == "Upgrade");
        CHECK(valueOf(head, "Sec-WebSocket-Accept").size() == 28);
        const std::string_view extension = valueOf(head, "Sec-WebSocket-Extensions");
        CHECK(extension.empty() || extension.starts_with("permessage-deflate; server_no_context_takeover"));
        checkFrames(rest, messages, whole, !extension.empty());
        return;
    }
    CHECK(head[9] == '4' || head[9] == '5');
    CHECK(valueOf(head, "Connection").starts_with("close"));
    const std::string_view digits = valueOf(head, "Content-Length");
    std::size_t length = 0;
    CHECK(std::from_chars(digits.data(), digits.data() + digits.size(), length).ptr == digits.data() + digits.size());
    CHECK(!digits.empty() && (whole ? rest.size() == length : rest.size() <= length));
}

} // namespace gatehouse::fuzz
