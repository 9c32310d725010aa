// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sockettransport.h"

#include "net/peercertificate.h"
#include "net/tlsfailure.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <openssl/err.h>
#include <string_view>
#include <sys/socket.h>

namespace gatehouse {

namespace {

int clampToInt(std::size_t size)
{
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

} // namespace

IoStatus SocketTransport::sslStatus(int result)
{
    m_wantsWrite = false;
    switch (SSL_get_error(m_ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
        return IoStatus::WouldBlock;
    case SSL_ERROR_WANT_WRITE:
        m_wantsWrite = true;
        return IoStatus::WouldBlock;
    case SSL_ERROR_ZERO_RETURN:
        return IoStatus::Closed;
    default:
        m_failure = handshakeFailure(*m_ssl); // empties the error queue, which all connections of the thread share
        if (m_peer.established)
            m_failure = Reason::PeerAbort;
        else if (m_peer.hello->tooLarge)
            m_failure = Reason::TlsNotHello;
        return IoStatus::Failed;
    }
}

/// A read yields the data of one record, and leaves at most one that has begun.
void SocketTransport::countRecords(bool data)
{
    constexpr std::uint32_t begun = 1;
    if (data && m_peer.records > 0)
        --m_peer.records;
    if (m_peer.records > begun) {
        m_peer.guard.idle(m_peer.records - begun, m_tls->clock().now());
        m_peer.records = begun;
    }
}

/// More handshake messages than a peer may send, or one of TLS 1.2 that came in part: OpenSSL would hold up to 128 KiB
/// for the rest of it.
bool SocketTransport::misbehaved() const
{
    return m_peer.guard.excessive() || (SSL_in_init(m_ssl.get()) && SSL_version(m_ssl.get()) == TLS1_2_VERSION);
}

IoResult SocketTransport::peek(std::span<std::byte> into)
{
    const ssize_t got = recv(fd(), into.data(), into.size(), MSG_PEEK);
    if (got > 0)
        return {IoStatus::Ok, static_cast<std::size_t>(got)};
    if (got == 0)
        return {IoStatus::Closed, 0};
    return {errno == EAGAIN || errno == EINTR ? IoStatus::WouldBlock : IoStatus::Failed, 0};
}

void SocketTransport::skip(std::size_t size)
{
    std::array<std::byte, 256> taken;
    while (size > 0) {
        const ssize_t got = recv(fd(), taken.data(), std::min(size, taken.size()), 0);
        if (got <= 0) // the next call tells of it
            return;
        size -= static_cast<std::size_t>(got);
    }
}

IoStatus SocketTransport::handshake()
{
    if (!m_ssl)
        return IoStatus::Ok;
    const int result = SSL_do_handshake(m_ssl.get());
    if (result != 1)
        return sslStatus(result);
    m_peer.established = true;
    unwatchHello(*m_ssl);
    return IoStatus::Ok;
}

IoResult SocketTransport::read(std::span<std::byte> into)
{
    if (m_ssl) {
        const int got = SSL_read(m_ssl.get(), into.data(), clampToInt(into.size()));
        countRecords(got > 0);
        if (misbehaved()) {
            ERR_clear_error();
            m_failure = Reason::TlsRenegotiation;
            return {IoStatus::Failed, 0};
        }
        if (got > 0)
            return {IoStatus::Ok, static_cast<std::size_t>(got)};
        return {sslStatus(got), 0};
    }
    const ssize_t got = recv(fd(), into.data(), into.size(), 0);
    if (got > 0)
        return {IoStatus::Ok, static_cast<std::size_t>(got)};
    if (got == 0)
        return {IoStatus::Closed, 0};
    return {errno == EAGAIN || errno == EINTR ? IoStatus::WouldBlock : IoStatus::Failed, 0};
}

bool SocketTransport::readable()
{
    char byte = 0;
    if (!m_ssl)
        return recv(fd(), &byte, sizeof byte, MSG_PEEK) > 0;
    // A KeyUpdate ends a call, and so does our answer to it; data may stand behind the two that are allowed.
    for (int calls = 4; calls > 0; --calls) {
        const bool any = SSL_peek(m_ssl.get(), &byte, sizeof byte) > 0;
        ERR_clear_error(); // a failure stays, and the next read meets it again
        if (any)
            return true;
        if (m_peer.guard == TlsGuard())
            return false;
    }
    return false;
}

IoResult SocketTransport::write(std::span<const std::byte> from)
{
    m_wantsWrite = false;
    if (m_ssl) {
        m_peer.hello.reset();
        const int sent = SSL_write(m_ssl.get(), from.data(), clampToInt(from.size()));
        if (sent > 0)
            return {IoStatus::Ok, static_cast<std::size_t>(sent)};
        return {sslStatus(sent), 0};
    }
    const ssize_t sent = send(fd(), from.data(), from.size(), MSG_NOSIGNAL);
    if (sent >= 0)
        return {IoStatus::Ok, static_cast<std::size_t>(sent)};
    m_wantsWrite = errno == EAGAIN || errno == EINTR;
    return {m_wantsWrite ? IoStatus::WouldBlock : IoStatus::Failed, 0};
}

void SocketTransport::shutdownWrite()
{
    if (m_ssl && SSL_is_init_finished(m_ssl.get())) {
        SSL_shutdown(m_ssl.get());
        ERR_clear_error();
    }
    ::shutdown(fd(), SHUT_WR);
}

std::string SocketTransport::certificateProblem() const
{
    return m_ssl && m_failure == Reason::TlsClientCert ? clientCertificateProblem(*m_ssl) : std::string();
}

std::optional<ClientCertificate> SocketTransport::clientCertificate() const
{
    if (!m_ssl || !m_tls->asksForCertificate() || SSL_get_verify_result(m_ssl.get()) != X509_V_OK)
        return std::nullopt;
    const X509* certificate = SSL_get0_peer_certificate(m_ssl.get());
    return certificate ? readClientCertificate(*certificate) : std::nullopt;
}

std::string SocketTransport::tlsVersion() const
{
    if (!m_ssl)
        return {};
    const std::string_view name = SSL_get_version(m_ssl.get());
    return std::string(name.starts_with("TLSv") ? name.substr(4) : name);
}

std::string SocketTransport::tlsCipher() const
{
    return m_ssl ? SSL_get_cipher_name(m_ssl.get()) : std::string();
}

} // namespace gatehouse
