// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gatehouse {

/// A key of an object of the policy document.
struct DocumentKey {
    std::string_view name;
    std::string_view object = {}; ///< DocumentObject::name of its value, or of its list's entries; empty: another value
    bool built = true;            ///< false: the key's meaning is settled, its part is not there yet
    bool file = false;            ///< a text is the path of a file
    bool secret = false;          ///< the file holds a secret
};

/// A kind of object in the policy document. Every object may have "note" too, which stands before all its keys.
struct DocumentObject {
    std::string_view name{};
    std::span<const DocumentKey> keys{}; ///< in canonical order
    std::string_view identity = {};      ///< the key that tells entries of a list apart
    /// What stands before an entry's identity in the names of rules; unset: the name of its list and " › ".
    std::optional<std::string_view> prefix{};
    std::string_view entries = {}; ///< keys are names that the document gives; DocumentObject::name of their values

    /// Null where the object has no such key.
    [[nodiscard]] const DocumentKey* find(std::string_view key) const;
};

inline constexpr std::string_view noteKey = "note";
inline constexpr std::string_view rootObject = "root";
inline constexpr std::size_t deepestDocument = 64; ///< objects and lists within each other

/// Every object of the document, the root first.
[[nodiscard]] std::span<const DocumentObject> documentObjects();

/// Null where no object has that name.
[[nodiscard]] const DocumentObject* documentObject(std::string_view name);

} // namespace gatehouse
