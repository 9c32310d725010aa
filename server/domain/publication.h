// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse {

/// Who published, joined, left or is there. The infos are JSON as it came; empty: none.
struct ClientInfo {
    std::string client; ///< id of the connection as its protocol knows it
    std::string user;
    std::string connInfo;
    std::string chanInfo;

    friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

/// A place in the stream of a channel: behind the publication of that offset. Offsets begin at 1, so that 0 is before
/// all of them; they mean nothing under another epoch.
struct StreamPosition {
    std::uint64_t offset = 0;
    std::string epoch;

    friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

/// What is sent to the subscribers of a channel.
struct Publication {
    std::string data;               ///< JSON as it came
    std::optional<ClientInfo> info; ///< of who published; unset: the API
    std::uint64_t offset = 0;       ///< 0: the channel has no history
    std::vector<std::pair<std::string, std::string>> tags;

    friend bool operator==(const Publication&, const Publication&) = default;
};

/// Immutable from its offset on, so that all workers may hold it.
using SharedPublication = std::shared_ptr<const Publication>;

} // namespace gatehouse
