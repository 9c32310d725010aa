// SPDX-License-Identifier: GPL-3.0-or-later
// A policy that comes while thousands of sessions are open and messages are published: how long until those whom it
// ends are told, and whether the others miss a message.
#include "auth/token.h"
#include "net/listeners.h"
#include "runtime/gate.h"
#include "runtime/generation.h"
#include "wire/frame.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gatehouse::bench {

namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::size_t channelCount = 100;
constexpr std::chrono::milliseconds betweenMessages{10}; // of all channels together
constexpr std::size_t sessionsOfASource = 5000;

class Silent final : public EventSink, public GateEvents {
public:
    void record(AuditRecord) noexcept override {}
    void authFailed(AuthFailure) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override { done(ClaimVerdict::Failed); }
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void publish(std::uint32_t, WorkerBatch) override {}
};

[[noreturn]] void fail(const std::string& problem)
{
    std::fprintf(stderr, "bench_policy: %s\n", problem.c_str());
    std::exit(1);
}

std::shared_ptr<Policy> makePolicy()
{
    auto policy = std::make_shared<Policy>();
    policy->workers = 2;
    Listener listener;
    listener.name = "lab";
    listener.address = *IpAddress::parse("127.0.0.1");
    policy->listeners = {listener};
    Issuer issuer;
    issuer.name = issuer.issuer = issuer.audience = "bench";
    issuer.algorithms = {JwtAlgorithm::HS256};
    issuer.secret = std::string(43, 'b');
    issuer.rolesAllowed = {"*"};
    policy->issuers = {issuer};
    policy->roles = {"editor", "reader"};
    policy->limits.sessions.reset();
    policy->limits.sessionsPerIp.reset();
    policy->limits.pendingPerIp.reset();
    policy->limits.connectsPerIp.reset();
    policy->limits.messagesPerUser.reset();
    Route route;
    route.name = "hub";
    route.path = "/hub/{channel}";
    route.messages.rate.reset();
    policy->routes = {route};
    policy->channels = {{"**", {"*"}, {"*"}, {}}};
    return policy;
}

/// One session: counts what it is sent, and holds it to be the numbers from 0 on.
class Client {
public:
    Client(std::uint16_t port, std::size_t number, const std::string& token)
        : m_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const auto at = [](const std::string& address, std::uint16_t on) {
            sockaddr_in made{};
            made.sin_family = AF_INET;
            made.sin_port = htons(on);
            inet_pton(AF_INET, address.c_str(), &made.sin_addr);
            return made;
        };
        const sockaddr_in own = at("127.0.0." + std::to_string(1 + number / sessionsOfASource), 0);
        const sockaddr_in server = at("127.0.0.1", port);
        const auto generic = [](const sockaddr_in& address) {
            return static_cast<const sockaddr*>(static_cast<const void*>(&address));
        };
        const int one = 1;
        setsockopt(m_fd.get(), IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
        setsockopt(m_fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (!m_fd || bind(m_fd.get(), generic(own), sizeof own) != 0 ||
            connect(m_fd.get(), generic(server), sizeof server) != 0)
            fail(std::string("a client cannot connect: ") + std::strerror(errno));
        send("GET /hub/c" + std::to_string(number % channelCount) +
             " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " +
             token + "\r\n\r\n");
        std::string answer;
        for (char byte = 0; !answer.ends_with("\r\n\r\n"); answer.push_back(byte)) // nothing of a frame behind it
            if (recv(m_fd.get(), &byte, 1, 0) != 1)
                fail("a client is not answered");
        if (!answer.starts_with("HTTP/1.1 101"))
            fail("a client is not let in: " + answer);
    }

    [[nodiscard]] int fd() const { return m_fd.get(); }
    [[nodiscard]] std::uint64_t received() const { return m_received; }
    [[nodiscard]] bool inOrder() const { return m_inOrder; }
    [[nodiscard]] std::optional<std::uint16_t> closed() const { return m_closed; }
    [[nodiscard]] Instant closedAt() const { return m_closedAt; }

    void send(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(m_fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void sendNumber(std::uint64_t number)
    {
        const std::string text = std::to_string(number);
        const auto frame = wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(text)), 0x5a5a5a5aU);
        send({static_cast<const char*>(static_cast<const void*>(frame.data())), frame.size()});
    }

    void read()
    {
        std::array<std::byte, 16384> buffer;
        for (;;) {
            const ssize_t got = recv(m_fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got <= 0) {
                m_ended = m_ended || got == 0 || errno != EAGAIN;
                return;
            }
            decode(std::span(buffer).first(static_cast<std::size_t>(got)));
        }
    }
    [[nodiscard]] bool ended() const { return m_ended; }

private:
    void decode(std::span<std::byte> bytes)
    {
        for (;;) {
            const wire::Event event = m_decoder.next(bytes);
            if (event.kind == wire::Event::Kind::NeedMore)
                return;
            if (event.kind == wire::Event::Kind::Message) {
                const std::string text(static_cast<const char*>(static_cast<const void*>(event.payload.data())),
                                       event.payload.size());
                m_inOrder = m_inOrder && text == std::to_string(m_received);
                ++m_received;
            } else if (event.kind == wire::Event::Kind::Close) {
                m_closed = event.closeCode.value_or(1005);
                m_closedAt = std::chrono::steady_clock::now();
                const auto answer = wire::encodeClose(event.closeCode, {}, 0x5a5a5a5aU);
                send({static_cast<const char*>(static_cast<const void*>(answer.data())), answer.size()});
            } else if (event.kind == wire::Event::Kind::Violation) {
                m_inOrder = false;
                return;
            }
        }
    }

    Fd m_fd;
    wire::Decoder m_decoder{wire::Role::Client, {1 << 20, 64}};
    std::uint64_t m_received = 0;
    std::optional<std::uint16_t> m_closed;
    Instant m_closedAt{};
    bool m_inOrder = true;
    bool m_ended = false;
};

/// All clients and what is published, on one thread.
class Crowd {
public:
    Crowd(std::uint16_t port, const Policy& policy, std::size_t sessions, std::size_t ending, WallTime now)
        : m_epoll(epoll_create1(EPOLL_CLOEXEC))
        , m_published(channelCount, 0)
    {
        for (std::size_t i = 0; i < sessions; ++i) {
            const bool ends = i >= sessions - ending;
            const auto token = mintToken(
                policy, {"user" + std::to_string(i), {ends ? "reader" : "editor"}, std::chrono::hours(1), {}}, now);
            m_clients.push_back(std::make_unique<Client>(port, i, token.value()));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = m_clients.back().get();
            epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, m_clients.back()->fd(), &event);
        }
    }

