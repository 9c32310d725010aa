// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/temporarylimit.h"
#include "policy/identity.h"
#include "policy/ratebucket.h"

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// A temporary limit that stands. Shared by the runtime and all workers, where the sessions of its user draw on one
/// bucket.
struct StandingLimit {
    TemporaryLimit limit; ///< never changes
    RateBucket bucket;
    std::atomic<bool> sessionEnded{false};
};
using SharedLimit = std::shared_ptr<StandingLimit>;

[[nodiscard]] inline bool limitHolds(const TemporaryLimit& limit, WallTime now)
{
    return !limit.until || now < *limit.until;
}

/// True where both are about the same session, or about the same user of the same issuer: one replaces the other.
[[nodiscard]] bool sameSubject(const TemporaryLimit& a, const TemporaryLimit& b);

/// Somebody without a name is nobody's user.
[[nodiscard]] bool concerns(const TemporaryLimit& limit, const Identity& who);

/// The limits of users that one worker knows. Owner: that worker.
class TemporaryLimits {
public:
    void add(const SharedLimit& limit);
    void remove(const TemporaryLimit& limit);
    /// At most two: of the user of that issuer, and of the user whoever vouches.
    [[nodiscard]] std::vector<SharedLimit> of(const Identity& who) const;

private:
    std::unordered_map<std::string, SharedLimit> m_byUser; ///< by userKey()
};

} // namespace gatehouse
