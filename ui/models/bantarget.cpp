// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/bantarget.h"

#include "domain/address.h"

#include <QStringList>

#include <array>

namespace gatehouse::ui {

namespace {

std::optional<std::string> networkValue(const QString& typed)
{
    const QStringList parts = typed.split(QLatin1Char('/'));
    if (parts.size() != 2)
        return std::nullopt;
    const auto base = IpAddress::parse(parts[0].toStdString());
    bool isNumber = false;
    const int bits = parts[1].toInt(&isNumber);
    if (!base || !isNumber || bits < 0 || bits > (base->isV4() ? 32 : 128))
        return std::nullopt;
    // The host's bits are cleared on the 16 bytes, and the text comes from the domain's own printing.
    std::array<std::uint8_t, 16> bytes = base->bytes();
    const int keep = base->isV4() ? bits + 96 : bits;
    QStringList groups;
    for (int bit = keep; bit < 128; ++bit) {
        auto& byte = bytes[static_cast<std::size_t>(bit / 8)];
        byte = static_cast<std::uint8_t>(byte & ~(0x80 >> (bit % 8)));
    }
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        groups.append(QString::number(bytes[i] * 256 + bytes[i + 1], 16));
    const QString v4 = QStringLiteral("%1.%2.%3.%4").arg(bytes[12]).arg(bytes[13]).arg(bytes[14]).arg(bytes[15]);
    const QString cleared = base->isV4() ? v4 : groups.join(QLatin1Char(':'));
    const auto network = Network::parse((cleared + QLatin1Char('/') + QString::number(bits)).toStdString());
    return network ? std::optional(network->toString()) : std::nullopt;
}

} // namespace

std::optional<std::string> banValue(BanSubject subject, const QString& typed)
{
    switch (subject) {
    case BanSubject::User:
    case BanSubject::Token:
        return typed.isEmpty() ? std::nullopt : std::optional(typed.toStdString());
    case BanSubject::Address:
        if (const auto address = IpAddress::parse(typed.trimmed().toStdString()))
            return address->toString();
        return std::nullopt;
    case BanSubject::Network:
        return networkValue(typed.trimmed());
    }
    return std::nullopt;
}

bool banMeets(BanSubject subject, const std::string& value, const SessionInfo& session)
{
    if (subject == BanSubject::User)
        return session.user == value;
    if (subject == BanSubject::Token)
        return session.tokenId == value;
    const auto network = Network::parse(value);
    const auto address = IpAddress::parse(session.address);
    return network && address && network->contains(*address);
}

std::vector<SessionId> sessionsMetBy(BanSubject subject, const std::string& value,
                                     const std::vector<SessionRow>& sessions)
{
    std::vector<SessionId> met;
    for (const SessionRow& row : sessions) {
        if (banMeets(subject, value, *row.info))
            met.push_back(row.info->id);
    }
    return met;
}

} // namespace gatehouse::ui
