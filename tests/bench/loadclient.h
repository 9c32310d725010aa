// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/frame.h"
#include "wire/request.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse::bench {

using Instant = std::chrono::steady_clock::time_point;

struct Target {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8443;
    bool tls = true;
};

/// One WebSocket session of the load generator, never blocking. Owner: the thread that polls.
class LoadClient {
public:
    enum class State : std::uint8_t { Connecting, Handshake, Upgrading, Subscribing, Open, Failed };

    /// Connects from `source`; what goes wrong is told by state(). `channel`: to be subscribed to and published to in
    /// Centrifugo's protocol; empty: the route's own messages.
    LoadClient(const Target& target, SSL_CTX* context, const std::string& source, wire::ClientRequest request,
               std::string channel = {});
    ~LoadClient();
    LoadClient(const LoadClient&) = delete;
    LoadClient& operator=(const LoadClient&) = delete;

    /// Goes on as far as the socket lets it; whole messages are counted and their stamps handed to `latencies`.
    void advance(std::vector<std::uint32_t>& latencies);
    /// Before the handshake begins; null: a full one.
    void resumeFrom(const std::shared_ptr<SSL_SESSION>& session);
    /// To resume from; null where the server gave none.
    [[nodiscard]] std::shared_ptr<SSL_SESSION> ticket() const;
    [[nodiscard]] bool resumed() const { return m_ssl && SSL_session_reused(m_ssl) == 1; }
    /// Queues a text message that begins with the time in nanoseconds.
    void sendStamped(std::size_t size);

    [[nodiscard]] int fd() const { return m_fd; }
    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] bool wantsWrite() const;
    [[nodiscard]] const std::string& problem() const { return m_problem; }
    [[nodiscard]] std::uint64_t received() const { return m_received; }
    /// Of what was received, in its order: the same for two clients that were told the same.
    [[nodiscard]] std::uint64_t order() const { return m_order; }

private:
    void fail(std::string problem);
    bool finishConnect();
    bool handshake();
    bool flush();
    std::optional<std::size_t> read(std::span<std::byte> into);
    void readAnswer(std::span<std::byte> bytes, std::vector<std::uint32_t>& latencies);
    void decode(std::span<std::byte> bytes, std::vector<std::uint32_t>& latencies);
    void take(std::string_view message, std::vector<std::uint32_t>& latencies);
    void takeLine(std::string_view line, std::vector<std::uint32_t>& latencies);
    void stamped(std::string_view stamp, std::vector<std::uint32_t>& latencies);
    void say(std::string_view text);
    bool sslAgain(int result);

    int m_fd = -1;
    SSL* m_ssl = nullptr;
    State m_state = State::Connecting;
    bool m_sslWantsWrite = false;
    wire::ClientRequest m_request;
    std::string m_answer;
    std::string m_out;
    std::string m_problem;
    std::uint64_t m_received = 0;
    std::uint64_t m_order = 0;
    std::uint32_t m_commands = 0;
    std::string m_channel;
    wire::Decoder m_decoder{wire::Role::Client, {1 << 20, 64}};
};

} // namespace gatehouse::bench
