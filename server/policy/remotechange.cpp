// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/remotechange.h"

#include "policy/documentfiles.h"
#include "policy/documenttext.h"
#include "policy/secretuses.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <system_error>
#include <utility>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

struct LocalKey {
    std::array<std::string_view, 3> path{}; ///< keys from the root on; empty ones are not there
    std::string_view object{};              ///< DocumentObject::name of its value
};
constexpr std::array localKeys{LocalKey{{"state_dir"}}, LocalKey{{"control_socket"}},
                               LocalKey{{"control_group"}, "control_group"},
                               LocalKey{{"audit", "checkpoint", "also_to"}}, LocalKey{{"api_keys"}, "api_key"}};

/// What stands there in canonical form; empty where nothing does, or null.
std::string textAt(const Node& root, std::string_view source, const LocalKey& key)
{
    Node at = root;
    for (const std::string_view step : key.path)
        if (!step.empty())
            at = DocumentReader::member(at, step);
    if (!at || at.is(Kind::Null))
        return {};
    JsonValue value = *at.value;
    arrangeDocument(value, key.object);
    return jsonLine(value, source);
}

std::string pointerOf(const LocalKey& key)
{
    std::string pointer;
    for (const std::string_view step : key.path)
        if (!step.empty())
            pointer += "/" + std::string(step);
    return pointer;
}

/// True where the file is in the folder, or would be, as far as the system can say. Dots go first, as they do where a
/// policy is read: behind a link they would lead elsewhere.
bool liesIn(const std::filesystem::path& file, const std::filesystem::path& folder)
{
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical((folder / file).lexically_normal(), error);
    if (error)
        return false;
    const auto within = std::filesystem::weakly_canonical(folder, error);
    if (error || std::mismatch(within.begin(), within.end(), real.begin(), real.end()).first != within.end())
        return false;
    // What is left of links leads to what is not there, wherever that would be.
    for (auto at = real; at != within && at.has_relative_path(); at = at.parent_path())
        if (std::filesystem::is_symlink(std::filesystem::symlink_status(at, error)))
            return false;
    return true;
}

} // namespace

std::vector<PolicyError> remoteProblems(std::string_view text, std::string_view running,
                                        const std::filesystem::path& folder)
{
    if (text.size() > largestDocument)
        return {};
    DocumentReader reader(text);
    const auto root = reader.parse();
    if (!root)
        return {};
    DocumentReader before(running);
    const auto runningRoot = before.parse();
    const Node old = runningRoot.value_or(Node{});
    for (const LocalKey& key : localKeys) {
        const std::string now = textAt(*root, text, key);
        if (now == textAt(old, running, key))
            continue;
        Node at{nullptr, pointerOf(key), root->offset};
        Node found = *root;
        for (const std::string_view step : key.path)
            if (!step.empty() && found)
                found = DocumentReader::member(found, step);
        reader.error(Code::Insecure, found ? found : at,
                     "changes only on the server itself, through gatehousectl or its console");
    }
    std::set<std::pair<std::string, std::string>> known; // for another use it may say more of itself
    eachFile(old, rootObject,
             [&](const DocumentKey& key, const Node& file, const Node&) { known.emplace(key.name, file.value->text); });
    const SecretUses secrets(old, folder);
    eachFile(*root, rootObject, [&](const DocumentKey& key, const Node& file, const Node& within) {
        if (!known.contains({std::string(key.name), file.value->text}) && !liesIn(file.value->text, folder))
            reader.error(Code::Insecure, file,
                         "a file outside the policy's folder can be named only on the server itself");
        else
            secrets.check(reader, key, file, within);
    });
    return reader.takeErrors();
}

} // namespace gatehouse
