// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gatehouse {

struct FileProblem {
    bool insecure = false; ///< others can read or change it; otherwise it is absent, unreadable or no regular file
    std::string detail;
};

/// A regular file that this process can read.
[[nodiscard]] std::optional<FileProblem> checkReadableFile(const std::filesystem::path& file);

/// As above, and of mode 0600 or 0640 at most.
[[nodiscard]] std::optional<FileProblem> checkPrivateFile(const std::filesystem::path& file);

/// The bytes of a regular file. Never waits: a FIFO or a device is an error, and so is what is larger. The error names
/// the file and what is wrong with it.
[[nodiscard]] Result<std::string, std::string> readWholeFile(const std::filesystem::path& file, std::size_t largest);

/// The bytes of a secret file with one trailing newline cut; unset where it cannot be read or is over 64 KiB.
[[nodiscard]] std::optional<std::string> readSecretFile(const std::filesystem::path& file);

} // namespace gatehouse
