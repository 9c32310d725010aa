// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "gateway/upstreamtable.h"
#include "gateway/upstreamwatch.h"
#include "net/workercontext.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse {

/// A policy with its certificates and the keys of its issuers, ready for workers. Where `previous` serves a listener of
/// the same name with the same settings and the same bytes of files, its context lives on, and the keys of its session
/// tickets with it; a certificate that is new to it must be valid now. The error names listener, issuer or route, and
/// file; the clock outlives what is made. `upstreams` has those that are known already; null: none are.
[[nodiscard]] Result<std::shared_ptr<const PolicyGeneration>, std::string>
makeGeneration(std::shared_ptr<const Policy> policy, const Clock& clock, const PolicyGeneration* previous = nullptr,
               UpstreamTable* upstreams = nullptr);

/// What a watch over them needs of a generation's upstreams.
[[nodiscard]] std::vector<WatchedUpstream> watchedUpstreams(const PolicyGeneration& generation);

/// `previous` with the files of one listener read anew: `previous` itself where they hold what is served.
[[nodiscard]] Result<std::shared_ptr<const PolicyGeneration>, std::string>
reloadListener(const std::shared_ptr<const PolicyGeneration>& previous, std::size_t listener, const Clock& clock);

/// `previous` with another set for an issuer; null where it has no issuer of that name with keys from that place.
[[nodiscard]] std::shared_ptr<const PolicyGeneration> withKeySet(const PolicyGeneration& previous, const Issuer& issuer,
                                                                 const std::shared_ptr<const KeySet>& set);

/// The files that a listener's TLS is made of: certificate, key, client CA.
[[nodiscard]] std::vector<std::filesystem::path> tlsFiles(const ListenerTls& tls);

/// A hash of what can be read of these files, and of what is wrong with those that cannot.
[[nodiscard]] std::string filesDigest(const ListenerTls& tls);

/// What tells that a file has changed, without reading it; symbolic links are followed.
struct FileStamp {
    int error = 0; ///< errno where the file cannot be looked at
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t mode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0; ///< nanoseconds
    std::int64_t changed = 0;  ///< nanoseconds

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
using FileStamps = std::vector<FileStamp>;
[[nodiscard]] FileStamp stampOf(const std::filesystem::path& file);
[[nodiscard]] FileStamps stampsOf(const ListenerTls& tls);

} // namespace gatehouse
