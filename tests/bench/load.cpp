// SPDX-License-Identifier: GPL-3.0-or-later
// Load on a gate of one's own: opens sessions, holds them or lets them work, prints what came of it as JSON.
#include "loadclient.h"

#include "auth/token.h"
#include "policy/load.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace gatehouse::bench {

namespace {

struct Options {
    std::string config;        ///< of a gate of one's own; empty: a server at `url`
    std::string url;           ///< wss://127.0.0.1:8443/path
    std::string token;         ///< beside `url`; empty: none is shown
    std::string listener;      ///< empty: the first
    std::uint16_t port = 0;    ///< 0: the listener's
    std::string mode = "idle"; ///< idle, echo, publish, centrifuge, loop, broadcast, connect
    std::string path;          ///< {n} is the number of a session's channel
    std::size_t sessions = 100;
    std::size_t users = 100;
    std::size_t sources = 1; ///< addresses 127.0.0.1 and up
    std::size_t channels = 1;
    std::size_t atOnce = 50;   ///< sessions that are being opened
    std::size_t size = 128;    ///< bytes of a message
    std::size_t atATime = 1;   ///< messages on their way: of each session in loop, of all in broadcast
    bool resume = false;       ///< connect: with the session of the connection before
    double rate = 100;         ///< messages a second over all sessions, in echo and publish
    double seconds = 10;       ///< that the load lasts, or that the sessions are held
    bool waitForInput = false; ///< idle: hold until standard input ends instead
};

[[noreturn]] void usage(const std::string& problem)
{
    std::cerr << "bench_load: " << problem << "\n"
              << "usage: bench_load --config FILE [--listener NAME] [--port N] | --url wss://127.0.0.1:PORT/PATH "
                 "[--token T]\n"
                 "  [--mode idle|echo|publish|centrifuge|loop|broadcast|connect] [--path PATH] [--at-a-time N] "
                 "[--resume]\n"
                 "  [--sessions N] [--users N] [--sources N] [--channels N] [--at-once N] [--size BYTES] [--rate "
                 "PER_SECOND]\n"
                 "  [--seconds S | --until-eof]\n";
    std::exit(64);
}

template <class Number> Number number(const std::string& key, const std::string& text)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value <= 0)
        usage(key + " needs a number over 0");
    return value;
}

Options parse(const std::vector<std::string>& arguments)
{
    Options options;
    const std::map<std::string, std::string*> texts{{"--config", &options.config}, {"--url", &options.url},
                                                    {"--token", &options.token},   {"--listener", &options.listener},
                                                    {"--mode", &options.mode},     {"--path", &options.path}};
    const std::map<std::string, std::size_t*> sizes{
        {"--sessions", &options.sessions}, {"--users", &options.users},    {"--sources", &options.sources},
        {"--channels", &options.channels}, {"--at-once", &options.atOnce}, {"--size", &options.size},
        {"--at-a-time", &options.atATime}};
    const std::map<std::string, double*> numbers{{"--rate", &options.rate}, {"--seconds", &options.seconds}};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& key = arguments[i];
        if (key == "--until-eof") {
            options.waitForInput = true;
            continue;
        }
        if (key == "--resume") {
            options.resume = true;
            continue;
        }
        if (i + 1 == arguments.size())
            usage("'" + key + "' is not known, or has no value");
        const std::string& value = arguments[++i];
        if (const auto text = texts.find(key); text != texts.end())
            *text->second = value;
        else if (const auto size = sizes.find(key); size != sizes.end())
            *size->second = number<std::size_t>(key, value);
        else if (const auto real = numbers.find(key); real != numbers.end())
            *real->second = number<double>(key, value);
        else if (key == "--port")
            options.port = number<std::uint16_t>(key, value);
        else
            usage("'" + key + "' is not known");
    }
    if (options.config.empty() == options.url.empty())
        usage("either --config or --url");
    constexpr std::array modes{"idle", "echo", "publish", "centrifuge", "loop", "broadcast", "connect"};
    if (std::ranges::find(modes, options.mode) == modes.end())
        usage("there is no --mode " + options.mode);
    if (options.path.empty())
        options.path = options.mode == "echo" || options.mode == "loop" ? "/echo"
                       : options.mode == "centrifuge"                   ? "/connection/websocket"
                                                                        : "/hub/chat.{n}";
    return options;
}

