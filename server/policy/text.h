// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Small pure helpers over text that the folders from policy/ upwards share.
namespace gatehouse {

/// ASCII letters alone; other bytes stay.
[[nodiscard]] std::string toLower(std::string_view text);

/// One step through UTF-8 (RFC 3629): the code point at `offset`, which moves past it; unset where the bytes are not
/// valid.
[[nodiscard]] std::optional<char32_t> nextCodePoint(std::string_view text, std::size_t& offset);

/// Valid UTF-8 without a control character (C0, DEL, C1) or byte order mark. What turns or hides the text around it may
/// stand in a name: whoever shows it escapes it.
[[nodiscard]] bool isPlainText(std::string_view text);

/// 1 to 64 ASCII letters, digits, "_", "-" and ".".
[[nodiscard]] bool isApiKeyId(std::string_view text);

/// At most `bytes` bytes, cut at a code point, with "…" in place of what is missing.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t bytes);

[[nodiscard]] bool contains(const std::vector<std::string>& list, std::string_view word);

[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view separator);

/// tchar of RFC 9110 §5.6.2.
[[nodiscard]] bool isHttpToken(std::string_view text);

/// Percent-decoding (RFC 3986 §2.1); unset where a `%` is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percentDecoded(std::string_view text);

/// "500ms", "30s", "5m", "24h", "90d": a whole number with its unit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parseDuration(std::string_view text);
/// In the largest unit that divides it.
[[nodiscard]] std::string formatDuration(std::chrono::milliseconds duration);

/// "512B", "64KiB", "1MiB", "2GiB", in bytes.
[[nodiscard]] std::optional<std::uint64_t> parseSize(std::string_view text);
[[nodiscard]] std::string formatSize(std::uint64_t bytes);

} // namespace gatehouse
