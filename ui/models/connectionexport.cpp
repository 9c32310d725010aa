// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/connectionexport.h"

#include "models/connectioncolumn.h"
#include "text/format.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTimeZone>

namespace gatehouse::ui {
namespace {

using Column = ConnectionColumn;

constexpr Column exported[] = {Column::Id,      Column::User,  Column::State, Column::Role,
                               Column::Address, Column::Route, Column::In,    Column::OfLimit,
                               Column::Backlog, Column::Since, Column::Client};

QString isoTime(WallTime time)
{
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), QTimeZone::utc())
        .toString(Qt::ISODateWithMs);
}

QJsonArray array(const std::vector<std::string>& words)
{
    QJsonArray list;
    for (const std::string& word : words)
        list.append(QString::fromStdString(word));
    return list;
}

QJsonObject object(const Connection& connection, WallTime now)
{
    const SessionInfo& info = connection.info();
    const SessionActivity& activity = connection.activity();
    QJsonObject json{
        {QStringLiteral("id"), static_cast<qint64>(info.id.value)},
        {QStringLiteral("user"), QString::fromStdString(info.user)},
        {QStringLiteral("issuer"), QString::fromStdString(info.issuer)},
        {QStringLiteral("roles"), array(info.roles)},
        {QStringLiteral("address"), QString::fromStdString(info.address)},
        {QStringLiteral("port"), info.port},
        {QStringLiteral("route"), QString::fromStdString(info.route)},
        {QStringLiteral("channels"), array(info.channels)},
        {QStringLiteral("since"), isoTime(info.since)},
        {QStringLiteral("state"), stateText(connection, now)},
        {QStringLiteral("messages_in_rate"), activity.messagesInRate},
        {QStringLiteral("messages_out_rate"), activity.messagesOutRate},
        {QStringLiteral("backlog"), static_cast<qint64>(activity.backlog)},
        {QStringLiteral("violations"), static_cast<qint64>(activity.violations)},
    };
    if (connection.closed)
        json.insert(QStringLiteral("close_code"), connection.closed->code);
    return json;
}

// RFC 4180; a leading =, +, − or @ would be run as a formula by spreadsheets.
QString csvField(QString text)
{
    if (!text.isEmpty() && QStringLiteral("=+-@\t").contains(text.front()))
        text.prepend(QLatin1Char('\''));
    return QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString table(const std::vector<const Connection*>& connections, WallTime now, bool csv)
{
    const QString separator = csv ? QStringLiteral(",") : QStringLiteral("\t");
    const auto line = [&](auto text) {
        QStringList cells;
        for (const Column column : exported)
            cells += csv ? csvField(text(column)) : text(column);
        return cells.join(separator) + (csv ? QStringLiteral("\r\n") : QStringLiteral("\n"));
    };
    QString out = csv ? line(columnWord) : line(columnTitle);
    for (const Connection* connection : connections)
        out += line([&](Column column) { return cellText(*connection, column, now); });
    return out;
}

} // namespace

QString copied(const std::vector<const Connection*>& connections, CopyForm form, WallTime now)
{
    switch (form) {
    case CopyForm::Text:
        return table(connections, now, false);
    case CopyForm::Csv:
        return table(connections, now, true);
    case CopyForm::Json: {
        QJsonArray list;
        for (const Connection* connection : connections)
            list.append(object(*connection, now));
        return QString::fromUtf8(QJsonDocument(list).toJson());
    }
    case CopyForm::CommandLine: {
        QString line = QStringLiteral("gatehousectl kick");
        for (const Connection* connection : connections)
            line += QStringLiteral(" %1").arg(connection->id().value);
        return line;
    }
    }
    return {};
}

} // namespace gatehouse::ui
