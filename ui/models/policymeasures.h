// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/lockdown.h"
#include "feed/values.h"
#include "policy/policy.h"

#include <QString>

#include <optional>
#include <string_view>
#include <vector>

namespace gatehouse::ui {

/// What a policy says of lockdowns and of draining; what its document leaves out is as by default.
struct PolicyMeasures {
    LockdownLists lockdown;
    DrainTimes drain;

    friend bool operator==(const PolicyMeasures&, const PolicyMeasures&) = default;
};

/// Unset where the text is no policy document, as of a server that does not give its policy away.
[[nodiscard]] std::optional<PolicyMeasures> policyMeasures(std::string_view document);

/// How many of the sessions a lockdown by these lists would close, by the server's own rule.
[[nodiscard]] std::size_t closedBy(const LockdownLists& lists, const std::vector<SessionRow>& sessions);

/// Names as typed, separated by commas.
[[nodiscard]] std::vector<std::string> typedUsers(const QString& text);

struct TypedNetworks {
    std::vector<Network> networks;
    QString wrong; ///< the first that is none; empty: all are
};
/// Networks and bare addresses as typed, separated by commas or spaces. Bits beyond a prefix are cleared.
[[nodiscard]] TypedNetworks typedNetworks(const QString& text);

[[nodiscard]] QString usersText(const LockdownLists& lists);    ///< "alice, bob"
[[nodiscard]] QString networksText(const LockdownLists& lists); ///< "10.20.0.0/16, fd00::/8"

} // namespace gatehouse::ui
