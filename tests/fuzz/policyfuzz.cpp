// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "completepolicy.h"
#include "input.h"
#include "plainjson.h"
#include "policy/decide.h"
#include "policy/difference.h"
#include "policy/document.h"
#include "policy/json.h"
#include "policy/load.h"
#include "policy/text.h"
#include "policy/upstreamtarget.h"
#include "policy/upstreamurl.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tuple>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view secret = "0123456789012345678901234567890123456789012"; // no error may repeat it

/// A folder with the files that the documents name; it goes with the process.
class Folder {
public:
    Folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "policyfuzz.XXXXXX").string();
        CHECK(mkdtemp(name.data()));
        m_path = name;
        for (const char* file : {"server.pem", "clients.pem"})
            write(file, "certificate", 0644);
        for (const char* file : {"server.key", "token.key", "old.key", "upstream.header"})
            write(file, secret, 0600);
        write("upstreams.pem", test::framedCertificate, 0644);
        write("corp.jwks", "{\"keys\":[]}", 0644);
        for (const char* file : {"plc.json", "news.json", "command.json", "state.json"})
            write(file, "{\"type\":\"object\"}", 0644);
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::filesystem::path policy() const { return m_path / "gatehouse.json"; }

private:
    void write(const char* name, std::string_view bytes, int mode) const
    {
        std::ofstream(m_path / name, std::ios::binary) << bytes;
        std::filesystem::permissions(m_path / name, static_cast<std::filesystem::perms>(mode));
    }

    std::filesystem::path m_path;
};

bool isUtf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();)
        if (!nextCodePoint(text, at))
            return false;
    return true;
}

void checkErrors(const std::vector<PolicyError>& errors, const std::filesystem::path& file)
{
    CHECK(!errors.empty());
    std::pair<unsigned, unsigned> before{0, 0};
    for (const PolicyError& error : errors) {
        CHECK(!error.detail.empty() && error.detail.find(secret) == std::string::npos);
        CHECK(isUtf8(error.detail) && isUtf8(error.pointer));
        CHECK(error.pointer.empty() || error.pointer.starts_with('/'));
        const std::pair place{error.line, error.column};
        CHECK(place >= before);
        before = place;
        CHECK(!formatPolicyError(error, file).empty());
    }
}

