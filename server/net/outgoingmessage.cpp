// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/outgoingmessage.h"

namespace gatehouse {

OutgoingMessage::OutgoingMessage(wire::Opcode type, std::span<const std::byte> payload)
    : m_type(type)
    , m_payload(payload.size())
    , m_plain(std::make_shared<const std::vector<std::byte>>(wire::encodeFrame(type, payload)))
{
}

SharedFrame OutgoingMessage::deflated(std::uint8_t windowBits) const
{
    const std::uint8_t window = wire::usefulWindow(m_payload, windowBits); // small messages are all the same
    Variant& variant = m_deflated.at(window - wire::smallestWindow);
    std::call_once(variant.made, [&] { variant.frame = deflate(window); });
    return variant.frame;
}

SharedFrame OutgoingMessage::deflate(std::uint8_t windowBits) const
{
    auto frame = wire::encodeDeflated(m_type, std::span(*m_plain).last(m_payload), windowBits);
    return frame ? std::make_shared<const std::vector<std::byte>>(std::move(*frame)) : m_plain;
}

} // namespace gatehouse
