// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policyreader.h"

#include "policy/origin.h"
#include "policy/privatefile.h"
#include "policy/text.h"
#include "schema/messageschema.h"

#include <algorithm>
#include <array>
#include <sys/un.h>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::size_t longestName = 64;
constexpr std::size_t mostListeners = 256; // each has a socket of every worker

bool isName(std::string_view text)
{
    return !text.empty() && text.size() <= longestName && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

bool isRoleName(std::string_view text)
{
    return !text.empty() && text != "anonymous" && text.size() <= longestName &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-' || c == '.' || c == ':';
           });
}

} // namespace

PolicyReader::PolicyReader(DocumentReader& document, const std::filesystem::path& file)
    : m_document(document)
    , m_folder(std::filesystem::absolute(file).parent_path())
{
    m_policy.file = file;
}

Policy PolicyReader::read(const Node& root)
{
    m_document.object(root, rootObject);
    readProcess(root);
    readRoles(m_document.member(root, "roles"));
    auto listeners = m_document.items(m_document.required(root, "listeners"));
    if (listeners.size() > mostListeners) {
        m_document.error(Code::BadValue, m_document.member(root, "listeners"),
                         "at most " + std::to_string(mostListeners) + " listeners are allowed");
        listeners.resize(mostListeners);
    }
    for (const Node& node : listeners)
        m_policy.listeners.push_back(readListener(node));
    if (const Node node = m_document.member(root, "listeners"); node.is(Kind::Array) && listeners.empty())
        m_document.error(Code::Missing, node, "at least one listener is required");
    checkListeners(listeners);
    readIssuers(m_document.required(root, "issuers"));
    readLimits(m_document.member(root, "limits"));
    const auto routes = m_document.items(m_document.required(root, "routes"));
    for (const Node& node : routes)
        m_policy.routes.push_back(readRoute(node));
    if (const Node node = m_document.member(root, "routes"); node.is(Kind::Array) && routes.empty())
        m_document.error(Code::Missing, node, "at least one route is required");
    checkRoutes(routes);
    const auto channels = m_document.items(m_document.member(root, "channels"));
    for (const Node& node : channels)
        m_policy.channels.push_back(readChannel(node));
    checkUnique(channels, "match");
    m_document.readWhole(m_document.member(root, "channels_per_session"), m_policy.channelsPerSession, 1, 100'000);
    checkHistories(routes);
    readLockdown(m_document.member(root, "lockdown"));
    readDrain(m_document.member(root, "drain"));
    readControlGroup(m_document.member(root, "control_group"));
    readApiKeys(root);
    return std::move(m_policy);
}

void PolicyReader::readProcess(const Node& root)
{
    std::uint64_t format = 1;
    m_document.readWhole(m_document.required(root, "gatehouse"), format, 1, 1);
    m_document.read(m_document.member(root, "name"), m_policy.name, longestName);
    m_policy.stateDir = m_folder / "state";
    readPath(m_document.member(root, "state_dir"), m_policy.stateDir);
    m_policy.controlSocket = m_folder / "run/control.sock";
    const Node socket = m_document.member(root, "control_socket");
    readPath(socket, m_policy.controlSocket);
    if (m_policy.controlSocket.native().size() >= sizeof(sockaddr_un::sun_path))
        m_document.error(Code::BadValue, socket, "the path of a Unix socket is at most 107 bytes long");
    const Node workers = m_document.member(root, "workers");
    if (workers.is(Kind::String) && workers.value->text == "auto")
        return;
    if (workers.is(Kind::String))
        return m_document.unexpected(Code::BadValue, workers, "\"auto\" or a whole number from 1 to 256");
    std::uint64_t count = 0;
    m_document.readWhole(workers, count, 1, 256);
    if (count > 0)
        m_policy.workers = static_cast<unsigned>(count);
}

void PolicyReader::readRoles(const Node& at)
{
    if (!at)
        return;
    if (!at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object");
    for (const JsonMember& member : at.value->members) {
        if (member.key == noteKey && (member.value.is(Kind::String) || member.value.is(Kind::Null)))
            continue;
        const Node role{&member.value, at.pointer + "/" + pointerStep(member.key), member.keyOffset};
        if (!isRoleName(member.key))
            m_document.error(Code::BadValue, role,
                             "a role's name is 1 to 64 of A–Z a–z 0–9 _ - . : and not \"anonymous\"");
        m_document.object({&member.value, role.pointer, member.value.offset}, "role");
        m_policy.roles.push_back(member.key);
        m_roles.insert(member.key);
    }
    std::sort(m_policy.roles.begin(), m_policy.roles.end()); // their order means nothing
}

Listener PolicyReader::readListener(const Node& at)
{
    Listener listener;
    if (!m_document.object(at, "listener"))
        return listener;
    readName(m_document.required(at, "name"), listener.name);
    const Node address = m_document.required(at, "address");
    std::string text;
    m_document.read(address, text);
    if (const auto parsed = IpAddress::parse(text))
        listener.address = *parsed;
    else if (!text.empty())
        m_document.unexpected(Code::BadValue, address, "an IPv4 or IPv6 address");
    std::uint64_t port = 0;
    m_document.readWhole(m_document.required(at, "port"), port, 0, 65535);
    listener.port = static_cast<std::uint16_t>(port);
    m_document.read(m_document.member(at, "insecure"), listener.insecure);
    readTls(m_document.required(at, "tls"), listener);
    readServerNames(m_document.member(at, "server_names"), listener);
    readNetworks(m_document.member(at, "trusted_proxies"), listener.trustedProxies);
    readProxyHeader(m_document.member(at, "proxy_header"), listener);
    readListenerKind(m_document.member(at, "kind"), m_document.member(at, "tls"), listener);
    readNetworkRules(m_document.member(at, "networks"), listener.networks);
    return listener;
}

void PolicyReader::readTls(const Node& at, Listener& listener)
{
    if (at.isOff()) {
        if (listener.address.isLoopback())
            return;
        if (listener.insecure)
            m_document.warn(Code::Insecure, at, "tokens and messages cross the network in the clear");
        else
            m_document.error(Code::Insecure, at,
                             "TLS may be off on a loopback address alone, or with \"insecure\": true");
        return;
    }
    if (at && !at.is(Kind::Object))
        return m_document.unexpected(Code::WrongType, at, "an object or \"off\"");
    if (!m_document.object(at, "tls"))
        return;
    ListenerTls tls;
    const Node certificate = m_document.required(at, "certificate");
    readPath(certificate, tls.certificate);
    checkFile(certificate, tls.certificate, false);
    const Node key = m_document.required(at, "key");
    readPath(key, tls.key);
    checkFile(key, tls.key, true);
    const Node clientCa = m_document.member(at, "client_ca");
    readPath(clientCa, tls.clientCa);
    checkFile(clientCa, tls.clientCa, false);
    std::string version = "1.2";
    const Node minVersion = m_document.member(at, "min_version");
    m_document.read(minVersion, version);
    if (version != "1.2" && version != "1.3")
        m_document.unexpected(Code::BadValue, minVersion, "\"1.2\" or \"1.3\"");
    tls.minVersion = version == "1.3" ? TlsVersion::Tls13 : TlsVersion::Tls12;
    m_document.readDuration(m_document.member(at, "handshake_timeout"), tls.handshakeTimeout, 100ms, 10min);
    std::string renew = "auto";
    const Node renewal = m_document.member(at, "renew");
    m_document.read(renewal, renew);
    if (renew != "auto" && renew != "off")
        m_document.unexpected(Code::BadValue, renewal, "\"auto\" or \"off\"");
    tls.renew = renew == "auto";
    listener.tls = std::move(tls);
}

void PolicyReader::readServerNames(const Node& at, Listener& listener)
{
    for (const Node& item : m_document.items(at)) {
        std::string name;
        m_document.read(item, name);
        std::string_view bare = name;
        if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']')
            bare = bare.substr(1, bare.size() - 2);
        if (const auto address = IpAddress::parse(bare))
            listener.serverNames.push_back(address->toString());
        else if (isHostName(name))
            listener.serverNames.push_back(toLower(name));
        else if (!name.empty())
            m_document.unexpected(Code::BadValue, item, "a host name or an address, without a port");
    }
}

void PolicyReader::readProxyHeader(const Node& at, Listener& listener)
{
    std::string word;
    m_document.read(at, word);
    if (word == "forwarded")
        listener.proxyHeader = ProxyHeader::Forwarded;
    else if (word == "proxy_protocol")
        listener.proxyHeader = ProxyHeader::ProxyProtocol;
    else if (!word.empty() && word != "x-forwarded-for")
        m_document.unexpected(Code::BadValue, at, "\"x-forwarded-for\", \"forwarded\" or \"proxy_protocol\"");
}

void PolicyReader::readNetworks(const Node& at, std::vector<Network>& target)
{
    for (const Node& item : m_document.items(at)) {
        std::string text;
        m_document.read(item, text);
        if (const auto network = Network::parse(text))
            target.push_back(*network);
        else if (!text.empty())
            m_document.unexpected(Code::BadValue, item, "an address or a network like \"10.0.0.0/8\"");
    }
}

void PolicyReader::readNetworkRules(const Node& at, NetworkRules& target)
{
    if (!m_document.object(at, "networks"))
        return;
    const Node allow = m_document.member(at, "allow");
    readNetworks(allow, target.allow);
    readNetworks(m_document.member(at, "deny"), target.deny);
    if (allow.is(Kind::Array) && allow.value->items.empty())
        m_document.error(Code::Missing, allow, "at least one network is required: an empty list lets nobody in");
}

void PolicyReader::checkListeners(const std::vector<Node>& nodes)
{
    checkUnique(nodes, "name");
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Listener& later = m_policy.listeners[i];
        for (std::size_t j = 0; j < i && later.port != 0; ++j) {
            const Listener& earlier = m_policy.listeners[j];
            if (earlier.port == later.port && earlier.address == later.address)
                m_document.error(Code::Conflict, DocumentReader::member(nodes[i], "port"),
                                 "another listener has this address and port");
        }
    }
}

