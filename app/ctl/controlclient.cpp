// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/controlclient.h"

#include "control/json.h"
#include "wire/request.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace gatehouse::ctl {

namespace {

/// A look at what a policy would do takes as long as it was given.
std::chrono::seconds patienceFor(const Command& command)
{
    const auto* whatIf = std::get_if<PolicyWhatIfCommand>(&command);
    const auto longer = whatIf && whatIf->within ? *whatIf->within : std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::seconds>(std::clamp<std::chrono::milliseconds>(
        longer + std::chrono::seconds(30), std::chrono::seconds(30), std::chrono::seconds(120)));
}

constexpr std::size_t largestAnswer = 256U << 20; // some 200,000 sessions

class Connection {
public:
    Connection()
        : m_descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
    }
    ~Connection()
    {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] int error(const std::filesystem::path& socket, std::chrono::seconds limit) const
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (m_descriptor < 0)
            return errno;
        if (socket.native().size() >= sizeof address.sun_path)
            return ENAMETOOLONG;
        std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
        const timeval patience{limit.count(), 0};
        ::setsockopt(m_descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(m_descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        return ::connect(m_descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
    }
    [[nodiscard]] bool send(std::string_view text) const
    {
        while (!text.empty()) {
            const ssize_t count = ::send(m_descriptor, text.data(), text.size(), MSG_NOSIGNAL);
            if (count < 0 && errno != EINTR)
                return false;
            text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
        }
        return true;
    }
    /// All until the other end closes.
    [[nodiscard]] bool receive(std::string& text) const
    {
        std::array<char, 65536> bytes;
        for (;;) {
            const ssize_t count = ::recv(m_descriptor, bytes.data(), bytes.size(), 0);
            if (count == 0)
                return true;
            if (count > 0)
                text.append(bytes.data(), static_cast<std::size_t>(count));
            else if (errno != EINTR)
                return errno == ECONNRESET && !text.empty();
            if (text.size() > largestAnswer)
                return false;
        }
    }

private:
    int m_descriptor;
};

std::string cannotConnect(const std::filesystem::path& socket, int error)
{
    std::string text = "no server answers on " + socket.string() + " (" + std::strerror(error) + ")";
    if (error == EACCES || error == EPERM)
        return text + "; run gatehousectl as the user that the server runs as";
    return text + "; start gatehoused, or name the socket with --socket or the configuration with --config";
}

} // namespace

Result<HttpAnswer, std::string> post(const std::filesystem::path& socket, const Command& command)
{
    const Connection connection;
    const std::chrono::seconds patience = patienceFor(command);
    if (const int error = connection.error(socket, patience); error != 0)
        return Failure{cannotConnect(socket, error)};
    const std::string body = formatCommand(command);
    std::string request = "POST /api/" + std::string(commandMethod(command)) + " HTTP/1.1\r\nHost: localhost\r\n";
    request += "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size());
    // A server that refuses at once may have closed already; its answer is there to read all the same.
    static_cast<void>(connection.send(request + "\r\n\r\n" + body));
    std::string text;
    if (!connection.receive(text))
        return Failure{"the server on " + socket.string() + " did not answer within " +
                       std::to_string(patience.count()) + " seconds; see whether it is stopping or stuck"};
    const auto head = wire::parseResponse(text, {});
    if (!head || !*head)
        return Failure{"what answers on " + socket.string() + " is not a Gatehouse server"};
    return HttpAnswer{(**head).status, text.substr((**head).size)};
}

} // namespace gatehouse::ctl
