// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "control/decisionfields.h"
#include "control/hubfields.h"
#include "control/measurefields.h"
#include "control/policyfields.h"
#include "control/upstreamfields.h"

// Which fields each value has, said once for both directions. `Archive::Ref<T>` is `const T&` when writing and `T&`
// when reading; archive(key, field) is one field, archive.need(key, field) one that a command cannot do without;
// archive.need(key, field, alias) one that another API calls by another name.
namespace gatehouse {

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Explanation> why)
{
    describe(archive, why.decision);
    archive("policy_version", why.policyVersion);
    archive("time", why.time);
    archive("actor", why.actor);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuditRecord> record)
{
    archive("time", record.time);
    archive("kind", record.kind);
    describe(archive, record.decision);
    archive("session", record.session);
    archive("user", record.user);
    archive("issuer", record.issuer);
    archive("address", record.address);
    archive("route", record.route);
    archive("origin", record.origin);
    archive("actor", record.actor);
    archive("detail", record.detail);
    archive("code", record.code);
    archive("suppressed", record.suppressed);
    archive("policy_version", record.policyVersion);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuditEntry> entry)
{
    archive("number", entry.number);
    describe(archive, entry.record);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuditPage> page)
{
    archive("entries", page.entries);
    archive("more", page.more);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuditQuery> query)
{
    archive("before", query.before);
    archive("limit", query.limit);
    archive("kind", query.kind);
    archive("reason", query.reason);
    archive("session", query.session);
    archive("user", query.user);
    archive("address", query.address);
    archive("text", query.text);
    archive("from", query.from);
    archive("to", query.to);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Ban> ban)
{
    archive("id", ban.id);
    archive("subject", ban.subject);
    archive("value", ban.value);
    archive("issuer", ban.issuer);
    archive("actor", ban.actor);
    archive("reason", ban.reason);
    archive("since", ban.since);
    archive("until", ban.until);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionInfo> info)
{
    archive("id", info.id);
    archive("user", info.user);
    archive("issuer", info.issuer);
    archive("key_id", info.keyId);
    archive("token_id", info.tokenId);
    archive("roles", info.roles);
    archive("address", info.address);
    archive("port", info.port);
    archive("listener", info.listener);
    archive("route", info.route);
    archive("path", info.path);
    archive("channels", info.channels);
    archive("origin", info.origin);
    archive("user_agent", info.userAgent);
    archive("subprotocol", info.subprotocol);
    archive("upstream", info.upstream);
    archive("compression", info.compression);
    archive("tls_version", info.tlsVersion);
    archive("tls_cipher", info.tlsCipher);
    archive("since", info.since);
    archive("token_expires", info.tokenExpires);
    archive("policy_version", info.policyVersion);
    archive("rate_limit", info.rateLimit);
    archive("rate_burst", info.rateBurst);
    archive("send_buffer_limit", info.sendBufferLimit);
    archive("violations_allowed", info.violationsAllowed);
    archive("sessions_per_user", info.sessionsPerUser);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionActivity> activity)
{
    archive("phase", activity.phase);
    archive("messages_in", activity.messagesIn);
    archive("messages_out", activity.messagesOut);
    archive("bytes_in", activity.bytesIn);
    archive("bytes_out", activity.bytesOut);
    archive("messages_in_rate", activity.messagesInRate);
    archive("messages_out_rate", activity.messagesOutRate);
    archive("bytes_in_rate", activity.bytesInRate);
    archive("bytes_out_rate", activity.bytesOutRate);
    archive("rate_left", activity.rateLeft);
    archive("backlog", activity.backlog);
    archive("refused", activity.refused);
    archive("violations", activity.violations);
    archive("last_message", activity.lastMessage);
    archive("last_refusal", activity.lastRefusal);
    archive("user_sessions", activity.userSessions);
    archive("throttled", activity.throttled);
    archive("dropped", activity.dropped);
    archive("quarantined_until", activity.quarantinedUntil);
    archive("temporary_limit", activity.temporaryLimit);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionRow> row)
{
    archive.shared(row.info);
    describe(archive, row.activity);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ClosedSession> closed)
{
    archive("id", closed.id);
    archive("code", closed.code);
    archive("detail", closed.detail);
    archive("why", closed.why);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuthFailureGroup> group)
{
    archive("address", group.address);
    archive("reason", group.reason);
    archive("count", group.count);
    archive("first", group.first);
    archive("last", group.last);
    archive("last_route", group.lastRoute);
    archive("last_user", group.lastUser);
    archive("last_origin", group.lastOrigin);
    archive("per_minute", group.perMinute);
    archive("banned", group.banned);
    archive("last_refusal", group.lastRefusal);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<GateStats> stats)
{
    archive("time", stats.time);
    archive("state", stats.state);
    archive("sessions", stats.sessions);
    archive("pending", stats.pending);
    archive("accepted", stats.accepted);
    archive("messages_in", stats.messagesIn);
    archive("messages_out", stats.messagesOut);
    archive("bytes_in", stats.bytesIn);
    archive("bytes_out", stats.bytesOut);
    archive("backlog", stats.backlog);
    archive("refused", stats.refused);
    archive("refused_total", stats.refusedTotal);
    archive("closed", stats.closed);
    archive("auth_failures", stats.authFailures);
    archive("loop_latency_p50", stats.loopLatencyP50);
    archive("loop_latency_p99", stats.loopLatencyP99);
    archive("loop_load", stats.loopLoad);
    archive("audit", stats.audit);
    archive("audit_records", stats.auditRecords);
    archive("audit_dropped", stats.auditDropped);
    archive("feed_dropped", stats.feedDropped);
    archive("certificates", stats.certificates);
    archive("certificates_end", stats.certificatesEnd);
    archive("key_sets", stats.keySets);
    archive("key_set_problem", stats.keySetProblem);
    archive("clock_stepped", stats.clockStepped);
    archive("clock_step", stats.clockStep);
    archive("clock_stepped_back", stats.clockSteppedBack);
    archive("throttled", stats.throttled);
    archive("dropped", stats.dropped);
    archive("reported", stats.reported);
    archive("policy_version", stats.policyVersion);
    archive("provisional_until", stats.provisionalUntil);
    archive("policy_problem", stats.policyProblem);
    archive("lockdown", stats.lockdown);
    archive("drain_until", stats.drainUntil);
    archive("upstreams", stats.upstreams);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<FeedBatch> batch)
{
    archive("sequence", batch.sequence);
    archive("snapshot", batch.snapshot);
    archive("stats", batch.stats);
    archive("rows", batch.rows);
    archive("closed", batch.closed);
    archive("auth_failures", batch.authFailures);
    archive("history", batch.history);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ListenerInfo> listener)
{
    archive("name", listener.name);
    archive("url", listener.url);
    archive("certificate_subject", listener.certificateSubject);
    archive("certificate_expires", listener.certificateExpires);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Histogram> histogram)
{
    archive("bounds", histogram.bounds);
    archive("counts", histogram.counts);
    archive("sum", histogram.sum);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Latencies> latencies)
{
    archive("tls", latencies.tls);
    archive("request", latencies.request);
    archive("upstream", latencies.upstream);
    archive("message", latencies.message);
    archive("turn", latencies.turn);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BanFigures> bans)
{
    archive("standing", bans.standing);
    archive("by_rule", bans.byRule);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<ProcessFigures> process)
{
    archive("cpu_seconds", process.cpuSeconds);
    archive("resident_bytes", process.residentBytes);
    archive("virtual_bytes", process.virtualBytes);
    archive("threads", process.threads);
    archive("open_files", process.openFiles);
    archive("most_files", process.mostFiles);
    archive("started", process.started);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<HubFigures> hub)
{
    archive("channels", hub.channels);
    archive("history_bytes", hub.historyBytes);
    archive("presence_bytes", hub.presenceBytes);
    archive("most_channels", hub.mostChannels);
    archive("most_history_bytes", hub.mostHistoryBytes);
    archive("most_presence_bytes", hub.mostPresenceBytes);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<NodeInfo> node)
{
    archive("uid", node.name); // in a cluster of one its name tells it from the others
    archive("name", node.name);
    archive("version", node.version);
    archive("num_clients", node.clients);
    archive("num_users", node.users);
    archive("num_channels", node.channels);
    archive("uptime", node.uptime);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Info> info)
{
    archive("name", info.name);
    archive("version", info.version);
    archive("pid", info.pid);
    archive("workers", info.workers);
    archive("policy_version", info.policyVersion);
    archive("policy_file", info.policyFile);
    archive("state_dir", info.stateDir);
    archive("started", info.started);
    archive("listeners", info.listeners);
    archive("stats", info.stats);
    archive("latencies", info.latencies);
    archive("bans", info.bans);
    archive("process", info.process);
    archive("hub", info.hub);
    archive("nodes", info.nodes);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionList> list)
{
    archive("sessions", list.sessions);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<SessionQuery> query)
{
    archive.need("id", query.id);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<KickCommand> kick)
{
    archive.need("sessions", kick.sessions);
    archive("reason", kick.reason);
    archive("cooldown", kick.cooldown);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<KickResult> result)
{
    archive("kicked", result.kicked);
    archive("missing", result.missing);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BanCommand> ban)
{
    archive.need("subject", ban.subject);
    archive.need("value", ban.value);
    archive("issuer", ban.issuer);
    archive("duration", ban.duration);
    archive("reason", ban.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BanResult> result)
{
    archive("ban", result.ban);
    archive("ended", result.ended);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnbanCommand> unban)
{
    archive.need("id", unban.id);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnbanResult> result)
{
    archive("ban", result.ban);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<BanList> list)
{
    archive("bans", list.bans);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<Revocation> revocation)
{
    archive("id", revocation.id);
    archive("subject", revocation.subject);
    archive("value", revocation.value);
    archive("issuer", revocation.issuer);
    archive("issued_before", revocation.issuedBefore);
    archive("actor", revocation.actor);
    archive("reason", revocation.reason);
    archive("since", revocation.since);
    archive("until", revocation.until);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<RevokeTokenCommand> revoke)
{
    archive.need("jti", revoke.tokenId, "uid");
    archive("issuer", revoke.issuer);
    archive("expire_at", revoke.expireAt);
    archive("duration", revoke.duration);
    archive("reason", revoke.reason);
}

template <class Archive>
void describe(Archive& archive, typename Archive::template Ref<InvalidateUserTokensCommand> invalidate)
{
    archive.need("user", invalidate.user);
    archive("issuer", invalidate.issuer);
    archive("issued_before", invalidate.issuedBefore);
    archive("expire_at", invalidate.expireAt);
    archive("duration", invalidate.duration);
    archive("reason", invalidate.reason);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<RevocationResult> result)
{
    archive("revocation", result.revocation);
    archive("ended", result.ended);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<RevocationList> list)
{
    archive("revocations", list.revocations);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnrevokeCommand> unrevoke)
{
    archive.need("id", unrevoke.id);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<UnrevokeResult> result)
{
    archive("revocation", result.revocation);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AuthFailureList> list)
{
    archive("groups", list.groups);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<CertificateStatus> status)
{
    archive("listener", status.listener);
    archive("certificate_file", status.certificateFile);
    archive("key_file", status.keyFile);
    archive("subject", status.facts.subject);
    archive("names", status.facts.names);
    archive("issuer", status.facts.issuer);
    archive("serial", status.facts.serial);
    archive("fingerprint_sha256", status.facts.fingerprint);
    archive("not_before", status.facts.notBefore);
    archive("not_after", status.facts.notAfter);
    archive("days_left", status.daysLeft);
    archive("key_type", status.facts.keyType);
    archive("renews", status.renews);
    archive("renews_not", status.renewsNot);
    archive("renews_at", status.renewsAt);
    archive("ca_expires", status.caExpires);
    archive("failure", status.failure);
    archive("failed_at", status.failedAt);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<CertificateList> list)
{
    archive("certificates", list.certificates);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<CertificateRenewCommand> renew)
{
    archive("listener", renew.listener);
    archive("force", renew.force);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<DrainCommand> drain)
{
    archive("within", drain.within);
    archive("spread", drain.spread);
}

// Commands and answers without fields.
template <class Archive> void describe(Archive&, typename Archive::template Ref<InfoQuery>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<SessionsQuery>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<BansQuery>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<RevocationsQuery>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<AuthFailuresQuery>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<ReloadCommand>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<Accepted>) {}
template <class Archive> void describe(Archive&, typename Archive::template Ref<CertificateStatusQuery>) {}

} // namespace gatehouse
