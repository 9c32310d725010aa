// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentreader.h"

#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace gatehouse {

/// What a document does with the files of its secrets: under which keys it names them, and to which upstreams the gate
/// shows what is in them. Files are the same where their paths are, links followed.
class SecretUses {
public:
    /// `folder` is what paths are relative to.
    SecretUses(const Node& root, std::filesystem::path folder);

    /// Tells `reader` where `file`, as DocumentReader finds it under `key` of the object `within` of another document,
    /// puts a secret to a use that it does not have here: a secret's file that this document does not name under that
    /// key, a secret of this document under another key, and a header of the gate's that would go to another scheme,
    /// host or port, or to whom other authorities vouch for.
    void check(DocumentReader& reader, const DocumentKey& key, const Node& file, const Node& within) const;

private:
    struct Upstream {
        Node at;
        std::string origin; ///< scheme, host and port, in one form
    };

    [[nodiscard]] std::string realPath(const std::string& file) const;
    [[nodiscard]] static std::vector<Upstream> upstreamsOf(const Node& gateway);
    /// Of the authorities that a wss upstream is believed by; empty: the system's.
    [[nodiscard]] std::string authoritiesOf(const Node& gateway) const;
    void checkUpstreams(DocumentReader& reader, const Node& file, const Node& gateway) const;

    std::filesystem::path m_folder;
    std::set<std::pair<std::string, std::string>> m_uses;                 ///< key and file
    std::set<std::string> m_secrets;                                      ///< files
    std::set<std::pair<std::string, std::string>> m_shown;                ///< file and origin
    std::set<std::tuple<std::string, std::string, std::string>> m_trusts; ///< file, origin and authorities
};

} // namespace gatehouse
