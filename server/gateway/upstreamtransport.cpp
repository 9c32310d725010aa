// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamtransport.h"

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

IoResult received(ssize_t got)
{
    if (got > 0)
        return {IoStatus::Ok, static_cast<std::size_t>(got)};
    if (got == 0)
        return {IoStatus::Closed, 0};
    return {errno == EAGAIN || errno == EINTR ? IoStatus::WouldBlock : IoStatus::Failed, 0};
}

} // namespace

UpstreamTransport::UpstreamTransport(Fd fd, std::shared_ptr<const UpstreamTls> tls, SslPtr ssl)
    : m_fd(std::move(fd))
    , m_tls(std::move(tls))
    , m_ssl(std::move(ssl))
{
    if (!m_ssl)
        return;
    m_peer.clock = &m_tls->clock();
    SSL_set_app_data(m_ssl.get(), &m_peer);
}

UpstreamTransport::~UpstreamTransport() = default;

IoStatus UpstreamTransport::sslStatus(int result)
{
    m_wantsWrite = false;
    switch (SSL_get_error(m_ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
        return IoStatus::WouldBlock;
    case SSL_ERROR_WANT_WRITE:
        m_wantsWrite = true;
        return IoStatus::WouldBlock;
    case SSL_ERROR_ZERO_RETURN:
        if (m_peer.established)
            return IoStatus::Closed;
        [[fallthrough]];
    default: // which also empties the error queue, that all connections of the thread share
        if (!m_peer.established) {
            m_failure = Reason::UpstreamTls;
            m_problem = upstreamTlsProblem(*m_ssl);
        }
        ERR_clear_error();
        return IoStatus::Failed;
    }
}

/// A read yields the data of one record, and leaves at most one that has begun.
void UpstreamTransport::countRecords(bool data)
{
    constexpr std::uint32_t begun = 1;
    if (data && m_peer.records > 0)
        --m_peer.records;
    if (m_peer.records > begun) {
        m_peer.guard.idle(m_peer.records - begun, m_tls->clock().now());
        m_peer.records = begun;
    }
}

IoResult UpstreamTransport::peek(std::span<std::byte> into)
{
    return received(recv(fd(), into.data(), into.size(), MSG_PEEK));
}

void UpstreamTransport::skip(std::size_t size)
{
    std::array<std::byte, 256> taken;
    while (size > 0) {
        const ssize_t got = recv(fd(), taken.data(), std::min(size, taken.size()), 0);
        if (got <= 0) // the next call tells of it
            return;
        size -= static_cast<std::size_t>(got);
    }
}

IoStatus UpstreamTransport::handshake()
{
    if (!m_ssl || m_peer.established)
        return IoStatus::Ok;
    const int result = SSL_do_handshake(m_ssl.get());
    if (result != 1)
        return sslStatus(result);
    m_peer.established = true;
    m_wantsWrite = false;
    return IoStatus::Ok;
}

IoResult UpstreamTransport::read(std::span<std::byte> into)
{
    if (!m_ssl)
        return received(recv(fd(), into.data(), into.size(), 0));
    const int got = SSL_read(m_ssl.get(), into.data(), clampToInt(into.size()));
    countRecords(got > 0);
    if (m_peer.guard.excessive()) {
        ERR_clear_error();
        m_failure = Reason::UpstreamTls;
        m_problem = "it sends TLS messages without end that are no data";
        return {IoStatus::Failed, 0};
    }
    if (got > 0)
        return {IoStatus::Ok, static_cast<std::size_t>(got)};
    return {sslStatus(got), 0};
}

bool UpstreamTransport::readable()
{
    char byte = 0;
    if (!m_ssl)
        return recv(fd(), &byte, sizeof byte, MSG_PEEK) > 0;
    // A ticket or a KeyUpdate ends a call, and so does our answer; data may stand behind as many as are allowed.
    for (std::uint32_t calls = UpstreamTlsPeer::mostTickets + 4; calls > 0; --calls) {
        const std::uint32_t before = m_peer.records;
        const bool any = SSL_peek(m_ssl.get(), &byte, sizeof byte) > 0;
        ERR_clear_error(); // a failure stays, and the next read meets it again
        if (any)
            return true;
        if (m_peer.records == before)
            return false;
    }
    return false;
}

IoResult UpstreamTransport::write(std::span<const std::byte> from)
{
    m_wantsWrite = false;
    if (m_ssl) {
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

void UpstreamTransport::shutdownWrite()
{
    if (m_ssl && SSL_is_init_finished(m_ssl.get())) {
        SSL_shutdown(m_ssl.get());
        ERR_clear_error();
    }
    ::shutdown(fd(), SHUT_WR);
}

std::string UpstreamTransport::tlsVersion() const
{
    if (!m_ssl)
        return {};
    const std::string_view name = SSL_get_version(m_ssl.get());
    return std::string(name.starts_with("TLSv") ? name.substr(4) : name);
}

std::string UpstreamTransport::tlsCipher() const
{
    return m_ssl ? SSL_get_cipher_name(m_ssl.get()) : std::string();
}

} // namespace gatehouse
