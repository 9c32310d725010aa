// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/frame.h"
#include "wire/request.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace gatehouse::test {

using namespace std::chrono_literals;

/// No answer may take longer: against hangs, not a measure.
inline constexpr std::chrono::milliseconds ceiling{20000};

struct HttpAnswer {
    int status = 0;   ///< 0: the connection ended without an answer
    std::string text; ///< head and body

    /// Every value of a header, joined by ", ".
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// What the server sent after the 101.
struct Incoming {
    enum class Kind : std::uint8_t { Message, Ping, Pong, Close, Violation, End, Nothing };
    Kind kind = Kind::Nothing; ///< End: the connection is over; Nothing: the time given ran out
    wire::Opcode type = wire::Opcode::Text;
    std::string payload;    ///< of a Close its reason
    std::uint16_t code = 0; ///< of a Close; 1005 where it was empty
};

struct UpgradeOptions {
    std::string path = "/echo";
    std::string host = "localhost";
    std::optional<std::string> token; ///< in Authorization
    std::optional<std::string> origin;
    std::vector<std::string> subprotocols;
    std::vector<std::pair<std::string, std::string>> headers; ///< more of them
};

/// A client that says exactly the bytes it is told to, over TCP or over OpenSSL. Blocking, each call with a deadline.
class ByteClient {
public:
    enum class Security : std::uint8_t { Plain, Tls };
    struct Options {
        std::string source = "127.0.0.1";           ///< own address
        int receiveBuffer = 0;                      ///< of the socket; 0: the system's
        std::function<void(ssl_ctx_st*)> configure; ///< of the TLS context, before the handshake
        std::function<void(ssl_st*)> prepare;       ///< of the connection, before the handshake
        bool handshake = true;                      ///< false: TCP is connected, TLS has not begun
        std::string target = "127.0.0.1";
    };

    ByteClient(std::uint16_t port, Security security);
    ByteClient(std::uint16_t port, Security security, Options options);
    /// The other side: of a socket that was accepted, which it owns from here on. Its frames have no mask.
    explicit ByteClient(int accepted);
    ~ByteClient();
    ByteClient(ByteClient&&) noexcept;
    ByteClient& operator=(ByteClient&&) noexcept;

    /// TCP, and with TLS its handshake, came through.
    [[nodiscard]] bool connected() const;
    /// The alert (RFC 8446 §6) that the server sent; 0: none.
    [[nodiscard]] int alert() const;
    [[nodiscard]] std::uint16_t localPort() const;
    /// For what OpenSSL knows of the connection; null without TLS.
    [[nodiscard]] ssl_st* ssl() const;

    /// All of it, or false where the connection ended or the ceiling was reached.
    bool send(std::string_view bytes);
    bool send(const std::vector<std::byte>& bytes);
    /// As many as the socket takes at once; 0 too where the connection is over.
    std::size_t sendSome(std::string_view bytes);
    /// Past TLS, straight to the socket.
    bool sendRaw(std::string_view bytes);
    /// While held, what is sent gathers: records of TLS then leave in one segment.
    void hold(bool held);
    /// What there is, at least one byte; empty at the end or where the time given ran out.
    std::string receive(std::chrono::milliseconds atMost = ceiling);
    /// Everything until the connection ends.
    std::string receiveAll();
    /// True where the connection ends within the time; what comes before is thrown away.
    bool ends(std::chrono::milliseconds atMost = ceiling);
    [[nodiscard]] bool wasReset() const;
    [[nodiscard]] bool secure() const;
    /// TLS was ended by the server before TCP was (RFC 8446 §6.1).
    [[nodiscard]] bool closeNotify() const;

    /// Sends a request as it stands and reads the answer; what follows a 101 is kept for next().
    HttpAnswer request(std::string_view text);
    HttpAnswer upgrade(const UpgradeOptions& options);

    /// One frame, unfragmented; a client's is masked.
    bool frame(wire::Opcode opcode, std::string_view payload, std::uint32_t mask = 0x12345678);
    bool text(std::string_view payload) { return frame(wire::Opcode::Text, payload); }
    bool close(std::optional<std::uint16_t> code = 1000, std::string_view reason = {});
    Incoming next(std::chrono::milliseconds atMost = ceiling);
    /// The next that is not a ping or pong.
    Incoming nextData(std::chrono::milliseconds atMost = ceiling);
    /// Reads until a Close, or the end: what it was.
    Incoming closing();

    void shutdownWrite(); ///< FIN, with TLS after close_notify
    void reset();         ///< RST
    void disconnect();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// The text of an upgrade request that is correct but for what the options say.
[[nodiscard]] std::string upgradeText(const UpgradeOptions& options);
/// Bytes of a frame with any first byte and any announced length.
[[nodiscard]] std::string rawFrame(unsigned firstByte, std::string_view payload, bool masked = true);
[[nodiscard]] std::string asText(const std::vector<std::byte>& bytes);

} // namespace gatehouse::test
