// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/opensslvalues.h"

#include <ctime>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace gatehouse {

namespace {

Owned<BIO> reading(const std::string& text)
{
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Without it OpenSSL would ask at the terminal.
int noPassphrase(char*, int, int, void*)
{
    return -1;
}

} // namespace

Owned<X509> readCertificate(const std::string& pem)
{
    Owned<X509> read(PEM_read_bio_X509(reading(pem).get(), nullptr, noPassphrase, nullptr));
    ERR_clear_error();
    return read;
}

Owned<EVP_PKEY> readKey(const std::string& pem)
{
    Owned<EVP_PKEY> read(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, noPassphrase, nullptr));
    ERR_clear_error();
    return read;
}

std::optional<WallTime> wallTime(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return std::nullopt;
    return WallTime(std::chrono::seconds(timegm(&parts)));
}

std::string textOf(BIO& memory)
{
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(&memory, &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

} // namespace gatehouse
