// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"

#include "policy/origin.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::string_view channelPlaceholder = "{channel}";
constexpr std::string_view userPlaceholder = "{user}";
constexpr std::string_view ownSubprotocol = "gatehouse";
constexpr std::string_view centrifugeSubprotocol = "centrifuge-json";
constexpr std::string_view bearerPrefix = "bearer.";
constexpr std::size_t longestMet = 120; // bytes of what a peer sent that a decision repeats

std::vector<std::string_view> segmentsOf(std::string_view path)
{
    std::vector<std::string_view> segments;
    for (std::size_t start = 1; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        segments.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    return segments;
}

bool hasEncodedDotOrSlash(std::string_view segment)
{
    const std::string lower = toLower(segment);
    return lower.find("%2e") != std::string::npos || lower.find("%2f") != std::string::npos ||
           lower.find("%5c") != std::string::npos;
}

std::optional<std::string> decodedSegment(std::string_view segment)
{
    if (segment.empty() || segment == "." || segment == ".." || hasEncodedDotOrSlash(segment))
        return std::nullopt;
    const bool printable =
        std::all_of(segment.begin(), segment.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
    if (!printable)
        return std::nullopt;
    auto decoded = percentDecoded(segment);
    if (!decoded || !isPlainText(*decoded))
        return std::nullopt;
    return decoded;
}

/// The decoded segments of a request's path, the last one empty behind a slash at its end; unset where it is not in the
/// one form that a route may match.
std::optional<std::vector<std::string>> decodedPath(std::string_view path)
{
    std::vector<std::string> decoded;
    if (!path.starts_with('/'))
        return std::nullopt;
    const auto segments = segmentsOf(path);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const bool slashAtEnd = segments[i].empty() && i + 1 == segments.size();
        auto text = slashAtEnd ? std::optional(std::string()) : decodedSegment(segments[i]);
        if (!text)
            return std::nullopt;
        decoded.push_back(std::move(*text));
    }
    return decoded;
}

/// The channel where the pattern matches (empty where it has none), unset where it does not. What is empty behind the
/// last slash is for `*` alone, and for a pattern that is itself a slash.
std::optional<std::string> matchPath(std::string_view pattern, const std::vector<std::string>& path)
{
    const auto expected = segmentsOf(pattern);
    std::string channel;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (i >= path.size())
            return std::nullopt;
        if (expected[i] == "*" && i + 1 == expected.size())
            return channel;
        if (expected[i] == channelPlaceholder && !path[i].empty())
            channel = path[i];
        else if (expected[i] != path[i])
            return std::nullopt;
    }
    if (expected.size() != path.size())
        return std::nullopt;
    return channel;
}

bool mayUse(const std::vector<std::string>& allowed, const Identity& who)
{
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& role) {
        if (role == "anonymous")
            return true;
        if (who.anonymous())
            return false;
        return role == "*" || std::find(who.roles.begin(), who.roles.end(), role) != who.roles.end();
    });
}

/// `reach[i]` says whether the pattern so far can end at byte i of the name; each step moves it over one more element,
/// so that the work is bounded by pattern times name whatever an operator writes.
class ChannelMatcher {
public:
    ChannelMatcher(std::string_view name)
        : m_name(name)
        , m_reach(name.size() + 1, 0)
    {
        m_reach[0] = 1;
    }

    void literal(std::string_view text)
    {
        std::vector<char> next(m_reach.size(), 0);
        for (std::size_t i = 0; i + text.size() <= m_name.size(); ++i)
            next[i + text.size()] = static_cast<char>(m_reach[i] && m_name.substr(i, text.size()) == text);
        m_reach = std::move(next);
    }

    void oneOrMore(bool overDots)
    {
        bool open = false;
        char before = m_reach[0];
        m_reach[0] = 0;
        for (std::size_t i = 1; i < m_reach.size(); ++i) {
            open = (open || before) && (overDots || m_name[i - 1] != '.');
            before = m_reach[i];
            m_reach[i] = static_cast<char>(open);
        }
    }

    [[nodiscard]] bool matched() const { return m_reach.back() != 0; }

private:
    std::string_view m_name;
    std::vector<char> m_reach;
};

bool isChannelName(std::string_view name)
{
    return !name.empty() && name.find_first_of("*{}") == std::string_view::npos && isPlainText(name);
}

/// As channelMatches(); {user} stands for any user where `user` is unset.
bool matches(std::string_view pattern, std::string_view name, std::optional<std::string_view> user)
{
    ChannelMatcher matcher(name);
    while (!pattern.empty()) {
        std::size_t length = 1;
        if (pattern.starts_with(userPlaceholder)) {
            if (user && user->empty())
                return false;
            if (user)
                matcher.literal(*user);
            else
                matcher.oneOrMore(true);
            length = userPlaceholder.size();
        } else if (pattern.front() == '*') {
            length = pattern.starts_with("**") ? 2 : 1;
            matcher.oneOrMore(length == 2);
        } else {
            length = std::min({pattern.find('*'), pattern.find(userPlaceholder), pattern.size()});
            matcher.literal(pattern.substr(0, length));
        }
        pattern.remove_prefix(length);
    }
    return matcher.matched();
}

