// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apiconnection.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse {

ApiConnection::ApiConnection(int descriptor, std::string user, TimePoint now)
    : m_descriptor(descriptor)
    , m_user(std::move(user))
    , m_since(now)
{
}

ApiConnection::~ApiConnection()
{
    ::close(m_descriptor);
}

bool ApiConnection::wantsRead(std::size_t inputLimit) const
{
    return !m_inputEnded && m_phase != Phase::Ended && m_input.size() < inputLimit;
}

void ApiConnection::receive(std::size_t inputLimit, TimePoint now)
{
    std::array<char, 16384> bytes;
    while (wantsRead(inputLimit)) {
        const ssize_t count = ::recv(m_descriptor, bytes.data(), bytes.size(), 0);
        if (count > 0) {
            m_input.append(bytes.data(), static_cast<std::size_t>(count));
            if (m_phase == Phase::Idle)
                enter(Phase::Receiving, now);
        } else if (count == 0) {
            m_inputEnded = true;
        } else if (errno == EINTR) {
            continue;
        } else {
            if (errno != EAGAIN)
                end();
            return;
        }
    }
}

std::optional<ApiCall> ApiConnection::nextCall(std::size_t bodyLimit, TimePoint now)
{
    while (m_phase == Phase::Idle || m_phase == Phase::Receiving) {
        auto request = m_input.empty() ? std::nullopt : takeApiRequest(m_input, bodyLimit);
        if (!request) {
            // A client may end its direction and still wait for answers, but with half a request there is none to give.
            if (m_inputEnded)
                end();
            else if (!m_input.empty() && m_phase == Phase::Idle)
                enter(Phase::Receiving, now);
            return std::nullopt;
        }
        m_input.erase(0, request->size);
        m_keepAlive = request->keepAlive;
        enter(Phase::Busy, now);
        if (auto* call = std::get_if<ApiCall>(&request->what))
            return std::move(*call);
        answer(std::get<ApiAnswer>(request->what), now);
    }
    return std::nullopt;
}

void ApiConnection::answer(const ApiAnswer& answer, TimePoint now)
{
    m_output += formatAnswer(answer, m_keepAlive);
    enter(Phase::Sending, now);
    send(now);
}

void ApiConnection::refuse(const ApiAnswer& refusal, TimePoint now)
{
    m_keepAlive = false;
    answer(refusal, now);
}

void ApiConnection::send(TimePoint now)
{
    while (m_phase == Phase::Sending && m_sent < m_output.size()) {
        const ssize_t count = ::send(m_descriptor, m_output.data() + m_sent, m_output.size() - m_sent, MSG_NOSIGNAL);
        if (count >= 0)
            m_sent += static_cast<std::size_t>(count);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            end();
    }
    if (m_phase != Phase::Sending)
        return;
    m_output.clear();
    m_sent = 0;
    enter(m_keepAlive ? Phase::Idle : Phase::Ended, now);
}

void ApiConnection::enter(Phase phase, TimePoint now)
{
    m_phase = phase;
    m_since = now;
}

} // namespace gatehouse
