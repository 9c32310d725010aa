// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/connection.h"

#include "text/format.h"
#include "text/reasontext.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace gatehouse::ui {
namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("Connection", source);
}

QString shown(const std::string& text)
{
    return plainText(text);
}

} // namespace

void Trend::push(float sample)
{
    samples[end] = sample;
    end = (end + 1) % length;
    count = std::min(count + 1, length);
}

bool operator==(const Trend& a, const Trend& b)
{
    if (a.count != b.count)
        return false;
    for (std::size_t i = 0; i < a.count; ++i) {
        if (a.at(i) != b.at(i))
            return false;
    }
    return true;
}

double rateAllowed(const Connection& connection)
{
    const double route = connection.info().rateLimit;
    const std::optional<TemporaryLimit>& limit = connection.activity().temporaryLimit;
    // That of a user is shared by all of their sessions.
    if (!limit || !limit->session)
        return route;
    const double own = static_cast<double>(limit->rate.count) / std::chrono::duration<double>(limit->rate.per).count();
    return route > 0 ? std::min(route, own) : own;
}

std::optional<double> shareOfLimit(const Connection& connection)
{
    const double limit = rateAllowed(connection);
    if (limit <= 0)
        return std::nullopt;
    return connection.activity().messagesInRate / limit;
}

std::chrono::milliseconds idleFor(const Connection& connection, WallTime now)
{
    const WallTime last = connection.activity().lastMessage.value_or(connection.info().since);
    return std::max(now - last, WallTime::duration::zero());
}

ConnectionState stateOf(const Connection& connection, WallTime now)
{
    if (connection.closed)
        return ConnectionState::Closed;
    const SessionActivity& activity = connection.activity();
    if (activity.phase == SessionPhase::Closing)
        return ConnectionState::Closing;
    if (activity.phase == SessionPhase::Quarantined)
        return ConnectionState::Quarantined;
    const std::optional<double> share = shareOfLimit(connection);
    const bool refusedLately = activity.lastRefusal && now - activity.lastRefusal->time < limitedFor;
    if (refusedLately || std::round(share.value_or(0) * 100) >= 100) // as it is shown, in whole per cent
        return ConnectionState::Limited;
    if (share.value_or(0) >= nearLimitShare)
        return ConnectionState::NearLimit;
    return idleFor(connection, now) >= idleAfter ? ConnectionState::Idle : ConnectionState::Open;
}

QString stateText(const Connection& connection, WallTime now)
{
    switch (connection.state) {
    case ConnectionState::Open:
        return tr("open");
    case ConnectionState::Idle:
        return tr("idle %1").arg(stopwatchText(idleFor(connection, now)));
    case ConnectionState::NearLimit:
        return tr("near limit");
    case ConnectionState::Limited:
        return tr("limited");
    case ConnectionState::Quarantined:
        return tr("quarantined");
    case ConnectionState::Closing:
        return tr("closing");
    case ConnectionState::Closed:
        return tr("closed %1").arg(connection.closed ? connection.closed->code : 0);
    }
    return {};
}

QString markText(const Connection& connection)
{
    const std::optional<TemporaryLimit>& limit = connection.activity().temporaryLimit;
    return limit && !connection.closed ? tr("temporary limit %1").arg(bucketText(limit->rate)) : QString();
}

QString userText(const SessionInfo& info)
{
    return info.user.empty() ? tr("anonymous") : shown(info.user);
}

QString filterWords(const SessionInfo& info)
{
    QStringList words{QString::number(info.id.value), userText(info), shown(info.address), shown(info.route),
                      shown(info.upstream)};
    for (const std::string& role : info.roles)
        words += shown(role);
    for (const std::string& channel : info.channels)
        words += shown(channel);
    return words.join(QLatin1Char('\n')).toLower();
}

bool matches(const Connection& connection, const QStringList& filter, WallTime now)
{
    if (filter.isEmpty())
        return true;
    const QString state = stateText(connection, now) + QLatin1Char('\n') + markText(connection);
    return std::all_of(filter.begin(), filter.end(), [&](const QString& word) {
        return connection.words.contains(word) || state.contains(word, Qt::CaseInsensitive);
    });
}

} // namespace gatehouse::ui
