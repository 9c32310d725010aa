// SPDX-License-Identifier: GPL-3.0-or-later
#include "byteclient.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::test {

namespace {

using Instant = std::chrono::steady_clock::time_point;

sockaddr_in ipv4(const std::string& address, std::uint16_t port)
{
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &result.sin_addr);
    return result;
}

const sockaddr* generic(const sockaddr_in& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

bool waitFor(int fd, short events, Instant deadline)
{
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd poller{fd, events, 0};
        const int ready = poll(&poller, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

bool equalIgnoringCase(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

} // namespace

std::string HttpAnswer::header(std::string_view name) const
{
    std::string joined;
    const std::string_view head = std::string_view(text).substr(0, text.find("\r\n\r\n"));
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const std::size_t end = head.find("\r\n", at + 2);
        const std::string_view line = head.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && equalIgnoringCase(line.substr(0, colon), name)) {
            const std::size_t value = line.find_first_not_of(' ', colon + 1);
            joined += joined.empty() ? "" : ", ";
            joined += value == std::string_view::npos ? std::string_view() : line.substr(value);
        }
        at = end;
    }
    return joined;
}

struct ByteClient::Private {
    int fd = -1;
    SSL_CTX* context = nullptr;
    SSL* ssl = nullptr;
    bool connected = false;
    bool ended = false;
    bool reset = false;
    int alert = 0;
    bool closeNotify = false;
    bool accepted = false; ///< the server's side
    std::string pending;   ///< received, not yet handed out
    static constexpr wire::DecoderLimits wide{std::uint64_t{1} << 30, 1'000'000};
    wire::Decoder decoder{wire::Role::Client, wide};
    std::vector<std::byte> decoding;
    std::span<std::byte> undecoded;

    ~Private()
    {
        SSL_free(ssl);
        SSL_CTX_free(context);
        if (fd >= 0)
            ::close(fd);
    }

    bool connectTo(std::uint16_t port, const Options& options)
    {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (options.receiveBuffer > 0)
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.receiveBuffer, sizeof options.receiveBuffer);
        const sockaddr_in own = ipv4(options.source, 0);
        const sockaddr_in server = ipv4(options.target, port);
        if (bind(fd, generic(own), sizeof own) != 0 || connect(fd, generic(server), sizeof server) != 0)
            return false;
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        return true;
    }

    bool handshake(const Options& options)
    {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (options.configure)
            options.configure(context);
        ssl = SSL_new(context);
        SSL_set_app_data(ssl, this);
        SSL_set_info_callback(ssl, [](const SSL* which, int where, int value) {
            if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT)
                return;
            auto* self = static_cast<Private*>(SSL_get_app_data(which));
            if ((value & 0xff) == SSL_AD_CLOSE_NOTIFY)
                self->closeNotify = true;
            else
                self->alert = value & 0xff;
        });
        SSL_set_fd(ssl, fd);
        SSL_set_connect_state(ssl);
        if (options.prepare)
            options.prepare(ssl);
        const Instant deadline = std::chrono::steady_clock::now() + ceiling;
        for (;;) {
            const int result = SSL_do_handshake(ssl);
            if (result == 1)
                return true;
            if (!waitAfter(result, deadline))
                return false;
        }
    }

    /// True where the same call should be tried again.
    bool waitAfter(int result, Instant deadline)
    {
        const int error = SSL_get_error(ssl, result);
        const bool broken = errno == ECONNRESET || errno == EPIPE;
        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ)
            return waitFor(fd, POLLIN, deadline);
        if (error == SSL_ERROR_WANT_WRITE)
            return waitFor(fd, POLLOUT, deadline);
        ended = true;
        reset = reset || (error == SSL_ERROR_SYSCALL && broken);
        return false;
    }

    bool read(Instant deadline)
    {
        std::array<char, 65536> buffer;
        while (!ended) {
            if (ssl) {
                errno = 0;
                const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
                if (got > 0) {
                    pending.append(buffer.data(), static_cast<std::size_t>(got));
                    return true;
                }
                if (!waitAfter(got, deadline))
                    return false;
                continue;
            }
            const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
            if (got > 0) {
                pending.append(buffer.data(), static_cast<std::size_t>(got));
                return true;
            }
            if (got < 0 && errno == EAGAIN) {
                if (!waitFor(fd, POLLIN, deadline))
                    return false;
                continue;
            }
            reset = got < 0;
            ended = true;
        }
        return false;
    }
};

