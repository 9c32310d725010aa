// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/fetch.h"

#include "domain/address.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse {

namespace {

struct CurlDeleter {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

struct Transfer {
    const FetchRequest& request;
    bool loopbackAlone = false;
    bool refusedAddress = false;
    std::string body;
    bool tooLarge = false;
};

std::size_t onBody(char* data, std::size_t size, std::size_t count, void* user)
{
    auto& transfer = *static_cast<Transfer*>(user);
    if (transfer.body.size() + size * count > transfer.request.largest) {
        transfer.tooLarge = true;
        return 0; // ends it
    }
    transfer.body.append(data, size * count);
    return size * count;
}

int onProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    const auto* cancelled = static_cast<Transfer*>(user)->request.cancelled;
    return cancelled && cancelled->load(std::memory_order_relaxed) ? 1 : 0;
}

curl_socket_t openSocket(void* user, curlsocktype, curl_sockaddr* address)
{
    auto& transfer = *static_cast<Transfer*>(user);
    if (transfer.loopbackAlone && !IpAddress::fromSockaddr(address->addr).isLoopback()) {
        transfer.refusedAddress = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool prepare(CURL* curl, Transfer& transfer)
{
    const FetchRequest& request = transfer.request;
    const char* protocol = transfer.loopbackAlone ? "http" : "https";
    const std::string ca = request.ca.string();
    bool good = true;
    const auto set = [&](CURLoption option, auto value) {
        good = curl_easy_setopt(curl, option, value) == CURLE_OK && good;
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, protocol);
    set(CURLOPT_REDIR_PROTOCOLS_STR, protocol);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, ""); // whatever the environment says
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!ca.empty()) {
        set(CURLOPT_CAINFO, ca.c_str());
        set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.within.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.within.count()));
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.largest));
    set(CURLOPT_NOSIGNAL, 1L); // its timeouts must not touch the process's signals
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &onProgress);
    set(CURLOPT_XFERINFODATA, &transfer);
    set(CURLOPT_WRITEFUNCTION, &onBody);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_OPENSOCKETFUNCTION, &openSocket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);
    set(CURLOPT_USERAGENT, "gatehouse");
    return good;
}

} // namespace

Result<std::string, std::string> fetch(const FetchRequest& request)
{
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    const std::unique_ptr<CURL, CurlDeleter> curl(ready ? curl_easy_init() : nullptr);
    Transfer transfer{request, request.url.starts_with("http://"), false, {}, false};
    std::array<char, CURL_ERROR_SIZE> detail{};
    if (!curl || !prepare(curl.get(), transfer) ||
        curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail.data()) != CURLE_OK)
        return Failure{std::string("libcurl cannot be used")};
    const CURLcode code = curl_easy_perform(curl.get());
    if (transfer.tooLarge || code == CURLE_FILESIZE_EXCEEDED)
        return Failure{"an answer of more than " + std::to_string(request.largest / 1024) + " KiB"};
    if (transfer.refusedAddress)
        return Failure{std::string("http goes to loopback addresses alone")};
    if (code == CURLE_PEER_FAILED_VERIFICATION && detail[0] != '\0')
        return Failure{std::string(detail.data())};
    if (code != CURLE_OK) // the buffer's words hold times and ports, which differ from try to try
        return Failure{std::string(curl_easy_strerror(code))};
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return Failure{"HTTP status " + std::to_string(status)};
    return std::move(transfer.body);
}

} // namespace gatehouse
