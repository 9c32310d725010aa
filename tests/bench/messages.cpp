// SPDX-License-Identifier: GPL-3.0-or-later
// What a message costs between the wire and its handler: a session on a transport of no bytes, with every bucket on;
// and what a schema takes beside it. One thread, no I/O.
#include "net/connection.h"
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

using namespace gatehouse;

namespace {

constexpr int rounds = 15;
constexpr std::size_t messagesAtOnce = 256;

class SilentTransport final : public Transport {
public:
    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] bool secure() const override { return false; }
    [[nodiscard]] bool wantsWrite() const override { return false; }
    [[nodiscard]] Reason failure() const override { return Reason::None; }
    [[nodiscard]] IoStatus handshake() override { return IoStatus::Ok; }
    [[nodiscard]] IoResult read(std::span<std::byte>) override { return {IoStatus::WouldBlock, 0}; }
    [[nodiscard]] bool readable() override { return false; }
    [[nodiscard]] IoResult write(std::span<const std::byte> from) override { return {IoStatus::Ok, from.size()}; }
    [[nodiscard]] IoResult peek(std::span<std::byte>) override { return {IoStatus::WouldBlock, 0}; }
    void skip(std::size_t) override {}
    void shutdownWrite() override {}
    [[nodiscard]] std::string tlsVersion() const override { return {}; }
    [[nodiscard]] std::string tlsCipher() const override { return {}; }
};

class CountingHandler final : public RouteHandler {
public:
    [[nodiscard]] Decision admit(const Policy&, const Identity&, const RouteMatch&) override { return {}; }
    void opened(Session&) override {}
    [[nodiscard]] Decision message(Session&, wire::Opcode, std::span<const std::byte>) override
    {
        ++count;
        return {};
    }
    void closed(Session&) override {}
    void received(BusItem) override {}
    std::uint64_t count = 0;
};

struct NoSink final : EventSink {
    void record(AuditRecord) noexcept override {}
};

struct NoEvents final : GateEvents {
    void authFailed(AuthFailure) override {}
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)> done) override { done(ClaimVerdict::Failed); }
    void publish(std::uint32_t, WorkerBatch) override {}
};

class BenchContext final : public WorkerContext {
public:
    explicit BenchContext(GateEnvironment& environment)
        : WorkerContext(environment, 0)
    {
        now = environment.clock.now();
        wall = environment.clock.wall();
    }
    [[nodiscard]] RouteHandler& handler(const Policy&, std::size_t) override { return counting; }
    [[nodiscard]] bool adopt(std::unique_ptr<Endpoint>) override { return false; }
    void discard(Endpoint&) override {}
    void updateInterest(Endpoint&) override {}
    void sessionOpened(Connection&) override {}
    void forget(const Connection&) override {}
    [[nodiscard]] std::function<void(ClaimVerdict)> awaitClaim(Connection&) override
    {
        return [](ClaimVerdict) {};
    }
    CountingHandler counting;
};

/// A gate of one route and one session on it.
class Bench {
public:
    explicit Bench(Route route, Limits limits)
    {
        auto policy = std::make_shared<Policy>();
        policy->listeners.emplace_back();
        policy->limits = std::move(limits);
        policy->routes.push_back(std::move(route));
        auto generation = std::make_shared<PolicyGeneration>();
        generation->policy = policy;
        m_context.generation = generation;
        const auto address = std::make_shared<AddressState>();
        Admission admission;
        admission.user = std::make_shared<UserState>();
        admission.who.user = "ann";
        admission.who.issuer = "local";
        Arrival arrival;
        arrival.address = address;
        m_connection = std::make_unique<Connection>(m_context, std::make_unique<SilentTransport>(), std::move(arrival),
                                                    std::uint16_t{0}, Lease());
        m_session = std::make_unique<Session>(m_context, *m_connection, std::move(admission),
                                              std::make_shared<SessionInfo>(), generation, address, nullptr);
        m_session->begin();
    }

    /// The median time of a message, in nanoseconds, copying the frames in front of the session included.
    double nanoseconds(const std::string& payload)
    {
        std::vector<std::byte> frames;
        for (std::size_t i = 0; i < messagesAtOnce; ++i) {
            const auto frame = wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(payload)), 0x12345678U);
            frames.insert(frames.end(), frame.begin(), frame.end());
        }
        std::vector<std::byte> work(frames.size());
        std::vector<double> times;
        for (int round = 0; round < rounds; ++round) {
            const auto begin = std::chrono::steady_clock::now();
            const std::uint64_t before = m_context.counting.count;
            do {
                std::ranges::copy(frames, work.begin());
                m_context.now += std::chrono::milliseconds(1);
                m_session->received(work);
            } while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(20));
            const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
            times.push_back(took.count() / static_cast<double>(m_context.counting.count - before));
            if (m_session->closing() || m_context.counting.count == before)
                std::abort(); // it refuses what it is to be measured with
        }
        std::ranges::nth_element(times, times.begin() + rounds / 2);
        return times[rounds / 2];
    }

private:
    SystemClock m_clock;
    NoSink m_sink;
    NoEvents m_events;
    GateTables m_tables;
    GateEnvironment m_environment{m_clock, m_sink, m_events, m_tables};
    BenchContext m_context{m_environment};
    std::unique_ptr<Connection> m_connection;
    std::unique_ptr<Session> m_session;
};

