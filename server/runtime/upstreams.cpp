// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/text.h"
#include "runtime/measurechecks.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <numeric>

// The applications behind the gate.
namespace gatehouse {

namespace {

std::vector<UpstreamStatus> statusesOf(const std::vector<std::shared_ptr<Upstream>>& upstreams, const std::string& url)
{
    std::vector<UpstreamStatus> all;
    for (const auto& upstream : upstreams) {
        all.push_back(upstream->status());
        all.back().url = url;
    }
    return all;
}

} // namespace

bool ServerRuntime::Private::upstreamChanged(UpstreamChange change)
{
    return m_runtime.post([this, change = std::move(change)] {
        AuditRecord made = commandRecord(AuditKind::Upstream, {}, change.url + ": " + change.detail);
        made.decision.reason = change.reason;
        made.route = change.route;
        record(std::move(made));
    });
}

void ServerRuntime::Private::run(const Actor&, const UpstreamsQuery&, const ReplyCallback& done)
{
    done(Answer(UpstreamList{m_upstreams.statuses(*m_policy)}));
}

std::vector<std::shared_ptr<Upstream>> ServerRuntime::Private::upstreamsNamed(const std::string& url,
                                                                              const std::string& route) const
{
    std::vector<std::shared_ptr<Upstream>> all;
    for (const Route& one : m_policy->routes) {
        if (!one.gateway || (!route.empty() && one.name != route))
            continue;
        for (const UpstreamUrl& has : one.gateway->upstreams)
            if (auto upstream = has.text == url ? m_upstreams.find(one.name, has) : nullptr)
                all.push_back(std::move(upstream));
    }
    return all;
}

/// It names those that there are.
ControlError ServerRuntime::Private::unknownUpstream(const UpstreamDrainCommand& command) const
{
    constexpr std::size_t mostNamed = 16;
    const auto named = [&](const Route& route) { return route.name == command.route; };
    if (!command.route.empty() && std::ranges::none_of(m_policy->routes, named))
        return {ControlErrorCode::NotFound, "the policy has no route " + command.route};
    const auto statuses = m_upstreams.statuses(*m_policy);
    std::string known;
    std::size_t count = 0;
    for (const UpstreamStatus& status : statuses)
        if ((command.route.empty() || status.route == command.route) && ++count <= mostNamed)
            known += (known.empty() ? "" : ", ") + status.url + (command.route.empty() ? " of " + status.route : "");
    if (count > mostNamed)
        known += " and " + std::to_string(count - mostNamed) + " more";
    const std::string where = command.route.empty() ? "no route has" : "route " + command.route + " does not have";
    return {ControlErrorCode::NotFound,
            where + " the upstream " + command.upstream + "; there " +
                (known.empty() ? std::string("are none") : (count == 1 ? "is " : "are ") + known)};
}

/// What it orders holds until it is taken back, whatever policy comes that has the upstream, and not after a restart.
void ServerRuntime::Private::run(const Actor& actor, const UpstreamDrainCommand& command, const ReplyCallback& done)
{
    if (std::string problem = problemOf(command); !problem.empty())
        return done(Failure{ControlError{ControlErrorCode::BadRequest, std::move(problem)}});
    const auto meant = upstreamsNamed(command.upstream, command.route);
    if (meant.empty())
        return done(Failure{unknownUpstream(command)});
    for (const auto& upstream : meant) {
        upstream->setDraining(command.on);
        AuditRecord made = commandRecord(AuditKind::Upstream, actor,
                                         command.upstream + (command.on ? ": draining" : ": no longer draining") +
                                             (command.within ? " within " + formatDuration(*command.within) : "") +
                                             (command.reason.empty() ? "" : ": " + command.reason));
        made.decision.reason = command.on ? Reason::Drain : Reason::None;
        made.route = upstream->route();
        record(std::move(made));
    }
    endDrained(meant, actor, command, done);
}

void ServerRuntime::Private::endDrained(const std::vector<std::shared_ptr<Upstream>>& drained, const Actor& actor,
                                        const UpstreamDrainCommand& command, const ReplyCallback& done)
{
    std::vector<UpstreamName> names;
    for (const auto& upstream : drained)
        names.push_back({upstream->route(), upstream->url().text});
    m_gate->gather<std::size_t>(
        [names, actor = actor.name, on = command.on, within = command.within](Worker& worker) {
            std::size_t ending = 0;
            for (const UpstreamName& name : names)
                if (on && within)
                    ending += worker.drainUpstream(name, *within, actor);
                else
                    worker.undrainUpstream(name); // another order before may have begun to end them
            return ending;
        },
        [drained, url = command.upstream, done](const std::vector<std::size_t>& ending) {
            UpstreamDrainResult result;
            result.upstreams = statusesOf(drained, url);
            result.ending = std::accumulate(ending.begin(), ending.end(), std::uint64_t{0});
            done(Answer(std::move(result)));
        });
}

} // namespace gatehouse