ByteClient::ByteClient(std::uint16_t port, Security security)
    : ByteClient(port, security, Options())
{
}

ByteClient::ByteClient(std::uint16_t port, Security security, Options options)
    : d(std::make_unique<Private>())
{
    d->connected =
        d->connectTo(port, options) && (security == Security::Plain || !options.handshake || d->handshake(options));
}

ByteClient::ByteClient(int accepted)
    : d(std::make_unique<Private>())
{
    d->fd = accepted;
    d->accepted = d->connected = accepted >= 0;
    d->ended = accepted < 0;
    d->decoder = wire::Decoder(wire::Role::Server, Private::wide);
    fcntl(accepted, F_SETFL, fcntl(accepted, F_GETFL) | O_NONBLOCK);
}

ByteClient::~ByteClient() = default;
ByteClient::ByteClient(ByteClient&&) noexcept = default;
ByteClient& ByteClient::operator=(ByteClient&&) noexcept = default;

bool ByteClient::connected() const
{
    return d->connected;
}

int ByteClient::alert() const
{
    return d->alert;
}

std::uint16_t ByteClient::localPort() const
{
    sockaddr_in own{};
    socklen_t length = sizeof own;
    getsockname(d->fd, static_cast<sockaddr*>(static_cast<void*>(&own)), &length);
    return ntohs(own.sin_port);
}

SSL* ByteClient::ssl() const
{
    return d->ssl;
}

