// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "faketransport.h"
#include "gateway/upstreamlink.h"
#include "input.h"
#include "manualclock.h"
#include "referencecodec.h"

#include <algorithm>
#include <memory>
#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mostSaid = 1U << 20U;
constexpr std::uint64_t mostMessage = 300;
constexpr std::string_view goodAnswer = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

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
        if (alive() && peer.end == Peer::End::Reset && !link->wantsRead())
            link->hungUp();
        else if (alive() && (!again.empty() || (peer.readable() && link->wantsRead()) || link->readWantsWrite()))
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
    bool open = false, started = false, held = false, startsAtOnce = true;
    std::uint32_t largestPart = 0; ///< of all that now.partSize was
    std::vector<std::string> messages{};
    std::string begun{}; ///< of a message that came in parts so far
    std::string subprotocol{};
    std::optional<LinkEnd> end{};

    [[nodiscard]] LinkTerms terms() const override { return now; }
    void answered(const std::string& chosen) override
    {
        CHECK(link && !open && (chosen.empty() || chosen == "mqtt"));
        open = true;
        subprotocol = chosen;
        if (startsAtOnce)
            start();
    }
    void start()
    {
        started = true;
        link->start();
    }
    void failed(const LinkFailure& failure) override
    {
        CHECK(link && !open && failure.reason != Reason::None);
        link = nullptr;
    }
    void message(wire::Opcode type, std::span<const std::byte> payload) override
    {
        CHECK(link && started && !held && !m_inMessage && payload.size() <= mostMessage);
        begin(type);
        take(payload);
        finish();
    }
    void part(const wire::Event& part) override
    {
        CHECK(link && started && !held);
        CHECK(part.first == !m_inMessage && part.payload.size() <= largestPart);
        CHECK(part.last || !part.payload.empty());
        if (part.first)
            begin(part.type);
        CHECK(part.type == m_type);
        take(part.payload);
        if (part.last)
            finish();
    }
    void roomAgain() override { CHECK(link && open); }
    void ended(const LinkEnd& how) override
    {
        end = how;
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
    }
    void take(std::span<const std::byte> payload)
    {
        begun += asText(payload);
        CHECK(begun.size() <= mostMessage);
        CHECK(m_type != wire::Opcode::Text || judgeUtf8(begun) != Utf8::Bad);
    }
    void finish()
    {
        CHECK(m_type != wire::Opcode::Text || judgeUtf8(begun) == Utf8::Whole);
        m_inMessage = false;
        messages.push_back(std::exchange(begun, {}));
    }

    wire::Opcode m_type = wire::Opcode::Text;
    bool m_inMessage = false;
};

std::vector<std::string> payloadsOf(const Outcome& outcome, wire::Event::Kind kind)
{
    std::vector<std::string> payloads;
    for (const Seen& seen : outcome.events)
        if (seen.kind == kind)
            payloads.push_back(seen.payload);
    return payloads;
}

