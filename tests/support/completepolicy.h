// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::test {

/// A policy document in which every key that is built stands. Apart from the tests that use it, since moc 6.4 takes the
/// "//" inside the raw string for a comment.
inline const std::string complete = R"json({
  "gatehouse": 1, "name": "Plant 3", "note": "why",
  "state_dir": "st", "control_socket": "/run/c.sock", "control_group": { "group": "root", "role": "viewer" }, "workers": 3,
  "listeners": [
    { "name": "public", "address": "0.0.0.0", "port": 8443, "insecure": false,
      "tls": { "certificate": "server.pem", "key": "server.key", "min_version": "1.3", "handshake_timeout": "4s",
               "client_ca": "clients.pem", "renew": "off" },
      "server_names": ["Gate.example", "[::1]"], "trusted_proxies": ["10.1.0.0/16"], "proxy_header": "forwarded", "networks": { "allow": ["10.0.0.0/8", "::1"], "deny": ["10.9.0.0/16"] } },
    { "name": "lab", "address": "127.0.0.1", "port": 8080, "tls": "off" }, { "name": "ops", "kind": "admin", "address": "127.0.0.1", "port": 9443, "tls": { "certificate": "ops.pem", "key": "ops.key" } }
  ],
  "issuers": [
    { "name": "local", "algorithms": ["HS256"], "secret_file": "token.key", "issuer": "iss", "audience": "aud",
      "roles_allowed": ["reader"], "require": ["exp", "jti"], "leeway": "5s", "max_lifetime": "90d", "previous": [{ "secret_file": "old.key", "until": "2027-01-15T08:00:00Z" }], "user_claim": "uid", "roles_claim": "groups", "typ": "at+jwt" },
      { "name": "corp", "algorithms": ["ES256", "EdDSA"], "jwks_file": "corp.jwks", "issuer": "https://id.example", "audience": "gate", "user_prefix": "corp:", "one_time": true }, { "name": "away", "algorithms": ["RS256"], "jwks_url": "https://id.example/keys", "jwks_ca": "clients.pem", "refresh": "20m", "issuer": "https://id.example", "audience": "gate", "user_prefix": "away:" }
  ],
  "roles": { "reader": {}, "editor": { "note": "may publish" } },
  "limits": {
    "sessions": 7, "sessions_per_ip": "off", "sessions_per_user": 9, "pending": 10, "pending_per_ip": 11,
    "connects_per_ip": { "count": 1, "per": "2s", "burst": 3 },
    "auth_failures_per_ip": { "count": 4, "per": "5m", "then_ban": "6h" },
    "messages_per_user": "off", "bytes_per_user": { "count": 65536, "per": "1s" },
    "messages_per_ip": { "count": 5, "per": "500ms" },
    "request_line": "2KiB", "request_target": "1KiB", "request_header": "4KiB", "request_head": "8KiB",
    "request_headers": 50, "request_timeout": "6s", "close_timeout": "2s", "channels": 500,
    "channel_name": 100, "memory_for_history": "1MiB" },
  "routes": [
    { "name": "hub", "path": "/hub/{channel}", "hub": { "protocol": "plain" },
      "authentication": { "required": true, "issuers": ["local"], "from": ["subprotocol", "first_message", { "cookie": "c" }, { "query": "t" }, { "certificate": "san_dns" }], "first_message_within": "3s" },
      "origins": ["none", "https://App.example"], "compression": { "max_inflated": "5KiB", "min_size": "200B" },
      "messages": { "types": ["text", "binary"], "max_size": "1KiB", "max_fragments": 5, "complete_within": "7s",
                    "rate": { "count": 8, "per": "1m" }, "on_excess": "close",
                    "violations_before_close": 9, "violations_within": "2m", "bytes": { "count": 4194304, "per": "1s" }, "schema": "plc.json", "on_violation": "drop" },
      "idle_timeout": "1h", "ping": { "every": "20s", "timeout": "3s" }, "send_buffer": "2MiB",
      "control_frames": { "count": 5, "per": "2s", "burst": 7 }, "roles": ["reader"], "networks": { "deny": ["10.8.0.0/16"] }, "subprotocols": { "allow": ["v1.plc"], "require": true }, "session_lifetime": "12h", "slow_consumer": "close" },
    { "name": "echo", "path": "/echo", "hub": { "protocol": "echo" }, "ping": "off", "slow_consumer": "drop_newest" },
    { "name": "plc", "path": "/plc/*",
      "gateway": { "upstreams": ["ws://127.0.0.1:1880", "wss://PLC.example/app"], "balance": "least_sessions",
                   "ca": "upstreams.pem", "auth_header_file": "upstream.header", "connect_timeout": "2500ms",
                   "health": { "kind": "tcp", "every": "31s" }, "strip_prefix": false, "forward_query": false,
                   "forward": ["Forwarded", "x-gatehouse-user"], "drop": ["Set"] },
      "messages": { "schema": { "client": "command.json", "upstream": "state.json" } } },
    { "name": "live", "path": "/connection/websocket", "hub": { "protocol": "centrifuge" },
      "messages": { "max_commands_per_frame": 16 } }
  ],
  "channels": [ { "match": "news.*", "subscribe": ["*", "anonymous"], "publish": ["editor"],
      "history": { "size": 20, "ttl": "1h", "read": ["editor"] }, "presence": ["reader"], "join_leave": true,
      "subscribe_token": true, "schema": "news.json" } ],
  "channels_per_session": 32,
  "lockdown": { "allow_users": ["ada", "corp:grace"], "allow_networks": ["192.0.2.0/24"] }, "drain": { "within": "15s", "spread": "5s" },
  "api_keys": [ { "id": "k1", "name": "backend", "role": "publisher", "channels": ["news.*"], "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }, { "id": "on.call_2-B", "role": "operator", "sha256": "2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE" } ]
})json";

/// For files of authorities, which are looked at for what frames a certificate.
inline constexpr std::string_view framedCertificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

} // namespace gatehouse::test