void PolicyReader::readLockdown(const Node& at)
{
    if (!m_document.object(at, "lockdown"))
        return;
    m_document.readList(DocumentReader::member(at, "allow_users"), m_policy.lockdown.users);
    readNetworks(DocumentReader::member(at, "allow_networks"), m_policy.lockdown.networks);
}

void PolicyReader::readDrain(const Node& at)
{
    DrainTimes& drain = m_policy.drain;
    if (!m_document.object(at, "drain"))
        return;
    m_document.readDuration(DocumentReader::member(at, "within"), drain.within, 1s, 1h);
    const Node spread = DocumentReader::member(at, "spread");
    if (!spread)
        drain.spread = std::min(drain.spread, drain.within);
    m_document.readDuration(spread, drain.spread, 0s, 1h);
    if (drain.spread > drain.within)
        m_document.error(Code::Conflict, spread, "spread is over within: whoever is left then is cut off");
}

void PolicyReader::checkRoleNames(const Node& list, const std::vector<std::string>& names, bool anonymousToo)
{
    const std::unordered_set<std::string_view> taken(names.begin(), names.end());
    for (const Node& item : list.is(Kind::Array) ? m_document.items(list) : std::vector<Node>()) {
        const std::string& name = item.value->text;
        const bool special = name == "*" || (anonymousToo && name == "anonymous");
        if (taken.contains(name) && !special && !m_roles.contains(name))
            m_document.error(Code::BadValue, item, "the policy has no role " + jsonQuoted(name));
    }
}

