// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/overviewcharts.h"

#include "models/refusalgroup.h"
#include "text/format.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace gatehouse::ui {

namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("OverviewPage", source);
}

// Short: 1500 is "1.5k". All lines of one axis have the unit and the decimals that its step needs.
QString axisText(double value, double highest)
{
    if (value == 0)
        return QStringLiteral("0");
    const double unit = highest >= 1e6 ? 1e6 : highest >= 1e3 ? 1e3 : 1;
    const QString suffix = unit == 1e6 ? QStringLiteral("M") : unit == 1e3 ? QStringLiteral("k") : QString();
    const double shown = value / unit;
    const int decimals = std::abs(shown - std::round(shown)) < 1e-6             ? 0
                         : std::abs(shown * 10 - std::round(shown * 10)) < 1e-6 ? 1
                                                                                : 2;
    return QLocale().toString(shown, 'f', decimals) + suffix;
}

QString milliseconds(double value)
{
    return tr("%1 ms").arg(QLocale().toString(value, 'f', value < 10 ? 1 : 0));
}

// The unit stands at the highest line alone.
QString millisecondAxis(double value, double highest)
{
    const QString text = axisText(value, highest);
    return value == highest ? tr("%1 ms").arg(text) : text;
}

QString mebibyteAxis(double value, double highest)
{
    const QString text = axisText(value, highest);
    return value == highest ? tr("%1 MiB").arg(text) : text;
}

double toMilliseconds(std::uint64_t microseconds)
{
    return static_cast<double>(microseconds) / 1000.0;
}

ChartOptions trafficChart()
{
    return {tr("Messages a second"),
            {{tr("in"), CurveTone::Accent, [](const Figures& f) { return f.messagesIn; }},
             {tr("out"), CurveTone::Good, [](const Figures& f) { return f.messagesOut; }}},
            figureText,
            axisText,
            1,
            1};
}

ChartOptions refusalChart()
{
    const auto in = [](RefusalGroup group) { return [group](const Figures& f) { return refusedIn(f, group); }; };
    return {tr("Refused a second"),
            {{tr("rate"), CurveTone::Warning, in(RefusalGroup::Rate)},
             {tr("token"), CurveTone::Bad, in(RefusalGroup::Token)},
             {tr("other"), CurveTone::Accent, in(RefusalGroup::Other)}},
            figureText,
            axisText,
            1,
            1};
}

ChartOptions latencyChart()
{
    return {tr("Worker loop"),
            {{tr("p50"), CurveTone::Accent, [](const Figures& f) { return toMilliseconds(f.loopLatencyP50); }},
             {tr("p99"), CurveTone::Warning, [](const Figures& f) { return toMilliseconds(f.loopLatencyP99); }}},
            milliseconds,
            millisecondAxis,
            0.1,
            1};
}

} // namespace

std::vector<ChartOptions> overviewCharts()
{
    constexpr double mebibyte = 1024.0 * 1024.0;
    std::vector<ChartOptions> charts;
    charts.push_back(
        {tr("Sessions"),
         {{tr("open"), CurveTone::Accent, [](const Figures& f) { return static_cast<double>(f.sessions); }}},
         [](double value) { return countText(static_cast<std::uint64_t>(std::llround(value))); },
         axisText,
         1,
         1});
    charts.push_back(trafficChart());
    charts.push_back(refusalChart());
    charts.push_back({tr("Auth failures a second"),
                      {{tr("all"), CurveTone::Bad, [](const Figures& f) { return f.authFailures; }}},
                      figureText,
                      axisText,
                      1,
                      1});
    charts.push_back(latencyChart());
    charts.push_back(
        {tr("Backlog"),
         {{tr("all sessions"), CurveTone::Accent, [](const Figures& f) { return static_cast<double>(f.backlog); }}},
         bytesText,
         mebibyteAxis,
         0.1,
         mebibyte});
    return charts;
}

} // namespace gatehouse::ui
