// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace gatehouse {

namespace {

constexpr int caDays = 3650;
constexpr int serverDays = 365;    // browsers refuse more than 398
constexpr long backdating = -3600; // seconds: a client's clock may be behind
constexpr int serialBits = 127;    // positive in 16 bytes (RFC 5280 §4.1.2.2)
constexpr std::size_t longestCommonName = 64;

struct Deleter {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(BIO* p) const { BIO_free_all(p); }
    void operator()(BIGNUM* p) const { BN_free(p); }
    void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
};
template <class T> using Owned = std::unique_ptr<T, Deleter>;

Failure<std::string> failed(const std::string& what)
{
    return Failure{what + " failed in the TLS library"};
}

bool setSubject(X509* certificate, const std::string& commonName)
{
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto add = [&](const char* field, const std::string& value) {
        return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                          reinterpret_cast<const unsigned char*>(value.data()),
                                          static_cast<int>(value.size()), -1, 0) == 1;
    };
    return add("O", "Gatehouse") && add("CN", commonName.substr(0, longestCommonName));
}

bool setSerial(X509* certificate)
{
    const Owned<BIGNUM> serial(BN_new());
    return serial && BN_rand(serial.get(), serialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool setValidity(X509* certificate, int days)
{
    return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, backdating, nullptr) != nullptr &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), days, backdating, nullptr) != nullptr;
}

/// `issuer` is the certificate itself where it signs itself.
bool addExtension(X509* certificate, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string alternativeNames(const CertificateNames& names)
{
    std::string text;
    const auto add = [&](const std::string& entry) { text.append(text.empty() ? "" : ",").append(entry); };
    for (const std::string& host : names.hosts)
        add("DNS:" + host);
    for (const IpAddress& address : names.addresses)
        add("IP:" + address.toString());
    return text;
}

std::string nameConstraints(const CertificateNames& names)
{
    constexpr std::string_view wholeV6 = "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    std::string text = "critical,permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:::1";
    text.append(wholeV6);
    for (const std::string& host : names.hosts)
        if (host != "localhost")
            text.append(",permitted;DNS:").append(host);
    for (const IpAddress& address : names.addresses)
        if (!address.isLoopback())
            text.append(",permitted;IP:")
                .append(address.toString())
                .append(address.isV4() ? "/255.255.255.255" : wholeV6);
    return text;
}

template <class Writer> std::string pem(Writer writer)
{
    const Owned<BIO> memory(BIO_new(BIO_s_mem()));
    if (!memory || writer(memory.get()) != 1)
        return {};
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string certificatePem(X509* certificate)
{
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string keyPem(EVP_PKEY* key)
{
    return pem(
        [&](BIO* out) { return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

Owned<BIO> reading(const std::string& text)
{
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Owned<X509> newCertificate(EVP_PKEY* key, const std::string& commonName, int days)
{
    Owned<X509> certificate(X509_new());
    const bool good = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      setSerial(certificate.get()) && setValidity(certificate.get(), days) &&
                      setSubject(certificate.get(), commonName) && X509_set_pubkey(certificate.get(), key) == 1;
    return good ? std::move(certificate) : nullptr;
}

} // namespace

Result<CertificateAndKey, std::string> makeLocalCa(const std::string& host, const CertificateNames& names)
{
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> owned = key ? newCertificate(key.get(), "Gatehouse local CA of " + host, caDays) : nullptr;
    X509* ca = owned.get();
    const bool good = ca && X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
                      addExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      addExtension(ca, ca, NID_key_usage, "critical,keyCertSign") &&
                      addExtension(ca, ca, NID_subject_key_identifier, "hash") &&
                      addExtension(ca, ca, NID_name_constraints, nameConstraints(names)) &&
                      X509_sign(ca, key.get(), EVP_sha256()) > 0;
    if (!good)
        return failed("making the local CA");
    CertificateAndKey made{certificatePem(ca), keyPem(key.get())};
    if (made.certificate.empty() || made.key.empty())
        return failed("writing the local CA");
    return made;
}

Result<CertificateAndKey, std::string> makeServerCertificate(const CertificateAndKey& ca, const std::string& host,
                                                             const CertificateNames& names)
{
    const Owned<X509> issuer(PEM_read_bio_X509(reading(ca.certificate).get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY> issuerKey(PEM_read_bio_PrivateKey(reading(ca.key).get(), nullptr, nullptr, nullptr));
    if (!issuer || !issuerKey)
        return failed("reading the local CA");
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> owned = key ? newCertificate(key.get(), host, serverDays) : nullptr;
    X509* server = owned.get();
    const bool good = server && X509_set_issuer_name(server, X509_get_subject_name(issuer.get())) == 1 &&
                      addExtension(server, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                      addExtension(server, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                      addExtension(server, issuer.get(), NID_ext_key_usage, "serverAuth") &&
                      addExtension(server, issuer.get(), NID_subject_alt_name, alternativeNames(names)) &&
                      addExtension(server, issuer.get(), NID_subject_key_identifier, "hash") &&
                      addExtension(server, issuer.get(), NID_authority_key_identifier, "keyid:always") &&
                      X509_sign(server, issuerKey.get(), EVP_sha256()) > 0;
    if (!good)
        return failed("making the server certificate");
    CertificateAndKey made{certificatePem(server), keyPem(key.get())};
    if (made.certificate.empty() || made.key.empty())
        return failed("writing the server certificate");
    made.certificate += ca.certificate;
    return made;
}

} // namespace gatehouse
