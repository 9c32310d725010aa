// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/arguments.h"
#include "ctl/controlclient.h"
#include "policy/policy.h"

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace gatehouse::ctl {

/// Where a run reads and writes.
struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& error;
    bool canAsk = false; ///< a person sits at `in` and sees `error`
    bool outIsTerminal = false;
    bool errorIsTerminal = false;
};

/// How a command gets to a server; post() but in tests.
using Transport = std::function<Result<HttpAnswer, std::string>(const ApiAddress&, const Command&)>;

/// Why there is no answer.
struct CallError {
    int exitCode = 0;
    bool reached = false; ///< the server refused
    ControlError refusal; ///< its words; where it was not reached, what is wrong; empty: that was said already
};

/// One run's way to its server and to the person who started it.
class Caller {
public:
    Caller(const Invocation& invocation, const Streams& streams, Transport transport);

    [[nodiscard]] const Invocation& invocation() const { return m_invocation; }
    [[nodiscard]] const Streams& streams() const { return m_streams; }

    [[nodiscard]] Result<HttpAnswer, std::string> send(const ApiAddress& address, const Command& command);
    /// With a word about the time on a terminal, where it takes more than a second.
    [[nodiscard]] Result<Answer, CallError> call(const Command& command);
    /// The same where the answer is of one kind alone.
    template <class T> [[nodiscard]] Result<T, CallError> ask(const Command& command)
    {
        auto answer = call(command);
        if (!answer)
            return Failure{answer.error()};
        if (auto* value = std::get_if<T>(&*answer))
            return std::move(*value);
        return Failure{CallError{1, true, {ControlErrorCode::Internal, "the server's answer is of another kind"}}};
    }

    /// Says each line of `message` as an error of this program and returns `code`.
    int complain(const std::string& message, int code);
    int complain(const CallError& error);
    /// A full disk behind standard output must not look like success.
    int finish(int code);
    /// False where nobody says yes.
    [[nodiscard]] bool confirmed(const std::string& question);

    /// Errors are said; unset then.
    [[nodiscard]] std::optional<Policy> configuration();
    /// Where the server is: as the options say, else the environment, else the configuration.
    [[nodiscard]] Result<ApiAddress, CallError> address();

private:
    [[nodiscard]] Result<ApiAddress, CallError> remoteAddress(const std::string& url) const;
    [[nodiscard]] std::optional<std::filesystem::path> configuredSocket();

    const Invocation& m_invocation;
    const Streams& m_streams;
    Transport m_transport;
    std::optional<ApiAddress> m_address; ///< once it was asked for
};

} // namespace gatehouse::ctl
