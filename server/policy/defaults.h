// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatehouse {

struct PolicyDefaults {
    std::string name = "Gatehouse";
    std::string address = "0.0.0.0";
    std::uint16_t port = 8443;
    std::vector<std::string> serverNames; ///< empty: left out, Host is not checked
    std::vector<std::string> origins{"none", "http://localhost:8080", "http://127.0.0.1:8080"};
};

/// A ready policy document in canonical form.
[[nodiscard]] std::string policyDefaults(const PolicyDefaults& options = {});

} // namespace gatehouse