/// Opens sessions and drives them from one thread.
class Load {
public:
    /// `policy` null: the target is that of the URL.
    Load(Options options, const Policy* policy)
        : m_options(std::move(options))
        , m_policy(policy)
        , m_epoll(epoll_create1(EPOLL_CLOEXEC))
        , m_context(SSL_CTX_new(TLS_client_method()))
    {
        SSL_CTX_set_mode(m_context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        chooseTarget();
    }
    ~Load()
    {
        m_clients.clear();
        SSL_CTX_free(m_context);
        close(m_epoll);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// False where a session could not be opened.
    bool openAll()
    {
        const Instant started = std::chrono::steady_clock::now();
        while (open() < m_options.sessions && failed() == 0) {
            while (m_clients.size() < m_options.sessions && m_clients.size() - open() < m_options.atOnce)
                add();
            poll(std::chrono::milliseconds(100));
        }
        m_openSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        return failed() == 0;
    }

    void hold()
    {
        const Instant end = std::chrono::steady_clock::now() + std::chrono::duration_cast<Instant::duration>(
                                                                   std::chrono::duration<double>(m_options.seconds));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = nullptr;
        if (m_options.waitForInput)
            epoll_ctl(m_epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
        while (!m_inputEnded && (m_options.waitForInput || std::chrono::steady_clock::now() < end))
            poll(std::chrono::milliseconds(100));
    }

    void work()
    {
        using Seconds = std::chrono::duration<double>;
        const Instant started = std::chrono::steady_clock::now();
        std::size_t turn = 0;
        m_latencies.clear();
        for (Seconds passed{0}; passed.count() < m_options.seconds;
             passed = std::chrono::steady_clock::now() - started) {
            while (static_cast<double>(m_sent) < passed.count() * m_options.rate) {
                LoadClient& client = *m_clients[turn++ % m_clients.size()];
                client.sendStamped(m_options.size);
                client.advance(m_latencies);
                watch(client);
                ++m_sent;
            }
            poll(std::chrono::milliseconds(1));
        }
        // Until nothing has come for a second: what is on its way counts, too.
        Instant quiet = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        const Instant latest = quiet + std::chrono::seconds(30);
        for (Instant now = std::chrono::steady_clock::now(); now < std::min(quiet, latest);
             now = std::chrono::steady_clock::now()) {
            const std::size_t before = m_latencies.size();
            poll(std::chrono::milliseconds(10));
            if (m_latencies.size() > before)
                quiet = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        }
    }

    /// Each session has so many messages on their way, and sends the next when one is back.
    void loop()
    {
        m_latencies.clear();
        const Instant end = ends();
        std::vector<std::uint64_t> back(m_clients.size(), 0);
        for (const auto& client : m_clients)
            for (std::size_t i = 0; i < m_options.atATime; ++i)
                send(*client);
        while (std::chrono::steady_clock::now() < end && failed() == 0) {
            poll(std::chrono::milliseconds(10));
            for (std::size_t n = 0; n < m_clients.size(); ++n)
                for (LoadClient& client = *m_clients[n]; back[n] < client.received(); ++back[n])
                    send(client);
        }
    }

    /// The first session publishes so many at a time, and more when they have come to all the others.
    void broadcast()
    {
        m_latencies.clear();
        const Instant end = ends();
        std::uint64_t rounds = 0;
        while (std::chrono::steady_clock::now() < end && failed() == 0) {
            for (std::size_t i = 0; i < m_options.atATime; ++i)
                send(*m_clients[0]);
            ++rounds;
            const auto whole = [&] {
                return std::all_of(m_clients.begin() + 1, m_clients.end(), [&](const auto& client) {
                    return client->received() >= rounds * m_options.atATime;
                });
            };
            while (!whole() && failed() == 0 && std::chrono::steady_clock::now() < end + std::chrono::seconds(5))
                poll(std::chrono::milliseconds(10));
        }
    }

    /// One connection after the other: TCP, TLS, the upgrade, and its end.
    void connect()
    {
        const Instant started = std::chrono::steady_clock::now(), end = ends();
        while (std::chrono::steady_clock::now() < end && failed() == 0) {
            const Instant began = std::chrono::steady_clock::now();
            add();
            while (m_open == 0 && failed() == 0)
                poll(std::chrono::milliseconds(100));
            m_latencies.push_back(static_cast<std::uint32_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began)
                    .count()));
            ++m_sent;
            if (m_options.resume)
                m_ticket = m_clients.back()->ticket();
            m_resumed += m_clients.back()->resumed() ? 1U : 0U;
            if (failed() == 0)
                m_clients.clear();
            m_open = 0;
        }
        m_openSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    }

    [[nodiscard]] nlohmann::json report()
    {
        std::uint64_t received = 0;
        std::map<std::string, std::size_t> problems;
        for (const auto& client : m_clients) {
            received += client->received();
            if (client->state() == LoadClient::State::Failed)
                ++problems[client->problem()];
        }
        std::ranges::sort(m_latencies);
        const auto quantile = [this](double share) {
            return m_latencies.empty()
                       ? 0
                       : m_latencies[static_cast<std::size_t>(static_cast<double>(m_latencies.size() - 1) * share)];
        };
        return {{"mode", m_options.mode},
                {"sessions", open()},
                {"open_seconds", m_openSeconds},
                {"sent", m_sent},
                {"received", received},
                {"orders", orders()}, // as many as channels where every subscriber was told the same
                {"resumed", m_resumed},
                {"latency_us", {{"p50", quantile(0.5)}, {"p99", quantile(0.99)}, {"max", quantile(1)}}},
                {"problems", problems}};
    }

private:
    [[nodiscard]] Instant ends() const
    {
        return std::chrono::steady_clock::now() +
               std::chrono::duration_cast<Instant::duration>(std::chrono::duration<double>(m_options.seconds));
    }

    void send(LoadClient& client)
    {
        client.sendStamped(m_options.size);
        client.advance(m_latencies);
        watch(client);
        ++m_sent;
    }

    [[nodiscard]] std::size_t orders() const
    {
        std::set<std::pair<std::size_t, std::uint64_t>> seen;
        for (std::size_t n = 0; n < m_clients.size(); ++n)
            seen.emplace(n % m_options.channels, m_clients[n]->order());
        return seen.size();
    }

    void chooseTarget()
    {
        if (!m_policy)
            return chooseUrl();
        const auto named = [this](const Listener& listener) {
            return m_options.listener.empty() || listener.name == m_options.listener;
        };
        const auto found = std::ranges::find_if(m_policy->listeners, named);
        if (found == m_policy->listeners.end())
            usage("the policy has no listener of that name");
        m_target.tls = found->tls.has_value();
        m_target.port = m_options.port != 0 ? m_options.port : found->port;
    }

    void chooseUrl()
    {
        const std::string& url = m_options.url;
        const std::size_t host = url.find("://") + 3;
        const std::size_t port = url.find(':', host) + 1;
        const std::size_t path = std::min(url.find('/', port), url.size());
        if (!url.starts_with("ws") || port <= host)
            usage("--url is like wss://127.0.0.1:8443/path");
        m_target.tls = url.starts_with("wss:");
        m_target.address = url.substr(host, port - 1 - host);
        m_target.port = number<std::uint16_t>("--url", url.substr(port, path - port));
        m_options.path = path < url.size() ? url.substr(path) : "/";
    }

    [[nodiscard]] std::string tokenOf(std::size_t n) const
    {
        if (!m_policy)
            return m_options.token;
        const auto token =
            mintToken(*m_policy, {"load" + std::to_string(n % m_options.users), {}, std::chrono::hours(1), {}},
                      SystemClock().wall());
        if (!token)
            usage(token.error());
        return *token;
    }

    void add()
    {
        const std::size_t n = m_clients.size();
        wire::ClientRequest request;
        request.host = "localhost";
        request.target = m_options.path;
        if (const std::size_t at = request.target.find("{n}"); at != std::string::npos)
            request.target.replace(at, 3, std::to_string(n % m_options.channels));
        request.key = "dGhlIHNhbXBsZSBub25jZQ==";
        if (const std::string token = tokenOf(n); !token.empty())
            request.headers.emplace_back("Authorization", "Bearer " + token);
        const std::size_t source = n % m_options.sources;
        m_clients.push_back(std::make_unique<LoadClient>(
            m_target, m_context, "127.0." + std::to_string(source / 250) + '.' + std::to_string(source % 250 + 1),
            std::move(request),
            m_options.mode == "centrifuge" ? "chat." + std::to_string(n % m_options.channels) : std::string()));
        LoadClient& client = *m_clients.back();
        client.resumeFrom(m_ticket);
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT;
        event.data.ptr = &client;
        epoll_ctl(m_epoll, EPOLL_CTL_ADD, client.fd(), &event);
    }

    void watch(LoadClient& client) const
    {
        epoll_event event{};
        event.events = EPOLLIN | (client.wantsWrite() ? EPOLLOUT : 0U);
        event.data.ptr = &client;
        epoll_ctl(m_epoll, client.state() == LoadClient::State::Failed ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, client.fd(),
                  &event);
    }

    void poll(std::chrono::milliseconds atMost)
    {
        std::array<epoll_event, 256> events;
        const int count =
            epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), static_cast<int>(atMost.count()));
        for (int i = 0; i < count; ++i) {
            auto* client = static_cast<LoadClient*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (!client) {
                m_inputEnded = true;
                continue;
            }
            const auto before = client->state();
            client->advance(m_latencies);
            m_open += client->state() == LoadClient::State::Open && before != LoadClient::State::Open;
            m_open -= client->state() == LoadClient::State::Failed && before == LoadClient::State::Open;
            m_failed += client->state() == LoadClient::State::Failed && before != LoadClient::State::Failed;
            watch(*client);
        }
    }

    [[nodiscard]] std::size_t open() const { return m_open; }
    [[nodiscard]] std::size_t failed() const { return m_failed; }

    Options m_options;
    const Policy* m_policy;
    Target m_target;
    int m_epoll;
    SSL_CTX* m_context;
    std::vector<std::unique_ptr<LoadClient>> m_clients;
    std::vector<std::uint32_t> m_latencies; ///< microseconds
    std::size_t m_open = 0, m_failed = 0;
    std::uint64_t m_sent = 0;
    std::uint64_t m_resumed = 0;
    std::shared_ptr<SSL_SESSION> m_ticket; ///< of the connection before
    double m_openSeconds = 0;
    bool m_inputEnded = false;
};

