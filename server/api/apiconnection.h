// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/apihttp.h"
#include "domain/clock.h"

#include <string>

namespace gatehouse {

/// One client of the control socket: its bytes and where it stands. Requests are answered one after the other; those
/// that were sent meanwhile wait in the input. Lives on the api thread and owns its descriptor.
class ApiConnection {
public:
    enum class Phase : std::uint8_t { Idle, Receiving, Busy, Sending, Ended };

    ApiConnection(int descriptor, std::string user, TimePoint now);
    ~ApiConnection();
    ApiConnection(const ApiConnection&) = delete;
    ApiConnection& operator=(const ApiConnection&) = delete;

    [[nodiscard]] int descriptor() const { return m_descriptor; }
    [[nodiscard]] const std::string& user() const { return m_user; }
    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] TimePoint since() const { return m_since; } ///< of the phase
    [[nodiscard]] bool wantsRead(std::size_t inputLimit) const;
    [[nodiscard]] bool wantsWrite() const { return m_phase == Phase::Sending; }

    /// Reads what is there.
    void receive(std::size_t inputLimit, TimePoint now);
    /// The next call to carry out, after which the connection is Busy. Refusals are answered here.
    [[nodiscard]] std::optional<ApiCall> nextCall(std::size_t bodyLimit, TimePoint now);
    /// Answers the call that is Busy.
    void answer(const ApiAnswer& answer, TimePoint now);
    /// Answers and ends, whatever was asked.
    void refuse(const ApiAnswer& answer, TimePoint now);
    /// Writes what fits.
    void send(TimePoint now);
    void end() { m_phase = Phase::Ended; }

private:
    void enter(Phase phase, TimePoint now);

    int m_descriptor;
    std::string m_user;
    Phase m_phase = Phase::Idle;
    TimePoint m_since;
    std::string m_input;
    std::string m_output;
    std::size_t m_sent = 0;
    bool m_keepAlive = true;
    bool m_inputEnded = false;
};

} // namespace gatehouse
