// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

inline constexpr std::size_t hmacSha256Size = 32;

/// HMAC with SHA-256 (RFC 2104). Unset where the library fails, which must be treated as a wrong signature.
[[nodiscard]] std::optional<std::string> hmacSha256(std::string_view key, std::string_view message);

/// Compares in a time that depends on the sizes alone.
[[nodiscard]] bool equalInConstantTime(std::string_view a, std::string_view b);

/// Bytes of the operating system's generator; unset where it fails.
[[nodiscard]] std::optional<std::string> randomBytes(std::size_t count);

} // namespace gatehouse
