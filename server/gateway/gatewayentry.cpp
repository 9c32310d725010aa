// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewaypartner.h"

#include "gateway/upstreamrequest.h"
#include "net/listeners.h"
#include "net/socketaddress.h"
#include "policy/decide.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <system_error>
#include <utility>

// From the last check of the gate to the 101: whom to ask, how often and how long.
namespace gatehouse {

namespace {

constexpr std::size_t mostAddresses = 4; // of one upstream in one attempt
constexpr std::chrono::seconds retryWhileDraining{5};

std::string problemOf(int error)
{
    return std::generic_category().message(error);
}

bool tookAnAnswer(const LinkFailure& failure)
{
    return failure.reason == Reason::UpstreamStatus && failure.met.starts_with("status 4");
}

} // namespace

Rule upstreamRule(const Policy& policy, std::size_t route, const UpstreamUrl& url)
{
    const auto& gateway = policy.routes[route].gateway;
    if (!gateway)
        return routeRule(policy, route, "gateway");
    const auto found = std::ranges::find(gateway->upstreams, url.text, &UpstreamUrl::text);
    if (found == gateway->upstreams.end())
        return routeRule(policy, route, "gateway/upstreams");
    return routeRule(policy, route, "gateway/upstreams/" + std::to_string(found - gateway->upstreams.begin()));
}

const Route& GatewayPartner::Entry::route() const
{
    return entrant.generation->policy->routes[entrant.match.route];
}

GatewayPartner::GatewayPartner(WorkerContext& context, RandomKeys& keys,
                               std::shared_ptr<const GatewayResources> resources, Entrant entrant,
                               std::function<void(EntryAnswer)> answered)
    : m_context(context)
    , m_keys(keys)
    , m_resources(std::move(resources))
    , m_entry(std::make_unique<Entry>())
{
    m_entry->entrant = std::move(entrant);
    m_entry->answered = std::move(answered);
}

GatewayPartner::~GatewayPartner()
{
    leaveUpstream(1001, {});
}

void GatewayPartner::begin()
{
    const Limits& limits = m_entry->entrant.generation->policy->limits;
    m_entry->candidates = m_resources->candidates();
    m_entry->until = m_context.now + std::max(limits.requestTimeout, m_entry->route().gateway->connectTimeout);
    tryNext();
}

/// The next of the candidates, or the answer where there is none left.
void GatewayPartner::tryNext()
{
    Entry& entry = *m_entry;
    while (entry.nextCandidate < entry.candidates.size() && entry.attempts < mostAttempts &&
           m_context.now < entry.until) {
        m_upstream = entry.candidates[entry.nextCandidate++];
        ++entry.attempts;
        m_upstream->attempting();
        entry.attemptUntil = std::min(entry.until, m_context.now + entry.route().gateway->connectTimeout);
        entry.addresses = m_upstream->addresses();
        entry.nextAddress = 0;
        entry.failure = {Reason::UpstreamConnect, "its name does not resolve"};
        if (connectNext())
            return;
        endAttempt(entry.failure);
    }
    refuse();
}

/// The next of the upstream's addresses that a connection can be begun to; false: there is none.
bool GatewayPartner::connectNext()
{
    Entry& entry = *m_entry;
    while (entry.nextAddress < std::min(entry.addresses.size(), mostAddresses)) {
        auto failure = connectTo(entry.addresses[entry.nextAddress++]);
        if (!failure)
            return true;
        entry.failure = std::move(*failure);
    }
    return false;
}

std::optional<LinkFailure> GatewayPartner::connectTo(const IpAddress& address)
{
    const UpstreamUrl& url = m_upstream->url();
    const SocketAddress to = socketAddress(address, url.port);
    Fd socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return LinkFailure{Reason::Internal, problemOf(errno)};
    const int one = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(socket.get(), to.get(), to.length) != 0 && errno != EINPROGRESS)
        return LinkFailure{Reason::UpstreamConnect, problemOf(errno)};
    auto transport = m_resources->transport(std::move(socket), url);
    if (!transport)
        return LinkFailure{Reason::Internal, "no memory for TLS"};
    UpstreamLink::Owner& owner = *this;
    auto link = std::make_unique<UpstreamLink>(
        m_context, m_keys, owner, std::move(transport),
        upstreamRequest(m_entry->route(), url, m_entry->entrant, m_keys.webSocketKey()), m_entry->attemptUntil);
    UpstreamLink* raw = link.get();
    if (!m_context.adopt(std::move(link)))
        return LinkFailure{Reason::Internal, "its socket cannot be watched"};
    m_link = raw;
    return std::nullopt;
}

/// Who answers is there, and a request that it does not like says more of the client than of it.
void GatewayPartner::endAttempt(const LinkFailure& failure)
{
    const auto upstream = std::exchange(m_upstream, nullptr);
    m_entry->failure = failure;
    m_entry->failedAt = upstream->url().text;
    if (failure.reason == Reason::Internal)
        upstream->abandoned();
    else if (tookAnAnswer(failure))
        upstream->declined(failure.reason, failure.met);
    else
        upstream->failed(failure.reason, failure.met);
}

void GatewayPartner::failed(const LinkFailure& failure)
{
    m_link = nullptr;
    m_entry->failure = failure;
    if (failure.reason == Reason::UpstreamConnect && m_context.now < m_entry->attemptUntil && connectNext())
        return;
    endAttempt(LinkFailure(m_entry->failure));
    tryNext();
}

void GatewayPartner::refuse()
{
    const Entry& entry = *m_entry;
    const Policy& policy = *entry.entrant.generation->policy;
    const std::size_t route = entry.entrant.match.route;
    EntryAnswer refusal;
    if (entry.attempts == 0) {
        refusal.decision = {
            Reason::UpstreamNone, routeRule(policy, route, "gateway/upstreams"), "every upstream drains", {}};
        refusal.retryAfter = retryWhileDraining;
    } else {
        const auto& upstreams = entry.route().gateway->upstreams;
        const auto at = std::ranges::find(upstreams, entry.failedAt, &UpstreamUrl::text);
        refusal.decision = {entry.failure.reason,
                            at == upstreams.end() ? routeRule(policy, route, "gateway/upstreams")
                                                  : upstreamRule(policy, route, *at),
                            entry.failure.met, entry.failedAt};
    }
    answer(std::move(refusal));
}

void GatewayPartner::answered(const std::string& subprotocol)
{
    const Entry& entry = *m_entry;
    EntryAnswer answer;
    answer.upstream = m_upstream->url().text;
    answer.subprotocol = subprotocol;
    if (subprotocol.empty() && offersSubprotocol(entry.entrant.request, "gatehouse"))
        answer.subprotocol = "gatehouse";
    if (answer.subprotocol->empty() && entry.route().subprotocols.require) {
        const Policy& policy = *entry.entrant.generation->policy;
        answer.decision = {Reason::UpstreamAnswer, upstreamRule(policy, entry.entrant.match.route, m_upstream->url()),
                           "no subprotocol was chosen", m_upstream->url().text};
        std::exchange(m_link, nullptr)->leave(1001, {});
        std::exchange(m_upstream, nullptr)->declined(answer.decision.reason, answer.decision.met);
    } else {
        m_answered = true;
        m_upstream->answered();
    }
    this->answer(std::move(answer));
}

void GatewayPartner::answer(EntryAnswer answer)
{
    const auto entry = std::move(m_entry); // holds secrets, and is needed no more
    entry->answered(std::move(answer));
}

} // namespace gatehouse
