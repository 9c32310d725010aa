// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/policydocuments.h"

#include "common/exitcodes.h"
#include "control/policyproblems.h"
#include "ctl/policyoutput.h"
#include "policy/difference.h"
#include "policy/document.h"
#include "policy/load.h"
#include "policy/privatefile.h"

#include <array>
#include <istream>
#include <ostream>

namespace gatehouse::ctl {

namespace {

std::optional<std::string> readAll(std::istream& in)
{
    std::string text;
    std::array<char, 65536> bytes{};
    while (in.read(bytes.data(), bytes.size()) || in.gcount() > 0) {
        text.append(bytes.data(), static_cast<std::size_t>(in.gcount()));
        if (text.size() > largestDocument)
            return std::nullopt;
    }
    return text;
}

} // namespace

std::string fileLabel(const std::string& file)
{
    return file == "-" ? "<stdin>" : file;
}

std::optional<std::string> readDocument(Caller& caller, const std::string& file)
{
    if (file == "-") {
        auto text = readAll(caller.streams().in);
        if (!text)
            caller.complain("standard input holds more than 4 MiB", exitFailure);
        return text;
    }
    auto text = readWholeFile(file, largestDocument);
    if (text)
        return std::move(text).value();
    caller.complain(text.error(), exitFailure);
    return std::nullopt;
}

int complainOfDocument(Caller& caller, const CallError& error, const std::string& file)
{
    const ControlError& refusal = error.refusal;
    if (refusal.code != ControlErrorCode::Rejected || refusal.problems.empty())
        return caller.complain(error);
    caller.streams().error << problemsText(refusal.problems, fileLabel(file));
    return caller.complain(fileLabel(file) + " is not valid; nothing was changed", error.exitCode);
}

PolicyCheckResult checkOffline(const Invocation& invocation, const std::string& document)
{
    PolicyCheckResult result;
    const std::string& file = invocation.policy.file;
    const std::filesystem::path given(file == "-" ? "gatehouse.json" : file);
    const auto loaded = parsePolicy(document, invocation.config.value_or(given));
    result.valid = loaded.ok();
    (loaded ? result.warnings : result.errors) = problemsOf(loaded ? loaded->warnings : loaded.error());
    const auto canonical = canonicalDocument(document);
    if (!canonical)
        return result;
    result.document = *canonical;
    if (!invocation.config)
        return result;
    const auto before = readWholeFile(*invocation.config, largestDocument);
    const auto old = canonicalDocument(before ? *before : std::string());
    if (old) {
        result.changes = policyChanges(*old, *canonical);
        result.difference = textDifference(*old, *canonical);
    }
    return result;
}

} // namespace gatehouse::ctl