    /// Publishes and reads for this long.
    void work(std::chrono::milliseconds time, bool publishing = true)
    {
        const Instant end = std::chrono::steady_clock::now() + time;
        for (Instant now = std::chrono::steady_clock::now(); now < end; now = std::chrono::steady_clock::now()) {
            if (publishing && now >= m_next) {
                m_next = std::max(m_next, now - betweenMessages) + betweenMessages;
                const std::size_t channel = m_turn++ % channelCount;
                m_clients[channel]->sendNumber(m_published[channel]++); // the first of each channel stays
            }
            poll();
        }
    }

    [[nodiscard]] std::uint64_t published(std::size_t client) const { return m_published[client % channelCount]; }
    [[nodiscard]] const std::vector<std::unique_ptr<Client>>& clients() const { return m_clients; }

private:
    void poll()
    {
        std::array<epoll_event, 512> events;
        const int count = epoll_wait(m_epoll.get(), events.data(), static_cast<int>(events.size()), 1);
        for (int i = 0; i < count; ++i) {
            auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
            client->read();
            if (client->ended())
                epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, client->fd(), nullptr);
        }
    }

    Fd m_epoll;
    std::vector<std::unique_ptr<Client>> m_clients;
    std::vector<std::uint64_t> m_published;
    std::size_t m_turn = 0;
    Instant m_next = std::chrono::steady_clock::now();
};

std::size_t number(const char* text)
{
    std::size_t value = 0;
    const std::string_view all(text);
    if (std::from_chars(all.data(), all.data() + all.size(), value).ec != std::errc() || value < 2 * channelCount)
        fail("usage: bench_policy [SESSIONS [ENDING]], each at least 200");
    return value;
}

/// What the gate tells of its apply. The steady clock is one for all processes.
struct Answer {
    std::uint64_t sessions = 0;
    std::uint64_t ended = 0;
    std::int64_t applied = 0; ///< nanoseconds
    std::int64_t answered = 0;
};

