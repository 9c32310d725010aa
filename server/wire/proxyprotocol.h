// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace gatehouse::wire {

/// What a proxy says before all else of the connection that it passes on: the PROXY protocol, version 1 (a line of
/// text) or 2 (binary), of haproxy's proxy-protocol.txt. Sans-I/O: it says which of the bytes at hand are its own, so
/// that nothing of what follows is taken.
class ProxyProtocol {
public:
    static constexpr std::size_t longestText = 107;   ///< of version 1, with CR LF
    static constexpr std::size_t longestBinary = 536; ///< of version 2, with its TLVs, which are skipped

    enum class State : std::uint8_t { NeedMore, Done, Broken };

    struct Source {
        IpAddress address;
        std::uint16_t port = 0;

        friend bool operator==(const Source&, const Source&) = default;
    };

    /// How many bytes at the front of `bytes` belong to the header; they are to be consumed, and what follows them
    /// offered again. At least one where the state stays NeedMore and there is one.
    [[nodiscard]] std::size_t take(std::span<const std::byte> bytes);

    [[nodiscard]] State state() const { return m_state; }
    /// Once Done: whose connection it is; unset: the proxy's own (LOCAL, UNKNOWN).
    [[nodiscard]] const std::optional<Source>& source() const { return m_source; }

private:
    [[nodiscard]] std::size_t wanted(std::span<const std::byte> bytes) const;
    void check();
    void checkText();
    void checkBinary();

    std::string m_header;
    State m_state = State::NeedMore;
    std::optional<Source> m_source;
};

} // namespace gatehouse::wire
