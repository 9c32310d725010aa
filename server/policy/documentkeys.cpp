// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/documentkeys.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

using Key = DocumentKey;

constexpr Key planned(std::string_view name, std::string_view object = {})
{
    return {name, object, false};
}

constexpr Key file(std::string_view name)
{
    return {name, {}, true, true};
}

constexpr Key secretFile(std::string_view name)
{
    return {name, {}, true, true, true};
}

constexpr std::array rootKeys{Key{"gatehouse"},
                              Key{"name"},
                              Key{"state_dir"},
                              Key{"control_socket"},
                              Key{"control_group", "control_group"},
                              Key{"workers"},
                              Key{"listeners", "listener"},
                              Key{"issuers", "issuer"},
                              Key{"roles", "roles"},
                              Key{"limits", "limits"},
                              Key{"routes", "route"},
                              Key{"channels", "channel"},
                              Key{"channels_per_session"},
                              planned("audit", "audit"),
                              planned("recorder", "recorder"),
                              planned("alerts", "alert"),
                              Key{"api_keys", "api_key"},
                              Key{"lockdown", "lockdown"},
                              Key{"drain", "drain"}};

constexpr std::array controlGroupKeys{Key{"group"}, Key{"role"}};

constexpr std::array listenerKeys{
    Key{"name"},     Key{"kind"},         Key{"address"},         Key{"port"},         Key{"tls", "tls"},
    Key{"insecure"}, Key{"server_names"}, Key{"trusted_proxies"}, Key{"proxy_header"}, Key{"networks", "networks"}};

constexpr std::array tlsKeys{file("certificate"), secretFile("key"),        Key{"min_version"},
                             file("client_ca"),   Key{"handshake_timeout"}, Key{"renew"}};

constexpr std::array networksKeys{Key{"allow"}, Key{"deny"}};

constexpr std::array issuerKeys{Key{"name"},
                                Key{"algorithms"},
                                secretFile("secret_file"),
                                Key{"previous", "previous"},
                                file("jwks_file"),
                                Key{"jwks_url"},
                                file("jwks_ca"),
                                Key{"refresh"},
                                Key{"issuer"},
                                Key{"audience"},
                                Key{"user_claim"},
                                Key{"user_prefix"},
                                Key{"roles_claim"},
                                Key{"roles_allowed"},
                                Key{"require"},
                                Key{"typ"},
                                Key{"leeway"},
                                Key{"max_lifetime"},
                                Key{"one_time"}};

constexpr std::array previousKeys{secretFile("secret_file"), Key{"until"}};

constexpr std::array limitsKeys{Key{"sessions"},
                                Key{"sessions_per_ip"},
                                Key{"sessions_per_user"},
                                Key{"pending"},
                                Key{"pending_per_ip"},
                                Key{"connects_per_ip", "rate"},
                                Key{"auth_failures_per_ip", "auth_failures"},
                                Key{"messages_per_user", "rate"},
                                Key{"bytes_per_user", "rate"},
                                Key{"messages_per_ip", "rate"},
                                Key{"request_line"},
                                Key{"request_target"},
                                Key{"request_header"},
                                Key{"request_head"},
                                Key{"request_headers"},
                                Key{"request_timeout"},
                                Key{"close_timeout"},
                                planned("memory_for_buffers"),
                                Key{"channels"},
                                Key{"channel_name"},
                                Key{"memory_for_history"}};

constexpr std::array rateKeys{Key{"count"}, Key{"per"}, Key{"burst"}};

constexpr std::array authFailuresKeys{Key{"count"}, Key{"per"}, Key{"then_ban"}};

constexpr std::array routeKeys{Key{"name"},
                               Key{"path"},
                               Key{"hub", "hub"},
                               Key{"gateway", "gateway"},
                               Key{"authentication", "authentication"},
                               Key{"roles"},
                               Key{"origins"},
                               Key{"networks", "networks"},
                               Key{"subprotocols", "subprotocols"},
                               Key{"compression", "compression"},
                               Key{"messages", "messages"},
                               Key{"idle_timeout"},
                               Key{"ping", "ping"},
                               Key{"control_frames", "rate"},
                               Key{"session_lifetime"},
                               Key{"send_buffer"},
                               Key{"slow_consumer"}};

constexpr std::array hubKeys{Key{"protocol"}};

constexpr std::array gatewayKeys{Key{"upstreams"},
                                 Key{"balance"},
                                 file("ca"),
                                 secretFile("auth_header_file"),
                                 Key{"connect_timeout"},
                                 Key{"health", "health"},
                                 Key{"strip_prefix"},
                                 Key{"forward_query"},
                                 Key{"forward"},
                                 Key{"drop"}};

constexpr std::array healthKeys{Key{"kind"}, Key{"every"}};

