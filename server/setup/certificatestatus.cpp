// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/certificatestatus.h"

#include "policy/privatefile.h"
#include "setup/certificatefacts.h"

namespace gatehouse {

namespace {

constexpr std::size_t largestFile = 1U << 20; // bytes

} // namespace

RenewalPlan planRenewal(const Listener& listener, WallTime now)
{
    const auto pem = readWholeFile(listener.tls->certificate, largestFile);
    return planRenewal(listener.tls->certificate, pem ? *pem : std::string(), now);
}

CertificateStatus certificateStatus(const Listener& listener, const CertificateFacts& facts, const RenewalPlan& plan,
                                    WallTime now)
{
    CertificateStatus status;
    status.listener = listener.name;
    status.certificateFile = listener.tls->certificate.string();
    status.keyFile = listener.tls->key.string();
    status.facts = facts;
    status.daysLeft = daysLeft(facts.notAfter, now);
    status.caExpires = plan.caExpires;
    if (!plan.obstacle.empty())
        status.renewsNot = plan.obstacle;
    else if (!listener.tls->renew)
        status.renewsNot = "\"renew\" is \"off\" in the policy";
    else if (!plan.gains)
        status.renewsNot = "its CA ends too soon for a new one to last longer";
    status.renews = status.renewsNot.empty();
    if (status.renews)
        status.renewsAt = plan.due;
    return status;
}

Result<CertificateStatus, std::string> certificateStatus(const Listener& listener, WallTime now)
{
    const auto pem = readWholeFile(listener.tls->certificate, largestFile);
    if (!pem)
        return Failure{pem.error()};
    const auto facts = certificateFacts(*pem);
    if (!facts)
        return Failure{listener.tls->certificate.string() + ": " + facts.error()};
    return certificateStatus(listener, *facts, planRenewal(listener.tls->certificate, *pem, now), now);
}

} // namespace gatehouse
