// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policydesk.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <string>

namespace gatehouse::test {

inline const std::string keySecret = "CANARYk3yCANARYk3yCANARYk3yCANARYk3yCANARY0";

inline std::string sha256Hex(const std::string& text)
{
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string hex;
    for (const unsigned char byte : digest) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        hex += digits.data();
    }
    return hex;
}

inline std::string shownKey(const std::string& id)
{
    return "gh_" + id + "_" + id + keySecret;
}

/// Adds the admin listener "ops" and a key for each role: "viewer", "publisher", "operator", "admin".
inline void addAdmin(nlohmann::json& policy)
{
    policy["listeners"].push_back({{"name", "ops"},
                                   {"kind", "admin"},
                                   {"address", "127.0.0.1"},
                                   {"port", 0},
                                   {"tls", policy["listeners"][0]["tls"]}});
    policy["api_keys"] = nlohmann::json::array();
    for (const char* role : {"viewer", "publisher", "operator", "admin"})
        policy["api_keys"].push_back({{"id", role},
                                      {"name", std::string("the ") + role},
                                      {"role", role},
                                      {"sha256", sha256Hex(role + keySecret)}});
}

struct ApiRequestOptions {
    std::string key{}; ///< empty: none is shown
    std::string body = "{}";
    std::string extra{}; ///< header lines
    std::string host = "localhost";
    std::string verb = "POST";
};

inline std::string apiRequest(const std::string& path, const ApiRequestOptions& options)
{
    return options.verb + " " + path + " HTTP/1.1\r\nHost: " + options.host + "\r\n" +
           (options.key.empty() ? "" : "X-API-Key: " + options.key + "\r\n") + options.extra +
           "Content-Length: " + std::to_string(options.body.size()) + "\r\n\r\n" + options.body;
}

inline nlohmann::json bodyOf(const HttpAnswer& answer)
{
    return nlohmann::json::parse(answer.text.substr(answer.text.find("\r\n\r\n") + 4));
}

/// A server with an admin listener.
struct AdminDesk : PolicyDesk {
    explicit AdminDesk(const TestServer::Edit& more = {}, const Clock* clock = nullptr)
        : PolicyDesk(
              [&](nlohmann::json& policy) {
                  addAdmin(policy);
                  if (more)
                      more(policy);
              },
              clock)
    {
    }

    [[nodiscard]] ByteClient connect() const { return ByteClient(server.port("ops"), ByteClient::Security::Tls); }
    [[nodiscard]] HttpAnswer call(const std::string& method, const ApiRequestOptions& options) const
    {
        return connect().request(apiRequest("/api/" + method, options));
    }
    [[nodiscard]] int status(const std::string& method, const std::string& keyId) const
    {
        ApiRequestOptions options;
        options.key = shownKey(keyId);
        return call(method, options).status;
    }
};

} // namespace gatehouse::test
