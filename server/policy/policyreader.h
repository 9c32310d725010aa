// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentreader.h"

namespace gatehouse {

/// Reads the sections of a document into a Policy and checks each against the others.
class PolicyReader {
public:
    PolicyReader(DocumentReader& document, const std::filesystem::path& file);

    [[nodiscard]] Policy read(const Node& root);

private:
    void readProcess(const Node& root);
    void readRoles(const Node& at);

    [[nodiscard]] Listener readListener(const Node& at);
    void readTls(const Node& at, Listener& listener);
    void readServerNames(const Node& at, Listener& listener);
    void checkListeners(const std::vector<Node>& nodes);

    void readIssuers(const Node& at);
    [[nodiscard]] Issuer readIssuer(const Node& at);
    void checkAlgorithms(const Node& at);

    void readLimits(const Node& at);
    void readCount(const Node& at, std::optional<std::uint64_t>& target);
    void readAuthFailures(const Node& at);
    void readRequestLimits(const Node& at);

    [[nodiscard]] Route readRoute(const Node& at);
    void readHub(const Node& at, Route& route);
    void readPath(const Node& at, Route& route);
    void readAuthentication(const Node& at, Route& route);
    void readOrigins(const Node& at, Route& route);
    void readCompression(const Node& route, Route& target);
    void readMessages(const Node& at, Route& route);
    void readTypes(const Node& at, Messages& messages);
    void readPing(const Node& at, Route& route);
    void readIdleTimeout(const Node& at, Route& route);
    void readSendBuffer(const Node& route, Route& target);
    void checkRoutes(const std::vector<Node>& nodes);

    [[nodiscard]] ChannelRule readChannel(const Node& at);
    void checkRoleNames(const Node& list, const std::vector<std::string>& names, bool anonymousToo);

    void readName(const Node& at, std::string& target);
    void readPath(const Node& at, std::filesystem::path& target);
    /// Existence, and for a secret that nobody else can read it.
    void checkFile(const Node& at, const std::filesystem::path& file, bool secret);
    void readSecret(const Node& at, Issuer& issuer);
    void checkUnique(const std::vector<Node>& nodes, std::string_view key);

    DocumentReader& m_document;
    std::filesystem::path m_folder;
    Policy m_policy;
};

} // namespace gatehouse
