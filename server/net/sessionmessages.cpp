// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/session.h"
#include "policy/decide.h"

#include <algorithm>

// The way of a message through a session: type, rates, schemas, handler; and what becomes of one that is refused.
namespace gatehouse {

namespace {

constexpr std::chrono::hours longestPause{24}; // then it is looked at anew
constexpr std::chrono::milliseconds longestCatchUp{100};
constexpr std::uint32_t partSize = 16384; // bytes of a message that goes on before it is whole

} // namespace

void Session::onMessage(const wire::Event& event)
{
    const MessageTimes::Handling timed(m_context.messageTimes);
    if (m_handler.countsItself()) {
        onUnits(event);
        return;
    }
    countBytes(event.payload.size());
    if (!begins(event) || !passesRates(event, Share::Whole) || !passesSchemas(event))
        return;
    if (Decision decision = m_handler.message(*this, event.type, event.payload); !decision.allowed())
        refuse(std::move(decision));
}

/// What the policy asks of a message is asked at its first part; only its bytes cost something later on.
void Session::onPart(const wire::Event& event)
{
    std::optional<MessageTimes::Handling> timed; // of a message its first part
    if (event.first)
        timed.emplace(m_context.messageTimes);
    countBytes(event.payload.size());
    if (event.first)
        m_partsRefused = !begins(event) || !passesRates(event, Share::Whole);
    else if (!m_partsRefused)
        m_partsRefused = !passesRates(event, Share::LaterPart);
    if (!m_partsRefused && !closing())
        m_handler.part(*this, event);
}

/// A rate of bytes that refuses, and a schema, are about whole messages, whatever the handler says.
void Session::choosePartSize()
{
    const Messages& rules = route().messages;
    const bool weighed = rules.bytes || (m_user && policy().limits.bytesPerUser);
    const bool needsWhole = rules.schema || m_channelSchema || (weighed && rules.onExcess != OnExcess::Throttle);
    m_decoder.setPartSize(!needsWhole && m_handler.takesParts(*this) ? partSize : 0);
}

void Session::countBytes(std::size_t bytes)
{
    m_bytesIn += bytes;
    m_context.counters.bytesIn.add(bytes);
    m_lastMessage = m_context.now;
    noteChange();
}

bool Session::begins(const wire::Event& event)
{
    countMessage();
    return isOfGoodType(event);
}

void Session::countMessage()
{
    ++m_messagesIn;
    m_context.counters.messagesIn.add();
    countArrival();
}

bool Session::isOfGoodType(const wire::Event& event)
{
    if (Decision type = decideType(policy(), m_match.route, event.type == wire::Opcode::Binary); !type.allowed()) {
        const std::uint16_t code = closeCode(type.reason).value_or(1008);
        m_context.counters.refused[static_cast<std::size_t>(type.reason)].add();
        end({std::move(type), code, "type", {}});
        m_deaf = true;
        return false;
    }
    return true;
}

void Session::countArrival()
{
    if (m_context.now - m_secondStarted >= std::chrono::seconds(1)) {
        m_lastSecond = m_context.now - m_secondStarted < std::chrono::seconds(2) ? m_thisSecond : 0;
        m_thisSecond = 0;
        m_secondStarted = m_context.now;
    }
    ++m_thisSecond;
}

/// Of a later part its bytes alone: its message is counted already.
Session::Tolls Session::tolls(std::uint64_t bytes, Share share)
{
    Tolls result;
    const auto add = [&](RateBucket& bucket, const OptionalRate& rate, std::uint64_t cost, Reason reason,
                         std::string_view key) {
        if (rate && (share == Share::Whole || &bucket == &m_bytes || (m_user && &bucket == &m_user->bytes)))
            result.all[result.count++] = {&bucket, &*rate, cost, reason, key, nullptr};
    };
    const Messages& rules = route().messages;
    const Limits& limits = policy().limits;
    add(m_messages, rules.rate, 1, Reason::RateSession, "messages/rate");
    add(m_bytes, rules.bytes, bytes, Reason::RateSession, "messages/bytes");
    add(m_address->messages, limits.messagesPerIp, 1, Reason::RateIp, "messages_per_ip");
    if (m_user) {
        add(m_user->messages, limits.messagesPerUser, 1, Reason::RateUser, "messages_per_user");
        add(m_user->bytes, limits.bytesPerUser, bytes, Reason::RateUser, "bytes_per_user");
    }
    for (const SharedLimit& standing : m_limits) {
        const TemporaryLimit& limit = standing->limit;
        if (share == Share::Whole && limitHolds(limit, m_context.wall))
            result.all[result.count++] = {
                &standing->bucket, &limit.rate, 1, limit.session ? Reason::RateSession : Reason::RateUser, {}, &limit};
    }
    return result;
}

/// A message costs at least one byte, and what comes compressed the larger of its two sizes.
bool Session::passesRates(const wire::Event& event, Share share)
{
    Decision decision = askRates(std::max<std::uint64_t>({event.payload.size(), event.wireSize, 1}), share);
    if (decision.allowed())
        return true;
    refuseRate(std::move(decision));
    return false;
}

void Session::refuseRate(Decision decision)
{
    if (route().messages.onExcess == OnExcess::Drop)
        drop(decision);
    else
        refuse(std::move(decision));
}

Decision Session::askRates(std::uint64_t bytes, Share share)
{
    const Tolls due = tolls(bytes, share);
    const OnExcess excess = route().messages.onExcess;
    if (excess == OnExcess::Throttle || share == Share::LaterPart) { // what has begun to go on is not broken off
        throttle(due);
        return Decision::allow();
    }
    for (const Toll& toll : due.used())
        if (!toll.bucket->take(*toll.rate, m_context.now, toll.cost))
            return refusedAt(toll);
    return Decision::allow();
}

Decision Session::refusedAt(const Toll& toll) const
{
    if (toll.limit)
        return {toll.reason, {{}, "limit set by " + toll.limit->actor}, describeArrivals(), describeRate(*toll.rate)};
    const bool ofRoute = toll.key.starts_with("messages/");
    return {toll.reason, ofRoute ? routeRule(policy(), m_match.route, toll.key) : limitRule(toll.key),
            describeArrivals(), describeRate(*toll.rate)};
}

std::string Session::describeArrivals() const
{
    return "bucket empty: " + std::to_string(std::max(m_thisSecond, m_lastSecond)) + " messages came within 1 s";
}

/// A timer is late by a tick or two. What was waiting is paid for as if it had been read in time: otherwise a session
/// that always has more to say would come to less than its rate.
void Session::throttle(const Tolls& due)
{
    const TimePoint now = m_context.now;
    const TimePoint at = m_catchingUp ? std::max(m_paidAt, now - longestCatchUp) : now;
    for (const Toll& toll : due.used())
        toll.bucket->charge(*toll.rate, at, toll.cost);
    const TimePoint room = roomAt(due, at);
    m_paidAt = room;
    if (room > now)
        pause(room);
}

/// When every bucket has room for something again, seen from `at`.
TimePoint Session::roomAt(const Tolls& due, TimePoint at) const
{
    std::chrono::nanoseconds longest{0};
    for (const Toll& toll : due.used())
        longest = std::max(longest, toll.bucket->wait(*toll.rate, at));
    return at + std::min<std::chrono::nanoseconds>(longest, longestPause);
}

void Session::pause(TimePoint until)
{
    if (closing())
        return;
    m_resumeAt = until;
    ++m_throttled;
    m_context.counters.throttled.add();
    noteChange();
    m_connection.startTimer();
}

void Session::onThrottleTimer()
{
    const TimePoint now = m_context.now;
    if (now < *m_resumeAt)
        return;
    if (const TimePoint room = roomAt(tolls(1), now); room > now) // others drew on the same buckets meanwhile
        m_resumeAt = room;
    else
        resume();
}

void Session::resume()
{
    m_paidAt = *m_resumeAt;
    m_catchingUp = true;
    readOn();
}

/// The timers that a peer's bytes hold off begin anew: they were not read.
void Session::readOn()
{
    m_resumeAt.reset();
    m_resumed = m_context.now;
    if (m_pingPending)
        m_pingSent = m_context.now;
    if (m_messageStarted != TimePoint{})
        m_messageStarted = m_context.now;
    m_connection.readAgain();
}

bool Session::passesSchemas(const wire::Event& event)
{
    if (!route().messages.schema && !m_channelSchema)
        return true;
    Decision decision = checkSchemas(event.payload, m_channelSchema ? &m_channelRule : nullptr);
    return decision.allowed() || passesMisfit(std::move(decision));
}

bool Session::passesMisfit(Decision decision)
{
    switch (route().messages.onViolation) {
    case OnViolation::Close:
        refuse(std::move(decision));
        return false;
    case OnViolation::Drop:
        drop(decision);
        return false;
    case OnViolation::Report:
        m_context.counters.reported.add();
        report(AuditKind::Limit, decision, 0, {}, "let through");
        return true;
    }
    return false;
}

/// A message of either type is JSON by its bytes (RFC 8259 §8.1): a binary one must be UTF-8 here, too.
Decision Session::checkSchemas(std::span<const std::byte> payload, const std::size_t* channelRule)
{
    const SchemaFile* ofRoute = route().messages.schema ? &*route().messages.schema : nullptr;
    const SchemaFile* ofChannel = channelRule ? &*policy().channels[*channelRule].schema : nullptr;
    if (const auto fault = m_context.validator.read(payload))
        return misfit(ofRoute ? *ofRoute : *ofChannel, channelRule, std::string(jsonFaultText(*fault)), {});
    for (const SchemaFile* schema : {ofRoute, ofChannel}) {
        if (!schema)
            continue;
        if (!schema->compiled) // a failure never opens the gate
            return misfit(*schema, channelRule, "the schema is not compiled", {});
        if (const auto mismatch = m_context.validator.check(*schema->compiled))
            return misfit(*schema, channelRule, mismatch->tooMuchWork ? "too much work to check" : "does not fit",
                          mismatch->pointer);
    }
    return Decision::allow();
}

/// Where in the schema; of the message nothing.
Decision Session::misfit(const SchemaFile& schema, const std::size_t* channelRule, std::string met,
                         std::string_view pointer) const
{
    const bool ofChannel = channelRule && &schema == &*policy().channels[*channelRule].schema;
    Rule rule = ofChannel ? Rule{"/channels/" + std::to_string(*channelRule) + "/schema",
                                 "channels › " + policy().channels[*channelRule].match + " › schema"}
                          : routeRule(policy(), m_match.route, "messages/schema");
    return {Reason::Schema, std::move(rule), std::move(met),
            schema.file.filename().string() + '#' + std::string(pointer)};
}

void Session::noteRefusal(const Decision& decision)
{
    ++m_refused;
    m_context.counters.refused[static_cast<std::size_t>(decision.reason)].add();
    m_lastRefusal = std::make_unique<Explanation>(Explanation{decision, policy().version, m_context.wall, {}});
    noteChange();
}

/// Without a word to the peer, and no violation; recorded once in a window of the route's, since it never ends.
void Session::drop(const Decision& decision)
{
    noteRefusal(decision);
    if (m_context.now < m_nextDropRecord)
        return;
    m_nextDropRecord = m_context.now + route().messages.violationsWithin;
    report(AuditKind::Limit, decision, 0, {}, "dropped; " + std::to_string(m_refused) + " refused so far");
}

void Session::refuse(Decision decision)
{
    noteRefusal(decision);
    const Messages& rules = route().messages;
    std::erase_if(m_violations, [&](TimePoint at) { return m_context.now - at >= rules.violationsWithin; });
    m_violations.push_back(m_context.now);
    const auto counted = static_cast<std::uint32_t>(m_violations.size());
    report(AuditKind::Limit, decision, 0, {},
           std::to_string(counted) + " of " + std::to_string(rules.violationsBeforeClose) + " violations");
    if (counted < rules.violationsBeforeClose)
        return;
    const std::string word(reasonWord(decision.reason));
    const std::uint16_t code = closeCode(decision.reason).value_or(1008);
    end({std::move(decision), code, word, {}});
    m_deaf = true;
}

std::uint32_t Session::violationsNow() const
{
    return static_cast<std::uint32_t>(std::ranges::count_if(
        m_violations, [this](TimePoint at) { return m_context.now - at < route().messages.violationsWithin; }));
}

bool Session::mayPublish()
{
    if (!m_mayPublish)
        m_mayPublish = decideChannel(policy(), m_who, m_match.channel, ChannelRight::Publish).allowed();
    return *m_mayPublish;
}

} // namespace gatehouse