constexpr std::array authenticationKeys{Key{"required"}, Key{"issuers"}, Key{"from", "token_place"},
                                        Key{"first_message_within"}};

constexpr std::array tokenPlaceKeys{Key{"cookie"}, Key{"query"}, Key{"certificate"}};

constexpr std::array subprotocolsKeys{Key{"allow"}, Key{"require"}};

constexpr std::array compressionKeys{Key{"max_inflated"}, Key{"min_size"}};

constexpr std::array messagesKeys{Key{"types"},
                                  Key{"max_size"},
                                  Key{"max_fragments"},
                                  Key{"complete_within"},
                                  Key{"rate", "rate"},
                                  Key{"bytes", "rate"},
                                  Key{"on_excess"},
                                  Key{"schema", "message_schemas", true, true},
                                  Key{"on_violation"},
                                  Key{"violations_before_close"},
                                  Key{"violations_within"},
                                  Key{"max_commands_per_frame"}};

constexpr std::array messageSchemasKeys{file("client"), file("upstream")};

constexpr std::array pingKeys{Key{"every"}, Key{"timeout"}};

constexpr std::array channelKeys{Key{"match"},    Key{"subscribe"},  Key{"publish"},         Key{"history", "history"},
                                 Key{"presence"}, Key{"join_leave"}, Key{"subscribe_token"}, file("schema")};

constexpr std::array historyKeys{Key{"size"}, Key{"ttl"}, Key{"read"}};

constexpr std::array auditKeys{Key{"retention"}, Key{"max_size"}, Key{"on_failure"}, Key{"checkpoint", "checkpoint"},
                               Key{"payloads"}};

constexpr std::array checkpointKeys{Key{"every"}, Key{"also_to"}};

constexpr std::array recorderKeys{Key{"frames_per_session"}, Key{"memory"}, Key{"payloads", "recorder_payloads"}};

constexpr std::array recorderPayloadsKeys{Key{"routes"}, Key{"redact"}};

constexpr std::array alertKeys{
    Key{"name"}, Key{"when"}, Key{"count"}, Key{"within"}, Key{"for"}, Key{"to", "alert_target"}, Key{"repeat"}};

constexpr std::array alertTargetKeys{Key{"webhook"}, Key{"command"}};

constexpr std::array apiKeyKeys{Key{"id"}, Key{"name"}, Key{"role"}, Key{"channels"}, Key{"sha256"}};

constexpr std::array lockdownKeys{Key{"allow_users"}, Key{"allow_networks"}};

constexpr std::array drainKeys{Key{"within"}, Key{"spread"}};

constexpr std::array<DocumentObject, 34> objects{{{rootObject, rootKeys},
                                                  {"control_group", controlGroupKeys},
                                                  {"listener", listenerKeys, "name", ""},
                                                  {"tls", tlsKeys},
                                                  {"networks", networksKeys},
                                                  {"issuer", issuerKeys, "name", "issuer "},
                                                  {"previous", previousKeys, "secret_file"},
                                                  {"roles", {}, {}, {}, "role"},
                                                  {"role", {}},
                                                  {"limits", limitsKeys},
                                                  {"rate", rateKeys},
                                                  {"auth_failures", authFailuresKeys},
                                                  {"route", routeKeys, "name", ""},
                                                  {"hub", hubKeys},
                                                  {"gateway", gatewayKeys},
                                                  {"health", healthKeys},
                                                  {"authentication", authenticationKeys},
                                                  {"token_place", tokenPlaceKeys},
                                                  {"subprotocols", subprotocolsKeys},
                                                  {"compression", compressionKeys},
                                                  {"messages", messagesKeys},
                                                  {"message_schemas", messageSchemasKeys},
                                                  {"ping", pingKeys},
                                                  {"channel", channelKeys, "match"},
                                                  {"history", historyKeys},
                                                  {"audit", auditKeys},
                                                  {"checkpoint", checkpointKeys},
                                                  {"recorder", recorderKeys},
                                                  {"recorder_payloads", recorderPayloadsKeys},
                                                  {"alert", alertKeys, "name"},
                                                  {"alert_target", alertTargetKeys},
                                                  {"api_key", apiKeyKeys, "id"},
                                                  {"lockdown", lockdownKeys},
                                                  {"drain", drainKeys}}};

} // namespace

const DocumentKey* DocumentObject::find(std::string_view key) const
{
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const DocumentKey& k) { return k.name == key; });
    return found == keys.end() ? nullptr : &*found;
}

std::span<const DocumentObject> documentObjects()
{
    return objects;
}

const DocumentObject* documentObject(std::string_view name)
{
    const auto* found =
        std::find_if(objects.begin(), objects.end(), [&](const DocumentObject& one) { return one.name == name; });
    return found == objects.end() ? nullptr : found;
}

} // namespace gatehouse
