// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/configuration.h"

#include <cstdio>

namespace gatehouse {

std::shared_ptr<const Policy> loadConfiguration(const std::filesystem::path& file)
{
    auto loaded = loadPolicy(file);
    if (!loaded) {
        for (const PolicyError& error : loaded.error())
            std::fprintf(stderr, "%s\n", formatPolicyError(error, file).c_str());
        const std::size_t count = loaded.error().size();
        std::fprintf(stderr, "%zu error%s in %s\n", count, count == 1 ? "" : "s", file.c_str());
        return nullptr;
    }
    for (const PolicyError& warning : loaded->warnings)
        std::fprintf(stderr, "warning: %s\n", formatPolicyError(warning, file).c_str());
    return std::make_shared<const Policy>(std::move(loaded->policy));
}

namespace {

constexpr char channel[] = "chat.lobby"; // the default policy lets every user in there

const Route* firstHub(const Policy& policy)
{
    for (const Route& route : policy.routes)
        if (route.kind == RouteKind::Plain)
            return &route;
    return nullptr;
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

constexpr char steps[] = R"(
Gatehouse is ready for its first client.

  URL      @URL@   (any channel that the policy names in the place of @CHANNEL@)
  Token    @CTL@ token --user alice --roles editor --config @CONFIG@
  Local CA @CA@

  The CA can vouch for nothing but this machine. Who connects must trust it:
    Chromium  mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Gatehouse -i @CA@
    Firefox   Settings, Certificates, View Certificates, Authorities, Import
    Node.js   NODE_EXTRA_CA_CERTS=@CA@
    Python    ssl.create_default_context(cafile="@CA@")

  From a browser; packaging/try serves a page that does this, with a fresh token:
    const socket = new WebSocket("@URL@", ["gatehouse", "bearer." + token]);
    socket.onmessage = (event) => console.log(event.data);
    socket.onopen = () => socket.send("hello");

  From a command line, with npm's ws:
    const socket = new WebSocket("@URL@", { headers: { Authorization: "Bearer " + token } });
)";

} // namespace

std::string firstSteps(const Policy& policy, const std::filesystem::path& programs)
{
    const Route* hub = firstHub(policy);
    if (!hub || policy.listeners.empty())
        return {};
    const Listener& listener = policy.listeners.front();
    const std::string host = listener.address.isUnspecified() ? "localhost" : listener.address.toString();
    const std::string url = (listener.tls ? "wss://" : "ws://") + host + ':' + std::to_string(listener.port) +
                            replaced(hub->path, "{channel}", channel);
    const std::string ca = listener.tls ? (listener.tls->certificate.parent_path() / "ca.pem").string() : "none needed";
    std::string text = steps;
    for (const auto& [mark, value] :
         std::initializer_list<std::pair<const char*, std::string>>{{"@URL@", url},
                                                                    {"@CHANNEL@", channel},
                                                                    {"@CTL@", (programs / "gatehousectl").string()},
                                                                    {"@CONFIG@", policy.file.string()},
                                                                    {"@CA@", ca}})
        text = replaced(std::move(text), mark, value);
    return text;
}

} // namespace gatehouse
