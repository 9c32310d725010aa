// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/certificates.h"

#include "setup/opensslvalues.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr auto caLife = std::chrono::days(3650);
constexpr auto backdating = std::chrono::hours(1); // a client's clock may be behind
constexpr int serialBits = 127;                    // positive in 16 bytes (RFC 5280 §4.1.2.2)
constexpr std::size_t longestCommonName = 64;

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

struct Validity {
    WallTime from;
    WallTime until;
};

/// As long as certificates of a CA may live from now on, but not beyond its own end.
Validity serverValidity(X509* ca, WallTime now)
{
    const auto end = wallTime(X509_get0_notAfter(ca));
    return {now - backdating, end ? std::min(now - backdating + serverLife, *end) : now};
}

bool setValidity(X509* certificate, const Validity& validity)
{
    const auto set = [](ASN1_TIME* target, WallTime time) {
        return ASN1_TIME_set(target, std::chrono::system_clock::to_time_t(time)) != nullptr;
    };
    return set(X509_getm_notBefore(certificate), validity.from) && set(X509_getm_notAfter(certificate), validity.until);
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
    return textOf(*memory);
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

Owned<X509> newCertificate(EVP_PKEY* key, const Validity& validity)
{
    Owned<X509> certificate(X509_new());
    const bool good = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      setSerial(certificate.get()) && setValidity(certificate.get(), validity) &&
                      X509_set_pubkey(certificate.get(), key) == 1;
    return good ? std::move(certificate) : nullptr;
}

/// What stands on every server certificate beside its names, and the CA's signature.
bool finishServerCertificate(X509* server, X509* issuer, EVP_PKEY* issuerKey)
{
    return X509_set_issuer_name(server, X509_get_subject_name(issuer)) == 1 &&
           addExtension(server, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           addExtension(server, issuer, NID_key_usage, "critical,digitalSignature") &&
           addExtension(server, issuer, NID_ext_key_usage, "serverAuth") &&
           addExtension(server, issuer, NID_subject_key_identifier, "hash") &&
           addExtension(server, issuer, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(server, issuerKey, EVP_sha256()) > 0;
}

bool copyNames(X509* to, X509* from)
{
    const int at = X509_get_ext_by_NID(from, NID_subject_alt_name, -1);
    return at >= 0 && X509_set_subject_name(to, X509_get_subject_name(from)) == 1 &&
           X509_add_ext(to, X509_get_ext(from, at), -1) == 1;
}

Result<CertificateAndKey, std::string> written(X509* certificate, EVP_PKEY* key, const std::string& what)
{
    CertificateAndKey made{certificatePem(certificate), keyPem(key)};
    if (made.certificate.empty() || made.key.empty())
        return failed("writing " + what);
    return made;
}

/// Empty where a client that trusts `ca` alone would trust `server`, by the strict rules of RFC 5280.
std::string distrust(X509* ca, X509* server, WallTime now)
{
    const Owned<X509_STORE> store(X509_STORE_new());
    const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    if (!store || !context || X509_STORE_add_cert(store.get(), ca) != 1 ||
        X509_STORE_CTX_init(context.get(), store.get(), server, nullptr) != 1)
        return "no memory";
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(now));
    const int good = X509_verify_cert(context.get());
    ERR_clear_error();
    return good == 1 ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

} // namespace

Result<CertificateAndKey, std::string> makeLocalCa(const std::string& host, const CertificateNames& names, WallTime now)
{
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Validity validity{now - backdating, now - backdating + caLife};
    const Owned<X509> owned = key ? newCertificate(key.get(), validity) : nullptr;
    X509* ca = owned.get();
    const bool good = ca && setSubject(ca, "Gatehouse local CA of " + host) &&
                      X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
                      addExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      addExtension(ca, ca, NID_key_usage, "critical,keyCertSign") &&
                      addExtension(ca, ca, NID_subject_key_identifier, "hash") &&
                      addExtension(ca, ca, NID_name_constraints, nameConstraints(names)) &&
                      X509_sign(ca, key.get(), EVP_sha256()) > 0;
    return good ? written(ca, key.get(), "the local CA") : failed("making the local CA");
}

Result<CertificateAndKey, std::string> makeServerCertificate(const CertificateAndKey& ca, const std::string& host,
                                                             const CertificateNames& names, WallTime now)
{
    const Owned<X509> issuer = readCertificate(ca.certificate);
    const Owned<EVP_PKEY> issuerKey = readKey(ca.key);
    if (!issuer || !issuerKey)
        return failed("reading the local CA");
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> owned = key ? newCertificate(key.get(), serverValidity(issuer.get(), now)) : nullptr;
    X509* server = owned.get();
    const bool good = server && setSubject(server, host) &&
                      addExtension(server, issuer.get(), NID_subject_alt_name, alternativeNames(names)) &&
                      finishServerCertificate(server, issuer.get(), issuerKey.get());
    return good ? written(server, key.get(), "the server certificate") : failed("making the server certificate");
}

Result<CertificateAndKey, std::string> renewServerCertificate(const CertificateAndKey& ca, const std::string& old,
                                                              WallTime now)
{
    const Owned<X509> issuer = readCertificate(ca.certificate);
    const Owned<EVP_PKEY> issuerKey = readKey(ca.key);
    const Owned<X509> before = readCertificate(old);
    if (!issuer || !issuerKey || !before)
        return failed("reading the local CA and the old certificate");
    if (X509_get_ext_by_NID(before.get(), NID_subject_alt_name, -1) < 0)
        return Failure{std::string("the old certificate has no alternative names that a new one could take over")};
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> owned = key ? newCertificate(key.get(), serverValidity(issuer.get(), now)) : nullptr;
    X509* server = owned.get();
    if (!server || !copyNames(server, before.get()) || !finishServerCertificate(server, issuer.get(), issuerKey.get()))
        return failed("making the server certificate");
    if (const std::string why = distrust(issuer.get(), server, now); !why.empty())
        return Failure{"the local CA cannot vouch for the new certificate: " + why};
    return written(server, key.get(), "the server certificate");
}

} // namespace gatehouse
