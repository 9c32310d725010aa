// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/configuration.h"

#include "policy/load.h"
#include "policy/privatefile.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace gatehouse::ctl {

namespace {

std::filesystem::path userConfigurationFolder()
{
    // The XDG base directory specification: a relative path is to be ignored.
    if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder && *folder == '/')
        return folder;
    const char* home = std::getenv("HOME");
    return home && *home ? std::filesystem::path(home) / ".config" : std::filesystem::path();
}

} // namespace

Result<Policy, std::string> loadConfiguration(const std::filesystem::path& file)
{
    auto loaded = loadPolicy(file);
    if (loaded)
        return std::move(loaded->policy);
    std::string lines;
    for (const PolicyError& error : loaded.error())
        lines += (lines.empty() ? "" : "\n") + formatPolicyError(error, file);
    return Failure{lines};
}

std::optional<std::filesystem::path> liveSocket(const std::filesystem::path& file)
{
    const auto text = readWholeFile(file, largestDocument);
    const auto document = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    std::string socket = "run/control.sock";
    if (document.is_object() && document.contains("control_socket") && document["control_socket"].is_string())
        socket = document["control_socket"].get<std::string>();
    std::error_code error;
    const auto path = (std::filesystem::absolute(file, error).parent_path() / socket).lexically_normal();
    return std::filesystem::is_socket(path, error) ? std::optional(path) : std::nullopt;
}

std::optional<std::filesystem::path> defaultConfiguration()
{
    const std::filesystem::path below = std::filesystem::path("gatehouse") / "gatehouse.json";
    std::error_code error;
    const std::filesystem::path user = userConfigurationFolder();
    for (const auto& folder : {user, std::filesystem::path("/etc")})
        if (!folder.empty() && std::filesystem::exists(folder / below, error))
            return folder / below;
    return std::nullopt;
}

} // namespace gatehouse::ctl
