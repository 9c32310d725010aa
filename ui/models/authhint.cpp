// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/authhint.h"

#include "domain/address.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace gatehouse::ui {

namespace {

constexpr std::uint64_t bruteForceFailures = 10; // within 15 minutes, from one address
constexpr std::uint32_t networkForgers = 3;      // addresses of one network
constexpr std::uint32_t clockAddresses = 3;
constexpr std::uint64_t unknownKeyFailures = 3;

} // namespace

std::string networkOf(const std::string& address)
{
    const auto parsed = IpAddress::parse(address);
    if (!parsed)
        return {};
    if (!parsed->isV4())
        return Network{parsed->limitKey(), 64}.toString();
    const std::string text = parsed->toString();
    return text.substr(0, text.rfind('.')) + ".0/24";
}

std::uint64_t recentFailures(const AuthFailureGroup& group)
{
    return std::accumulate(group.perMinute.begin(), group.perMinute.end(), std::uint64_t{0});
}

std::uint32_t ratePerMinute(const AuthFailureGroup& group)
{
    return group.perMinute.empty() ? 0 : group.perMinute.back();
}

void ageMinutes(std::vector<std::uint32_t>& perMinute, std::size_t minutes)
{
    const std::size_t shift = std::min(minutes, perMinute.size());
    const auto keepFrom = perMinute.begin() + static_cast<std::ptrdiff_t>(shift);
    std::ranges::fill(std::move(keepFrom, perMinute.end(), perMinute.begin()), perMinute.end(), 0U);
}

AuthHints::AuthHints(const std::vector<const AuthFailureGroup*>& groups)
{
    std::set<std::string> outOfTime;
    std::set<std::string> forgers;
    for (const AuthFailureGroup* group : groups) {
        if (recentFailures(*group) == 0)
            continue;
        if (group->reason == Reason::JwtTime)
            outOfTime.insert(group->address);
        if (countsTowardsBan(group->reason) && forgers.insert(group->address).second)
            ++m_forgersByNetwork[networkOf(group->address)];
    }
    m_outOfTime = static_cast<std::uint32_t>(outOfTime.size());
}

std::uint32_t AuthHints::forging(const std::string& network) const
{
    const auto it = m_forgersByNetwork.find(network);
    return it == m_forgersByNetwork.end() ? 0 : it->second;
}

AuthHint AuthHints::of(const AuthFailureGroup& group) const
{
    const std::uint64_t recent = recentFailures(group);
    if (recent == 0)
        return AuthHint::None;
    if (group.reason == Reason::JwtTime)
        return m_outOfTime >= clockAddresses ? AuthHint::ClockSkew : AuthHint::None;
    if (!countsTowardsBan(group.reason) && group.reason != Reason::AuthBruteforce)
        return AuthHint::None;
    if (group.reason == Reason::AuthBruteforce || (group.reason != Reason::JwtKid && recent >= bruteForceFailures))
        return AuthHint::BruteForce;
    if (group.reason == Reason::JwtKid && recent >= unknownKeyFailures)
        return AuthHint::UnknownKey;
    const std::string network = networkOf(group.address);
    return !network.empty() && forging(network) >= networkForgers ? AuthHint::WholeNetwork : AuthHint::None;
}

} // namespace gatehouse::ui
