// SPDX-License-Identifier: GPL-3.0-or-later
#include "tlsforge.h"

#include <array>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <stdexcept>

namespace gatehouse::test {

namespace {

constexpr std::size_t keySize = 16; // AES-128
constexpr int tagSize = 16;

unsigned char* bytesOf(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

void check(bool good)
{
    if (!good)
        throw std::runtime_error("forging a TLS record failed in OpenSSL");
}

std::string number(std::uint64_t value, std::size_t bytes)
{
    std::string text;
    for (std::size_t i = bytes; i-- > 0;)
        text += static_cast<char>((value >> (8 * i)) & 0xffU);
    return text;
}

std::string derived(const char* function, const std::array<OSSL_PARAM, 5>& parameters, std::size_t size)
{
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, function, nullptr),
                                                                EVP_KDF_free);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                            EVP_KDF_CTX_free);
    std::string out(size, '\0');
    check(EVP_KDF_derive(context.get(), bytesOf(out), out.size(), parameters.data()) == 1);
    return out;
}

/// RFC 5246 §5
std::string tls12Prf(std::string secret, std::string seed, std::size_t size)
{
    char digest[] = "SHA256";
    return derived("TLS1-PRF",
                   {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
                    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
                    OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()},
                   size);
}

/// HKDF-Expand-Label (RFC 8446 §7.1) with an empty context.
std::string expandLabel(std::string secret, const std::string& label, std::size_t size)
{
    const std::string full = "tls13 " + label;
    std::string info = number(size, 2) + number(full.size(), 1) + full + number(0, 1);
    char digest[] = "SHA256";
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    return derived("HKDF",
                   {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
                    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                    OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), OSSL_PARAM_construct_end()},
                   size);
}

std::string sealed(const std::string& key, const std::string& nonce, const std::string& associated,
                   std::string_view plain)
{
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  EVP_CIPHER_CTX_free);
    std::string out(plain.size() + tagSize, '\0');
    int size = 0;
    check(EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, bytesOf(std::string_view(key)),
                             bytesOf(std::string_view(nonce))) == 1);
    check(EVP_EncryptUpdate(context.get(), nullptr, &size, bytesOf(std::string_view(associated)),
                            static_cast<int>(associated.size())) == 1);
    check(EVP_EncryptUpdate(context.get(), bytesOf(out), &size, bytesOf(plain), static_cast<int>(plain.size())) == 1);
    check(EVP_EncryptFinal_ex(context.get(), bytesOf(out) + plain.size(), &size) == 1);
    check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tagSize, bytesOf(out) + plain.size()) == 1);
    return out;
}

std::string unhex(std::string_view text)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    return bytes;
}

} // namespace

ByteClient::Options TlsForge::options(int version)
{
    ByteClient::Options options;
    options.configure = [this, version](SSL_CTX* context) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256");
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_app_data(context, this);
        SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* line) {
            const std::string_view text(line);
            if (text.starts_with("CLIENT_TRAFFIC_SECRET_0 "))
                static_cast<TlsForge*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->m_secret =
                    unhex(text.substr(text.rfind(' ') + 1));
        });
    };
    return options;
}

void TlsForge::begin(const ByteClient& client)
{
    const SSL* ssl = client.ssl();
    m_tls13 = SSL_version(ssl) == TLS1_3_VERSION;
    if (m_tls13) {
        deriveKeys();
        return;
    }
    constexpr std::size_t randomSize = 32, saltSize = 4;
    std::string master(SSL_MAX_MASTER_KEY_LENGTH, '\0'), ours(randomSize, '\0'), theirs(randomSize, '\0');
    master.resize(SSL_SESSION_get_master_key(SSL_get_session(ssl), bytesOf(master), master.size()));
    SSL_get_client_random(ssl, bytesOf(ours), randomSize);
    SSL_get_server_random(ssl, bytesOf(theirs), randomSize);
    const std::string block = tls12Prf(master, "key expansion" + theirs + ours, 2 * keySize + 2 * saltSize);
    m_key = block.substr(0, keySize);
    m_vector = block.substr(2 * keySize, saltSize);
    m_sequence = 1; // after Finished
}

void TlsForge::deriveKeys()
{
    m_key = expandLabel(m_secret, "key", keySize);
    m_vector = expandLabel(m_secret, "iv", 12);
    m_sequence = 0;
}

std::string TlsForge::record(Type type, std::string_view content)
{
    const std::string sequence = number(m_sequence++, 8);
    const std::string version("\x03\x03", 2);
    if (!m_tls13) { // RFC 5288 §3
        const std::string associated = sequence + number(type, 1) + version + number(content.size(), 2);
        const std::string body = sequence + sealed(m_key, m_vector + sequence, associated, content);
        return number(type, 1) + version + number(body.size(), 2) + body;
    }
    std::string nonce = m_vector; // RFC 8446 §5.3
    for (std::size_t i = 0; i < sequence.size(); ++i)
        nonce[i + 4] = static_cast<char>(nonce[i + 4] ^ sequence[i]);
    const std::string plain = std::string(content) + static_cast<char>(type);
    const std::string head = number(Application, 1) + version + number(plain.size() + tagSize, 2);
    return head + sealed(m_key, nonce, head, plain);
}

std::string TlsForge::keyUpdate(bool requested)
{
    const std::string sent = record(Handshake, std::string("\x18\0\0\x01", 4) + (requested ? '\x01' : '\0'));
    m_secret = expandLabel(m_secret, "traffic upd", m_secret.size());
    deriveKeys();
    return sent;
}

std::string clientHello(const std::string& serverName)
{
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
    SSL_set_connect_state(ssl.get());
    if (!serverName.empty())
        SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(serverName.c_str()));
    (void)SSL_do_handshake(ssl.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    return {data, static_cast<std::size_t>(size)};
}

} // namespace gatehouse::test
