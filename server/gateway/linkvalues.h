// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "policy/policy.h"
#include "wire/frame.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

// What an UpstreamLink and its owner tell each other.
namespace gatehouse {

/// What the policy lets an upstream do.
struct LinkTerms {
    wire::DecoderLimits limits;
    std::uint32_t partSize = 0;                  ///< 0: its messages are wanted whole; see Decoder::setPartSize()
    std::chrono::milliseconds completeWithin{0}; ///< of a message
    std::optional<Ping> ping;
    OptionalRate controlFrames;
    std::chrono::milliseconds closeTimeout{0};
};

/// Why an attempt came to nothing.
struct LinkFailure {
    Reason reason = Reason::UpstreamConnect;
    std::string met; ///< "status 401", "connection refused"
};

/// Why a link that was open ended.
struct LinkEnd {
    Reason reason = Reason::UpstreamLost;
    std::string met;                     ///< of a violation the word of what it broke
    std::optional<std::uint16_t> code{}; ///< of its Close; unset: an empty one
    std::string text{};                  ///< of its Close
    Reason broke = Reason::None;         ///< of a violation
};

} // namespace gatehouse
