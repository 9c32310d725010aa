// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/format.h"

#include <arpa/inet.h>

namespace gatehouse {

namespace {

constexpr std::size_t longestHostname = 253; // RFC 1035 §2.3.4, without the root's dot
constexpr std::size_t longestRegex = 1024;   // of a message that is to hold one: compiling it costs

constexpr std::array<std::pair<std::string_view, FormatKind>, 13> formatWords{{
    {"date-time", FormatKind::DateTime},
    {"date", FormatKind::Date},
    {"time", FormatKind::Time},
    {"email", FormatKind::Email},
    {"hostname", FormatKind::Hostname},
    {"ipv4", FormatKind::Ipv4},
    {"ipv6", FormatKind::Ipv6},
    {"uri", FormatKind::Uri},
    {"uri-reference", FormatKind::UriReference},
    {"uuid", FormatKind::Uuid},
    {"json-pointer", FormatKind::JsonPointer},
    {"relative-json-pointer", FormatKind::RelativeJsonPointer},
    {"regex", FormatKind::Regex},
}};

constexpr std::string_view dateText = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
constexpr std::string_view timeText = "[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})";
constexpr std::string_view labelText = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

std::string hostnameText()
{
    return std::string(labelText) + "(?:\\." + std::string(labelText) + ")*";
}

/// RFC 5321 §4.1.2, in ASCII.
std::string emailText()
{
    const std::string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    const std::string quoted = "\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\"";
    return "(?:" + atom + "(?:\\." + atom + ")*|" + quoted + ")@(?:" + hostnameText() + "|\\[[0-9A-Za-z:.-]+\\])";
}

/// RFC 3986 appendix A.
std::string uriText(bool relativeToo)
{
    const std::string escaped = "%[0-9A-Fa-f]{2}";
    const std::string plain = "A-Za-z0-9._~!$&'()*+,;=";
    const auto any = [&](const std::string& more) { return "(?:[" + plain + more + "-]|" + escaped + ")"; };
    const std::string segment = any(":@");
    const std::string authority = "//(?:" + any(":") + "*@)?(?:\\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\\.[" + plain +
                                  ":-]+)\\]|" + any("") + "*)(?::[0-9]*)?(?:/" + segment + "*)*";
    const std::string absolutePath = "/(?:" + segment + "+(?:/" + segment + "*)*)?";
    const std::string rootless = segment + "+(?:/" + segment + "*)*";
    const std::string tail = "(?:\\?" + any(":@/?") + "*)?(?:#" + any(":@/?") + "*)?";
    const std::string absolute =
        "[A-Za-z][A-Za-z0-9+.-]*:(?:" + authority + "|" + absolutePath + "|" + rootless + ")?" + tail;
    if (!relativeToo)
        return absolute;
    const std::string noScheme = any("@") + "+(?:/" + segment + "*)*";
    return absolute + "|(?:" + authority + "|" + absolutePath + "|" + noScheme + ")?" + tail;
}

int digits(std::string_view text, std::size_t at, std::size_t count)
{
    int value = 0;
    for (const char c : text.substr(at, count))
        value = value * 10 + (c - '0');
    return value;
}

bool dateHolds(std::string_view text)
{
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    if (month < 1 || month > 12 || day < 1)
        return false;
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

/// RFC 3339 §5.6; a leap second stands at the end of a day of UTC.
bool timeHolds(std::string_view text)
{
    const int hour = digits(text, 0, 2);
    const int minute = digits(text, 3, 2);
    const int second = digits(text, 6, 2);
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    int offset = 0; // minutes
    if (const char last = text.back(); last != 'Z' && last != 'z') {
        const std::size_t zone = text.size() - 6;
        const int zoneHour = digits(text, zone + 1, 2);
        const int zoneMinute = digits(text, zone + 4, 2);
        if (zoneHour > 23 || zoneMinute > 59)
            return false;
        offset = (zoneHour * 60 + zoneMinute) * (text[zone] == '-' ? -1 : 1);
    }
    constexpr int day = 24 * 60;
    return second < 60 || ((hour * 60 + minute - offset) % day + day) % day == day - 1;
}

bool addressHolds(int family, std::string_view text)
{
    constexpr std::size_t longest = 45;
    if (text.size() > longest || text.find('\0') != std::string_view::npos)
        return false;
    std::array<char, longest + 1> copy{};
    text.copy(copy.data(), text.size());
    in6_addr address{};
    return inet_pton(family, copy.data(), &address) == 1;
}

} // namespace

std::optional<FormatKind> formatFromWord(std::string_view word)
{
    for (const auto& [name, kind] : formatWords)
        if (name == word)
            return kind;
    return std::nullopt;
}

std::string formatPattern(FormatKind format)
{
    const auto whole = [](const std::string& text) { return "\\A(?:" + text + ")\\z"; };
    const std::string tokens = "(?:/(?:[^~/]|~[01])*)*";
    switch (format) {
    case FormatKind::DateTime:
        return whole(std::string(dateText) + "[Tt]" + std::string(timeText));
    case FormatKind::Date:
        return whole(std::string(dateText));
    case FormatKind::Time:
        return whole(std::string(timeText));
    case FormatKind::Email:
        return whole(emailText());
    case FormatKind::Hostname:
        return whole(hostnameText());
    case FormatKind::Uri:
        return whole(uriText(false));
    case FormatKind::UriReference:
        return whole(uriText(true));
    case FormatKind::Uuid:
        return whole("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");
    case FormatKind::JsonPointer:
        return whole(tokens);
    case FormatKind::RelativeJsonPointer:
        return whole("(?:0|[1-9][0-9]*)(?:#|" + tokens + ")");
    case FormatKind::Ipv4:
    case FormatKind::Ipv6:
    case FormatKind::Regex:
        break;
    }
    return {};
}

bool formatHolds(FormatKind format, std::string_view text)
{
    constexpr std::size_t dateLength = 10;
    switch (format) {
    case FormatKind::DateTime:
        return dateHolds(text) && timeHolds(text.substr(dateLength + 1));
    case FormatKind::Date:
        return dateHolds(text);
    case FormatKind::Time:
        return timeHolds(text);
    case FormatKind::Email:
        return text.size() - text.rfind('@') <= longestHostname + 1;
    case FormatKind::Hostname:
        return text.size() <= longestHostname;
    case FormatKind::Ipv4:
        return addressHolds(AF_INET, text);
    case FormatKind::Ipv6:
        return addressHolds(AF_INET6, text);
    case FormatKind::Regex:
        return text.size() <= longestRegex && Pattern::compile(text).ok();
    case FormatKind::Uri:
    case FormatKind::UriReference:
    case FormatKind::Uuid:
    case FormatKind::JsonPointer:
    case FormatKind::RelativeJsonPointer:
        break;
    }
    return true;
}

} // namespace gatehouse
