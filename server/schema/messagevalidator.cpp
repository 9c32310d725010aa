// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messagevalidator.h"

#include "schema/messageschema.h"
#include "schema/schemarun.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace gatehouse {

namespace {

constexpr std::size_t keptMemory = 1 << 20; // bytes of a message whose buffers are kept for the next one

std::optional<std::uint32_t> hexOf(std::string_view text)
{
    std::uint32_t value = 0;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!digit && !letter)
            return std::nullopt;
        value = value * 16 + static_cast<std::uint32_t>(digit ? c - '0' : (c & 0x1f) + 9);
    }
    return text.size() == 4 ? std::optional(value) : std::nullopt;
}

/// True where every `\uD800` … `\uDFFF` stands in a pair (RFC 8259 §7). Escapes that are wrong otherwise are the
/// parser's to find.
bool surrogatesPaired(std::string_view text)
{
    constexpr std::size_t escape = 6; // \uXXXX
    for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
        const auto unit = at + 1 < text.size() && text[at + 1] == 'u' ? hexOf(text.substr(at + 2, 4)) : std::nullopt;
        if (!unit) {
            at += 2;
            continue;
        }
        at += escape;
        if (*unit < 0xd800 || *unit > 0xdfff)
            continue;
        if (*unit >= 0xdc00 || text.substr(at, 2) != "\\u")
            return false;
        const auto low = hexOf(text.substr(at + 2, 4));
        if (!low || *low < 0xdc00 || *low > 0xdfff)
            return false;
        at += escape;
    }
    return true;
}

JsonFault faultOf(simdjson::error_code error)
{
    switch (error) {
    case simdjson::DEPTH_ERROR:
        return JsonFault::Depth;
    case simdjson::NUMBER_ERROR:
        return JsonFault::Number;
    case simdjson::UTF8_ERROR:
        return JsonFault::Utf8;
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
        return JsonFault::TooLarge;
    default:
        return JsonFault::Syntax;
    }
}

} // namespace

std::string_view jsonFaultText(JsonFault fault)
{
    switch (fault) {
    case JsonFault::Syntax:
        return "not JSON";
    case JsonFault::Utf8:
        return "not UTF-8";
    case JsonFault::Depth:
        return "arrays and objects too deep within each other";
    case JsonFault::DuplicateKey:
        return "the same key twice in an object";
    case JsonFault::Surrogate:
        return "half a surrogate pair";
    case JsonFault::Number:
        return "no JSON number, or one out of range";
    case JsonFault::TooLarge:
        return "too large to be read";
    }
    return {};
}

struct MessageValidator::Private {
    using Keys = std::vector<std::string_view>;

    [[nodiscard]] bool distinct(std::size_t first);
    [[nodiscard]] std::optional<JsonFault> inspect(const simdjson::dom::element& value, std::size_t depth = 0);

    std::unique_ptr<simdjson::dom::parser> parser = std::make_unique<simdjson::dom::parser>();
    std::vector<char> buffer; ///< simdjson reads some bytes past the end
    Keys keys;
    std::vector<Digest> digests;
    simdjson::dom::element message;
};

/// Of the keys from `first` on; sorted by length before bytes, so that no choice of keys makes it slow.
bool MessageValidator::Private::distinct(std::size_t first)
{
    constexpr std::size_t few = 8;
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
    if (keys.size() - first <= few) {
        for (auto a = begin; a != keys.end(); ++a)
            if (std::find(begin, a, *a) != a)
                return false;
        return true;
    }
    std::sort(begin, keys.end(), [](std::string_view a, std::string_view b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return std::adjacent_find(begin, keys.end()) == keys.end();
}

/// Depth and keys of a value that is parsed. simdjson counts no level for an empty array or object.
std::optional<JsonFault> MessageValidator::Private::inspect(const simdjson::dom::element& value, std::size_t depth)
{
    const bool isArray = value.is_array();
    if (!isArray && !value.is_object())
        return std::nullopt;
    if (depth >= deepest)
        return JsonFault::Depth;
    if (isArray) {
        const simdjson::dom::array items = value.get_array().value_unsafe();
        for (const simdjson::dom::element item : items)
            if (const auto fault = inspect(item, depth + 1))
                return fault;
        return std::nullopt;
    }
    const simdjson::dom::object object = value.get_object().value_unsafe();
    const std::size_t first = keys.size();
    for (const auto member : object)
        keys.push_back(member.key);
    const bool good = distinct(first);
    keys.resize(first);
    if (!good)
        return JsonFault::DuplicateKey;
    for (const auto member : object)
        if (const auto fault = inspect(member.value, depth + 1))
            return fault;
    return std::nullopt;
}

MessageValidator::MessageValidator()
    : d(std::make_unique<Private>())
{
}

MessageValidator::~MessageValidator() = default;

std::optional<JsonFault> MessageValidator::read(std::span<const std::byte> message)
{
    if (message.size() > std::numeric_limits<std::uint32_t>::max())
        return JsonFault::TooLarge;
    const std::size_t needed = message.size() + simdjson::SIMDJSON_PADDING;
    if (d->buffer.size() > keptMemory && needed <= keptMemory) {
        std::vector<char>().swap(d->buffer);
        d->parser = std::make_unique<simdjson::dom::parser>();
    }
    if (d->buffer.size() < needed)
        d->buffer.resize(needed);
    if (!message.empty())
        std::memcpy(d->buffer.data(), message.data(), message.size());
    const std::string_view text(d->buffer.data(), message.size());
    if (d->parser->max_depth() != deepest + 1 || d->parser->capacity() < text.size())
        if (d->parser->allocate(std::max<std::size_t>(text.size(), 256), deepest + 1) != simdjson::SUCCESS)
            return JsonFault::TooLarge;
    const auto error = d->parser->parse(text.data(), text.size(), false).get(d->message);
    if (error != simdjson::SUCCESS) // half a pair may be what it stumbled over
        return faultOf(error) == JsonFault::Syntax && !surrogatesPaired(text) ? JsonFault::Surrogate : faultOf(error);
    if (!surrogatesPaired(text)) // simdjson 3.0 let none through; others have
        return JsonFault::Surrogate;
    d->keys.clear();
    return d->inspect(d->message);
}

std::optional<SchemaMismatch> MessageValidator::check(const MessageSchema& schema)
{
    return SchemaRun(schema.plan(), d->digests).check(d->message);
}

} // namespace gatehouse
