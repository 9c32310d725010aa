// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/certificate.h"
#include "domain/result.h"
#include "setup/certificates.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gatehouse {

/// Whether a server certificate can be made anew by the CA whose `ca.pem` and `ca.key` lie in its folder.
struct RenewalPlan {
    std::string obstacle;              ///< why not; empty where it can
    bool broken = false;               ///< the CA is the certificate's own and its key is there, but cannot be used
    std::optional<WallTime> caExpires; ///< of the CA that signed it, if that is the one in the folder
    WallTime due{};                    ///< when a third of its life is left
    bool gains = false;                ///< one that is made then, or now if that is later, lives at least a day longer
    CertificateAndKey ca;              ///< to make it with, where nothing is in the way
};

/// `pem`: what lies in `certificate`.
[[nodiscard]] RenewalPlan planRenewal(const std::filesystem::path& certificate, const std::string& pem, WallTime now);

/// Makes a certificate like the one in `certificate`, with a new key, and puts both in their places; owner's group and
/// modes stay. Each file is whole at any time. Two files cannot change at once, so that the new certificate lies ready
/// beside the old one before its key takes its place: where a crash comes between, finishRenewal() goes on.
[[nodiscard]] Result<Done, std::string> renewFiles(const std::filesystem::path& certificate,
                                                   const std::filesystem::path& key, const CertificateAndKey& ca,
                                                   WallTime now);

/// Ends a renewal that was cut off: with the new pair where its key is in place, else with the old one.
void finishRenewal(const std::filesystem::path& certificate, const std::filesystem::path& key);

} // namespace gatehouse
