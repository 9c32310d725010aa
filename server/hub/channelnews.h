// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/publication.h"
#include "hub/presence.h"
#include "net/outgoingmessage.h"
#include "net/routehandler.h"

#include <cstdint>
#include <mutex>
#include <string>

namespace gatehouse {

/// What the subscribers of a channel are told: the same value for all of them, at all workers. Its two forms are made
/// once each, by whoever needs one first. Immutable but for that. Thread-safe.
class ChannelNews final : public BusBody {
public:
    enum class Kind : std::uint8_t { Published, Joined, Left };

    /// `original`: as a plain client sent it; null: it came as JSON. `position`: behind it; epoch empty: no history.
    /// `besideHistory`: of a channel that has a history and did not take it.
    ChannelNews(std::string channel, SharedPublication publication, StreamPosition position, SharedMessage original,
                bool besideHistory = false);
    ChannelNews(Kind kind, std::string channel, SharedClientInfo who);

    [[nodiscard]] Kind kind() const { return m_kind; }
    [[nodiscard]] const std::string& channel() const { return m_channel; }
    [[nodiscard]] const SharedPublication& publication() const { return m_publication; } ///< where Published
    [[nodiscard]] const StreamPosition& position() const { return m_position; }          ///< where Published
    [[nodiscard]] bool besideHistory() const { return m_besideHistory; }                 ///< where Published
    [[nodiscard]] const SharedClientInfo& who() const { return m_who; }                  ///< where Joined or Left

    /// For plain clients: as it was sent, or its data as text. Only where Published.
    [[nodiscard]] const OutgoingMessage& plain() const;
    /// As Centrifugo's client protocol says it.
    [[nodiscard]] const OutgoingMessage& push() const;

private:
    Kind m_kind;
    std::string m_channel;
    SharedPublication m_publication;
    StreamPosition m_position;
    SharedMessage m_original;
    bool m_besideHistory = false;
    SharedClientInfo m_who;
    mutable std::once_flag m_plainMade, m_pushMade;
    mutable SharedMessage m_plain, m_push;
};

/// What a plain client sent as the data of a publication: JSON as it is, other text as a JSON string, binary as a JSON
/// string of base64. `isJson`: MessageValidator::read() let it in.
[[nodiscard]] std::string publicationData(wire::Opcode type, std::span<const std::byte> payload, bool isJson);

} // namespace gatehouse
