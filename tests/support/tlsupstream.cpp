// SPDX-License-Identifier: GPL-3.0-or-later
#include "tlsupstream.h"

#include <array>
#include <memory>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace gatehouse::test {

namespace {

struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

void sendText(int fd, std::string_view text)
{
    (void)send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

} // namespace

TlsUpstream::TlsUpstream(TlsUpstreamOptions options)
    : m_options(std::move(options))
{
    m_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(m_listener, any, size) != 0 || listen(m_listener, 16) != 0 || getsockname(m_listener, any, &size) != 0)
        throw std::runtime_error("no port for an upstream");
    m_port = ntohs(address.sin_port);
    m_thread = std::thread([this] { run(); });
}

TlsUpstream::~TlsUpstream()
{
    stop();
    close(m_listener);
}

void TlsUpstream::stop()
{
    m_stop = true;
    if (m_thread.joinable())
        m_thread.join();
}

void TlsUpstream::run()
{
    while (!m_stop) {
        pollfd waiting{m_listener, POLLIN, 0};
        if (poll(&waiting, 1, 20) <= 0)
            continue;
        const int fd = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        const timeval patience{10, 0}; // against hangs
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (m_options.plain) {
            std::array<char, 16384> bytes{};
            (void)recv(fd, bytes.data(), bytes.size(), 0);
            sendText(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
            while (recv(fd, bytes.data(), bytes.size(), 0) > 0)
                ;
        } else {
            serve(fd);
        }
        close(fd);
        ERR_clear_error();
    }
}

void TlsUpstream::serve(int fd)
{
    const std::unique_ptr<SSL_CTX, SslDeleter> context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    useCredential(context.get(), m_options.credential);
    if (m_options.maxVersion != 0) {
        SSL_CTX_set_security_level(context.get(), 0); // older versions sign with SHA-1
        SSL_CTX_set_min_proto_version(context.get(), 0);
        SSL_CTX_set_max_proto_version(context.get(), m_options.maxVersion);
    }
    if (!m_options.ciphers.empty())
        SSL_CTX_set_cipher_list(context.get(), m_options.ciphers.c_str());
    const std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1)
        return;
    const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    m_serverName = name ? name : "-";
    if (m_options.then)
        return m_options.then(*ssl);
    std::array<char, 16384> bytes{};
    for (int got = 0; (got = SSL_read(ssl.get(), bytes.data(), bytes.size())) > 0;)
        if (SSL_write(ssl.get(), bytes.data(), got) != got)
            return;
    SSL_shutdown(ssl.get());
}

} // namespace gatehouse::test
