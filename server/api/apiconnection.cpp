// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apiconnection.h"

#include <array>
#include <span>

namespace gatehouse {

namespace {

constexpr int readsPerTurn = 16;
constexpr std::size_t mostForgotten = 16 << 20; // bytes of a peer that goes on talking after its refusal

} // namespace

ApiConnection::ApiConnection(std::unique_ptr<Transport> transport, std::string user, ApiRole role,
                             std::size_t bodyLimit, TimePoint now)
    : m_transport(std::move(transport))
    , m_user(std::move(user))
    , m_role(role)
    , m_since(now)
    , m_bodyLimit(bodyLimit)
    , m_reader(bodyLimit)
{
    trust();
}

ApiConnection::ApiConnection(AdminArrival arrival, std::size_t bodyLimit, TimePoint now)
    : m_transport(std::move(arrival.transport))
    , m_arrival(std::move(arrival))
    , m_since(now)
    , m_bodyLimit(bodyLimit)
    , m_reader(bodyLimit)
{
}

bool ApiConnection::wantsRead() const
{
    return !m_inputEnded && m_phase != Phase::Ended && m_input.size() < m_inputLimit;
}

bool ApiConnection::receive(TimePoint now)
{
    std::array<std::byte, 16384> bytes;
    for (int i = 0; i < readsPerTurn && wantsRead(); ++i) {
        const IoResult got = m_transport->read(bytes);
        switch (got.status) {
        case IoStatus::Ok:
            break;
        case IoStatus::WouldBlock:
            return false;
        case IoStatus::Closed:
            m_inputEnded = true;
            if (m_phase == Phase::Lingering)
                end();
            return false;
        case IoStatus::Failed:
            end();
            return false;
        }
        if (m_phase == Phase::Lingering) {
            m_forgotten += got.bytes;
            if (m_forgotten > mostForgotten)
                end();
            continue;
        }
        m_input.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), got.bytes);
        if (m_phase == Phase::Idle)
            enter(Phase::Receiving, now);
    }
    return wantsRead();
}

std::optional<ApiCall> ApiConnection::nextCall(const ApiDoor& door,
                                               const std::function<void(const ApiAnswer&)>& refused, TimePoint now)
{
    while (m_phase == Phase::Idle || m_phase == Phase::Receiving) {
        auto request = m_input.empty() ? std::nullopt : m_reader.take(m_input, door);
        if (!request) {
            // A client may end its direction and still wait for answers, but with half a request there is none to give.
            if (m_inputEnded)
                end();
            else if (!m_input.empty() && m_phase == Phase::Idle)
                enter(Phase::Receiving, now);
            return std::nullopt;
        }
        m_input.erase(0, request->size);
        m_keepAlive = m_keepAlive && request->keepAlive;
        enter(Phase::Busy, now);
        if (auto* call = std::get_if<ApiCall>(&request->what))
            return std::move(*call);
        const auto& refusal = std::get<ApiAnswer>(request->what);
        refused(refusal);
        answer(refusal, now);
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
        const IoResult sent = m_transport->write(std::as_bytes(std::span(m_output)).subspan(m_sent));
        if (sent.status == IoStatus::WouldBlock)
            return;
        if (sent.status != IoStatus::Ok)
            end();
        else
            m_sent += sent.bytes;
    }
    if (m_phase != Phase::Sending)
        return;
    m_output.clear();
    m_sent = 0;
    if (m_keepAlive)
        return enter(Phase::Idle, now);
    m_transport->shutdownWrite();
    m_input.clear();
    enter(m_inputEnded ? Phase::Ended : Phase::Lingering, now);
}

void ApiConnection::enter(Phase phase, TimePoint now)
{
    m_phase = phase;
    m_since = now;
}

} // namespace gatehouse
