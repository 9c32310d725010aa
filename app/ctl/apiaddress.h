// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace gatehouse::ctl {

/// Where a server's API is, and how one gets in: its control socket, or an admin listener with a key.
struct ApiAddress {
    std::filesystem::path socket{};  ///< empty: `url`
    std::string url{};               ///< as apiUrl() has it
    std::string key{};               ///< "gh_ID_SECRET"; never shown
    std::filesystem::path keyFile{}; ///< that it came from
    std::filesystem::path ca{};      ///< PEM of the authorities that may vouch for the server; empty: the system's

    [[nodiscard]] bool remote() const { return socket.empty(); }
    /// As errors call it.
    [[nodiscard]] std::string name() const { return remote() ? url : socket.string(); }
};

/// "https://HOST[:PORT]" without a slash at its end. Errors, in English: anything else, a user or a path with it.
[[nodiscard]] Result<std::string, std::string> apiUrl(const std::string& text);

/// The key in a private file, one newline at its end cut. The error names the file and what is wrong with it, and
/// nothing of what it holds.
[[nodiscard]] Result<std::string, std::string> readApiKey(const std::filesystem::path& file);

} // namespace gatehouse::ctl
