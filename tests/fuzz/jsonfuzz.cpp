// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "plainjson.h"
#include "schema/messagevalidator.h"

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

/// Nineteen digits in a row, which an integer beyond 64 bits needs.
bool hasLongNumber(std::string_view text)
{
    std::size_t run = 0;
    for (const char c : text) {
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        if (run >= 19)
            return true;
    }
    return false;
}

void check(MessageValidator& validator, std::string_view text)
{
    const auto fault = validator.read(std::as_bytes(std::span(text)));
    CHECK(validator.read(std::as_bytes(std::span(text))) == fault); // nothing of a message stays for the next
    const auto plain = readPlainJson(text);
    const bool deep = plain && plain->depth > MessageValidator::deepest;
    const bool twice = plain && plain->duplicates > 0;
    if (!fault) {
        CHECK(plain && !deep && !twice);
        return;
    }
    switch (*fault) {
    case JsonFault::Depth:
        CHECK(!plain || deep);
        break;
    case JsonFault::DuplicateKey:
        CHECK(twice);
        break;
    case JsonFault::Number:
        CHECK(!plain || hasLongNumber(text));
        break;
    case JsonFault::Syntax:
    case JsonFault::Utf8:
    case JsonFault::Surrogate:
        CHECK(!plain);
        break;
    case JsonFault::TooLarge:
        CHECK(false);
        break;
    }
}

} // namespace

/// The bytes are messages, one after the other where a 0 stands between them, for one validator.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    std::string_view text = asText(input.rest());
    MessageValidator validator;
    for (;;) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        check(validator, text.substr(0, end));
        if (end == text.size())
            return 0;
        text.remove_prefix(end + 1);
    }
}