int run(const std::vector<std::string>& arguments)
{
    Options options = parse(arguments);
    std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    std::optional<Policy> policy;
    if (!options.config.empty()) {
        auto loaded = loadPolicy(options.config);
        if (!loaded)
            usage(formatPolicyError(loaded.error().front(), options.config));
        policy = std::move(loaded->policy);
    }
    const std::string mode = options.mode;
    const bool idle = mode == "idle";
    Load load(std::move(options), policy ? &*policy : nullptr);
    if (mode == "connect") {
        load.connect();
        std::cout << load.report().dump() << std::endl;
        return 0;
    }
    if (!load.openAll()) {
        std::cout << load.report().dump(2) << std::endl;
        return 1;
    }
    if (idle) {
        std::cout << load.report().dump() << std::endl; // whoever measures waits for this line
        load.hold();
        return 0;
    }
    if (mode == "loop" || mode == "broadcast")
        std::cerr << "open" << std::endl; // whoever measures the server begins here
    if (mode == "loop")
        load.loop();
    else if (mode == "broadcast")
        load.broadcast();
    else
        load.work();
    std::cout << load.report().dump(2) << std::endl;
    return 0;
}

} // namespace

} // namespace gatehouse::bench

int main(int argc, char** argv)
{
    return gatehouse::bench::run({argv + 1, argv + argc});
}
