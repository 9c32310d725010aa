// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/measurechecks.h"

#include "policy/identity.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

using Duration = std::optional<std::chrono::milliseconds>;

constexpr std::chrono::days longestMeasure{3650};
constexpr std::chrono::hours longestDrain{24};
constexpr std::uint64_t mostMessages = 1'000'000'000; // of a rate; what a clock can still tell apart

std::string problemOfDuration(const Duration& duration)
{
    if (!duration || (duration->count() > 0 && *duration <= longestMeasure))
        return {};
    return "the duration must be over 0 and at most " + std::to_string(longestMeasure.count()) + " days";
}

std::string problemOfReason(const std::string& reason)
{
    if (reason.size() <= longestMeasureReason)
        return {};
    return "the reason has " + std::to_string(reason.size()) + " bytes; at most " +
           std::to_string(longestMeasureReason) + " are taken";
}

/// What no token can claim cannot be met either, and the store would not keep it as it is.
bool isUserName(const std::string& user)
{
    return !user.empty() && user.size() <= longestUserName && isPlainText(user);
}

std::string problemOfRate(const Rate& rate)
{
    if (rate.count < 1 || rate.count > mostMessages)
        return "the rate's count must be 1 to " + std::to_string(mostMessages);
    if (rate.burst < 1 || rate.burst > mostMessages)
        return "the rate's burst must be 1 to " + std::to_string(mostMessages);
    if (rate.per < std::chrono::milliseconds(1) || rate.per > std::chrono::hours(24))
        return "the rate's per must be 1 ms to 24 h";
    return {};
}

std::string first(std::initializer_list<std::string> problems)
{
    const auto* const found =
        std::ranges::find_if(problems, [](const std::string& problem) { return !problem.empty(); });
    return found == problems.end() ? std::string() : *found;
}

std::string tooMany(const char* what, std::size_t count)
{
    if (count <= mostListed)
        return {};
    return std::to_string(count) + ' ' + what + " are given; at most " + std::to_string(mostListed) + " are taken";
}

} // namespace

std::string problemOf(const LockdownCommand& command)
{
    const std::vector<std::string> none;
    const auto& users = command.allowUsers ? *command.allowUsers : none;
    const auto bad = std::ranges::find_if_not(users, isUserName);
    return first({problemOfDuration(command.duration), problemOfReason(command.reason), tooMany("users", users.size()),
                  tooMany("networks", command.allowNetworks ? command.allowNetworks->size() : 0),
                  bad == users.end() ? "" : "a user must be a name of 1 to 192 bytes without control characters"});
}

std::string problemOf(const LimitCommand& command)
{
    const bool ofUser = !command.user.empty() || !command.issuer.empty();
    if (ofUser != command.sessions.empty())
        return ofUser ? "a limit is of sessions or of a user, not of both"
                      : "a limit needs the sessions or the user that it is for";
    if (ofUser && (!isUserName(command.user) || !isPlainText(command.issuer)))
        return "user must be a name of 1 to 192 bytes without control characters";
    return first({problemOfRate(command.rate), problemOfDuration(command.duration), problemOfReason(command.reason),
                  tooMany("sessions", command.sessions.size())});
}

std::string problemOf(const QuarantineCommand& command)
{
    return first({problemOfDuration(command.duration), problemOfReason(command.reason),
                  tooMany("sessions", command.sessions.size())});
}

std::string problemOf(const DrainCommand& command)
{
    for (const Duration& time : {command.within, command.spread})
        if (time && (time->count() < 0 || *time > longestDrain))
            return "within and spread must be 0 to 24 h";
    return {};
}

std::string problemOf(const UpstreamDrainCommand& command)
{
    if (command.within && !command.on)
        return "within says how sessions end: it goes with on alone";
    if (command.within && (command.within->count() < 0 || *command.within > longestDrain))
        return "within must be 0 to 24 h";
    return problemOfReason(command.reason);
}

} // namespace gatehouse
