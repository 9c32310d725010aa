// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/ticketkeys.h"

#include <algorithm>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <span>

namespace gatehouse {

TicketKeys::Key::~Key()
{
    OPENSSL_cleanse(cipher.data(), cipher.size());
    OPENSSL_cleanse(mac.data(), mac.size());
}

bool TicketKeys::Key::prepareMac(EVP_MAC_CTX* context)
{
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac.data(), mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(context, parameters.data()) == 1;
}

std::unique_ptr<TicketKeys::Key> TicketKeys::makeKey(TimePoint now)
{
    auto key = std::make_unique<Key>();
    key->made = now;
    const auto sizeOf = [](const auto& bytes) { return static_cast<int>(bytes.size()); };
    const bool filled = RAND_bytes(key->name.data(), sizeOf(key->name)) == 1 &&
                        RAND_priv_bytes(key->cipher.data(), sizeOf(key->cipher)) == 1 &&
                        RAND_priv_bytes(key->mac.data(), sizeOf(key->mac)) == 1;
    return filled ? std::move(key) : nullptr;
}

bool TicketKeys::seal(TimePoint now, unsigned char* name, unsigned char* vector, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac)
{
    const std::lock_guard lock(m_mutex);
    expireLocked(now);
    std::unique_ptr<Key> forgotten; // a handshake that began before retire()
    Key* key = nullptr;
    if (m_retired) {
        forgotten = makeKey(now);
        key = forgotten.get();
    } else if (!m_keys.empty() && now - m_keys.front()->made < sealsFor) {
        key = m_keys.front().get();
    } else if (auto made = makeKey(now)) {
        key = m_keys.insert(m_keys.begin(), std::move(made))->get();
    }
    if (!key || RAND_bytes(vector, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
        return false;
    std::ranges::copy(key->name, name);
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), vector) == 1 &&
           key->prepareMac(mac);
}

TicketKeys::Opened TicketKeys::open(TimePoint now, const unsigned char* name, const unsigned char* vector,
                                    EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac)
{
    const std::lock_guard lock(m_mutex);
    expireLocked(now);
    const auto found = std::ranges::find_if(
        m_keys, [name](const auto& key) { return std::ranges::equal(key->name, std::span(name, nameSize)); });
    if (found == m_keys.end())
        return Opened::No;
    Key& key = **found;
    if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), vector) != 1 || !key.prepareMac(mac))
        return Opened::Failed;
    return now - key.made < sealsFor ? Opened::Yes : Opened::Old;
}

void TicketKeys::expire(TimePoint now)
{
    const std::lock_guard lock(m_mutex);
    expireLocked(now);
}

void TicketKeys::expireLocked(TimePoint now)
{
    std::erase_if(m_keys, [now](const auto& key) { return now - key->made >= opensFor; });
}

void TicketKeys::retire()
{
    const std::lock_guard lock(m_mutex);
    m_retired = true;
    m_keys.clear();
}

std::size_t TicketKeys::size() const
{
    const std::lock_guard lock(m_mutex);
    return m_keys.size();
}

} // namespace gatehouse
