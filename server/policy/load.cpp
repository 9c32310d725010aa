// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/load.h"

#include "policy/policyreader.h"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace gatehouse {

namespace {

Failure<std::vector<PolicyError>> unreadable(std::string detail)
{
    return Failure{std::vector<PolicyError>{{PolicyErrorCode::Unreadable, {}, 0, 0, std::move(detail)}}};
}

} // namespace

Result<LoadedPolicy, std::vector<PolicyError>> loadPolicy(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        return unreadable(error ? error.message() : "not a regular file");
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return unreadable(std::generic_category().message(errno));
    std::string text(largestDocument + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad())
        return unreadable("reading failed");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return parsePolicy(text, file);
}

Result<LoadedPolicy, std::vector<PolicyError>> parsePolicy(std::string_view text, const std::filesystem::path& file)
{
    if (text.size() > largestDocument)
        return unreadable("more than 4 MiB");
    DocumentReader document(text);
    const auto root = document.parse();
    if (!root)
        return Failure{document.takeErrors()};
    LoadedPolicy loaded;
    loaded.policy = PolicyReader(document, file).read(*root);
    if (document.failed())
        return Failure{document.takeErrors()};
    loaded.warnings = document.takeWarnings();
    return loaded;
}

std::string_view policyErrorWord(PolicyErrorCode code)
{
    switch (code) {
    case PolicyErrorCode::Unreadable:
        return "unreadable";
    case PolicyErrorCode::Syntax:
        return "syntax";
    case PolicyErrorCode::DuplicateKey:
        return "duplicate_key";
    case PolicyErrorCode::UnknownKey:
        return "unknown_key";
    case PolicyErrorCode::NotBuiltYet:
        return "not_built_yet";
    case PolicyErrorCode::Missing:
        return "missing";
    case PolicyErrorCode::WrongType:
        return "wrong_type";
    case PolicyErrorCode::BadValue:
        return "bad_value";
    case PolicyErrorCode::BadFile:
        return "bad_file";
    case PolicyErrorCode::Insecure:
        return "insecure";
    case PolicyErrorCode::Conflict:
        return "conflict";
    }
    return "";
}

std::string formatPolicyError(const PolicyError& error, const std::filesystem::path& file)
{
    std::string text = file.string();
    if (error.line > 0)
        text += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
    text += ": ";
    if (!error.pointer.empty())
        text += error.pointer + ": ";
    return text + error.detail;
}

} // namespace gatehouse
