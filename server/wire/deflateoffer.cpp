// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/deflateoffer.h"

#include "wire/httptext.h"

#include <utility>

namespace gatehouse::wire {

namespace {

constexpr std::string_view extensionName = "permessage-deflate";
constexpr std::size_t maxExtensions = 32;

/// The parameters of one offer or answer.
struct Parameters {
    bool serverNoTakeover = false;
    bool clientNoTakeover = false;
    std::optional<std::uint8_t> serverWindow;
    bool clientWindowNamed = false; ///< an offer may name it without a value
    std::optional<std::uint8_t> clientWindow;
};

/// Walks over the parts between separators that stand in no quoted string (RFC 9110 §5.6.4): unset at the end.
class PartReader {
public:
    PartReader(std::string_view text, char separator)
        : m_rest(text)
        , m_separator(separator)
    {
    }

    std::optional<std::string_view> next()
    {
        if (m_done)
            return std::nullopt;
        bool quoted = false;
        std::size_t at = 0;
        for (; at < m_rest.size() && (quoted || m_rest[at] != m_separator); ++at) {
            if (m_rest[at] == '"')
                quoted = !quoted;
            else if (quoted && m_rest[at] == '\\')
                ++at;
        }
        const std::string_view part = m_rest.substr(0, at);
        m_done = at >= m_rest.size();
        if (!m_done)
            m_rest.remove_prefix(at + 1);
        return trimBlanks(part);
    }

private:
    std::string_view m_rest;
    char m_separator;
    bool m_done = false;
};

/// A token, or what a quoted string that holds one says; unset for anything else.
std::optional<std::string> tokenOf(std::string_view text)
{
    if (!text.starts_with('"'))
        return isToken(text) ? std::optional(std::string(text)) : std::nullopt;
    std::string token;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && ++at == text.size())
            return std::nullopt;
        token.push_back(text[at]);
    }
    return at + 1 == text.size() && isToken(token) ? std::optional(token) : std::nullopt;
}

/// 8 to 15, without a leading zero (RFC 7692 §7.1.2.1).
std::optional<std::uint8_t> windowOf(std::string_view value)
{
    if (value == "8" || value == "9")
        return static_cast<std::uint8_t>(value[0] - '0');
    if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
        return static_cast<std::uint8_t>(10 + value[1] - '0');
    return std::nullopt;
}

bool setFlag(bool& flag, bool hasValue)
{
    return !hasValue && !std::exchange(flag, true);
}

bool readParameter(std::string_view text, Parameters& parameters)
{
    const std::size_t equals = text.find('=');
    const bool hasValue = equals != std::string_view::npos;
    const std::string_view name = trimBlanks(text.substr(0, equals));
    if (equalsIgnoringCase(name, "server_no_context_takeover"))
        return setFlag(parameters.serverNoTakeover, hasValue);
    if (equalsIgnoringCase(name, "client_no_context_takeover"))
        return setFlag(parameters.clientNoTakeover, hasValue);
    const auto value = hasValue ? tokenOf(trimBlanks(text.substr(equals + 1))) : std::nullopt;
    const auto window = windowOf(value.value_or(""));
    if (equalsIgnoringCase(name, "server_max_window_bits"))
        return window && !std::exchange(parameters.serverWindow, window);
    if (equalsIgnoringCase(name, "client_max_window_bits")) {
        parameters.clientWindow = window;
        return (window || !hasValue) && !std::exchange(parameters.clientWindowNamed, true);
    }
    return false;
}

/// Unset where it is another extension, or anything about it is wrong.
std::optional<Parameters> readExtension(std::string_view text)
{
    PartReader parts(text, ';');
    if (!equalsIgnoringCase(parts.next().value_or(""), extensionName))
        return std::nullopt;
    Parameters parameters;
    while (const auto part = parts.next()) {
        if (!readParameter(*part, parameters))
            return std::nullopt;
    }
    return parameters;
}

DeflateAgreement agreementOn(const Parameters& offer)
{
    DeflateAgreement agreement;
    agreement.answer.append(extensionName).append("; server_no_context_takeover; client_no_context_takeover");
    if (offer.serverWindow) {
        agreement.windowBits = *offer.serverWindow;
        agreement.answer.append("; server_max_window_bits=").append(std::to_string(*offer.serverWindow));
    }
    return agreement;
}

} // namespace

std::optional<DeflateAgreement> acceptDeflate(const std::vector<std::string_view>& headers)
{
    std::size_t extensions = 0;
    for (const std::string_view header : headers) {
        PartReader list(header, ',');
        while (const auto extension = list.next()) {
            if (++extensions > maxExtensions)
                return std::nullopt;
            if (const auto offer = readExtension(*extension);
                offer && offer->serverWindow.value_or(largestWindow) >= smallestWindow)
                return agreementOn(*offer);
        }
    }
    return std::nullopt;
}

std::optional<DeflateAgreement> readDeflateAnswer(const std::vector<std::string_view>& headers)
{
    if (headers.size() != 1)
        return std::nullopt;
    PartReader list(headers.front(), ',');
    const auto answer = readExtension(list.next().value_or(""));
    const bool valueMissing = answer && answer->clientWindowNamed && !answer->clientWindow;
    if (!answer || !answer->serverNoTakeover || valueMissing || list.next())
        return std::nullopt;
    return DeflateAgreement{answer->clientWindow.value_or(largestWindow), std::string(headers.front())};
}

} // namespace gatehouse::wire
