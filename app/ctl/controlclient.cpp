// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/controlclient.h"

#include "control/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <memory>
#include <sys/un.h>

namespace gatehouse::ctl {

namespace {

constexpr std::size_t largestAnswer = 256U << 20; // some 200,000 sessions
constexpr long slowest = 1024;                    // bytes a second

/// A look at what a policy would do takes as long as it was given.
Patience patienceFor(const Command& command)
{
    const auto* whatIf = std::get_if<PolicyWhatIfCommand>(&command);
    const auto longer = whatIf && whatIf->within ? *whatIf->within : std::chrono::milliseconds(0);
    Patience patience;
    patience.answer = std::chrono::ceil<std::chrono::seconds>(
        std::clamp<std::chrono::milliseconds>(longer + patience.answer, patience.answer, std::chrono::seconds(120)));
    return patience;
}

struct CurlDeleter {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Received {
    std::string body;
    bool tooLarge = false;
};

std::size_t onBody(char* data, std::size_t size, std::size_t count, void* user)
{
    auto& received = *static_cast<Received*>(user);
    if (received.body.size() + size * count > largestAnswer) {
        received.tooLarge = true;
        return 0; // ends it
    }
    received.body.append(data, size * count);
    return size * count;
}

/// One request and its answer.
class Exchange {
public:
    Exchange(const ApiAddress& address, Patience patience)
        : m_address(address)
        , m_patience(patience)
    {
        static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
        m_curl.reset(ready ? curl_easy_init() : nullptr);
    }

    Result<HttpAnswer, std::string> run(std::string_view method, const std::string& body)
    {
        if (m_address.socket.native().size() >= sizeof sockaddr_un{}.sun_path)
            return Failure{notThere(std::strerror(ENAMETOOLONG))};
        if (!m_curl || !prepare(method, body))
            return Failure{std::string("libcurl cannot be used")};
        const CURLcode code = curl_easy_perform(m_curl.get());
        if (code != CURLE_OK)
            return Failure{wordsFor(code)};
        long status = 0;
        curl_off_t retryAfter = 0;
        curl_easy_getinfo(m_curl.get(), CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(m_curl.get(), CURLINFO_RETRY_AFTER, &retryAfter);
        if (status >= 300 && status < 400)
            return Failure{m_address.name() + " answers with a redirect, which is not followed; name the admin "
                                              "listener itself"};
        HttpAnswer answer{static_cast<unsigned>(status), std::move(m_received.body), std::nullopt};
        if (retryAfter > 0)
            answer.retryAfter = std::chrono::seconds(retryAfter);
        return answer;
    }

private:
    template <class T> void set(CURLoption option, T value)
    {
        m_good = curl_easy_setopt(m_curl.get(), option, value) == CURLE_OK && m_good;
    }
    void addHeader(const std::string& line)
    {
        curl_slist* longer = curl_slist_append(m_headers.get(), line.c_str());
        m_good = m_good && longer;
        if (longer)
            static_cast<void>(m_headers.release()), m_headers.reset(longer);
    }

    bool prepare(std::string_view method, const std::string& body)
    {
        const std::string base = m_address.remote() ? m_address.url : "http://localhost";
        set(CURLOPT_URL, (base + "/api/" + std::string(method)).c_str());
        set(CURLOPT_PROTOCOLS_STR, m_address.remote() ? "https" : "http");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, ""); // whatever the environment says
        set(CURLOPT_NOPROXY, "*");
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_POSTFIELDS, body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(m_patience.connect).count()));
        set(CURLOPT_LOW_SPEED_LIMIT, slowest);
        set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(m_patience.answer.count()));
        set(CURLOPT_WRITEFUNCTION, &onBody);
        set(CURLOPT_WRITEDATA, &m_received);
        set(CURLOPT_ERRORBUFFER, m_detail.data());
        addHeader("Content-Type: application/json");
        addHeader("Expect:"); // a body is sent at once, whatever its size
        if (m_address.remote())
            prepareTls();
        else
            set(CURLOPT_UNIX_SOCKET_PATH, m_address.socket.c_str());
        set(CURLOPT_HTTPHEADER, m_headers.get());
        return m_good;
    }

    void prepareTls()
    {
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (!m_address.ca.empty()) {
            set(CURLOPT_CAINFO, m_address.ca.c_str());
            set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
        }
        addHeader("X-API-Key: " + m_address.key);
    }

    [[nodiscard]] std::string notThere(const std::string& cause) const
    {
        return "no server answers on " + m_address.name() + " (" + cause + ")" +
               (m_address.remote()
                    ? "; see whether gatehoused runs there, and lets this address reach its admin listener"
                    : "; start gatehoused, or name the socket with --socket or the configuration with "
                      "--config");
    }

