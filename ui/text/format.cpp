// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <cmath>

namespace gatehouse::ui {
namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("Format", source);
}

QDateTime dateTime(WallTime time, const QTimeZone& zone)
{
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), zone);
}

bool isHarmful(QChar c)
{
    const char16_t u = c.unicode();
    const bool overrides = (u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069) || u == 0x200E || u == 0x200F ||
                           u == 0x061C || u == 0x2028 || u == 0x2029 || u == 0xFEFF;
    return u < 0x20 || (u >= 0x7F && u < 0xA0) || overrides;
}

} // namespace

QString countText(std::uint64_t count)
{
    return QLocale().toString(static_cast<qulonglong>(count));
}

QString figureText(double value)
{
    if (value < 0.05)
        return QLocale().toString(0);
    // 9.95 would be written 10.0: the change of form follows the rounded value.
    const bool small = value < 9.95;
    const bool whole = std::abs(value - std::round(value)) < 0.05;
    return QLocale().toString(value, 'f', small && !whole ? 1 : 0);
}

QString rateText(double perSecond)
{
    return tr("%1/s").arg(figureText(perSecond));
}

QString bucketText(const Rate& rate)
{
    using namespace std::chrono_literals;
    const QString count = countText(rate.count);
    const QString each =
        rate.per == 1s     ? tr("%1/s").arg(count)
        : rate.per == 1min ? tr("%1/min").arg(count)
        : rate.per == 1h
            ? tr("%1/h").arg(count)
            : tr("%1 in %2 s").arg(count, QLocale().toString(std::chrono::duration<double>(rate.per).count(), 'g', 6));
    return tr("%1, burst %2").arg(each, countText(rate.burst));
}

QString bytesText(double bytes)
{
    static constexpr const char* units[] = {QT_TRANSLATE_NOOP("Format", "%1 B"), QT_TRANSLATE_NOOP("Format", "%1 KiB"),
                                            QT_TRANSLATE_NOOP("Format", "%1 MiB"),
                                            QT_TRANSLATE_NOOP("Format", "%1 GiB"),
                                            QT_TRANSLATE_NOOP("Format", "%1 TiB")};
    std::size_t unit = 0;
    while (bytes >= 1023.5 && unit + 1 < std::size(units)) {
        bytes /= 1024;
        ++unit;
    }
    return tr(units[unit]).arg(unit == 0 ? QLocale().toString(std::round(bytes), 'f', 0) : figureText(bytes));
}

QString byteRateText(double bytesPerSecond)
{
    return tr("%1/s").arg(bytesText(bytesPerSecond));
}

QString percentText(double share)
{
    constexpr double most = 999; // more says no more, and has its place
    const double percent = std::round(share * 100);
    const QString shown = QLocale().toString(std::min(percent, most), 'f', 0);
    return percent > most ? tr("> %1 %").arg(shown) : tr("%1 %").arg(shown);
}

QString durationText(Milliseconds duration)
{
    using namespace std::chrono;
    const auto seconds = std::max(duration, Milliseconds(0)) / 1s;
    if (seconds < 120)
        return tr("%1 s").arg(seconds);
    if (seconds < 120 * 60)
        return tr("%1 min").arg(seconds / 60);
    if (seconds < 48 * 3600)
        return tr("%1 h").arg(seconds / 3600);
    return tr("%1 d").arg(seconds / 86400);
}

QString stopwatchText(Milliseconds duration)
{
    using namespace std::chrono;
    const auto seconds = std::max(duration, Milliseconds(0)) / 1s;
    const auto two = [](qint64 n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
    if (seconds < 3600)
        return QStringLiteral("%1:%2").arg(seconds / 60).arg(two(seconds % 60));
    return QStringLiteral("%1:%2:%3").arg(seconds / 3600).arg(two(seconds / 60 % 60), two(seconds % 60));
}

QString relativeText(WallTime time, WallTime now)
{
    using namespace std::chrono;
    const Milliseconds distance = time - now;
    if (distance > -1s && distance < 1s)
        return tr("now");
    return distance < 0s ? tr("%1 ago").arg(durationText(-distance)) : tr("in %1").arg(durationText(distance));
}

QString clockText(WallTime time, const QTimeZone& zone)
{
    return dateTime(time, zone).toString(QStringLiteral("HH:mm:ss"));
}

QString absoluteText(WallTime time, const QTimeZone& zone)
{
    return dateTime(time, zone).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss ")) + zoneText(time, zone);
}

QString zoneText(WallTime time, const QTimeZone& zone)
{
    return zone.abbreviation(dateTime(time, zone));
}

QString plainText(std::string_view utf8, qsizetype limit)
{
    const QString text = QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
    QString out;
    out.reserve(std::min(text.size(), limit) + 8);
    for (const QChar c : text) {
        if (out.size() >= limit)
            return out + QChar(0x2026);
        if (isHarmful(c))
            out += QStringLiteral("\\u%1").arg(c.unicode(), 4, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return out;
}

QString tokenText(std::string_view tokenId)
{
    constexpr qsizetype whole = 24;
    constexpr qsizetype head = 14;
    constexpr qsizetype tail = 8;
    QString text = plainText(tokenId);
    if (text.size() > whole)
        text = text.left(head) + QChar(0x2026) + text.right(tail);
    return text.isEmpty() ? text : QChar(0x2066) + text + QChar(0x2069); // isolated (UAX #9 §2.4)
}

} // namespace gatehouse::ui
