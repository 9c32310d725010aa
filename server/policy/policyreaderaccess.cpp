// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/json.h"
#include "policy/policyreader.h"
#include "policy/systemgroup.h"
#include "policy/text.h"

#include <algorithm>
#include <charconv>

// Who may use the API: keys, admin listeners, a group at the control socket.
namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::size_t longestName = 64;
constexpr std::size_t mostKeys = 1000;
constexpr std::string_view roleWords = "\"viewer\", \"publisher\", \"operator\" or \"admin\"";

/// 64 hexadecimal digits; false, and nothing read, where they are not.
bool readDigest(std::string_view text, std::array<std::byte, 32>& target)
{
    if (text.size() != 2 * target.size())
        return false;
    std::array<std::byte, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        unsigned value = 0;
        const char* begin = text.data() + 2 * i;
        const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
        if (error != std::errc() || end != begin + 2)
            return false;
        bytes[i] = static_cast<std::byte>(value);
    }
    target = bytes;
    return true;
}

} // namespace

void PolicyReader::readListenerKind(const Node& at, const Node& tls, Listener& listener)
{
    std::string word;
    m_document.read(at, word);
    if (word == "admin")
        listener.kind = ListenerKind::Admin;
    else if (!word.empty() && word != "public")
        return m_document.unexpected(Code::BadValue, at, "\"public\" or \"admin\"");
    if (listener.kind != ListenerKind::Admin || !tls.isOff())
        return;
    if (listener.address.isLoopback())
        m_document.warn(Code::Insecure, tls, "API keys cross this listener in the clear");
    else
        m_document.error(Code::Insecure, tls, "TLS of an admin listener may be off on a loopback address alone");
}

void PolicyReader::readApiRole(const Node& at, ApiRole& target)
{
    std::string word;
    m_document.read(at, word);
    if (const auto role = apiRoleFromWord(word))
        target = *role;
    else if (!word.empty())
        m_document.unexpected(Code::BadValue, at, roleWords);
}

void PolicyReader::readControlGroup(const Node& at)
{
    if (!at || !m_document.object(at, "control_group"))
        return;
    ControlGroup group;
    const Node name = m_document.required(at, "group");
    m_document.read(name, group.group, longestName);
    if (!group.group.empty() && !systemGroup(group.group))
        m_document.error(Code::BadValue, name, "this system has no group " + jsonQuoted(group.group));
    readApiRole(m_document.required(at, "role"), group.role);
    m_policy.controlGroup = std::move(group);
}

ApiKey PolicyReader::readApiKey(const Node& at)
{
    ApiKey key;
    if (!m_document.object(at, "api_key"))
        return key;
    const Node id = m_document.required(at, "id");
    m_document.read(id, key.id);
    if (!key.id.empty() && !isApiKeyId(key.id))
        m_document.unexpected(Code::BadValue, id, "1 to 64 of A–Z a–z 0–9 _ - .");
    key.name = key.id;
    m_document.read(m_document.member(at, "name"), key.name, longestName);
    const Node role = m_document.required(at, "role");
    readApiRole(role, key.role);
    const Node channels = m_document.member(at, "channels");
    m_document.readList(channels, key.channels);
    if (channels && key.role != ApiRole::Publisher && role.is(Kind::String) && apiRoleFromWord(role.value->text))
        m_document.error(Code::Conflict, channels, "channels belong to the role \"publisher\" alone");
    const Node digest = m_document.required(at, "sha256");
    std::string hex;
    m_document.read(digest, hex);
    if (!hex.empty() && !readDigest(hex, key.sha256))
        m_document.unexpected(Code::BadValue, digest, "64 hexadecimal digits: the SHA-256 of the key's secret");
    return key;
}

void PolicyReader::readApiKeys(const Node& root)
{
    const Node at = m_document.member(root, "api_keys");
    auto keys = m_document.items(at);
    if (keys.size() > mostKeys) {
        m_document.error(Code::BadValue, at, "at most " + std::to_string(mostKeys) + " keys are allowed");
        keys.resize(mostKeys);
    }
    for (const Node& node : keys)
        m_policy.apiKeys.push_back(readApiKey(node));
    checkUnique(keys, "id");
    const auto admin = std::ranges::find(m_policy.listeners, ListenerKind::Admin, &Listener::kind);
    if (!keys.empty() && admin == m_policy.listeners.end())
        m_document.warn(Code::Conflict, at, "no listener is of the kind \"admin\", so that nobody can use these keys");
    if (keys.empty() && admin != m_policy.listeners.end())
        m_document.warn(Code::Conflict, m_document.member(root, "listeners"),
                        "the listener " + jsonQuoted(admin->name) + " is for API keys, and api_keys has none");
    const bool publics =
        std::ranges::any_of(m_policy.listeners, [](const Listener& one) { return one.kind == ListenerKind::Public; });
    if (!m_policy.listeners.empty() && !publics)
        m_document.error(Code::Missing, m_document.member(root, "listeners"),
                         "at least one listener of the kind \"public\" is required");
}

} // namespace gatehouse