void PolicyReader::readName(const Node& at, std::string& target)
{
    m_document.read(at, target);
    if (!target.empty() && !isName(target))
        m_document.unexpected(Code::BadValue, at, "1 to 64 of a–z 0–9 _ -");
}

void PolicyReader::readPath(const Node& at, std::filesystem::path& target)
{
    std::string text;
    m_document.read(at, text, 4095);
    if (!text.empty())
        target = (m_folder / text).lexically_normal();
}

void PolicyReader::checkFile(const Node& at, const std::filesystem::path& file, bool secret)
{
    if (file.empty())
        return;
    if (const auto problem = secret ? checkPrivateFile(file) : checkReadableFile(file))
        m_document.error(problem->insecure ? Code::Insecure : Code::BadFile, at, problem->detail);
}

void PolicyReader::readSchema(const Node& at, std::optional<SchemaFile>& target)
{
    constexpr std::size_t largestSchema = 1U << 20; // bytes
    SchemaFile schema;
    readPath(at, schema.file);
    if (schema.file.empty())
        return;
    auto text = readWholeFile(schema.file, largestSchema);
    if (!text)
        return m_document.error(Code::BadFile, at, text.error());
    schema.text = std::move(*text);
    auto compiled = MessageSchema::compile(schema.text);
    if (!compiled) {
        for (const SchemaError& wrong : compiled.error())
            m_document.error(Code::BadFile, at, schema.file.string() + '#' + wrong.pointer + ": " + wrong.detail);
        return;
    }
    schema.compiled = std::move(*compiled);
    target = std::move(schema);
}

void PolicyReader::checkUnique(const std::vector<Node>& nodes, std::string_view key)
{
    std::unordered_set<std::string_view> seen;
    for (const Node& node : nodes) {
        const Node name = DocumentReader::member(node, key);
        if (!name.is(Kind::String))
            continue;
        if (!seen.insert(name.value->text).second)
            m_document.error(Code::Conflict, name, jsonQuoted(name.value->text) + " stands here a second time");
    }
}

} // namespace gatehouse