std::size_t ByteClient::sendSome(std::string_view bytes)
{
    if (d->ssl) {
        const int sent = SSL_write(d->ssl, bytes.data(), static_cast<int>(bytes.size()));
        ERR_clear_error();
        return sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }
    const ssize_t sent = ::send(d->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool ByteClient::send(std::string_view bytes)
{
    const Instant deadline = std::chrono::steady_clock::now() + ceiling;
    while (!bytes.empty()) {
        if (d->ssl) {
            const int sent = SSL_write(d->ssl, bytes.data(), static_cast<int>(bytes.size()));
            if (sent > 0)
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            else if (!d->waitAfter(sent, deadline))
                return false;
            continue;
        }
        const ssize_t sent = ::send(d->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno != EAGAIN || !waitFor(d->fd, POLLOUT, deadline))
            return false;
    }
    return true;
}

bool ByteClient::send(const std::vector<std::byte>& bytes)
{
    return send(asText(bytes));
}

bool ByteClient::sendRaw(std::string_view bytes)
{
    return ::send(d->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void ByteClient::hold(bool held)
{
    const int value = held ? 1 : 0;
    setsockopt(d->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

std::string ByteClient::receive(std::chrono::milliseconds atMost)
{
    if (d->pending.empty())
        d->read(std::chrono::steady_clock::now() + atMost);
    return std::exchange(d->pending, {});
}

std::string ByteClient::receiveAll()
{
    const Instant deadline = std::chrono::steady_clock::now() + ceiling;
    while (d->read(deadline)) {
    }
    return std::exchange(d->pending, {});
}

bool ByteClient::ends(std::chrono::milliseconds atMost)
{
    const Instant deadline = std::chrono::steady_clock::now() + atMost;
    while (d->read(deadline))
        d->pending.clear();
    return d->ended;
}

bool ByteClient::wasReset() const
{
    return d->reset;
}

bool ByteClient::secure() const
{
    return d->ssl != nullptr;
}

bool ByteClient::closeNotify() const
{
    return d->closeNotify;
}

HttpAnswer ByteClient::request(std::string_view text)
{
    HttpAnswer answer;
    if (!text.empty() && !send(text)) {
        // The server may have answered before it read everything.
    }
    const Instant deadline = std::chrono::steady_clock::now() + ceiling;
    std::size_t end = std::string::npos;
    while ((end = d->pending.find("\r\n\r\n")) == std::string::npos)
        if (!d->read(deadline))
            return answer;
    end += 4;
    if (d->pending.starts_with("HTTP/1.1 ") && d->pending.size() > 12)
        answer.status = std::atoi(d->pending.c_str() + 9);
    if (answer.status == 101) {
        answer.text = d->pending.substr(0, end);
        d->pending.erase(0, end);
        if (!answer.header("Sec-WebSocket-Extensions").empty()) {
            wire::DecoderLimits limits = Private::wide;
            limits.maxInflated = limits.maxMessage;
            d->decoder.setLimits(limits);
        }
        return answer;
    }
    answer.text = d->pending.substr(0, end);
    const auto length = static_cast<std::size_t>(std::atoi(answer.header("Content-Length").c_str()));
    while (d->pending.size() < end + length && d->read(deadline)) {
    }
    answer.text = d->pending.substr(0, end + length);
    d->pending.erase(0, end + length);
    return answer;
}

HttpAnswer ByteClient::upgrade(const UpgradeOptions& options)
{
    return request(upgradeText(options));
}

bool ByteClient::frame(wire::Opcode opcode, std::string_view payload, std::uint32_t mask)
{
    return send(
        wire::encodeFrame(opcode, std::as_bytes(std::span(payload)), d->accepted ? std::nullopt : std::optional(mask)));
}

bool ByteClient::close(std::optional<std::uint16_t> code, std::string_view reason)
{
    return send(wire::encodeClose(code, reason, d->accepted ? std::nullopt : std::optional<std::uint32_t>(0x01020304)));
}

Incoming ByteClient::next(std::chrono::milliseconds atMost)
{
    using Kind = wire::Event::Kind;
    const Instant deadline = std::chrono::steady_clock::now() + atMost;
    for (;;) {
        const wire::Event event = d->decoder.next(d->undecoded);
        if (event.kind != Kind::NeedMore) {
            Incoming result;
            const auto* payload = static_cast<const char*>(static_cast<const void*>(event.payload.data()));
            result.payload.assign(payload, event.payload.size());
            result.type = event.type;
            result.code = event.closeCode.value_or(1005);
            result.kind = event.kind == Kind::Message ? Incoming::Kind::Message
                          : event.kind == Kind::Ping  ? Incoming::Kind::Ping
                          : event.kind == Kind::Pong  ? Incoming::Kind::Pong
                          : event.kind == Kind::Close ? Incoming::Kind::Close
                                                      : Incoming::Kind::Violation;
            return result;
        }
        if (d->pending.empty() && !d->read(deadline))
            return {d->ended ? Incoming::Kind::End : Incoming::Kind::Nothing, {}, {}, 0};
        const auto bytes = std::as_bytes(std::span(d->pending));
        d->decoding.assign(bytes.begin(), bytes.end());
        d->pending.clear();
        d->undecoded = d->decoding;
    }
}

Incoming ByteClient::nextData(std::chrono::milliseconds atMost)
{
    for (;;) {
        Incoming incoming = next(atMost);
        if (incoming.kind != Incoming::Kind::Ping && incoming.kind != Incoming::Kind::Pong)
            return incoming;
    }
}

Incoming ByteClient::closing()
{
    for (;;) {
        Incoming incoming = next();
        const auto kind = incoming.kind;
        if (kind == Incoming::Kind::Close || kind == Incoming::Kind::End || kind == Incoming::Kind::Nothing)
            return incoming;
    }
}

void ByteClient::shutdownWrite()
{
    if (d->ssl)
        SSL_shutdown(d->ssl);
    ::shutdown(d->fd, SHUT_WR);
}

void ByteClient::reset()
{
    const linger now{1, 0};
    setsockopt(d->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    disconnect();
}

void ByteClient::disconnect()
{
    if (d->fd >= 0)
        ::close(std::exchange(d->fd, -1));
    d->ended = true;
}

std::string upgradeText(const UpgradeOptions& options)
{
    std::string text = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (options.token)
        text += "Authorization: Bearer " + *options.token + "\r\n";
    if (options.origin)
        text += "Origin: " + *options.origin + "\r\n";
    for (const std::string& name : options.subprotocols)
        text += "Sec-WebSocket-Protocol: " + name + "\r\n";
    for (const auto& [name, value] : options.headers)
        text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

std::string rawFrame(unsigned firstByte, std::string_view payload, bool masked)
{
    const auto opcode = static_cast<wire::Opcode>(firstByte & 0x0fU);
    const auto mask = masked ? std::optional<std::uint32_t>(0) : std::nullopt;
    const wire::FrameHeader header = wire::frameHeader(opcode, payload.size(), true, false, mask);
    std::string bytes(static_cast<const char*>(static_cast<const void*>(header.bytes.data())), header.size);
    bytes[0] = static_cast<char>(firstByte);
    return bytes.append(payload);
}

std::string asText(const std::vector<std::byte>& bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

} // namespace gatehouse::test
