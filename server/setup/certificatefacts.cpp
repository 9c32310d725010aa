// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/certificatefacts.h"

#include "setup/opensslvalues.h"

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <openssl/ec.h>

namespace gatehouse {

namespace {

std::string nameText(const X509_NAME* name)
{
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    // RFC 2253's escapes, which RFC 4514 kept, but UTF-8 as it is.
    if (!out ||
        X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) < 0)
        return {};
    return textOf(*out);
}

std::string stringOf(const ASN1_STRING* text)
{
    return {static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(text))),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string addressOf(const ASN1_OCTET_STRING* bytes)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int length = ASN1_STRING_length(bytes);
    if (length != 4 && length != 16)
        return {};
    const char* written = inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(),
                                    static_cast<socklen_t>(text.size()));
    return written ? written : "";
}

std::vector<std::string> alternativeNames(const X509& certificate)
{
    std::vector<std::string> names;
    const Owned<GENERAL_NAMES> list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        std::string text;
        if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI)
            text = stringOf(name->d.ia5);
        else if (name->type == GEN_IPADD)
            text = addressOf(name->d.iPAddress);
        if (!text.empty())
            names.push_back(std::move(text));
    }
    return names;
}

std::string serialOf(const X509& certificate)
{
    const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
    const Owned<char> text(number ? BN_bn2hex(number.get()) : nullptr);
    return text ? text.get() : "";
}

std::string fingerprintOf(const X509& certificate)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    if (X509_digest(&certificate, EVP_sha256(), hash.data(), &length) != 1)
        return {};
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned>(hash[i]));
        text += digits.data();
    }
    return text;
}

std::string keyTypeOf(const X509& certificate)
{
    const EVP_PKEY* key = X509_get0_pubkey(&certificate);
    if (!key)
        return {};
    if (std::array<char, 64> group{}; EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
            return "EC";
        const char* curve = EC_curve_nid2nist(OBJ_txt2nid(group.data()));
        return std::string("EC ") + (curve ? curve : group.data());
    }
    const char* type = EVP_PKEY_get0_type_name(key);
    const std::string name = type ? type : "unknown";
    return name.starts_with("RSA") ? name + ' ' + std::to_string(EVP_PKEY_get_bits(key)) : name;
}

} // namespace

Result<CertificateFacts, std::string> certificateFacts(const std::string& pem)
{
    const Owned<X509> certificate = readCertificate(pem);
    if (!certificate)
        return Failure{std::string(pem.empty() ? "it is empty" : "it holds no certificate in PEM that can be read")};
    const auto from = wallTime(X509_get0_notBefore(certificate.get()));
    const auto until = wallTime(X509_get0_notAfter(certificate.get()));
    if (!from || !until)
        return Failure{std::string("its certificate has no dates that can be read")};
    CertificateFacts facts;
    facts.subject = nameText(X509_get_subject_name(certificate.get()));
    facts.names = alternativeNames(*certificate);
    facts.issuer = nameText(X509_get_issuer_name(certificate.get()));
    facts.serial = serialOf(*certificate);
    facts.fingerprint = fingerprintOf(*certificate);
    facts.notBefore = *from;
    facts.notAfter = *until;
    facts.keyType = keyTypeOf(*certificate);
    return facts;
}

std::string keyProblem(const std::string& pem)
{
    if (readKey(pem))
        return {};
    return pem.find("ENCRYPTED") != std::string::npos ? "the private key is encrypted"
                                                      : "it holds no private key in PEM that can be read";
}

} // namespace gatehouse
