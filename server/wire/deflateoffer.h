// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/deflate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How both sides agree on permessage-deflate in Sec-WebSocket-Extensions (RFC 7692 §5, §7.1; RFC 6455 §9.1).
namespace gatehouse::wire {

/// permessage-deflate as it was agreed on. No context is taken over, in either direction.
struct DeflateAgreement {
    std::uint8_t windowBits = largestWindow; ///< of what this side sends: it may point back 2^N bytes at most
    std::string answer;                      ///< the header value in the 101

    friend bool operator==(const DeflateAgreement&, const DeflateAgreement&) = default;
};

/// What a client of ours offers.
inline constexpr std::string_view deflateOffer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits";

/// The server's choice among the offers in all header lines: the first of permessage-deflate that it can keep. One with
/// a parameter that is unknown, repeated or ill-formed is passed over, and so is a server_max_window_bits of 8. Unset
/// where none is left, or none within the first 32 extensions.
[[nodiscard]] std::optional<DeflateAgreement> acceptDeflate(const std::vector<std::string_view>& headers);

/// What a client whose offer was deflateOffer makes of the answer's header lines; unset where it must fail the
/// connection: another extension, two of them, bad parameters, or a context that would be taken over.
[[nodiscard]] std::optional<DeflateAgreement> readDeflateAnswer(const std::vector<std::string_view>& headers);

} // namespace gatehouse::wire