    [[nodiscard]] std::string cannotConnect() const
    {
        long error = 0;
        curl_easy_getinfo(m_curl.get(), CURLINFO_OS_ERRNO, &error);
        if (!m_address.remote() && (error == EACCES || error == EPERM))
            return "no server answers on " + m_address.name() + " (" + std::strerror(static_cast<int>(error)) +
                   "); run gatehousectl as the user that the server runs as, or as one of its control_group";
        return notThere(error != 0 ? std::strerror(static_cast<int>(error)) : detail());
    }

    [[nodiscard]] std::string detail() const { return m_detail[0] != '\0' ? m_detail.data() : "libcurl says no more"; }

    [[nodiscard]] std::string wordsFor(CURLcode code) const
    {
        const std::string& name = m_address.name();
        if (m_received.tooLarge)
            return "the server on " + name + " answers with more than " + std::to_string(largestAnswer >> 20) + " MiB";
        double connected = 0;
        curl_easy_getinfo(m_curl.get(), m_address.remote() ? CURLINFO_APPCONNECT_TIME : CURLINFO_CONNECT_TIME,
                          &connected);
        switch (code) {
        case CURLE_COULDNT_CONNECT:
            return cannotConnect();
        case CURLE_COULDNT_RESOLVE_HOST:
            return notThere("its name is not known");
        case CURLE_OPERATION_TIMEDOUT:
            if (connected > 0)
                return "the server on " + name + " did not answer within " + std::to_string(m_patience.answer.count()) +
                       " seconds; see whether it is stopping or stuck";
            return notThere("not within " + std::to_string(m_patience.connect.count()) + " seconds");
        case CURLE_PEER_FAILED_VERIFICATION:
            return "the certificate of " + name + " is not to be trusted: " + detail() +
                   "; name the authority that vouches for it with --ca FILE";
        case CURLE_SSL_CACERT_BADFILE:
            return "--ca: " + m_address.ca.string() + " holds no certificates that can be read";
        case CURLE_SSL_CONNECT_ERROR:
            return "no TLS with " + name + ": " + detail() + "; see whether that is an admin listener";
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
            return "the server on " + name +
                   " closed the connection before its answer was whole; see whether it is "
                   "stopping, and whether what was asked for happened";
        default:
            return "what answers on " + name + " is not a Gatehouse server (" + detail() + ")";
        }
    }

    const ApiAddress& m_address;
    const Patience m_patience;
    std::unique_ptr<CURL, CurlDeleter> m_curl;
    std::unique_ptr<curl_slist, ListDeleter> m_headers;
    std::array<char, CURL_ERROR_SIZE> m_detail{};
    Received m_received;
    bool m_good = true;
};

bool isOurs(const std::string& body)
{
    const auto value = nlohmann::json::parse(body, nullptr, false);
    return value.is_object() && (value.contains("error") || value.contains("result"));
}

} // namespace

Result<HttpAnswer, std::string> post(const ApiAddress& address, const Command& command)
{
    return postText(address, commandMethod(command), formatCommand(command), patienceFor(command));
}

Result<HttpAnswer, std::string> postText(const ApiAddress& address, std::string_view method, const std::string& body,
                                         Patience patience)
{
    return Exchange(address, patience).run(method, body);
}

ControlError explained(const ApiAddress& address, const HttpAnswer& answer, ControlError refusal)
{
    if (!isOurs(answer.body)) {
        refusal.message = "what answers on " + address.name() + " is not the API of a Gatehouse server (HTTP status " +
                          std::to_string(answer.status) + ")" + (address.remote() ? "; name its admin listener" : "");
    } else if (address.remote() && answer.status == 401) {
        refusal.message = address.name() + " does not know the key in " + address.keyFile.string() +
                          " (401); see gatehousectl api-key list on the server, or make another there with "
                          "gatehousectl api-key new";
    } else if (address.remote() && answer.status == 403) {
        refusal.message = address.name() + " refuses (403): " + refusal.message +
                          "; whoever looks after the server can give a key of another role, or let this address in";
    } else if (address.remote() && answer.status == 429) {
        const auto wait = answer.retryAfter.value_or(std::chrono::seconds(0));
        refusal.message = address.name() + " refuses (429): " + refusal.message +
                          (wait.count() > 0 ? "; try again in " + std::to_string(wait.count()) + " s" : "; try later");
    }
    return refusal;
}

} // namespace gatehouse::ctl