std::optional<std::size_t> firstMatch(const Policy& policy, std::string_view channel,
                                      std::optional<std::string_view> user)
{
    for (std::size_t i = 0; i < policy.channels.size(); ++i)
        if (matches(policy.channels[i].match, channel, user))
            return i;
    return std::nullopt;
}

/// Who has a right by a rule.
struct Grant {
    std::string_view key;                  ///< of the rule
    const std::vector<std::string>& roles; ///< empty: nobody
};

Grant grantOf(const ChannelRule& rule, ChannelRight right)
{
    static const std::vector<std::string> nobody;
    switch (right) {
    case ChannelRight::Subscribe:
        return {"subscribe", rule.subscribe};
    case ChannelRight::Publish:
        return {"publish", rule.publish};
    case ChannelRight::History:
        return rule.history ? Grant{"history/read", rule.history->read} : Grant{"history", nobody};
    case ChannelRight::Presence:
        return {"presence", rule.presence};
    }
    return {{}, nobody};
}

/// The one form of a name that a client may write in several.
std::string comparableName(std::string_view name)
{
    if (name.size() > 2 && name.front() == '[' && name.back() == ']')
        name = name.substr(1, name.size() - 2);
    if (name.ends_with('.'))
        name.remove_suffix(1);
    const auto address = IpAddress::parse(name);
    return address ? address->toString() : toLower(name);
}

Decision refuseChannel(Rule rule, std::string met, std::string limit)
{
    return {Reason::AuthzChannel, std::move(rule), std::move(met), std::move(limit)};
}

std::string describeRoles(const Identity& who)
{
    if (who.anonymous())
        return "anonymous";
    return who.roles.empty() ? "no role" : joined(who.roles, ", ");
}

} // namespace

std::optional<RouteMatch> matchRoute(const Policy& policy, std::string_view path)
{
    const auto decoded = decodedPath(path);
    if (!decoded)
        return std::nullopt;
    for (std::size_t i = 0; i < policy.routes.size(); ++i)
        if (auto channel = matchPath(policy.routes[i].path, *decoded))
            return RouteMatch{i, std::move(*channel)};
    return std::nullopt;
}

Decision decideHost(const Policy& policy, std::size_t listener, std::string_view host)
{
    const Listener& at = policy.listeners.at(listener);
    if (at.serverNames.empty())
        return Decision::allow();
    if (const auto split = splitHostPort(host)) {
        const std::string name = split->bracketed ? IpAddress::parse(split->host)->toString() : toLower(split->host);
        if (std::find(at.serverNames.begin(), at.serverNames.end(), name) != at.serverNames.end())
            return Decision::allow();
    }
    Rule rule{"/listeners/" + std::to_string(listener) + "/server_names", at.name + " › server_names"};
    return {Reason::HsHost, std::move(rule), clipped(host, longestMet), joined(at.serverNames, ", ")};
}

Decision decideServerName(const Policy& policy, std::size_t listener, std::string_view sent, std::string_view host)
{
    if (sent.empty())
        return Decision::allow();
    const auto split = splitHostPort(host);
    if (split && comparableName(split->host) == comparableName(sent))
        return Decision::allow();
    Rule rule{"/listeners/" + std::to_string(listener) + "/tls", policy.listeners.at(listener).name + " › tls"};
    return {Reason::HsHost, std::move(rule), clipped(host, longestMet), clipped(sent, longestMet)};
}

Decision decideOrigin(const Policy& policy, std::size_t route, std::optional<std::string_view> origin)
{
    const auto& rules = policy.routes.at(route).origins;
    if (std::any_of(rules.begin(), rules.end(), [&](const OriginRule& rule) { return originMatches(rule, origin); }))
        return Decision::allow();
    std::vector<std::string> texts;
    for (const OriginRule& rule : rules)
        texts.push_back(rule.text);
    return {Reason::Origin, routeRule(policy, route, "origins"), origin ? clipped(*origin, longestMet) : "no Origin",
            joined(texts, ", ")};
}

bool isAllowedSubprotocol(const Route& route, std::string_view name)
{
    return name == ownSubprotocol || (route.kind == RouteKind::Centrifuge && name == centrifugeSubprotocol) ||
           (!isBearerSubprotocol(name) && contains(route.subprotocols.allow, name));
}

bool isBearerSubprotocol(std::string_view name)
{
    return name.starts_with(bearerPrefix);
}

