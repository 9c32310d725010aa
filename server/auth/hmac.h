// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace gatehouse {

inline constexpr std::size_t hmacSha256Size = 32;

enum class HmacDigest : std::uint8_t { Sha256, Sha384, Sha512 };

/// A key that HMAC (RFC 2104) was prepared with: what does not depend on the message is done once. Immutable; may be
/// shared by threads.
class HmacKey {
public:
    /// Unset where the library fails.
    [[nodiscard]] static std::optional<HmacKey> make(std::string_view key, HmacDigest digest);

    /// Unset where the library fails, which must be treated as a wrong signature.
    [[nodiscard]] std::optional<std::string> mac(std::string_view message) const;

private:
    explicit HmacKey(std::shared_ptr<evp_mac_ctx_st> prepared)
        : m_prepared(std::move(prepared))
    {
    }

    std::shared_ptr<const evp_mac_ctx_st> m_prepared;
};

/// HMAC with SHA-256 (RFC 2104). Unset where the library fails, which must be treated as a wrong signature.
[[nodiscard]] std::optional<std::string> hmacSha256(std::string_view key, std::string_view message);

/// Compares in a time that depends on the sizes alone.
[[nodiscard]] bool equalInConstantTime(std::string_view a, std::string_view b);

/// Bytes of the operating system's generator; unset where it fails.
[[nodiscard]] std::optional<std::string> randomBytes(std::size_t count);

} // namespace gatehouse
