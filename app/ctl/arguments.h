// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/token.h"
#include "control/commands.h"
#include "domain/result.h"
#include "setup/apikey.h"
#include "setup/keyrotation.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse::ctl {

enum class Action : std::uint8_t {
    Help,
    Version,
    Call,
    Token,
    AuditList,
    AuditVerify,
    CertificateStatus,
    KeyRotate,
    ApiKeyNew,
    ApiKeyList,
    PolicyShow,
    PolicyCheck,
    PolicyDiff,
    PolicyWhatIf,
    PolicyApply,
    PolicyHistory,
    PolicyRollback,
    LockdownOn,
    LockdownState
};

/// What a policy command is given beside the fields of its command.
struct PolicyOptions {
    std::string file;          ///< a document; "-" is standard input; empty: none
    std::string output;        ///< of PolicyShow: where to; empty: standard output
    std::uint64_t version = 0; ///< of PolicyDiff; 0: none was named
    bool offline = false;      ///< of PolicyCheck: ask no server
    bool everyName = false;    ///< of PolicyWhatIf
    bool words = false;        ///< of PolicyDiff: by rule too
    bool differences = false;  ///< of PolicyHistory
};

/// What api-key new is given.
struct ApiKeyOptions {
    ApiKeyRequest request;
    std::filesystem::path file; ///< where the key goes; "-": alone to standard output
    bool add = false;           ///< to the policy that runs
};

/// What a command line asks for.
struct Invocation {
    Action action = Action::Help;
    std::string topic; ///< of Help: a command; empty: the program
    std::optional<std::filesystem::path> socket;
    std::optional<std::filesystem::path> config;
    std::optional<std::string> url; ///< of an admin listener, instead of the two above
    std::optional<std::filesystem::path> keyFile;
    std::optional<std::filesystem::path> ca;
    bool json = false;
    bool yes = false; ///< no question is asked
    Command command;  ///< without the document and the base that the policy's commands take from elsewhere
    PolicyOptions policy;
    TokenRequest token;
    ApiKeyOptions apiKey;
    KeyRotationRequest rotation; ///< of KeyRotate, without the policy's file
};

struct UsageError {
    std::string message; ///< English: what is wrong with which argument
    std::string topic;   ///< whose --help says more; empty: the program's
};

/// `arguments` without the program's name. Options may stand anywhere, as "--name value" or "--name=value"; "--" ends
/// them.
[[nodiscard]] Result<Invocation, UsageError> parseArguments(const std::vector<std::string>& arguments);

} // namespace gatehouse::ctl
