// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <QString>
#include <QTimeZone>

// Words about the applications behind the gate.
namespace gatehouse::ui {

/// "ws://127.0.0.1:1880/ of plc"
[[nodiscard]] QString upstreamName(const UpstreamStatus& status);
[[nodiscard]] QString upstreamStateText(UpstreamState state);
/// "connection refused", of the last failure; empty: none yet.
[[nodiscard]] QString upstreamProblem(const UpstreamStatus& status);
/// What there is to say beside its state: "connection refused, since 10:42:07"; empty: nothing.
[[nodiscard]] QString upstreamDetail(const UpstreamStatus& status, const QTimeZone& zone);
/// All that is known, a line each.
[[nodiscard]] QString upstreamTip(const UpstreamStatus& status, const QTimeZone& zone);
/// "ws://127.0.0.1:1880/ of plc does not answer: connection refused, since 10:42:07", of one that is ejected.
[[nodiscard]] QString ejectedText(const UpstreamStatus& status, const QTimeZone& zone);

/// That upstreams are ejected, in a few words; empty while none is.
[[nodiscard]] QString upstreamsText(const GateStats& stats);
/// Which, a line each.
[[nodiscard]] QString upstreamsTip(const GateStats& stats, const QTimeZone& zone);

} // namespace gatehouse::ui
