// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/revocation.h"
#include "policy/identity.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// The tokens that are worth nothing any more. Immutable; the runtime makes a new one and hands it to every worker. A
/// new one shares all but one of its parts with the one that it came from.
class RevocationSet {
public:
    static constexpr std::size_t maxRevocations = 100'000;

    RevocationSet() = default;
    explicit RevocationSet(const std::vector<Revocation>& revocations);

    /// With one more, or in place of another of the same subject, value and issuer.
    [[nodiscard]] std::shared_ptr<const RevocationSet> with(const Revocation& revocation) const;
    [[nodiscard]] std::shared_ptr<const RevocationSet> without(const Revocation& revocation) const;

    /// The revocation that the token meets now: of its `jti`, or of its user's tokens.
    [[nodiscard]] const Revocation* match(const Identity& who, WallTime now) const;
    /// The one of the same subject, value and issuer, whether its time is over or not.
    [[nodiscard]] const Revocation* find(const Revocation& like) const;
    [[nodiscard]] std::size_t size() const { return m_size; }

private:
    static constexpr std::size_t parts = 512;
    using Part = std::unordered_map<std::string, std::shared_ptr<const Revocation>>;

    [[nodiscard]] const Revocation* at(const std::string& key) const;

    std::array<std::shared_ptr<const Part>, parts> m_parts{}; ///< null: empty
    std::size_t m_size = 0;
};

/// True where the revocation's time is not over.
[[nodiscard]] bool revocationHolds(const Revocation& revocation, WallTime now);

/// Whether it concerns this token, whatever the time. `iat` has whole seconds: a token that was issued in the same
/// second as its user's revocation counts as older, and so does one without `iat`. A token of the next second is good.
[[nodiscard]] bool revokes(const Revocation& revocation, const Identity& who);

/// Names the revocation and what it met: for the operator's eyes, since it holds the operator's words.
[[nodiscard]] Decision revokedBy(const Revocation& revocation, const Identity& who);

/// Revoked, or allowed.
[[nodiscard]] Decision decideRevocation(const RevocationSet& revocations, const Identity& who, WallTime now);

} // namespace gatehouse
