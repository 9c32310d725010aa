// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

// Names of close codes and statuses for people, as those of text/reasontext.h.
namespace gatehouse::ui {

/// The name of a WebSocket close code (RFC 6455 §7.4.1 and its registry, Centrifugo's in 3000–3999, and our own in
/// 4000–4999); empty for others.
[[nodiscard]] QString closeCodeName(std::uint16_t code);
/// The name of an HTTP status that the gate gives (RFC 9110, RFC 6585); empty for others.
[[nodiscard]] QString httpStatusName(std::uint16_t status);
/// "4403 not allowed", "401 Unauthorized", or the bare number where it has no name.
[[nodiscard]] QString codeText(std::uint16_t code);

} // namespace gatehouse::ui
