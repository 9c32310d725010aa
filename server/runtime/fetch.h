// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>

namespace gatehouse {

struct FetchRequest {
    std::string url;                              ///< https, or http to a loopback address
    std::filesystem::path ca;                     ///< PEM of the authorities that may vouch for it; empty: the system's
    std::size_t largest = 0;                      ///< bytes of an answer
    std::chrono::milliseconds within{10000};      ///< in all
    const std::atomic<bool>* cancelled = nullptr; ///< ends it within about a second
};

/// GETs a document over HTTP; waits. Nothing but the URL decides where to: no proxy, no redirect, no other protocol,
/// and http goes to loopback alone, whatever the name resolves to. Only 200 is an answer. Errors are in English, the
/// same for the same cause.
[[nodiscard]] Result<std::string, std::string> fetch(const FetchRequest& request);

} // namespace gatehouse
