// SPDX-License-Identifier: GPL-3.0-or-later
#include "testca.h"

#include <fstream>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace gatehouse::test {

namespace {

struct Deleter {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(BIO* p) const { BIO_free_all(p); }
    void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
};
template <class T> using Owned = std::unique_ptr<T, Deleter>;

void check(bool good)
{
    if (!good)
        throw std::runtime_error("making a credential failed in OpenSSL");
}

Owned<BIO> reading(const std::string& text)
{
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Owned<X509> certificateOf(const Credential& credential)
{
    return Owned<X509>(PEM_read_bio_X509(reading(credential.certificate).get(), nullptr, nullptr, nullptr));
}

Owned<EVP_PKEY> keyOf(const Credential& credential)
{
    return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(reading(credential.key).get(), nullptr, nullptr, nullptr));
}

std::string textOf(BIO* memory)
{
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

void addExtension(X509* to, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    check(extension && X509_add_ext(to, extension.get(), -1) == 1);
}

void setName(X509* certificate, const std::string& name)
{
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                     -1, 0) == 1);
}

} // namespace

Credential makeCredential(const CredentialOptions& options)
{
    static long serial = 0;
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> made(X509_new());
    const Owned<X509> issuer = options.issuer ? certificateOf(*options.issuer) : nullptr;
    const Owned<EVP_PKEY> issuerKey = options.issuer ? keyOf(*options.issuer) : nullptr;
    const auto from = std::chrono::system_clock::to_time_t(options.from);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), from);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), from + std::chrono::seconds(options.lasts).count());
    setName(made.get(), options.name);
    X509* signer = issuer ? issuer.get() : made.get();
    check(X509_set_issuer_name(made.get(), X509_get_subject_name(signer)) == 1 &&
          X509_set_pubkey(made.get(), key.get()) == 1);
    addExtension(made.get(), signer, NID_basic_constraints,
                 options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    addExtension(made.get(), signer, NID_key_usage, options.authority ? "critical,keyCertSign" : "digitalSignature");
    if (!options.authority && !options.usage.empty())
        addExtension(made.get(), signer, NID_ext_key_usage, options.usage);
    if (!options.alternatives.empty())
        addExtension(made.get(), signer, NID_subject_alt_name, options.alternatives);
    check(X509_sign(made.get(), issuerKey ? issuerKey.get() : key.get(), EVP_sha256()) > 0);

    const Owned<BIO> certificate(BIO_new(BIO_s_mem()));
    const Owned<BIO> secret(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(certificate.get(), made.get()) == 1 &&
          PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    Credential credential{textOf(certificate.get()), textOf(secret.get())};
    if (issuer && X509_NAME_cmp(X509_get_subject_name(issuer.get()), X509_get_issuer_name(issuer.get())) != 0)
        credential.certificate += options.issuer->certificate;
    return credential;
}

void useCredential(SSL_CTX* context, const Credential& credential)
{
    const Owned<BIO> chain = reading(credential.certificate);
    const Owned<X509> own(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    check(SSL_CTX_use_certificate(context, own.get()) == 1 &&
          SSL_CTX_use_PrivateKey(context, keyOf(credential).get()) == 1);
    while (Owned<X509> next{PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)})
        SSL_CTX_add1_chain_cert(context, next.get());
}

void writeCredential(const std::filesystem::path& folder, const std::string& name, const Credential& credential)
{
    std::ofstream(folder / (name + ".pem")) << credential.certificate;
    std::ofstream(folder / (name + ".key")) << credential.key;
    std::filesystem::permissions(folder / (name + ".key"), std::filesystem::perms(0600));
}

} // namespace gatehouse::test
