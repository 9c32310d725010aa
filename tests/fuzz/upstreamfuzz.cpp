// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "faketransport.h"
#include "gateway/upstreamlink.h"
#include "input.h"
#include "manualclock.h"

#include <memory>
#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mostSaid = 1U << 20U;
constexpr std::uint64_t mostMessage = 300;

class NoAudit final : public EventSink {
public:
    void record(AuditRecord) noexcept override {}
};

class NoEvents final : public GateEvents {
public:
    void authFailed(AuthFailure) override {}
    void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    void claimToken(TokenClaim, std::function<void(ClaimVerdict)>) override {}
    void publish(std::uint32_t, WorkerBatch) override {}
};

/// A worker with one link and nothing else.
class LinkWorker final : public WorkerContext {
public:
    using WorkerContext::WorkerContext;

    std::unique_ptr<Endpoint> link;
    bool discarded = false;

    [[nodiscard]] RouteHandler& handler(const Policy&, std::size_t) override { std::abort(); }
    [[nodiscard]] bool adopt(std::unique_ptr<Endpoint> endpoint) override
    {
        link = std::move(endpoint);
        return true;
    }
    void discard(Endpoint& endpoint) override
    {
        CHECK(&endpoint == link.get() && !discarded);
        discarded = true;
    }
    void sessionOpened(Connection&) override {}
    void updateInterest(Endpoint&) override {}
    void forget(const Connection&) override {}
    [[nodiscard]] std::function<void(ClaimVerdict)> awaitClaim(Connection&) override { return {}; }

    /// As net/worker.cpp's, without epoll.
    void turn(const Peer& peer)
    {
        now = gate.clock.now();
        const auto alive = [this] { return link && !link->dead(); };
        std::vector<Endpoint*> again;
        again.swap(toRead);
        for (Endpoint* endpoint : again)
            endpoint->inRead = false;
        if (alive() && (!again.empty() || (peer.readable() && link->wantsRead()) || link->readWantsWrite()))
            link->onReadable();
        if (alive() && peer.writable() && link->wantsWrite())
            requestFlush(*link);
        wheel.advance(now, [](Timer& timer) { static_cast<Endpoint::OwnedTimer&>(timer).owner.onTimer(); });
        for (std::size_t i = 0; i < toFlush.size(); ++i) {
            toFlush[i]->inFlush = false;
            if (!toFlush[i]->dead())
                toFlush[i]->flush();
        }
        toFlush.clear();
        if (discarded) {
            toRead.clear();
            link.reset();
            discarded = false;
        }
    }
};

/// Holds a link to what it promises its owner: one end, nothing after it, messages that RFC 6455 and the terms allow.
class CheckedOwner final : public UpstreamLink::Owner {
public:
    LinkTerms now{{mostMessage, 8, {}}, 0, 2s, Ping{3s, 1s}, Rate{10, 1s, 20}, 1s};
    UpstreamLink* link = nullptr;
    bool open = false, held = false, startsAtOnce = true;

    [[nodiscard]] LinkTerms terms() const override { return now; }
    void answered(const std::string& subprotocol) override
    {
        CHECK(link && !open && (subprotocol.empty() || subprotocol == "mqtt"));
        open = true;
        if (startsAtOnce)
            link->start();
    }
    void failed(const LinkFailure& failure) override
    {
        CHECK(link && !open && failure.reason != Reason::None);
        link = nullptr;
    }
    void message(wire::Opcode type, std::span<const std::byte> payload) override
    {
        CHECK(link && open && !held && m_size == 0 && payload.size() <= mostMessage);
        begin(type);
        take(payload);
        end();
    }
    void part(const wire::Event& part) override
    {
        CHECK(link && open && !held);
        CHECK(part.first == !m_inMessage);
        if (part.first)
            begin(part.type);
        CHECK(part.type == m_type);
        take(part.payload);
        if (part.last)
            end();
    }
    void roomAgain() override { CHECK(link && open); }
    void ended(const LinkEnd& how) override
    {
        CHECK(link && open);
        CHECK(!how.code || wire::isValidCloseCode(*how.code));
        wire::Utf8Validator text;
        CHECK(text.feed(std::as_bytes(std::span(how.text))) && text.complete());
        link = nullptr;
    }

private:
    void begin(wire::Opcode type)
    {
        m_type = type;
        m_inMessage = true;
        m_size = 0;
        m_text = wire::Utf8Validator();
    }
    void take(std::span<const std::byte> payload)
    {
        m_size += payload.size();
        CHECK(m_size <= mostMessage);
        CHECK(m_type != wire::Opcode::Text || m_text.feed(payload));
    }
    void end()
    {
        CHECK(m_type != wire::Opcode::Text || m_text.complete());
        m_inMessage = false;
        m_size = 0;
    }

    wire::Opcode m_type = wire::Opcode::Text;
    wire::Utf8Validator m_text;
    std::uint64_t m_size = 0;
    bool m_inMessage = false;
};

