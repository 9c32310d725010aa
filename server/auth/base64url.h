// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

/// base64url without padding (RFC 4648 §5, RFC 7515 §2).
[[nodiscard]] std::string base64urlEncoded(std::string_view bytes);

/// Strict: no padding, no blank, no other alphabet, and bits beyond the last byte are zero, so that each byte string
/// has one form alone.
[[nodiscard]] std::optional<std::string> base64urlDecoded(std::string_view text);

} // namespace gatehouse
