// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/document.h"
#include "testserver.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace gatehouse::test {

inline std::string textOf(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void writeText(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

/// A server, and an operator who changes its policy.
struct PolicyDesk {
    explicit PolicyDesk(const TestServer::Edit& edit = {}, const Clock* clock = nullptr)
        : server(edit, clock)
    {
    }

    TestServer server;

    [[nodiscard]] PolicyDocument get(std::uint64_t version = 0) const
    {
        return std::get<PolicyDocument>(server.call(PolicyGetQuery{version}).value());
    }
    [[nodiscard]] std::string hash() const { return get().version.hash; }
    /// The document that runs, edited.
    [[nodiscard]] std::string edited(const TestServer::Edit& edit) const
    {
        nlohmann::json document = nlohmann::json::parse(get().version.document);
        edit(document);
        return document.dump(2) + "\n";
    }
    [[nodiscard]] Reply apply(const TestServer::Edit& edit,
                              std::optional<std::chrono::milliseconds> provisional = std::nullopt) const
    {
        return server.call(PolicyApplyCommand{hash(), edited(edit), "because", provisional, false});
    }
    [[nodiscard]] PolicyHistory history(std::uint64_t before = 0, std::uint32_t limit = 50) const
    {
        return std::get<PolicyHistory>(server.call(PolicyHistoryQuery{before, limit}).value());
    }
    [[nodiscard]] std::string fileDocument() const { return canonicalDocument(textOf(server.policyFile())).value(); }
    /// The file holds this version's document.
    [[nodiscard]] bool holds(const PolicyVersion& version) const { return fileDocument() == version.document; }
};

/// Throws where nothing was.
inline const PolicyApplied& applied(const Reply& reply)
{
    if (!reply)
        throw std::runtime_error(reply.error().message);
    return std::get<PolicyApplied>(reply.value());
}

inline TestServer::Edit named(const std::string& name)
{
    return [name](nlohmann::json& policy) { policy["name"] = name; };
}

} // namespace gatehouse::test
