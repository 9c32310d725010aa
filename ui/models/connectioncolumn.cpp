// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/connectioncolumn.h"

#include "domain/address.h"
#include "text/codetext.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QCoreApplication>
#include <QStringList>

namespace gatehouse::ui {
namespace {

using Column = ConnectionColumn;

QString tr(const char* source)
{
    return QCoreApplication::translate("ConnectionColumn", source);
}

struct Names {
    const char* title;
    const char* word;
};

Names namesOf(Column column)
{
    switch (column) {
    case Column::Id:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Id"), "id"};
    case Column::User:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "User"), "user"};
    case Column::State:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "State"), "state"};
    case Column::Role:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Role"), "role"};
    case Column::Address:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Address"), "address"};
    case Column::Route:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Route"), "route"};
    case Column::In:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "In"), "rate_in"};
    case Column::Trend:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "2 min"), "trend"};
    case Column::OfLimit:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Of limit"), "of_limit"};
    case Column::Backlog:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Backlog"), "backlog"};
    case Column::Since:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Since"), "since"};
    case Column::Channels:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Channels"), "channels"};
    case Column::Client:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Client"), "client"};
    case Column::Tls:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "TLS"), "tls"};
    case Column::Idle:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Idle for"), "idle"};
    case Column::Out:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Out"), "rate_out"};
    case Column::BytesIn:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Bytes in"), "bytes_in"};
    case Column::BytesOut:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Bytes out"), "bytes_out"};
    case Column::Violations:
        return {QT_TRANSLATE_NOOP("ConnectionColumn", "Violations"), "violations"};
    }
    return {"", ""};
}

QString joined(const std::vector<std::string>& words)
{
    QStringList list;
    for (const std::string& word : words)
        list += plainText(word);
    return list.join(QStringLiteral(", "));
}

QString closeToolTip(const ClosedSession& closed)
{
    QStringList lines{codeText(closed.code)};
    if (closed.why.decision.reason != Reason::None)
        lines += reasonSentence(closed.why.decision.reason);
    if (!closed.why.actor.empty())
        lines += tr("By %1").arg(plainText(closed.why.actor));
    if (!closed.detail.empty())
        lines += plainText(closed.detail);
    return lines.join(QLatin1Char('\n'));
}

QString stateToolTip(const Connection& connection, WallTime now)
{
    const SessionActivity& activity = connection.activity();
    const QTimeZone zone = QTimeZone::systemTimeZone();
    QStringList lines;
    if (connection.state == ConnectionState::Quarantined)
        lines += activity.quarantinedUntil
                     ? tr("quarantined until %1").arg(absoluteText(*activity.quarantinedUntil, zone))
                     : tr("quarantined until somebody releases it");
    else if (activity.lastRefusal)
        lines += reasonSentence(activity.lastRefusal->decision.reason);
    else
        lines += stateText(connection, now);
    if (const QString mark = markText(connection); !mark.isEmpty())
        lines += mark;
    return lines.join(QLatin1Char('\n'));
}

} // namespace

QString columnTitle(Column column)
{
    return tr(namesOf(column).title);
}

QString columnWord(Column column)
{
    return QString::fromLatin1(namesOf(column).word);
}

Qt::Alignment columnAlignment(Column column)
{
    switch (column) {
    case Column::In:
    case Column::Backlog:
    case Column::Since:
    case Column::Idle:
    case Column::Out:
    case Column::BytesIn:
    case Column::BytesOut:
    case Column::Violations:
        return Qt::AlignRight | Qt::AlignVCenter;
    case Column::Id:
    case Column::User:
    case Column::State:
    case Column::Role:
    case Column::Address:
    case Column::Route:
    case Column::Trend:
    case Column::OfLimit:
    case Column::Channels:
    case Column::Client:
    case Column::Tls:
        return Qt::AlignLeft | Qt::AlignVCenter;
    }
    return Qt::AlignLeft | Qt::AlignVCenter;
}

