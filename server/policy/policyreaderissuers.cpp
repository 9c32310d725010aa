// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"
#include "policy/policyreader.h"
#include "policy/privatefile.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;
using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::size_t shortestSecret = 32; // bytes: as long as the digest (RFC 7518 §3.2)
constexpr std::size_t mostPrevious = 8;    // each costs every bad token one more HMAC
constexpr std::size_t mostIssuers = 16;

/// https with a host, or http to this machine: keys that anybody on the way may change prove nothing.
bool isKeySetUrl(std::string_view url)
{
    const auto hostOf = [](std::string_view rest) {
        const std::string_view authority = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
        if (authority.find('@') != std::string_view::npos)
            return std::string_view();
        if (authority.starts_with('['))
            return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
        return authority.substr(0, std::min(authority.find(':'), authority.size()));
    };
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (!plain || url.find('#') != std::string_view::npos)
        return false;
    if (url.starts_with("https://"))
        return !hostOf(url.substr(8)).empty();
    const auto address = url.starts_with("http://") ? IpAddress::parse(hostOf(url.substr(7))) : std::nullopt;
    return address && address->isLoopback();
}

} // namespace

void PolicyReader::readIssuers(const Node& at)
{
    auto nodes = m_document.items(at);
    if (at.is(Kind::Array) && nodes.empty())
        m_document.error(Code::Missing, at, "one issuer is required");
    if (nodes.size() > mostIssuers) {
        m_document.error(Code::BadValue, at, "at most " + std::to_string(mostIssuers) + " issuers are allowed");
        nodes.resize(mostIssuers);
    }
    for (const Node& node : nodes)
        m_policy.issuers.push_back(readIssuer(node));
    checkUnique(nodes, "name");
    checkUserPrefixes(nodes);
}

Issuer PolicyReader::readIssuer(const Node& at)
{
    Issuer issuer;
    issuer.algorithms = {JwtAlgorithm::HS256};
    if (!m_document.object(at, "issuer"))
        return issuer;
    readName(m_document.required(at, "name"), issuer.name);
    readAlgorithms(m_document.member(at, "algorithms"), issuer);
    readKeySource(at, issuer);
    m_document.read(m_document.required(at, "issuer"), issuer.issuer);
    m_document.read(m_document.required(at, "audience"), issuer.audience);
    readClaims(at, issuer);
    m_document.readDuration(m_document.member(at, "leeway"), issuer.leeway, 0ms, 10min);
    m_document.readDuration(m_document.member(at, "max_lifetime"), issuer.maxLifetime, 1s, 24h * 366);
    return issuer;
}

void PolicyReader::readKeySource(const Node& at, Issuer& issuer)
{
    const Node secret = m_document.member(at, "secret_file");
    const Node file = m_document.member(at, "jwks_file");
    const Node url = m_document.member(at, "jwks_url");
    const int sources = int(bool(secret)) + int(bool(file)) + int(bool(url));
    if (sources == 0)
        m_document.error(Code::Missing, m_document.member(at, "secret_file"),
                         "one of secret_file, jwks_file and jwks_url is required");
    else if (sources > 1)
        m_document.error(Code::Conflict, url ? url : file,
                         "an issuer has one of secret_file, jwks_file and jwks_url: the algorithm is bound to the key");
    if (secret)
        issuer.secret = readSecret(secret, issuer.secretFile);
    const Node previous = m_document.member(at, "previous");
    readPrevious(previous, issuer);
    if (previous && (file || url))
        m_document.error(Code::Conflict, previous, "only an issuer with a secret_file has previous secrets");
    readJwks(at, issuer);
    const Node algorithms = m_document.member(at, "algorithms");
    const bool symmetric = secret || sources == 0;
    for (const JwtAlgorithm algorithm : issuer.algorithms)
        if (sources == 1 && isSymmetric(algorithm) != symmetric)
            return m_document.error(Code::Conflict, algorithms ? algorithms : (file ? file : url),
                                    std::string(jwtAlgorithmWord(algorithm)) +
                                        (symmetric ? " needs a public key: jwks_file or jwks_url"
                                                   : " needs a secret_file; a key set holds public keys"));
}

