// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/request.h"

#include "wire/headerlist.h"
#include "wire/headscanner.h"
#include "wire/httptext.h"

#include <algorithm>

namespace gatehouse::wire {

std::vector<std::string_view> Request::all(std::string_view name) const
{
    return valuesOf(headers, name);
}

std::optional<std::string_view> Request::one(std::string_view name) const
{
    const auto values = all(name);
    return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

Result<std::size_t, Reason> scanHead(std::string_view text, const RequestLimits& limits)
{
    return HeadScanner(limits).scan(text);
}

Result<Request, Reason> parseRequest(std::string_view head, const RequestLimits& limits)
{
    HeadScanner scanner(limits);
    const auto size = scanner.scan(head);
    if (!size)
        return Failure{size.error()};
    if (*size == 0 || *size != head.size())
        return Failure{Reason::HsSyntax};
    return scanner.request(head);
}

Result<std::uint64_t, Reason> contentLength(const Request& request)
{
    constexpr std::size_t maxDigits = 18; // fits 64 bits whatever the digits are
    if (!request.all("Transfer-Encoding").empty())
        return Failure{Reason::HsBody};
    const auto values = request.all("Content-Length");
    if (values.empty())
        return std::uint64_t{0};
    const std::string_view digits = values.front();
    const bool leadingZero = digits.size() > 1 && digits.front() == '0';
    if (values.size() > 1 || digits.empty() || digits.size() > maxDigits || leadingZero ||
        !std::ranges::all_of(digits, isDigit))
        return Failure{Reason::HsBody};
    std::uint64_t length = 0;
    for (const char c : digits)
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    return length;
}

} // namespace gatehouse::wire