/// What an upstream was told: a request, then frames that a strict server takes.
void checkTaken(const std::string& taken)
{
    const std::size_t head = taken.find("\r\n\r\n");
    if (head == std::string::npos)
        return;
    CHECK(taken.starts_with("GET / HTTP/1.1\r\n"));
    wire::Decoder decoder(wire::Role::Server, {1U << 24U, 1U << 20U});
    const auto rest = std::as_bytes(std::span(taken)).subspan(head + 4);
    std::vector<std::byte> bytes(rest.begin(), rest.end());
    std::span<std::byte> left = bytes;
    for (;;) {
        const wire::Event event = decoder.next(left);
        CHECK(event.kind != wire::Event::Kind::Violation);
        if (event.kind == wire::Event::Kind::Close)
            CHECK(left.empty());
        if (event.kind == wire::Event::Kind::Close || event.kind == wire::Event::Kind::NeedMore)
            return;
    }
}

class Program {
public:
    explicit Program(Input input)
        : m_input(input)
    {
        const std::uint8_t how = m_input.byte();
        m_owner.now.partSize = (how & 1U) != 0 ? 16 : 0;
        m_owner.startsAtOnce = (how & 2U) == 0;
        if ((how & 4U) != 0)
            m_owner.now.ping.reset();
        m_peer.secure = (how & 8U) != 0;
        wire::ClientRequest request;
        request.host = "app.example";
        request.target = "/";
        request.key = "dGhlIHNhbXBsZSBub25jZQ==";
        request.subprotocols = {"mqtt"};
        auto link = std::make_unique<UpstreamLink>(m_worker, m_keys, m_owner, std::make_unique<FakeTransport>(m_peer),
                                                   std::move(request), m_clock.now() + 3s);
        m_owner.link = link.get();
        CHECK(m_worker.adopt(std::move(link)));
        if ((how & 16U) != 0)
            say("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    }

    void run()
    {
        while (!m_input.empty() && m_worker.link)
            step();
        m_peer.end = m_peer.end == Peer::End::Open ? Peer::End::Closed : m_peer.end;
        if (m_owner.link)
            m_owner.link->leave(1001, {});
        m_owner.link = nullptr;
        for (int i = 0; i < 100 && m_worker.link; ++i) {
            m_clock.advance(100ms);
            m_worker.turn(m_peer);
        }
        CHECK(!m_worker.link);
        CHECK(m_worker.counters.backlog.value() == 0);
        checkTaken(m_peer.taken);
    }

private:
    void say(std::string_view text)
    {
        if (m_peer.end == Peer::End::Open && m_peer.says.size() + text.size() <= mostSaid)
            m_peer.says.append(text);
    }

    void step()
    {
        switch (m_input.byte() % 10) {
        case 0:
            say(asText(m_input.take(m_input.byte())));
            break;
        case 1: { // a frame of any first byte
            const std::uint8_t first = m_input.byte();
            const auto payload = m_input.take(m_input.byte());
            const wire::FrameHeader header = wire::frameHeader(wire::Opcode{0}, payload.size());
            std::string bytes(asText(std::span(header.bytes).first(header.size)));
            bytes.front() = static_cast<char>(first);
            bytes.append(asText(payload));
            for (unsigned times = m_input.byte() % 32; times > 0; --times)
                say(bytes);
            break;
        }
        case 2:
            m_clock.advance(std::chrono::milliseconds(m_input.byte() * 20));
            break;
        case 3:
            m_peer.room = m_input.byte() % 2 == 0 ? SIZE_MAX : std::size_t{m_input.byte()};
            break;
        case 4:
            m_peer.largestRead = 1U + m_input.byte();
            m_peer.largestWrite = 1U + m_input.byte();
            break;
        case 5:
            m_peer.end = m_input.byte() % 2 == 0 ? Peer::End::Closed : Peer::End::Reset;
            break;
        case 6:
            talk();
            break;
        case 7:
            if (m_owner.link && m_owner.open) {
                m_owner.held = !m_owner.held;
                m_owner.link->hold(m_owner.held);
            }
            break;
        case 8:
            if (m_owner.link && m_owner.open)
                m_owner.link->start();
            break;
        case 9:
            if (m_owner.link && m_input.byte() < 64) {
                m_owner.link->leave(m_input.word(), asText(m_input.take(m_input.byte())));
                m_owner.link = nullptr;
            }
            break;
        }
        m_worker.turn(m_peer);
        CHECK(m_worker.counters.backlog.value() <= 3 * UpstreamLink::highWater);
    }

    /// What the client says goes on whole or in two parts, while there is room for it.
    void talk()
    {
        const std::string text(1 + std::size_t{m_input.byte()} * 256, 'c');
        const bool whole = m_input.byte() % 2 == 0;
        if (!m_owner.link || !m_owner.open || m_owner.link->full())
            return;
        const auto bytes = std::as_bytes(std::span(text));
        m_owner.link->send(wire::Opcode::Text, bytes, true, whole);
        if (!whole && m_owner.link)
            m_owner.link->send(wire::Opcode::Text, bytes, false, true);
    }

    Input m_input;
    test::ManualClock m_clock;
    NoAudit m_audit;
    NoEvents m_events;
    GateTables m_tables;
    GateEnvironment m_environment{m_clock, m_audit, m_events, m_tables};
    Peer m_peer;
    RandomKeys m_keys;
    CheckedOwner m_owner;
    LinkWorker m_worker{m_environment, 0};
};

} // namespace

// An upstream's bytes, and what the client, the clock and the socket do meanwhile.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Program(Input(data, size)).run();
    return 0;
}