void PolicyReader::readJwks(const Node& at, Issuer& issuer)
{
    const Node file = m_document.member(at, "jwks_file");
    readPath(file, issuer.jwksFile);
    checkFile(file, issuer.jwksFile, false);
    const Node url = m_document.member(at, "jwks_url");
    m_document.read(url, issuer.jwksUrl, 2048);
    if (!issuer.jwksUrl.empty() && !isKeySetUrl(issuer.jwksUrl))
        m_document.unexpected(Code::Insecure, url, "an https URL, or http with a loopback address, without user or #");
    const Node authorities = m_document.member(at, "jwks_ca");
    readPath(authorities, issuer.jwksCa);
    checkFile(authorities, issuer.jwksCa, false);
    const Node refresh = m_document.member(at, "refresh");
    m_document.readDuration(refresh, issuer.refresh, 1s, 24h * 7);
    for (const Node& extra : {authorities, refresh})
        if (extra && !url)
            m_document.error(Code::Conflict, extra, "only a jwks_url has use for this");
}

std::string PolicyReader::readSecret(const Node& at, std::filesystem::path& file)
{
    readPath(at, file);
    if (file.empty())
        return {};
    checkFile(at, file, true);
    auto secret = readSecretFile(file);
    if (!secret)
        return {}; // checkFile() said why
    if (secret->size() < shortestSecret)
        m_document.error(Code::Insecure, at,
                         file.string() + ": a secret of " + std::to_string(secret->size()) +
                             " bytes; at least 32 are required");
    return std::move(*secret);
}

void PolicyReader::readPrevious(const Node& at, Issuer& issuer)
{
    for (const Node& item : m_document.items(at)) {
        PreviousSecret previous;
        if (!m_document.object(item, "previous"))
            continue;
        if (const Node file = m_document.required(item, "secret_file"))
            previous.secret = readSecret(file, previous.secretFile);
        const Node until = m_document.required(item, "until");
        std::string text;
        m_document.read(until, text);
        const auto time = parseTime(text);
        if (time)
            previous.until = *time;
        else if (!text.empty())
            m_document.unexpected(Code::BadValue, until, "a time like \"2026-12-01T00:00:00Z\"");
        issuer.previous.push_back(std::move(previous));
    }
    if (issuer.previous.size() > mostPrevious)
        m_document.error(Code::BadValue, at, "at most " + std::to_string(mostPrevious) + " are allowed");
}

void PolicyReader::readAlgorithms(const Node& at, Issuer& issuer)
{
    if (!at)
        return;
    std::vector<std::string> words;
    m_document.readList(at, words);
    if (at.is(Kind::Array) && at.value->items.empty())
        return m_document.error(Code::Missing, at, "at least one algorithm is required");
    issuer.algorithms.clear();
    for (const Node& item : at.is(Kind::Array) ? m_document.items(at) : std::vector<Node>()) {
        if (!item.is(Kind::String))
            continue;
        if (const auto known = jwtAlgorithmFromWord(item.value->text))
            issuer.algorithms.push_back(*known);
        else
            m_document.unexpected(Code::BadValue, item,
                                  "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 "
                                  "or EdDSA");
    }
}

void PolicyReader::readClaims(const Node& at, Issuer& issuer)
{
    m_document.read(m_document.member(at, "user_claim"), issuer.userClaim, 64);
    m_document.read(m_document.member(at, "user_prefix"), issuer.userPrefix, 64);
    m_document.read(m_document.member(at, "roles_claim"), issuer.rolesClaim, 64);
    const Node roles = m_document.member(at, "roles_allowed");
    m_document.readList(roles, issuer.rolesAllowed);
    checkRoleNames(roles, issuer.rolesAllowed, false);
    m_document.read(m_document.member(at, "typ"), issuer.typ, 64);
    m_document.read(m_document.member(at, "one_time"), issuer.oneTime);
    const Node require = m_document.member(at, "require");
    m_document.readList(require, issuer.require);
    if (!contains(issuer.require, "exp"))
        m_document.error(Code::Insecure, require, "\"exp\" must be required: a token without an end cannot be bounded");
}

/// Two issuers without a prefix could name the same user and mean two people; people who read a name would not see it.
void PolicyReader::checkUserPrefixes(const std::vector<Node>& nodes)
{
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::string& prefix = m_policy.issuers[i].userPrefix;
        const Node at = m_document.member(nodes[i], "user_prefix");
        if (contains(seen, prefix))
            m_document.error(prefix.empty() ? Code::Missing : Code::Conflict, at,
                             prefix.empty()
                                 ? "every issuer but one needs a user_prefix, so that no two users look alike"
                                 : "another issuer has this prefix");
        for (const std::string& other : seen)
            if (prefix != other && !prefix.empty() && !other.empty() &&
                (prefix.starts_with(other) || other.starts_with(prefix)))
                m_document.error(Code::Conflict, at,
                                 "\"" + prefix + "\" and \"" + other +
                                     "\" begin alike, so that no token of the longer one would be good");
        seen.push_back(prefix);
    }
}

} // namespace gatehouse
