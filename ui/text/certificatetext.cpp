// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/certificatetext.h"

#include "domain/certificate.h"
#include "text/reasontext.h"

#include <QCoreApplication>

namespace gatehouse::ui {

namespace {

constexpr std::int64_t daysWorthTelling = 30;
constexpr std::int64_t daysOfAlarm = 3;

std::optional<std::int64_t> daysToTell(const GateStats& stats)
{
    if (!stats.certificatesEnd)
        return std::nullopt;
    const std::int64_t days = daysLeft(*stats.certificatesEnd, stats.time);
    return days <= daysWorthTelling ? std::optional(days) : std::nullopt;
}

} // namespace

QString certificateText(const GateStats& stats)
{
    const auto days = daysToTell(stats);
    const bool failed = stats.certificates == CertificateState::ReloadFailed;
    if (days && *days < 0)
        return QCoreApplication::translate("Certificate", "Certificate has ended");
    if (days && *days == 0)
        return QCoreApplication::translate("Certificate", "Certificate ends within a day");
    // The nearer danger first: an end in days outweighs a failed change.
    if (days && (!failed || *days <= daysOfAlarm))
        return QCoreApplication::translate("Certificate", "Certificate ends in %n day(s)", nullptr,
                                           static_cast<int>(*days));
    return failed ? reasonLabel(Reason::TlsReloadFailed) : QString();
}

bool isCertificateAlarm(const GateStats& stats)
{
    const auto days = daysToTell(stats);
    return stats.certificates == CertificateState::ReloadFailed || (days && *days <= daysOfAlarm);
}

} // namespace gatehouse::ui
