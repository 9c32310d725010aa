// SPDX-License-Identifier: GPL-3.0-or-later
#include "loadclient.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::bench {

namespace {

constexpr std::size_t stampSize = 20; // digits of the largest 64-bit number

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

std::uint64_t nanoseconds()
{
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

} // namespace

LoadClient::LoadClient(const Target& target, SSL_CTX* context, const std::string& source, wire::ClientRequest request,
                       std::string channel)
    : m_fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    , m_request(std::move(request))
    , m_channel(std::move(channel))
{
    const int one = 1;
    setsockopt(m_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const sockaddr_in own = ipv4(source, 0);
    const sockaddr_in server = ipv4(target.address, target.port);
    if (m_fd < 0 || bind(m_fd, generic(own), sizeof own) != 0 ||
        (connect(m_fd, generic(server), sizeof server) != 0 && errno != EINPROGRESS))
        fail(std::strerror(errno));
    else if (target.tls) {
        m_ssl = SSL_new(context);
        SSL_set_fd(m_ssl, m_fd);
        SSL_set_connect_state(m_ssl);
    }
}

void LoadClient::resumeFrom(const std::shared_ptr<SSL_SESSION>& session)
{
    if (m_ssl && session)
        SSL_set_session(m_ssl, session.get());
}

std::shared_ptr<SSL_SESSION> LoadClient::ticket() const
{
    if (!m_ssl)
        return nullptr;
    SSL_SESSION* session = SSL_get1_session(m_ssl);
    if (session && SSL_SESSION_is_resumable(session) == 1)
        return {session, SSL_SESSION_free};
    SSL_SESSION_free(session);
    return nullptr;
}

LoadClient::~LoadClient()
{
    if (m_ssl)
        SSL_shutdown(m_ssl); // a session that was not closed is not resumed
    SSL_free(m_ssl);
    if (m_fd >= 0)
        close(m_fd);
}

void LoadClient::fail(std::string problem)
{
    m_state = State::Failed;
    m_problem = std::move(problem);
}

bool LoadClient::wantsWrite() const
{
    return m_state == State::Connecting || m_sslWantsWrite || !m_out.empty();
}

bool LoadClient::sslAgain(int result)
{
    const int error = SSL_get_error(m_ssl, result);
    ERR_clear_error();
    m_sslWantsWrite = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return true;
    fail("the connection ended");
    return false;
}

bool LoadClient::finishConnect()
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(m_fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        fail(std::strerror(error));
        return false;
    }
    sockaddr_in peer{};
    length = sizeof peer;
    if (getpeername(m_fd, static_cast<sockaddr*>(static_cast<void*>(&peer)), &length) != 0)
        return false;
    m_state = State::Handshake;
    return true;
}

bool LoadClient::handshake()
{
    if (m_ssl) {
        const int result = SSL_do_handshake(m_ssl);
        if (result != 1) {
            (void)sslAgain(result);
            return false;
        }
        m_sslWantsWrite = false;
    }
    m_state = State::Upgrading;
    m_out = wire::upgradeRequest(m_request);
    return true;
}

bool LoadClient::flush()
{
    while (!m_out.empty()) {
        if (m_ssl) {
            const int sent = SSL_write(m_ssl, m_out.data(), static_cast<int>(m_out.size()));
            if (sent <= 0)
                return sslAgain(sent);
            m_out.erase(0, static_cast<std::size_t>(sent));
            continue;
        }
        const ssize_t sent = ::send(m_fd, m_out.data(), m_out.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN)
                return true;
            fail(std::strerror(errno));
            return false;
        }
        m_out.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
}

std::optional<std::size_t> LoadClient::read(std::span<std::byte> into)
{
    if (m_ssl) {
        const int got = SSL_read(m_ssl, into.data(), static_cast<int>(into.size()));
        if (got > 0)
            return static_cast<std::size_t>(got);
        (void)sslAgain(got);
        return std::nullopt;
    }
    const ssize_t got = recv(m_fd, into.data(), into.size(), 0);
    if (got > 0)
        return static_cast<std::size_t>(got);
    if (got == 0 || errno != EAGAIN)
        fail("the connection ended");
    return std::nullopt;
}

void LoadClient::advance(std::vector<std::uint32_t>& latencies)
{
    if (m_state == State::Connecting && !finishConnect())
        return;
    if (m_state == State::Handshake && !handshake())
        return;
    if (m_state == State::Failed || !flush())
        return;
    static thread_local std::array<std::byte, 65536> buffer;
    while (m_state != State::Failed) {
        const auto got = read(buffer);
        if (!got)
            return;
        const auto bytes = std::span(buffer).first(*got);
        if (m_state == State::Upgrading)
            readAnswer(bytes, latencies);
        else
            decode(bytes, latencies);
    }
}

void LoadClient::readAnswer(std::span<std::byte> bytes, std::vector<std::uint32_t>& latencies)
{
    m_answer.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    const auto response = wire::parseResponse(m_answer, {});
    if (!response)
        return fail("not an HTTP response");
    if (!*response)
        return;
    if ((*response)->status != 101)
        return fail(m_answer.substr(0, m_answer.find('\r')));
    if (!wire::checkAnswer(**response, m_request))
        return fail("a wrong answer to the upgrade");
    m_state = m_channel.empty() ? State::Open : State::Subscribing;
    if (!m_channel.empty()) {
        say(R"({"id":1,"connect":{}})");
        say(R"({"id":2,"subscribe":{"channel":")" + m_channel + "\"}}");
        m_commands = 2;
        if (!flush())
            return;
    }
    const std::size_t rest = m_answer.size() - (*response)->size;
    std::string().swap(m_answer);
    m_request = {};
    decode(bytes.last(rest), latencies);
}

