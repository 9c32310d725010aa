// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/pattern.h"

#include <algorithm>
#include <re2/re2.h>

namespace gatehouse {

namespace {

constexpr std::int64_t memoryOfPattern = 4 << 20; // bytes, automata that RE2 makes on the way included
constexpr int largestProgram = 10'000; // instructions: what each byte may cost where RE2 falls back to an NFA

bool isHex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// RE2 writes `\uXXXX` as `\x{XXXX}`, and takes no escaped slash for itself.
std::string translated(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            result += text[i];
            continue;
        }
        const std::string_view hex = text.substr(i + 1).size() >= 5 ? text.substr(i + 2, 4) : std::string_view();
        if (text[i + 1] == 'u' && !hex.empty() && std::ranges::all_of(hex, isHex)) {
            result.append("\\x{").append(hex).append("}");
            i += 5;
            continue;
        }
        result += text[i];
        result += text[++i];
    }
    return result;
}

} // namespace

struct Pattern::Private {
    Private(const std::string& text, const re2::RE2::Options& options)
        : re(text, options)
    {
    }
    re2::RE2 re;
};

Pattern::Pattern(std::unique_ptr<Private> made)
    : d(std::move(made))
{
}

Pattern::~Pattern() = default;

Result<std::unique_ptr<const Pattern>, std::string> Pattern::compile(std::string_view text)
{
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memoryOfPattern);
    options.set_never_capture(true);
    auto made = std::make_unique<Private>(translated(text), options);
    if (!made->re.ok())
        return Failure{"RE2 cannot match this pattern: " + made->re.error()};
    if (made->re.ProgramSize() > largestProgram)
        return Failure{std::string("the pattern is too large; a shorter repetition, or maxLength, may say the same")};
    return std::unique_ptr<const Pattern>(new Pattern(std::move(made)));
}

bool Pattern::matches(std::string_view text) const
{
    return d->re.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

} // namespace gatehouse
