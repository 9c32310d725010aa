// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/policymeasures.h"

#include "models/bantarget.h"
#include "policy/decidelockdown.h"
#include "policy/text.h"
#include "text/format.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>

namespace gatehouse::ui {

namespace {

constexpr qsizetype longestName = 192;

void readDuration(const QJsonValue& value, std::chrono::milliseconds& into)
{
    if (const auto duration = parseDuration(value.toString().toStdString()))
        into = *duration;
}

std::optional<Network> networkOf(const QString& typed)
{
    const auto value = banValue(typed.contains(QLatin1Char('/')) ? BanSubject::Network : BanSubject::Address, typed);
    return value ? Network::parse(*value) : std::nullopt;
}

} // namespace

std::optional<PolicyMeasures> policyMeasures(std::string_view document)
{
    const QJsonDocument json =
        QJsonDocument::fromJson(QByteArray(document.data(), static_cast<qsizetype>(document.size())));
    if (!json.isObject())
        return std::nullopt;
    PolicyMeasures measures;
    const QJsonObject lockdown = json.object().value(QLatin1StringView("lockdown")).toObject();
    for (const QJsonValue& user : lockdown.value(QLatin1StringView("allow_users")).toArray())
        measures.lockdown.users.push_back(user.toString().toStdString());
    for (const QJsonValue& text : lockdown.value(QLatin1StringView("allow_networks")).toArray()) {
        if (const auto network = Network::parse(text.toString().toStdString()))
            measures.lockdown.networks.push_back(*network);
    }
    const QJsonObject drain = json.object().value(QLatin1StringView("drain")).toObject();
    readDuration(drain.value(QLatin1StringView("within")), measures.drain.within);
    readDuration(drain.value(QLatin1StringView("spread")), measures.drain.spread);
    return measures;
}

std::size_t closedBy(const LockdownLists& lists, const std::vector<SessionRow>& sessions)
{
    const Policy policy;
    Lockdown lockdown;
    lockdown.lists = lists;
    return static_cast<std::size_t>(std::ranges::count_if(sessions, [&](const SessionRow& row) {
        Identity who;
        who.issuer = row.info->issuer;
        who.user = row.info->user;
        const IpAddress address = IpAddress::parse(row.info->address).value_or(IpAddress());
        return !decideLockdown(policy, lockdown, &who, address).allowed();
    }));
}

std::vector<std::string> typedUsers(const QString& text)
{
    std::vector<std::string> users;
    for (const QString& name : text.split(QLatin1Char(','))) {
        if (const QString trimmed = name.trimmed(); !trimmed.isEmpty())
            users.push_back(trimmed.toStdString());
    }
    return users;
}

TypedNetworks typedNetworks(const QString& text)
{
    static const QRegularExpression between(QStringLiteral("[,\\s]+"));
    TypedNetworks typed;
    for (const QString& word : text.split(between, Qt::SkipEmptyParts)) {
        const auto network = networkOf(word);
        if (!network) {
            typed.wrong = word;
            return typed;
        }
        typed.networks.push_back(*network);
    }
    return typed;
}

QString usersText(const LockdownLists& lists)
{
    QStringList names;
    for (const std::string& user : lists.users)
        names += plainText(user, longestName);
    return names.join(QStringLiteral(", "));
}

QString networksText(const LockdownLists& lists)
{
    QStringList names;
    for (const Network& network : lists.networks)
        names += QString::fromStdString(network.toString());
    return names.join(QStringLiteral(", "));
}

} // namespace gatehouse::ui
