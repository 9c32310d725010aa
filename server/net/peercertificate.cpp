// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/peercertificate.h"

#include "net/tlscontext.h"

#include <ctime>
#include <memory>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string>

namespace gatehouse {

namespace {

struct OpensslFree {
    void operator()(void* memory) const { OPENSSL_free(memory); }
};

/// As UTF-8, whatever type it has in the certificate; a NUL inside stays, and makes it nobody's name.
std::string textOf(const ASN1_STRING& value)
{
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, &value);
    const std::unique_ptr<unsigned char, OpensslFree> owned(bytes);
    return size > 0 ? std::string(static_cast<const char*>(static_cast<const void*>(bytes)), static_cast<size_t>(size))
                    : std::string();
}

std::vector<std::string> commonNames(const X509& certificate)
{
    std::vector<std::string> names;
    const X509_NAME* subject = X509_get_subject_name(&certificate);
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        names.push_back(textOf(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    return names;
}

void readAlternativeNames(const X509& certificate, ClientCertificate& into)
{
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS)
            into.dnsNames.push_back(textOf(*name->d.dNSName));
        else if (name->type == GEN_EMAIL)
            into.emails.push_back(textOf(*name->d.rfc822Name));
    }
}

std::string serialOf(const X509& certificate)
{
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr), &BN_free);
    const std::unique_ptr<char, OpensslFree> text(number ? BN_bn2hex(number.get()) : nullptr);
    return text ? text.get() : std::string();
}

std::optional<WallTime> timeOf(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(timegm(&parts)));
}

} // namespace

std::optional<ClientCertificate> readClientCertificate(const X509& certificate)
{
    const auto from = timeOf(X509_get0_notBefore(&certificate));
    const auto until = notAfter(certificate);
    ClientCertificate made;
    made.serial = serialOf(certificate);
    if (!from || !until || made.serial.empty())
        return std::nullopt;
    made.notBefore = *from;
    made.notAfter = *until;
    made.commonNames = commonNames(certificate);
    readAlternativeNames(certificate, made);
    ERR_clear_error();
    return made;
}

} // namespace gatehouse
