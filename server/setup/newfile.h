// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace gatehouse {

/// Writes a file that did not exist, whole or not at all: temporary name, fsync, link, fsync of the folder. `mode`
/// holds whatever the umask is. The error names file and cause.
[[nodiscard]] Result<Done, std::string> writeNewFile(const std::filesystem::path& file, std::string_view bytes,
                                                     mode_t mode);

/// Writes `file` whole, with fsync, under the mode and the group of `model`; what was there before is gone.
[[nodiscard]] Result<Done, std::string> writeLike(const std::filesystem::path& model, const std::filesystem::path& file,
                                                  std::string_view bytes);

/// As writeLike(), under the owner of `model` too: whoever serves must be able to read it.
[[nodiscard]] Result<Done, std::string> writeBeside(const std::filesystem::path& model,
                                                    const std::filesystem::path& file, std::string_view bytes);

/// Replaces a file whole or not at all, under its mode, group and owner; of a symbolic link the file that it names. One
/// that this process may not write stays, even where its folder would let it be replaced. One that is not there is made
/// with mode 0600.
[[nodiscard]] Result<Done, std::string> replaceFile(const std::filesystem::path& file, std::string_view bytes);

/// Puts a file in the place of another in its folder: rename, fsync of the folder.
[[nodiscard]] Result<Done, std::string> moveInto(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes a folder of mode 0700, with the folders above it; one that exists stays as it is.
[[nodiscard]] Result<Done, std::string> makePrivateFolder(const std::filesystem::path& folder);

} // namespace gatehouse