/// What follows the one answer that counts: others of 1xx may come before it.
std::string_view behindAnswer(std::string_view said, const CheckedOwner& owner)
{
    for (;;) {
        const std::size_t size = said.find("\r\n\r\n");
        CHECK(size != std::string_view::npos && said.starts_with("HTTP/1.1 1"));
        const std::string head(said.substr(0, size + 2));
        said.remove_prefix(size + 4);
        if (!head.starts_with("HTTP/1.1 101"))
            continue;
        CHECK(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
        CHECK(owner.subprotocol.empty() || head.find(owner.subprotocol) != std::string::npos);
        return said;
    }
}

/// What the owner was told is what the upstream said, by a second, plain decoder: all of it up to a Close or a
/// violation.
void checkHeard(std::string_view said, const CheckedOwner& owner, const std::vector<std::string>& pongs)
{
    if (!owner.open)
        return;
    const Outcome expected = decodePlainly(behindAnswer(said, owner), wire::Role::Client, owner.now.limits);
    const auto messages = payloadsOf(expected, wire::Event::Kind::Message);
    CHECK(owner.messages.size() <= messages.size() &&
          std::ranges::equal(owner.messages, std::span(messages).first(owner.messages.size())));
    if (owner.messages.size() < messages.size())
        CHECK(messages[owner.messages.size()].starts_with(owner.begun));
    const auto pings = payloadsOf(expected, wire::Event::Kind::Ping);
    auto ping = pings.begin();
    for (const std::string& pong : pongs) { // some may be left out
        ping = std::find(ping, pings.end(), pong);
        CHECK(ping++ != pings.end());
    }
    if (!owner.end)
        return;
    const Reason broke = owner.end->broke;
    const bool closed = owner.end->reason == Reason::UpstreamClosed;
    if (!closed && (broke == Reason::None || broke == Reason::ControlRate || broke == Reason::MsgTimeout))
        return;
    CHECK(!expected.events.empty() && owner.messages.size() == messages.size());
    const Seen& last = expected.events.back();
    CHECK(last.kind == (closed ? wire::Event::Kind::Close : wire::Event::Kind::Violation));
    CHECK(closed ? last.closeCode == owner.end->code && last.payload == owner.end->text : last.reason == broke);
}

/// What an upstream was told: a request, then frames that a strict server takes, with what was sent in its order.
/// Yields the pongs.
std::vector<std::string> checkTaken(const std::string& taken, const std::vector<std::string>& sent)
{
    const std::size_t head = taken.find("\r\n\r\n");
    if (head == std::string::npos)
        return {};
    CHECK(taken.starts_with("GET / HTTP/1.1\r\n"));
    const std::string_view frames = std::string_view(taken).substr(head + 4);
    const Outcome outcome = decodePlainly(frames, wire::Role::Server, {1U << 24U, 1U << 20U, {}});
    CHECK(payloadsOf(outcome, wire::Event::Kind::Violation).empty());
    if (!outcome.events.empty() && outcome.events.back().kind == wire::Event::Kind::Close) {
        const std::size_t close = 6 + outcome.events.back().payload.size() + (outcome.events.back().closeCode ? 2 : 0);
        CHECK(frames.size() >= close && frames[frames.size() - close] == '\x88'); // nothing stands behind it
    }
    const auto messages = payloadsOf(outcome, wire::Event::Kind::Message);
    CHECK(messages.size() <= sent.size() && std::ranges::equal(messages, std::span(sent).first(messages.size())));
    return payloadsOf(outcome, wire::Event::Kind::Pong);
}

class Program {
public:
    explicit Program(Input input)
        : m_input(input)
    {
        const std::uint8_t how = m_input.byte();
        setPartSize((how & 1U) != 0 ? 16 : 0);
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
            say(goodAnswer);
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
        checkHeard(m_peer.says, m_owner, checkTaken(m_peer.taken, m_sent));
    }

private:
    void say(std::string_view text)
    {
        if (m_peer.end == Peer::End::Open && m_peer.says.size() + text.size() <= mostSaid)
            m_peer.says.append(text);
    }

    void step()
    {
        switch (m_input.byte() % 12) {
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
                m_owner.start();
            break;
        case 9:
            if (m_owner.link && m_input.byte() < 64) {
                m_owner.link->leave(m_input.word(), asText(m_input.take(m_input.byte())));
                m_owner.link = nullptr;
            }
            break;
        case 10: // another policy
            setPartSize(m_input.byte() % 64);
            break;
        case 11:
            answer();
            break;
        }
        m_worker.turn(m_peer);
        CHECK(m_worker.counters.backlog.value() <= 3 * UpstreamLink::highWater);
    }

    void setPartSize(std::uint32_t size)
    {
        m_owner.now.partSize = size;
        m_owner.largestPart = std::max(m_owner.largestPart, size);
    }

    /// An answer from its parts, and what comes with it in one read.
    void answer()
    {
        const std::uint8_t how = m_input.byte();
        std::string text;
        for (unsigned interim = how & 15U; interim > 0; --interim)
            text +=
                interim % 2 == 0 ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        std::string last(goodAnswer.substr(0, goodAnswer.size() - 2));
        if ((how & 16U) != 0)
            last += "Sec-WebSocket-Protocol: " + std::string((how & 32U) != 0 ? "mqtt" : "stomp") + "\r\n";
        if ((how & 64U) != 0)
            last += "X-Long: " + std::string(200U * m_input.byte(), 'x') + "\r\n";
        if ((how & 128U) != 0)
            last.replace(9, 3, asText(m_input.take(3)));
        say(text + last + "\r\n" + std::string(asText(m_input.take(m_input.byte()))));
    }

    /// What the client says goes on whole or in two parts, while there is room for it.
    void talk()
    {
        const std::string text(1 + std::size_t{m_input.byte()} * 256, static_cast<char>('a' + m_sent.size() % 26));
        const bool whole = m_input.byte() % 2 == 0;
        if (!m_owner.link || !m_owner.open || m_owner.link->full())
            return;
        if (m_owner.started)
            m_sent.push_back(whole ? text : text + text);
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
    std::vector<std::string> m_sent;
    LinkWorker m_worker{m_environment, 0};
};

} // namespace

// How the link begins (1 parts, 2 it starts late, 4 no pings, 8 TLS, 16 a good answer is there), then what the upstream
// says, and what the client, the clock and the socket do meanwhile: see Program::step.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Program(Input(data, size)).run();
    return 0;
}
