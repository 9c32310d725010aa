// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/defaults.h"

#include "policy/document.h"
#include "policy/json.h"

#include <utility>

namespace gatehouse {

namespace {

constexpr std::string_view document = R"json({
  "gatehouse": 1,
  "name": @NAME@,
  "state_dir": "state",
  "control_socket": "run/control.sock",
  "workers": "auto",

  "listeners": [
    {
      "name": "public",
      "address": @ADDRESS@,
      "port": @PORT@,
      "tls": {
        "certificate": "tls/server.pem",
        "key": "tls/server.key",
        "min_version": "1.2"
      }@SERVER_NAMES@
    }
  ],

  "issuers": [
    {
      "note": "Whoever holds the secret can make tokens for any user: gatehousectl token",
      "name": "local",
      "algorithms": ["HS256"],
      "secret_file": "keys/token.key",
      "issuer": "gatehouse",
      "audience": "gatehouse",
      "roles_allowed": ["*"],
      "max_lifetime": "24h"
    }
  ],

  "roles": {
    "reader": { "note": "reads what every user may read" },
    "editor": { "note": "may publish news" }
  },

  "limits": {
    "note": "What is left out has the default of gatehouse.json(5)",
    "sessions": 15000,
    "sessions_per_ip": 200,
    "sessions_per_user": 20,
    "auth_failures_per_ip": { "count": 10, "per": "1m", "then_ban": "10m" }
  },

  "routes": [
    {
      "name": "hub",
      "path": "/hub/{channel}",
      "hub": { "protocol": "plain" },
      "authentication": {
        "required": true,
        "issuers": ["local"],
        "from": ["authorization", "subprotocol"]
      },
      "origins": @ORIGINS@,
      "messages": {
        "types": ["text"],
        "max_size": "64KiB",
        "rate": { "count": 50, "per": "1s", "burst": 100 },
        "on_excess": "close",
        "violations_before_close": 3,
        "violations_within": "1m"
      },
      "ping": { "every": "25s", "timeout": "8s" },
      "send_buffer": "1MiB"
    },
    {
      "note": "For the client libraries of Centrifugo, in the same channels",
      "name": "centrifuge",
      "path": "/connection/websocket",
      "hub": { "protocol": "centrifuge" },
      "authentication": {
        "required": true,
        "issuers": ["local"],
        "from": ["authorization", "first_message"]
      },
      "origins": @ORIGINS@,
      "messages": {
        "max_size": "64KiB",
        "rate": { "count": 50, "per": "1s", "burst": 100 }
      }
    }
  ],

  "channels": [
    { "note": "Everybody with a token reads, editors write", "match": "news.*", "subscribe": ["*"], "publish": ["editor"] },
    {
      "note": "The last hundred can be read again, by who lost the connection too",
      "match": "chat.*",
      "subscribe": ["*"],
      "publish": ["*"],
      "history": { "size": 100, "ttl": "1h", "read": ["*"] },
      "presence": ["*"]
    },
    { "note": "Each user's own; {user} is the user of the token", "match": "user.{user}", "subscribe": ["*"], "publish": [] }
  ]
}
)json";

std::string jsonList(const std::vector<std::string>& words)
{
    std::string list;
    for (const std::string& word : words)
        list.append(list.empty() ? "" : ", ").append(jsonQuoted(word));
    return "[" + list + "]";
}

void replace(std::string& text, std::string_view mark, const std::string& with)
{
    text.replace(text.find(mark), mark.size(), with);
}

} // namespace

std::string policyDefaults(const PolicyDefaults& options)
{
    // What comes from the caller goes in from the end to the start, so that no mark is looked for inside it.
    std::string text(document);
    for (int route = 0; route < 2; ++route)
        replace(text, "@ORIGINS@", jsonList(options.origins));
    const auto& names = options.serverNames;
    replace(text, "@SERVER_NAMES@", names.empty() ? std::string() : ",\n      \"server_names\": " + jsonList(names));
    replace(text, "@PORT@", std::to_string(options.port));
    replace(text, "@ADDRESS@", jsonQuoted(options.address));
    replace(text, "@NAME@", jsonQuoted(options.name));
    auto canonical = canonicalDocument(text);
    return canonical ? std::move(*canonical) : text;
}

} // namespace gatehouse