/// The gate in a process of its own, since each side has its limit of descriptors. Tells its port, waits for one byte,
/// applies, tells the answer, and ends with its input.
[[noreturn]] void serve(int input, int output)
{
    const SystemClock clock;
    Silent events;
    Gate gate(clock, events, events);
    const auto policy = makePolicy();
    const auto first = makeGeneration(policy, clock);
    if (!first || !gate.start(*first, std::make_shared<const BanSet>(), std::make_shared<const RevocationSet>(), 0))
        fail("the gate does not start");
    const std::string url = gate.listeners().front().url;
    const auto port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    char byte = 0;
    if (write(output, &port, sizeof port) != sizeof port || read(input, &byte, 1) != 1)
        fail("nobody asks the gate");

    auto changed = std::make_shared<Policy>(*policy);
    ++changed->version;
    changed->routes[0].roles = {"editor"};
    const auto next = makeGeneration(changed, clock, first->get());
    std::promise<Answer> promise;
    const Instant applied = std::chrono::steady_clock::now();
    const auto accepted = gate.apply(*next, [&](const PolicyMet& met) {
        promise.set_value({met.sessions, met.ended.size(), applied.time_since_epoch().count(),
                           std::chrono::steady_clock::now().time_since_epoch().count()});
    });
    if (!accepted)
        fail(accepted.error());
    const Answer answer = promise.get_future().get();
    if (write(output, &answer, sizeof answer) != sizeof answer)
        fail("nobody hears the gate");
    while (read(input, &byte, 1) > 0) {
    }
    gate.stop();
    std::_Exit(0);
}

/// False where somebody missed something, or was told wrongly.
bool report(const Crowd& crowd, std::size_t ending, const Answer& answer)
{
    const std::size_t sessions = crowd.clients().size();
    std::size_t told = 0, wrong = 0;
    std::uint64_t received = 0;
    std::int64_t last = answer.applied;
    for (std::size_t i = 0; i < sessions; ++i) {
        const Client& client = *crowd.clients()[i];
        const bool ends = i >= sessions - ending;
        received += client.received();
        told += client.closed() == std::uint16_t{4403};
        last = std::max(last, std::int64_t{client.closedAt().time_since_epoch().count()});
        const bool whole = ends || client.received() == crowd.published(i);
        wrong += !client.inOrder() || client.closed().has_value() != ends || !whole;
    }
    const auto milliseconds = [&](std::int64_t until) { return static_cast<double>(until - answer.applied) / 1e6; };
    std::printf("sessions %zu, met %zu, ended %zu, told 4403 %zu\n", sessions, std::size_t{answer.sessions},
                std::size_t{answer.ended}, told);
    std::printf("messages received %zu, sessions that missed, swapped or were told wrongly %zu\n",
                std::size_t{received}, wrong);
    std::printf("from apply to the answer %.1f ms, to the last Close received %.1f ms (goal 1000)\n",
                milliseconds(answer.answered), milliseconds(last));
    return wrong == 0 && told == ending && answer.ended == ending && answer.sessions == sessions;
}

int run(std::size_t sessions, std::size_t ending)
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_max < sessions + 100)
            fail("the limit of descriptors is " + std::to_string(limit.rlim_max) + "; ulimit -Hn");
    }
    std::array<int, 2> toGate{}, fromGate{};
    if (pipe2(toGate.data(), O_CLOEXEC) != 0 || pipe2(fromGate.data(), O_CLOEXEC) != 0)
        fail("no pipes");
    const pid_t gate = fork();
    if (gate == 0) {
        close(toGate[1]);
        serve(toGate[0], fromGate[1]);
    }
    close(fromGate[1]);
    std::uint16_t port = 0;
    if (gate < 0 || read(fromGate[0], &port, sizeof port) != sizeof port)
        fail("no gate");
    Crowd crowd(port, *makePolicy(), sessions, ending, SystemClock().wall());
    crowd.work(std::chrono::seconds(2));
    if (write(toGate[1], "!", 1) != 1)
        fail("the gate is gone");
    crowd.work(std::chrono::seconds(4));
    crowd.work(std::chrono::seconds(1), false);
    Answer answer;
    if (read(fromGate[0], &answer, sizeof answer) != sizeof answer)
        fail("the policy was not answered");
    const bool good = report(crowd, ending, answer);
    close(toGate[1]);
    waitpid(gate, nullptr, 0);
    return good ? 0 : 1;
}

} // namespace

} // namespace gatehouse::bench

int main(int argc, char** argv)
{
    const std::size_t sessions = argc > 1 ? gatehouse::bench::number(argv[1]) : 10'000;
    return gatehouse::bench::run(sessions, argc > 2 ? gatehouse::bench::number(argv[2]) : sessions / 10);
}