QString cellText(const Connection& connection, Column column, WallTime now)
{
    const SessionInfo& info = connection.info();
    const SessionActivity& activity = connection.activity();
    switch (column) {
    case Column::Id:
        return QString::number(info.id.value);
    case Column::User:
        return userText(info);
    case Column::State:
        return stateText(connection, now);
    case Column::Role:
        return joined(info.roles);
    case Column::Address:
        return plainText(info.address);
    case Column::Route:
        return plainText(info.route);
    case Column::In:
        return rateText(activity.messagesInRate);
    case Column::Trend:
        return connection.trend.count == 0
                   ? QString()
                   : rateText(static_cast<double>(connection.trend.at(connection.trend.count - 1)));
    case Column::OfLimit:
        if (const std::optional<double> share = shareOfLimit(connection))
            return percentText(*share);
        return tr("no limit");
    case Column::Backlog:
        return bytesText(static_cast<double>(activity.backlog));
    case Column::Since:
        return durationText(now - info.since);
    case Column::Channels:
        return joined(info.channels);
    case Column::Client:
        return plainText(info.userAgent, 120);
    case Column::Tls:
        return info.tlsVersion.empty() ? tr("none") : plainText(info.tlsVersion);
    case Column::Idle:
        return stopwatchText(idleFor(connection, now));
    case Column::Out:
        return rateText(activity.messagesOutRate);
    case Column::BytesIn:
        return byteRateText(activity.bytesInRate);
    case Column::BytesOut:
        return byteRateText(activity.bytesOutRate);
    case Column::Violations:
        return tr("%1 of %2").arg(activity.violations).arg(info.violationsAllowed);
    }
    return {};
}

QString cellToolTip(const Connection& connection, Column column, WallTime now)
{
    const QTimeZone zone = QTimeZone::systemTimeZone();
    if (column == Column::Since)
        return absoluteText(connection.info().since, zone);
    if (column == Column::Idle && connection.activity().lastMessage)
        return absoluteText(*connection.activity().lastMessage, zone);
    if (column == Column::State && connection.closed)
        return closeToolTip(*connection.closed);
    if (column == Column::State)
        return stateToolTip(connection, now);
    if (column == Column::OfLimit && rateAllowed(connection) > 0)
        return tr("%1 of %2").arg(rateText(connection.activity().messagesInRate), rateText(rateAllowed(connection)));
    return cellText(connection, column, now);
}

QString accessibleText(const Connection& connection, Column column, WallTime now)
{
    const QString text = QStringLiteral("%1: %2").arg(columnTitle(column), cellText(connection, column, now));
    const QString mark = column == Column::State ? markText(connection) : QString();
    return mark.isEmpty() ? text : text + QStringLiteral(", ") + mark;
}

SortKey sortKey(const Connection& connection, Column column, WallTime now)
{
    const SessionInfo& info = connection.info();
    const SessionActivity& activity = connection.activity();
    SortKey key{0, {}, info.id};
    switch (column) {
    case Column::Id:
        break;
    case Column::User:
    case Column::Role:
    case Column::Route:
    case Column::Channels:
    case Column::Client:
    case Column::Tls:
        key.text = cellText(connection, column, now).toCaseFolded();
        break;
    case Column::Address:
        // The canonical 16 bytes, so that 10.0.0.9 comes before 10.0.0.10.
        if (const auto address = IpAddress::parse(info.address)) {
            for (const std::uint8_t byte : address->bytes())
                key.text += QChar(char16_t{byte});
        }
        break;
    case Column::State:
        key.number = static_cast<double>(connection.state);
        break;
    case Column::In:
    case Column::Trend:
        key.number = activity.messagesInRate;
        break;
    case Column::OfLimit:
        key.number = shareOfLimit(connection).value_or(-1);
        break;
    case Column::Backlog:
        key.number = static_cast<double>(activity.backlog);
        break;
    case Column::Since:
        key.number = static_cast<double>(info.since.time_since_epoch().count());
        break;
    case Column::Idle:
        key.number = static_cast<double>(idleFor(connection, now).count());
        break;
    case Column::Out:
        key.number = activity.messagesOutRate;
        break;
    case Column::BytesIn:
        key.number = activity.bytesInRate;
        break;
    case Column::BytesOut:
        key.number = activity.bytesOutRate;
        break;
    case Column::Violations:
        key.number = activity.violations;
        break;
    }
    return key;
}

QVariant sortValue(const Connection& connection, Column column, WallTime now)
{
    if (column == Column::Id)
        return QVariant::fromValue<qulonglong>(connection.id().value);
    const SortKey key = sortKey(connection, column, now);
    return key.text.isEmpty() ? QVariant(key.number) : QVariant(key.text);
}

bool lessThan(const SortKey& a, const SortKey& b)
{
    if (a.number != b.number)
        return a.number < b.number;
    if (const int order = a.text.compare(b.text); order != 0)
        return order < 0;
    return a.id < b.id;
}

} // namespace gatehouse::ui
