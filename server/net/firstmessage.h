// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "policy/policy.h"
#include "policy/ratebucket.h"
#include "wire/frame.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gatehouse {

/// What is between a 101 and the token in the first message: one text message, and control frames under the route's
/// rate. Owner: one I/O worker.
class FirstMessage {
public:
    /// The route stays where it is. `deflate`: permessage-deflate was agreed on. `largest`: bytes of the message.
    FirstMessage(const Policy& policy, std::size_t route, bool deflate, std::uint64_t largest);

    struct Step {
        enum class Kind : std::uint8_t {
            More,
            Pong,   ///< `frame` is to be sent
            Came,   ///< `message` is whole; what follows is the session's
            Closed, ///< the peer leaves; `frame` answers it
            Refused ///< `why`, with the close code of its reason
        };
        Kind kind = Kind::More;
        std::vector<std::byte> frame;
        std::string message;
        Decision why;
    };

    /// Consumes the front of `bytes` up to one step; More means that all of them are consumed.
    [[nodiscard]] Step take(std::span<std::byte>& bytes, TimePoint now);

private:
    [[nodiscard]] Step refused(Reason reason) const;
    [[nodiscard]] bool takeControlFrame(TimePoint now);

    const Policy& m_policy;
    std::size_t m_route;
    std::uint64_t m_largest;
    wire::Decoder m_decoder;
    RateBucket m_control;
};

} // namespace gatehouse