Result<std::string, Decision> decideSubprotocol(const Policy& policy, std::size_t route,
                                                std::span<const std::string_view> offered)
{
    const Route& at = policy.routes.at(route);
    const auto chosen =
        std::ranges::find_if(offered, [&](std::string_view name) { return isAllowedSubprotocol(at, name); });
    if (chosen != offered.end())
        return std::string(*chosen);
    if (offered.empty() && !at.subprotocols.require)
        return std::string();
    std::vector<std::string> allowed = at.subprotocols.allow;
    for (const std::string_view own : {ownSubprotocol, centrifugeSubprotocol})
        if (isAllowedSubprotocol(at, own) && !contains(allowed, own))
            allowed.emplace_back(own);
    // The names are not repeated: clients put tokens there, and not always as they should.
    return Failure{Decision{
        Reason::Subprotocol, routeRule(policy, route, offered.empty() ? "subprotocols/require" : "subprotocols/allow"),
        offered.empty() ? "none" : std::to_string(offered.size()) + " others", joined(allowed, ", ")}};
}

std::vector<std::string> forwardableSubprotocols(const Route& route, std::span<const std::string_view> offered)
{
    std::vector<std::string> names;
    for (const std::string_view name : offered)
        if (name != ownSubprotocol && isAllowedSubprotocol(route, name) && !contains(names, name))
            names.emplace_back(name);
    return names;
}

Decision decideRoles(const Policy& policy, std::size_t route, const Identity& who)
{
    const auto& roles = policy.routes.at(route).roles;
    if (roles.empty() || std::ranges::any_of(who.roles, [&](const std::string& role) { return contains(roles, role); }))
        return Decision::allow();
    return {Reason::Authz, routeRule(policy, route, "roles"), describeRoles(who), joined(roles, ", ")};
}

Decision decideType(const Policy& policy, std::size_t route, bool binary)
{
    const Messages& messages = policy.routes.at(route).messages;
    if (binary ? messages.binary : messages.text)
        return Decision::allow();
    return {Reason::Type, routeRule(policy, route, "messages/types"), binary ? "binary" : "text",
            binary ? "text" : "binary"};
}

Decision decideChannel(const Policy& policy, const Identity& who, std::string_view channel, ChannelRight right)
{
    if (channel.size() > policy.limits.channelName)
        return refuseChannel(limitRule("channel_name"), std::to_string(channel.size()) + " bytes",
                             std::to_string(policy.limits.channelName) + " bytes");
    if (!isChannelName(channel))
        return refuseChannel({"/channels", "channels"}, "not a channel name", "text without controls or wildcards");
    if (const auto index = matchChannel(policy, who, channel)) {
        const ChannelRule& rule = policy.channels[*index];
        const auto& [key, allowed] = grantOf(rule, right);
        if (mayUse(allowed, who))
            return Decision::allow();
        return refuseChannel({"/channels/" + std::to_string(*index) + "/" + std::string(key),
                              "channels › " + rule.match + " › " + ruleName(key)},
                             describeRoles(who), allowed.empty() ? "nobody" : joined(allowed, ", "));
    }
    return refuseChannel({"/channels", "channels"}, clipped(channel, longestMet), "no rule matches");
}

std::optional<std::size_t> matchChannel(const Policy& policy, const Identity& who, std::string_view channel)
{
    return firstMatch(policy, channel, who.anonymous() ? std::string_view() : std::string_view(who.user));
}

std::optional<std::size_t> matchChannelForServer(const Policy& policy, std::string_view channel)
{
    if (channel.size() > policy.limits.channelName || !isChannelName(channel))
        return std::nullopt;
    return firstMatch(policy, channel, std::nullopt);
}

bool channelMatches(std::string_view pattern, std::string_view name, std::string_view user)
{
    return matches(pattern, name, user);
}

bool channelMatchesForServer(std::string_view pattern, std::string_view name)
{
    return matches(pattern, name, std::nullopt);
}

std::string ruleName(std::string_view key)
{
    std::string name;
    for (const char c : key) {
        if (c == '/')
            name.append(" › ");
        else
            name.push_back(c);
    }
    return name;
}

Rule routeRule(const Policy& policy, std::size_t route, std::string_view key)
{
    return {"/routes/" + std::to_string(route) + "/" + std::string(key),
            policy.routes.at(route).name + " › " + ruleName(key)};
}

Rule limitRule(std::string_view key)
{
    return {"/limits/" + std::string(key), "limits › " + ruleName(key)};
}

std::string describeRate(const Rate& rate)
{
    const auto per = std::chrono::duration_cast<std::chrono::milliseconds>(rate.per);
    std::string text = std::to_string(rate.count) + "/" + (per == std::chrono::seconds(1) ? "s" : formatDuration(per));
    if (rate.burst != rate.count)
        text += ", burst " + std::to_string(rate.burst);
    return text;
}

} // namespace gatehouse
