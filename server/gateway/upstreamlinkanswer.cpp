// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamlink.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

// From the connect to the 101.
namespace gatehouse {

namespace {

constexpr unsigned mostInterim = 8; // answers of 1xx before the one that counts

std::string_view asText(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

/// What is wrong with an answer that is a head, and that does not do.
LinkFailure refusedAnswer(const wire::Response& response, Reason reason)
{
    if (response.status != 101)
        return {Reason::UpstreamStatus, "status " + std::to_string(response.status)};
    switch (reason) {
    case Reason::HsKey:
        return {Reason::UpstreamAnswer, "a wrong Sec-WebSocket-Accept"};
    case Reason::Subprotocol:
        return {Reason::UpstreamAnswer, "a subprotocol that was not offered"};
    default:
        if (!response.all("Sec-WebSocket-Extensions").empty())
            return {Reason::UpstreamAnswer, "an extension that was not offered"};
        return {Reason::UpstreamAnswer, "a 101 that is no WebSocket upgrade"};
    }
}

} // namespace

/// May be asked at any time.
void UpstreamLink::checkConnected()
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        failAttempt(Reason::UpstreamConnect, std::generic_category().message(error));
        return;
    }
    sockaddr_storage peer{};
    size = sizeof peer;
    if (getpeername(fd(), static_cast<sockaddr*>(static_cast<void*>(&peer)), &size) != 0)
        return; // not yet
    m_phase = Phase::Handshake;
    handshake();
}

void UpstreamLink::handshake()
{
    switch (m_transport->handshake()) {
    case IoStatus::Ok:
        sendRequest();
        break;
    case IoStatus::WouldBlock:
        m_context.updateInterest(*this);
        break;
    case IoStatus::Closed:
    case IoStatus::Failed:
        failAttempt(Reason::UpstreamTls, m_transport->certificateProblem().empty()
                                             ? std::string("the TLS handshake failed")
                                             : m_transport->certificateProblem());
        break;
    }
}

void UpstreamLink::sendRequest()
{
    const std::string text = wire::upgradeRequest(m_pending->request);
    if (text.empty()) {
        failAttempt(Reason::Internal, "no request can be made of the client's");
        return;
    }
    m_phase = Phase::Answer;
    const auto bytes = std::as_bytes(std::span(text));
    queue({bytes.begin(), bytes.end()});
    m_context.updateInterest(*this);
}

void UpstreamLink::readAnswer(std::span<const std::byte> bytes)
{
    m_pending->text.append(asText(bytes));
    while (m_phase == Phase::Answer) {
        const auto size = m_pending->scanner.scan(m_pending->text);
        if (!size) {
            failAttempt(Reason::UpstreamAnswer,
                        size.error() == Reason::HsHeaderSize ? "a head that is too long" : "not an HTTP/1.1 answer");
            return;
        }
        if (*size == 0)
            return;
        takeAnswer(*size);
    }
}

/// Others of 1xx may come before (RFC 9110 §15.2).
void UpstreamLink::takeAnswer(std::size_t headSize)
{
    const wire::Response response = m_pending->scanner.response(m_pending->text);
    if (response.status >= 100 && response.status < 200 && response.status != 101 &&
        ++m_pending->interim <= mostInterim) {
        m_pending->text.erase(0, headSize);
        m_pending->scanner = wire::HeadScanner({.head = mostHead}, wire::HeadScanner::Kind::Response);
        return;
    }
    const auto chosen = wire::checkAnswer(response, m_pending->request);
    if (!chosen) {
        LinkFailure failure = refusedAnswer(response, chosen.error());
        failAttempt(failure.reason, std::move(failure.met));
        return;
    }
    const std::string subprotocol(*chosen);
    const auto rest = std::as_bytes(std::span(m_pending->text)).subspan(headSize);
    m_kept.assign(rest.begin(), rest.end());
    m_keptFrom = 0;
    m_pending.reset();
    m_phase = Phase::Answered;
    startTimer();
    m_context.updateInterest(*this);
    if (m_owner)
        m_owner->answered(subprotocol);
}

void UpstreamLink::failAttempt(Reason reason, std::string met)
{
    discard();
    if (Owner* owner = std::exchange(m_owner, nullptr))
        owner->failed({reason, std::move(met)});
}

} // namespace gatehouse
