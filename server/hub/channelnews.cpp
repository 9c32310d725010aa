// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelnews.h"

#include "auth/base64url.h"
#include "hub/clientreply.h"
#include "policy/json.h"

namespace gatehouse {

namespace {

SharedMessage textMessage(std::string_view text)
{
    return std::make_shared<const OutgoingMessage>(wire::Opcode::Text, std::as_bytes(std::span(text)));
}

/// With padding (RFC 4648 §4), as browsers read it.
std::string base64(std::string_view bytes)
{
    std::string text = base64urlEncoded(bytes);
    for (char& c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    text.resize((text.size() + 3) / 4 * 4, '=');
    return text;
}

} // namespace

ChannelNews::ChannelNews(std::string channel, SharedPublication publication, StreamPosition position,
                         SharedMessage original, bool besideHistory)
    : m_kind(Kind::Published)
    , m_channel(std::move(channel))
    , m_publication(std::move(publication))
    , m_position(std::move(position))
    , m_original(std::move(original))
    , m_besideHistory(besideHistory)
{
}

ChannelNews::ChannelNews(Kind kind, std::string channel, SharedClientInfo who)
    : m_kind(kind)
    , m_channel(std::move(channel))
    , m_who(std::move(who))
{
}

const OutgoingMessage& ChannelNews::plain() const
{
    std::call_once(m_plainMade, [this] { m_plain = m_original ? m_original : textMessage(m_publication->data); });
    return *m_plain;
}

/// A publication whose data nobody made, since nobody was thought to need it, goes out as text or bytes do.
const OutgoingMessage& ChannelNews::push() const
{
    std::call_once(m_pushMade, [this] {
        std::string text;
        if (m_kind == Kind::Joined) {
            clientprotocol::appendJoin(text, m_channel, *m_who);
        } else if (m_kind == Kind::Left) {
            clientprotocol::appendLeave(text, m_channel, *m_who);
        } else if (m_publication->data.empty() && m_original) {
            Publication made = *m_publication;
            made.data = publicationData(m_original->type(), m_original->payload(), false);
            clientprotocol::appendPublication(text, m_channel, made);
        } else {
            clientprotocol::appendPublication(text, m_channel, *m_publication);
        }
        m_push = textMessage(text);
    });
    return *m_push;
}

std::string publicationData(wire::Opcode type, std::span<const std::byte> payload, bool isJson)
{
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(payload.data())), payload.size());
    if (type == wire::Opcode::Binary)
        return '"' + base64(text) + '"';
    return isJson ? std::string(text) : jsonQuoted(text);
}

} // namespace gatehouse