/// The decoder alone over the same frames.
double decoding(const std::string& payload)
{
    std::vector<std::byte> frames;
    for (std::size_t i = 0; i < messagesAtOnce; ++i) {
        const auto frame = wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(payload)), 0x12345678U);
        frames.insert(frames.end(), frame.begin(), frame.end());
    }
    std::vector<std::byte> work(frames.size());
    wire::Decoder decoder(wire::Role::Server, {});
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        std::uint64_t count = 0;
        do {
            std::ranges::copy(frames, work.begin());
            std::span<std::byte> input(work);
            while (decoder.next(input).kind == wire::Event::Kind::Message)
                ++count;
        } while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(20));
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        times.push_back(took.count() / static_cast<double>(count));
    }
    std::ranges::nth_element(times, times.begin() + rounds / 2);
    return times[rounds / 2];
}

Route openRoute()
{
    Route route;
    route.name = "bench";
    route.path = "/bench";
    route.messages.rate.reset();
    return route;
}

Limits noLimits()
{
    Limits limits;
    limits.messagesPerUser.reset();
    return limits;
}

constexpr Rate never{1'000'000'000, std::chrono::seconds(1), 1'000'000'000};

std::shared_ptr<const MessageSchema> compiled(std::string_view text)
{
    auto schema = MessageSchema::compile(text);
    if (!schema)
        std::abort();
    return *schema;
}

double checking(const std::string& message, const MessageSchema* schema)
{
    MessageValidator validator;
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        std::uint64_t count = 0;
        do {
            for (int i = 0; i < 32; ++i, ++count)
                if (validator.read(std::as_bytes(std::span(message))) || (schema && validator.check(*schema)))
                    std::abort();
        } while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(20));
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        times.push_back(took.count() / static_cast<double>(count));
    }
    std::ranges::nth_element(times, times.begin() + rounds / 2);
    return times[rounds / 2];
}

void print(const char* name, double nanoseconds)
{
    std::printf("| %-66s | %8.3f |\n", name, nanoseconds / 1000);
}

std::string command()
{
    std::string text = R"({"cmd":"set","id":4711,"target":"pump-3","value":12.75,"unit":"bar","options":{"ramp":true,)"
                       R"("seconds":30,"limits":[0.5,16.0]},"tags":["night","manual"],"note":")";
    text += std::string(256 - text.size() - 2, 'n') + "\"}";
    return text;
}

std::string schemaText(bool pattern)
{
    return std::string(
               R"({"type":"object","required":["cmd","id","target"],"additionalProperties":false,"properties":{)"
               R"("cmd":{"enum":["set","get","stop"]},"id":{"type":"integer","minimum":0},)"
               R"("target":{"type":"string","maxLength":40)") +
           (pattern ? R"(,"pattern":"^[a-z]+-[0-9]+$")" : "") +
           R"(},"value":{"type":"number","minimum":-100,"maximum":100},"unit":{"enum":["bar","K"]},)"
           R"("options":{"type":"object","additionalProperties":false,"properties":{"ramp":{"type":"boolean"},)"
           R"("seconds":{"type":"integer"},"limits":{"type":"array","items":{"type":"number"},"maxItems":2}}},)"
           R"("tags":{"type":"array","items":{"type":"string"},"uniqueItems":true},"note":{"type":"string")" +
           (pattern ? R"(,"pattern":"^(a|n)*$")" : "") + "}}}";
}

} // namespace

int main()
{
    const std::string payload(128, 'x');
    Route rated = openRoute();
    rated.messages.rate = rated.messages.bytes = never;
    Limits limits;
    limits.messagesPerUser = limits.bytesPerUser = limits.messagesPerIp = never;
    Route throttled = rated;
    throttled.messages.onExcess = OnExcess::Throttle;

    const double decoded = decoding(payload);
    const double bare = Bench(openRoute(), noLimits()).nanoseconds(payload);
    const double full = Bench(rated, limits).nanoseconds(payload);
    const double paced = Bench(throttled, limits).nanoseconds(payload);
    std::printf("| %-66s | %8s |\n| %s | %s |\n", "a message", "µs", std::string(66, '-').c_str(), "-------:");
    print("128 bytes: frame, mask, UTF-8", decoded);
    print("128 bytes: decoded frame to handler, no rates", bare - decoded);
    print("128 bytes: decoded frame to handler, five buckets (goal 0.25)", full - decoded);
    print("128 bytes: decoded frame to handler, five buckets that throttle", paced - decoded);
    print("128 bytes: all of it, five buckets", full);

    const std::string message = command();
    const auto plain = compiled(schemaText(false));
    const auto patterns = compiled(schemaText(true));
    print("256 bytes: JSON, depth, duplicate keys", checking(message, nullptr));
    print("256 bytes: the same, and a schema without pattern (goal 3)", checking(message, plain.get()));
    print("256 bytes: the same, and a schema with two patterns", checking(message, patterns.get()));
    const auto longText = compiled(R"~({"type":"string","pattern":"^(a|b)*$"})~");
    std::string ab = "\"";
    while (ab.size() < 65535)
        ab += "ab";
    print("64 KiB: a string against ^(a|b)*$", checking(ab + '"', longText.get()));
    return 0;
}