bool isVisible(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void checkGateway(const Route& route)
{
    CHECK((route.kind == RouteKind::Gateway) == route.gateway.has_value());
    CHECK(route.gateway || !route.messages.upstreamSchema);
    if (!route.gateway)
        return;
    const Gateway& gateway = *route.gateway;
    CHECK(!gateway.upstreams.empty() && gateway.upstreams.size() <= 64);
    CHECK(route.path.find('{') == std::string::npos);
    CHECK(!looksAt(route.authentication, TokenPlace::FirstMessage));
    for (const UpstreamUrl& url : gateway.upstreams) {
        CHECK(url.port != 0 && !url.host.empty() && url.path.starts_with('/'));
        CHECK(isVisible(url.text) && isVisible(url.host) && isVisible(url.path));
        CHECK(url.host.find_first_of("@/?#[]%") == std::string::npos &&
              url.path.find_first_of("?#") == std::string::npos);
        const auto again = parseUpstreamUrl(url.text);
        CHECK(again && *again == url);
        CHECK(std::count_if(gateway.upstreams.begin(), gateway.upstreams.end(),
                            [&](const UpstreamUrl& other) { return isSameUpstream(url, other); }) == 1);
        const std::string target = upstreamTarget(route, url, "/a b/\r\n?c", "d=#e");
        CHECK(isVisible(target) && target.starts_with(url.path));
    }
    CHECK(gateway.authHeaderFile.empty() == gateway.authHeaderName.empty());
    CHECK(gateway.authHeaderName.empty() == gateway.authHeaderValue.empty());
    for (const std::string& name : gateway.drop)
        CHECK(isHttpToken(name) && toLower(name) != "host" && toLower(name) != "upgrade");
}

void checkHub(const Policy& policy, const Route& route)
{
    const bool centrifuge = route.kind == RouteKind::Centrifuge;
    const bool plain = route.kind == RouteKind::Plain;
    CHECK(plain == (route.path.find("{channel}") != std::string::npos));
    CHECK(!centrifuge || (route.messages.text && !route.messages.binary));
    CHECK(isAllowedSubprotocol(route, "centrifuge-json") ==
          (centrifuge || contains(route.subprotocols.allow, "centrifuge-json")));
    CHECK(!centrifuge || !isAllowedSubprotocol(route, "centrifuge-protobuf"));
    const std::uint64_t commands = route.messages.maxCommandsPerFrame;
    CHECK(commands >= 1 && commands <= 10'000 && (centrifuge || commands == Messages{}.maxCommandsPerFrame));
    const bool remembers =
        std::ranges::any_of(policy.channels, [](const ChannelRule& rule) { return rule.history.has_value(); });
    CHECK(!remembers || (!plain && !centrifuge) || route.slowConsumer == SlowConsumer::Close);
}

void checkChannels(const Policy& policy)
{
    CHECK(policy.channelsPerSession >= 1 && policy.channelsPerSession <= 100'000);
    CHECK(policy.limits.channels >= 1 && policy.limits.channels <= 10'000'000);
    CHECK(policy.limits.memoryForHistory >= 65'536);
    const Identity who{"local", "a.b", policy.roles, {}, {}, {}, {}};
    const auto isKnown = [&](const std::string& role) {
        return role == "*" || role == "anonymous" || contains(policy.roles, role);
    };
    for (const ChannelRule& rule : policy.channels) {
        CHECK(std::ranges::all_of(rule.presence, isKnown));
        if (rule.history) {
            CHECK(rule.history->size >= 1 && rule.history->size <= 100'000);
            CHECK(rule.history->ttl >= std::chrono::seconds(1));
            CHECK(std::ranges::all_of(rule.history->read, isKnown));
        }
        // The pattern as a name: one that a user may use, the server may use too, by that rule or one before it.
        const std::string name = rule.match.substr(0, rule.match.find_first_of("*{")) + "a.b";
        const auto byUser = matchChannel(policy, who, name);
        const auto byServer = matchChannelForServer(policy, name);
        CHECK(!byServer || *byServer < policy.channels.size());
        CHECK(!byUser || !byServer || *byServer <= *byUser);
        for (const ChannelRight right :
             {ChannelRight::Subscribe, ChannelRight::Publish, ChannelRight::History, ChannelRight::Presence}) {
            const Decision decision = decideChannel(policy, who, name, right);
            CHECK(!decision.allowed() || (byUser && byServer));
            CHECK(decision.allowed() || !decision.rule.pointer.empty());
        }
    }
}

/// What the rest of the gate relies on, whoever wrote the document.
void checkPolicy(const Policy& policy)
{
    CHECK(!policy.listeners.empty() && !policy.issuers.empty() && !policy.routes.empty());
    for (const Issuer& issuer : policy.issuers) {
        const int sources = int(!issuer.secret.empty()) + int(!issuer.jwksFile.empty()) + int(!issuer.jwksUrl.empty());
        CHECK(sources == 1 && !issuer.algorithms.empty() && contains(issuer.require, "exp"));
        for (const JwtAlgorithm algorithm : issuer.algorithms)
            CHECK(isSymmetric(algorithm) == !issuer.secret.empty());
        CHECK(issuer.secret.empty() || issuer.secret.size() >= 32);
    }
    for (const Listener& listener : policy.listeners)
        CHECK(listener.tls || listener.insecure || listener.address.isLoopback());
    const Limits& limits = policy.limits;
    CHECK(limits.requestTarget <= limits.requestLine && limits.requestLine <= limits.requestHead &&
          limits.requestHeader <= limits.requestHead);
    for (std::size_t i = 0; i < policy.routes.size(); ++i) {
        const Route& route = policy.routes[i];
        CHECK(!route.origins.empty() && !route.authentication.from.empty());
        CHECK(route.messages.maxSize < route.sendBuffer);
        for (const OriginRule& origin : route.origins)
            CHECK(origin.kind != OriginRule::Kind::Any ||
                  (route.authentication.required && !looksAt(route.authentication, TokenPlace::Cookie) &&
                   !looksAt(route.authentication, TokenPlace::Certificate)));
        CHECK(!looksAt(route.authentication, TokenPlace::FirstMessage) || route.authentication.required);
        CHECK(route.roles.empty() || route.authentication.required);
        CHECK(!routeRule(policy, i, "messages/rate").pointer.empty());
        checkGateway(route);
        checkHub(policy, route);
    }
    checkChannels(policy);
    CHECK(!decideChannel(policy, {}, "", ChannelRight::Subscribe).allowed());
}

void checkDifference(std::string_view before, std::string_view after)
{
    const auto changes = policyChanges(before, after);
    CHECK(changes.empty() == (before == after));
    for (const PolicyChange& change : changes) {
        CHECK(change.pointer.starts_with('/') && !change.name.empty());
        CHECK(isUtf8(change.pointer) && isPlainText(change.name));
        CHECK(isPlainText(change.before) && isPlainText(change.after));
        CHECK(change.kind != PolicyChange::Kind::Added || change.before.empty());
        CHECK(change.kind != PolicyChange::Kind::Removed || change.after.empty());
    }
    const std::string difference = textDifference(before, after);
    CHECK(difference.empty() == (before == after));
    CHECK(difference.empty() || difference.starts_with("@@ -"));
}

/// One form for whatever is a document, and the same policy from both.
void checkCanonical(std::string_view text, const std::filesystem::path& file,
                    const Result<LoadedPolicy, std::vector<PolicyError>>& loaded)
{
    static const std::string complete = canonicalDocument(test::complete).value();
    (void)policyChanges(text, complete);
    (void)policyChanges(complete, text);
    (void)textDifference(text, complete);
    const auto canonical = canonicalDocument(text);
    if (!canonical) {
        CHECK(!loaded);
        return checkErrors(canonical.error(), file);
    }
    const auto again = canonicalDocument(*canonical);
    CHECK(again && *again == *canonical);
    const auto reloaded = parsePolicy(*canonical, file);
    CHECK(bool(reloaded) == bool(loaded) && (!loaded || reloaded->policy == loaded->policy));
    CHECK(policyChanges(text, *canonical).empty());
    checkDifference(complete, *canonical);
    checkDifference(*canonical, complete);
}

void checkDocument(std::string_view text)
{
    static const Folder folder;
    const auto loaded = parsePolicy(text, folder.policy());
    checkCanonical(text, folder.policy(), loaded);
    if (!loaded)
        return checkErrors(loaded.error(), folder.policy());
    checkPolicy(loaded->policy);
    if (!loaded->warnings.empty())
        checkErrors(loaded->warnings, folder.policy());
    const auto again = parsePolicy(text, folder.policy());
    CHECK(again && again->policy == loaded->policy && again->warnings == loaded->warnings);
    CHECK(readPlainJson(text).has_value());
}

void collect(const Json& value, const Json::json_pointer& here, std::vector<Json::json_pointer>& found)
{
    found.push_back(here);
    if (!value.is_structured())
        return;
    for (const auto& [key, child] : value.items())
        collect(child, value.is_array() ? here / static_cast<std::size_t>(std::stoul(key)) : here / key, found);
}

/// The complete document with some of its values made another.
std::string edited(Input& input)
{
    Json document = Json::parse(test::complete);
    static const std::array<Json, 28> values{Json(nullptr),
                                             Json(true),
                                             Json(false),
                                             Json(0),
                                             Json(1),
                                             Json(-1),
                                             Json(1e300),
                                             Json(""),
                                             Json("off"),
                                             Json("none"),
                                             Json("*"),
                                             Json("1s"),
                                             Json("1KiB"),
                                             Json("reader"),
                                             Json("HS256"),
                                             Json("ES256"),
                                             Json("10.0.0.0/8"),
                                             Json("close"),
                                             Json("drop"),
                                             Json("throttle"),
                                             Json("plain"),
                                             Json("centrifuge"),
                                             Json("drop_newest"),
                                             Json("centrifuge-protobuf"),
                                             Json("first_message"),
                                             Json::array(),
                                             Json::object(),
                                             Json("\x1b[31m")};
    for (int i = 0; i < 4 && !input.empty(); ++i) {
        std::vector<Json::json_pointer> places;
        collect(document, Json::json_pointer(), places);
        const auto& place = places[input.word() % places.size()];
        const std::uint8_t choice = input.byte();
        if (choice < 128)
            document[place] = values[choice % values.size()];
        else if (choice < 192) // what stands elsewhere
            document[place] = Json(document.at(places[input.word() % places.size()]));
        else if (!place.empty() && document.at(place.parent_pointer()).is_object())
            document[place.parent_pointer()].erase(place.back());
    }
    return document.dump();
}

void checkJson(std::string_view text, std::size_t depth)
{
    const auto parsed = parseJson(text, depth);
    const auto plain = readPlainJson(text);
    if (parsed) {
        CHECK(plain && plain->depth <= depth && plain->duplicates == parsed->duplicates.size());
        return;
    }
    CHECK(!plain || plain->depth > depth);
    CHECK(parsed.error().offset <= text.size());
}

} // namespace

/// The first byte: 0 to 63, a document follows; 64 to 127, edits of the complete one; from 128 on JSON for the parser,
/// at most as deep as the rest of the byte says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t first = input.byte();
    if (first < 64)
        checkDocument(asText(input.rest()));
    else if (first < 128)
        checkDocument(edited(input));
    else
        checkJson(asText(input.rest()), 1 + (first - 128U) % 64U);
    return 0;
}
