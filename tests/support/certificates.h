// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"
#include "setup/certificates.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

// Files of certificates, as an operator or a tool like certbot would change them.
namespace gatehouse::test {

[[nodiscard]] inline std::string contentsOf(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Into the file that is there, which keeps its mode.
inline void writeOver(const std::filesystem::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

inline void setMode(const std::filesystem::path& file, unsigned mode)
{
    std::filesystem::permissions(file, static_cast<std::filesystem::perms>(mode));
}

[[nodiscard]] inline CertificateAndKey valueOf(const Result<CertificateAndKey, std::string>& made)
{
    if (!made)
        throw std::runtime_error(made.error());
    return *made;
}

/// The files of a folder that --init made.
struct TlsFolder {
    std::filesystem::path folder;

    [[nodiscard]] std::filesystem::path certificate() const { return folder / "server.pem"; }
    [[nodiscard]] std::filesystem::path key() const { return folder / "server.key"; }
    [[nodiscard]] std::filesystem::path caCertificate() const { return folder / "ca.pem"; }
    [[nodiscard]] std::filesystem::path caKey() const { return folder / "ca.key"; }
    [[nodiscard]] CertificateAndKey ca() const { return {contentsOf(caCertificate()), contentsOf(caKey())}; }
    [[nodiscard]] CertificateAndKey pair() const { return {contentsOf(certificate()), contentsOf(key())}; }

    /// A certificate of the folder's CA for localhost, made at `now`.
    [[nodiscard]] CertificateAndKey made(WallTime now) const
    {
        return valueOf(makeServerCertificate(ca(), "localhost", localhost(), now));
    }
    /// Another CA's.
    [[nodiscard]] static CertificateAndKey foreign(WallTime now)
    {
        return valueOf(
            makeServerCertificate(valueOf(makeLocalCa("elsewhere", localhost(), now)), "localhost", localhost(), now));
    }
    void writePair(const CertificateAndKey& pair) const
    {
        writeOver(key(), pair.key);
        writeOver(certificate(), pair.certificate);
    }
    [[nodiscard]] static CertificateNames localhost() { return {{"localhost"}, {*IpAddress::parse("127.0.0.1")}}; }
};

} // namespace gatehouse::test
