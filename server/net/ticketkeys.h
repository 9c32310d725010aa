// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <array>
#include <memory>
#include <mutex>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <vector>

namespace gatehouse {

/// The keys that seal a listener's session tickets: AES-256-CBC and HMAC-SHA256, as RFC 5077 §4 recommends. A key seals
/// for an hour, opens for two more, and is wiped: who steals the memory of this process can open no older ticket.
/// Thread-safe.
class TicketKeys {
public:
    static constexpr std::chrono::hours sealsFor{1};
    static constexpr std::chrono::hours opensFor{3};
    /// A ticket is good for at least this long, and for less than opensFor.
    static constexpr std::chrono::hours ticketLife = opensFor - sealsFor;

    enum class Opened : std::uint8_t { No, Yes, Old, Failed }; ///< Old: yes, and it should be sealed anew

    /// Chooses the key and a random initialisation vector for a new ticket. False where there is no randomness.
    [[nodiscard]] bool seal(TimePoint now, unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher,
                            EVP_MAC_CTX* mac);
    /// Finds the key that a ticket names.
    [[nodiscard]] Opened open(TimePoint now, const unsigned char* name, const unsigned char* vector,
                              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);
    /// Wipes the keys whose time is over, also where no ticket comes to ask for one.
    void expire(TimePoint now);
    /// Wipes all; what is sealed afterwards nobody can open.
    void retire();

    [[nodiscard]] std::size_t size() const;

private:
    static constexpr std::size_t nameSize = 16; // bytes of the name in a ticket: OpenSSL's callback has room for these
    struct Key {
        std::array<unsigned char, nameSize> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
        TimePoint made;

        Key() = default;
        Key(const Key&) = delete;
        Key& operator=(const Key&) = delete;
        ~Key();
        [[nodiscard]] bool prepareMac(EVP_MAC_CTX* context);
    };

    [[nodiscard]] static std::unique_ptr<Key> makeKey(TimePoint now);
    void expireLocked(TimePoint now);

    mutable std::mutex m_mutex;               ///< taken in handshakes alone
    std::vector<std::unique_ptr<Key>> m_keys; ///< newest first; never more than opensFor / sealsFor
    bool m_retired = false;
};

} // namespace gatehouse
