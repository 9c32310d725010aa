// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/rate.h"

#include <QString>
#include <QTimeZone>

#include <chrono>
#include <cstdint>

// Figures and times as people read them. Groups and decimals follow the default QLocale.
namespace gatehouse::ui {

using Milliseconds = std::chrono::milliseconds;

/// "1,284"
[[nodiscard]] QString countText(std::uint64_t count);
/// Two significant digits under 10, none after: "0", "0.4", "1.2", "48", "8,412".
[[nodiscard]] QString figureText(double value);
/// "48/s"
[[nodiscard]] QString rateText(double perSecond);
/// "5/s, burst 10", "30/min, burst 60", "5 in 10 s, burst 10"
[[nodiscard]] QString bucketText(const Rate& rate);
/// "0 B", "118 B", "1.2 KiB", "3.1 MiB"
[[nodiscard]] QString bytesText(double bytes);
/// "3.1 MiB/s"
[[nodiscard]] QString byteRateText(double bytesPerSecond);
/// "6 %"; over 999 %: "> 999 %"
[[nodiscard]] QString percentText(double share);

/// Rough, for ages: "29 s", "41 min", "3 h", "2 d". Negative counts as 0.
[[nodiscard]] QString durationText(Milliseconds duration);
/// Exact, for a clock that runs: "4:41", "1:02:03".
[[nodiscard]] QString stopwatchText(Milliseconds duration);
/// "in 41 min", "3 min ago", "now" (less than a second off).
[[nodiscard]] QString relativeText(WallTime time, WallTime now);

/// "14:31:58" and "2026-10-04 14:31:58 CET", in the given zone.
[[nodiscard]] QString clockText(WallTime time, const QTimeZone& zone);
[[nodiscard]] QString absoluteText(WallTime time, const QTimeZone& zone);
/// "CET"; what a column of times names in its header.
[[nodiscard]] QString zoneText(WallTime time, const QTimeZone& zone);

/// Text from the network made harmless for display: control characters, bidirectional overrides and line ends are shown
/// as \u escapes, and what is longer than `limit` characters is cut with an ellipsis.
[[nodiscard]] QString plainText(std::string_view utf8, qsizetype limit = 512);

/// A token's `jti` for display: harmless, a long one without its middle, and left to right whatever stands around it.
[[nodiscard]] QString tokenText(std::string_view tokenId);

} // namespace gatehouse::ui
