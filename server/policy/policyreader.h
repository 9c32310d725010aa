// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentreader.h"

#include <unordered_set>

namespace gatehouse {

/// Reads the sections of a document into a Policy and checks each against the others.
class PolicyReader {
public:
    PolicyReader(DocumentReader& document, const std::filesystem::path& file);

    [[nodiscard]] Policy read(const Node& root);

private:
    void readProcess(const Node& root);
    void readRoles(const Node& at);

    void readListenerKind(const Node& at, const Node& tls, Listener& listener);
    void readApiRole(const Node& at, ApiRole& target);
    void readControlGroup(const Node& at);
    [[nodiscard]] ApiKey readApiKey(const Node& at);
    void readApiKeys(const Node& root);

    [[nodiscard]] Listener readListener(const Node& at);
    void readTls(const Node& at, Listener& listener);
    void readServerNames(const Node& at, Listener& listener);
    void readProxyHeader(const Node& at, Listener& listener);
    void readNetworks(const Node& at, std::vector<Network>& target);
    void readNetworkRules(const Node& at, NetworkRules& target);
    void checkListeners(const std::vector<Node>& nodes);

    void readIssuers(const Node& at);
    [[nodiscard]] Issuer readIssuer(const Node& at);
    void readKeySource(const Node& at, Issuer& issuer);
    void readJwks(const Node& at, Issuer& issuer);
    void readAlgorithms(const Node& at, Issuer& issuer);
    void readPrevious(const Node& at, Issuer& issuer);
    void readClaims(const Node& at, Issuer& issuer);
    void checkUserPrefixes(const std::vector<Node>& nodes);

    void readLimits(const Node& at);
    void readCount(const Node& at, std::optional<std::uint64_t>& target);
    void readAuthFailures(const Node& at);
    void readRequestLimits(const Node& at);

    [[nodiscard]] Route readRoute(const Node& at);
    void readKind(const Node& at, Route& route);
    void readHub(const Node& at, Route& route);
    void checkCentrifuge(const Node& at, const Route& route);
    void readPath(const Node& at, Route& route);
    void readAuthentication(const Node& at, Route& route);
    static void setDefaultTokenPlaces(Route& route);
    void readTokenPlaces(const Node& at, Route& route);
    void readNamedPlace(const Node& at, Authentication& target);
    void checkTokenPlaces(const Node& at, const Route& route);
    void readRouteRoles(const Node& at, Route& route);
    void readSubprotocols(const Node& at, Route& route);
    void readLifetime(const Node& at, Route& route);
    void readSlowConsumer(const Node& at, Route& route);
    void readConduct(const Node& at, Route& route);
    void readSchemas(const Node& at, Route& route);
    void readOrigins(const Node& at, Route& route);
    void checkBytesRate(const Node& at, const Route& route);
    void readCompression(const Node& route, Route& target);
    void readMessages(const Node& at, Route& route);
    void readTypes(const Node& at, Messages& messages);
    void readPing(const Node& at, Route& route);
    void readIdleTimeout(const Node& at, Route& route);
    void readSendBuffer(const Node& route, Route& target);
    void checkRoutes(const std::vector<Node>& nodes);

    void readGateway(const Node& at, Gateway& gateway);
    void readUpstreams(const Node& at, Gateway& gateway);
    void checkLoop(const Node& at, const UpstreamUrl& url);
    void readAuthorities(const Node& gatewayAt, Gateway& gateway);
    void readAuthHeader(const Node& at, Gateway& gateway);
    void readHealth(const Node& at, Gateway& gateway);
    void readForward(const Node& at, Gateway& gateway);
    void readDrop(const Node& at, Gateway& gateway);

    [[nodiscard]] ChannelRule readChannel(const Node& at);
    void readHistory(const Node& at, ChannelRule& rule);
    void readRoleList(const Node& at, std::vector<std::string>& roles);
    void checkHistories(const std::vector<Node>& routes);
    void readLockdown(const Node& at);
    void readDrain(const Node& at);
    void checkRoleNames(const Node& list, const std::vector<std::string>& names, bool anonymousToo);

    void readName(const Node& at, std::string& target);
    void readPath(const Node& at, std::filesystem::path& target);
    /// Existence, and for a secret that nobody else can read it.
    void checkFile(const Node& at, const std::filesystem::path& file, bool secret);
    /// The secret in a private file; empty, with an error, where it cannot be used.
    [[nodiscard]] std::string readSecret(const Node& at, std::filesystem::path& file);
    void readSchema(const Node& at, std::optional<SchemaFile>& target);
    void checkUnique(const std::vector<Node>& nodes, std::string_view key);

    DocumentReader& m_document;
    std::filesystem::path m_folder;
    Policy m_policy;
    std::unordered_set<std::string> m_roles; ///< of m_policy
};

} // namespace gatehouse