void LoadClient::decode(std::span<std::byte> bytes, std::vector<std::uint32_t>& latencies)
{
    using Kind = wire::Event::Kind;
    for (;;) {
        const wire::Event event = m_decoder.next(bytes);
        if (event.kind == Kind::NeedMore)
            return;
        if (event.kind == Kind::Ping) {
            const auto pong = wire::encodeFrame(wire::Opcode::Pong, event.payload, 0);
            m_out.append(static_cast<const char*>(static_cast<const void*>(pong.data())), pong.size());
            if (!flush())
                return;
        } else if (event.kind == Kind::Message) {
            take({static_cast<const char*>(static_cast<const void*>(event.payload.data())), event.payload.size()},
                 latencies);
        } else if (event.kind == Kind::Close) {
            return fail("closed with " + std::to_string(event.closeCode.value_or(1005)));
        } else if (event.kind == Kind::Violation) {
            return fail("the server broke the protocol");
        }
    }
}

void LoadClient::sendStamped(std::size_t size)
{
    std::string text = std::to_string(nanoseconds());
    text.insert(0, stampSize - text.size(), '0');
    text.resize(std::max(size, stampSize), 'x');
    if (!m_channel.empty())
        text = R"({"id":)" + std::to_string(++m_commands) + R"(,"publish":{"channel":")" + m_channel + R"(","data":")" +
               text + "\"}}";
    say(text);
}

void LoadClient::say(std::string_view text)
{
    const auto frame = wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(text)), 0x5a5a5a5a);
    m_out.append(static_cast<const char*>(static_cast<const void*>(frame.data())), frame.size());
}

void LoadClient::take(std::string_view message, std::vector<std::uint32_t>& latencies)
{
    if (m_channel.empty())
        return stamped(message, latencies);
    while (!message.empty()) {
        const std::size_t end = std::min(message.find('\n'), message.size());
        takeLine(message.substr(0, end), latencies);
        message.remove_prefix(std::min(end + 1, message.size()));
    }
}

/// What is there is known by what the server writes it like: nothing here parses JSON at this rate.
void LoadClient::takeLine(std::string_view line, std::vector<std::uint32_t>& latencies)
{
    constexpr std::string_view data = R"("data":")";
    if (line == "{}") {
        say("{}");
        (void)flush();
    } else if (line.find(R"("error":)") != std::string_view::npos) {
        fail(std::string(line));
    } else if (line.find(R"("pub":)") != std::string_view::npos) {
        if (const std::size_t at = line.find(data); at != std::string_view::npos)
            stamped(line.substr(at + data.size()), latencies);
    } else if (m_state == State::Subscribing && line.find(R"("subscribe":)") != std::string_view::npos) {
        m_state = State::Open;
    }
}

void LoadClient::stamped(std::string_view stamp, std::vector<std::uint32_t>& latencies)
{
    ++m_received;
    if (stamp.size() < stampSize)
        return;
    const std::uint64_t sent = std::stoull(std::string(stamp.substr(0, stampSize)));
    m_order = (m_order ^ sent) * 0x9E3779B97F4A7C15u;
    latencies.push_back(static_cast<std::uint32_t>((nanoseconds() - sent) / 1000));
}

} // namespace gatehouse::bench
