// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/result.h"

#include <functional>
#include <string>
#include <vector>

namespace gatehouse {

using ResolvedHost = Result<std::vector<IpAddress>, std::string>;
/// Waits, possibly for long, for what a host's name stands for. On any thread, many at once.
using HostLookup = std::function<ResolvedHost(const std::string& host)>;

/// getaddrinfo(3): at least one address, in the order in which they are to be tried, and at most 16. The error is in
/// English.
[[nodiscard]] ResolvedHost lookUpHost(const std::string& host);

} // namespace gatehouse
