// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/clientca.h"

#include <algorithm>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <vector>

namespace gatehouse {

namespace {

constexpr std::size_t mostAuthorities = 128;
constexpr std::size_t longestNames = 16384; // bytes, which every client is sent: RFC 8446 §4.2.4 leaves room for 64 KiB

Result<std::vector<X509Owned<X509>>, std::string> readBundle(const std::filesystem::path& file)
{
    const X509Owned<BIO> in(BIO_new_file(file.c_str(), "r"));
    if (!in)
        return Failure{std::string("cannot be read")};
    std::vector<X509Owned<X509>> all;
    while (X509Owned<X509> certificate{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        all.push_back(std::move(certificate));
        if (all.size() > mostAuthorities)
            return Failure{"holds more than " + std::to_string(mostAuthorities) + " certificates"};
    }
    const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!atEnd)
        return Failure{"holds a certificate that cannot be read, after " + std::to_string(all.size()) + " good ones"};
    if (all.empty())
        return Failure{std::string("holds no certificate")};
    return all;
}

std::string subjectOf(const X509& certificate)
{
    const X509Owned<BIO> out(BIO_new(BIO_s_mem()));
    if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
        return {};
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

/// Empty: it is good.
std::string addAuthority(ClientCa& to, X509& certificate, EVP_MD_CTX& fingerprint)
{
    constexpr int basicConstraintsSayCa = 1; // what X509_check_ca() answers; older ways to be a CA have higher numbers
    if (X509_check_ca(&certificate) != basicConstraintsSayCa)
        return "holds a certificate that is not a CA's: " + subjectOf(certificate);
    X509_NAME* name = X509_NAME_dup(X509_get_subject_name(&certificate));
    if (!name || sk_X509_NAME_push(to.names.get(), name) <= 0) {
        X509_NAME_free(name);
        return "cannot be kept: no memory";
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) != 1 ||
        EVP_DigestUpdate(&fingerprint, digest.data(), length) != 1 ||
        X509_STORE_add_cert(to.store.get(), &certificate) != 1)
        return "cannot be kept: no memory";
    return {};
}

std::size_t encodedSize(const STACK_OF(X509_NAME) & names)
{
    std::size_t total = 0;
    for (int i = 0; i < sk_X509_NAME_num(&names); ++i)
        total += 2 + static_cast<std::size_t>(std::max(0, i2d_X509_NAME(sk_X509_NAME_value(&names, i), nullptr)));
    return total;
}

} // namespace

Result<ClientCa, std::string> loadClientCa(const std::filesystem::path& file)
{
    const auto failed = [&file](const std::string& what) {
        ERR_clear_error();
        return Failure{"client_ca " + file.string() + " " + what};
    };
    const auto bundle = readBundle(file);
    if (!bundle)
        return failed(bundle.error());
    ClientCa made{X509Owned<X509_STORE>(X509_STORE_new()), X509Owned<STACK_OF(X509_NAME)>(sk_X509_NAME_new_null()), {}};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> fingerprint(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!made.store || !made.names || !fingerprint || EVP_DigestInit_ex(fingerprint.get(), EVP_sha256(), nullptr) != 1)
        return failed("cannot be kept: no memory");
    for (const auto& certificate : *bundle)
        if (std::string problem = addAuthority(made, *certificate, *fingerprint); !problem.empty())
            return failed(problem);
    if (encodedSize(*made.names) > longestNames)
        return failed("names more CAs than fit into " + std::to_string(longestNames) + " bytes of a handshake");
    if (EVP_DigestFinal_ex(fingerprint.get(), made.fingerprint.data(), nullptr) != 1)
        return failed("cannot be kept: no memory");
    return made;
}

} // namespace gatehouse
