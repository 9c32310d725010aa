// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/apiaddress.h"

#include "policy/privatefile.h"

#include <algorithm>
#include <curl/curl.h>
#include <memory>

namespace gatehouse::ctl {

namespace {

constexpr std::size_t longestKey = 256; // bytes, as the server takes them

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// A part of a URL; empty where it has none.
std::string part(CURLU* url, CURLUPart which)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK || !text)
        return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

bool isKey(std::string_view text)
{
    constexpr std::string_view prefix = "gh_";
    return text.starts_with(prefix) && text.size() > prefix.size() && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-' || c == '.';
           });
}

} // namespace

Result<std::string, std::string> apiUrl(const std::string& text)
{
    const auto wrong = [](const std::string& what) { return Failure{"--url: " + what}; };
    const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
    if (!url)
        return wrong("libcurl cannot be used");
    if (text.find("://") == std::string::npos || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        return wrong("expected https://HOST:PORT");
    const std::string scheme = part(url.get(), CURLUPART_SCHEME);
    if (scheme != "https")
        return wrong("expected https://HOST:PORT: a key never goes over " + scheme);
    const std::string path = part(url.get(), CURLUPART_PATH);
    if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty() ||
        !part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty() ||
        (!path.empty() && path != "/"))
        return wrong("expected https://HOST:PORT and nothing else");
    const std::string host = part(url.get(), CURLUPART_HOST);
    if (host.empty())
        return wrong("expected https://HOST:PORT, found no host");
    const std::string port = part(url.get(), CURLUPART_PORT);
    return "https://" + host + (port.empty() ? "" : ":" + port);
}

Result<std::string, std::string> readApiKey(const std::filesystem::path& file)
{
    if (const auto problem = checkPrivateFile(file))
        return Failure{problem->detail};
    auto text = readWholeFile(file, 4096);
    if (!text)
        return text;
    if (text->ends_with('\n'))
        text->pop_back();
    if (text->size() > longestKey || !isKey(*text))
        return Failure{file.string() + ": holds no API key: one line, gh_ID_SECRET, is expected"};
    return text;
}

} // namespace gatehouse::ctl
