// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "byteclient.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::test {

/// Writes the TLS records of a client by hand once its handshake is over, so that it can say what no TLS library lets
/// it: AES-128-GCM over TLS 1.2 or 1.3. The client goes on reading through OpenSSL; it must not write through it.
class TlsForge {
public:
    enum Type : std::uint8_t { ChangeCipherSpec = 20, Alert = 21, Handshake = 22, Application = 23 };

    /// For the client whose keys are wanted; this object outlives it. `version` is TLS1_2_VERSION or TLS1_3_VERSION.
    [[nodiscard]] ByteClient::Options options(int version);
    /// After the handshake.
    void begin(const ByteClient& client);

    [[nodiscard]] std::string record(Type type, std::string_view content);
    /// A KeyUpdate (RFC 8446 §4.6.3); what comes after it is under the new key.
    [[nodiscard]] std::string keyUpdate(bool requested);

private:
    void deriveKeys();

    std::string m_secret; ///< TLS 1.3: client_application_traffic_secret
    std::string m_key, m_vector;
    std::uint64_t m_sequence = 0;
    bool m_tls13 = false;
};

/// The first record of a TLS 1.3 handshake, captured from OpenSSL; with a server name unless it is empty.
[[nodiscard]] std::string clientHello(const std::string& serverName = {});

} // namespace gatehouse::test
