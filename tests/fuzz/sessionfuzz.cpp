// SPDX-License-Identifier: GPL-3.0-or-later
#include "answercheck.h"
#include "check.h"
#include "fakegate.h"
#include "input.h"
#include "wire/deflate.h"

#include <array>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mostSaid = 1U << 20U; ///< by one peer

/// What the input tells the peers, the clock and the operator to do.
class Program {
public:
    explicit Program(Input input)
        : m_input(input)
    {
    }

    void run()
    {
        while (!m_input.empty())
            step();
        finish();
    }

private:
    enum class Op : std::uint8_t {
        Connect,
        Say,
        Upgrade,
        Frame,
        Flood,
        Fill,
        Wait,
        Take,
        End,
        Sizes,
        Handshake,
        Operator,
        ClosePeer,
        Token,
        ProxyProtocol,
        Claim,
        Entry,
        Count
    };

    struct Place {
        std::unique_ptr<Peer> peer;
        Connection* connection = nullptr;
    };

    void step()
    {
        const std::uint8_t code = m_input.byte();
        m_place = &m_places[code >> 6U];
        const auto op = static_cast<Op>((code & 0x1fU) % static_cast<unsigned>(Op::Count));
        if (op == Op::Connect)
            connect();
        else if (op == Op::Wait)
            wait();
        else if (op == Op::Operator)
            operate();
        else if (op == Op::Claim)
            m_parts.events.answerClaim(static_cast<ClaimVerdict>(m_input.byte() % 4));
        else if (op == Op::Entry)
            answerEntry();
        else if (m_place->peer)
            act(op);
        if ((code & 0x20U) == 0) // else the next step falls into the same turn
            turn();
    }

    void answerEntry()
    {
        const std::uint8_t how = m_input.byte();
        EntryAnswer answer;
        if ((how & 1U) != 0)
            answer.decision = {Reason::UpstreamConnect, {}, "refused", {}};
        if ((how & 2U) != 0)
            answer.retryAfter = std::chrono::seconds(how);
        if ((how & 4U) != 0)
            answer.subprotocol = "chat";
        m_worker.answerEntry(std::move(answer));
    }

    void connect()
    {
        const std::uint8_t how = m_input.byte();
        if (m_place->peer)
            leave();
        m_place->peer = std::make_unique<Peer>();
        if ((how & 1U) != 0)
            m_place->peer->handshake = IoStatus::WouldBlock;
        if ((how & 5U) == 5U)
            m_place->peer->serverName = (how & 8U) != 0 ? "gate.example" : "other.example";
        const auto address = IpAddress::parse((how & 2U) != 0 ? "2001:db8::1" : "192.0.2.1");
        const std::size_t listener = (how & 1U) + ((how & 0x10U) != 0 ? 2U : 0U);
        m_place->connection = m_worker.accept(*m_place->peer, listener, *address);
        if (!m_place->connection)
            m_place->peer.reset();
    }

    /// The peer goes, and its place is free as soon as the server has noticed.
    void leave()
    {
        m_place->peer->end = Peer::End::Reset;
        turn();
        m_parts.clock.advance(10s); // a handshake in progress ends by its deadline
        turn();
        CHECK(!m_place->peer);
    }

    static void forget(Place& place)
    {
        fuzz::checkAnswer(place.peer->taken, place.peer->messages, place.peer->toldAll);
        place = Place();
    }

    void act(Op op)
    {
        Peer& peer = *m_place->peer;
        switch (op) {
        case Op::Say:
            say(asText(m_input.take(m_input.byte())));
            break;
        case Op::Upgrade:
            upgrade();
            break;
        case Op::Frame:
            frame(1);
            break;
        case Op::Flood:
            frame(m_input.byte());
            break;
        case Op::Fill: {
            const std::uint8_t first = m_input.byte();
            say(frameOf(first, std::string(m_input.word(), 'f')));
            break;
        }
        case Op::Take: {
            const std::uint8_t amount = m_input.byte();
            peer.room = amount == 0xff ? SIZE_MAX : std::size_t{amount} * amount;
            peer.drip = amount % 4;
            break;
        }
        case Op::End:
            peer.end = (m_input.byte() & 1U) != 0 ? Peer::End::Reset : Peer::End::Closed;
            break;
        case Op::Sizes:
            peer.largestRead = 1U + m_input.byte();
            peer.largestWrite = 1U + m_input.byte();
            break;
        case Op::Handshake:
            peer.handshake = static_cast<IoStatus>(m_input.byte() % 4);
            break;
        case Op::ClosePeer: {
            const std::string code(asText(m_input.take(2)));
            const std::size_t size = code.size() < 2 ? 0U : m_input.byte() % 124U;
            say(frameOf(0x88, code + std::string(asText(m_input.take(size)))));
            break;
        }
        case Op::Token: {
            const auto token = static_cast<fuzz::Token>(m_input.byte() % static_cast<unsigned>(fuzz::Token::Count));
            say(frameOf(m_input.byte(), tokenText(token)));
            break;
        }
        case Op::ProxyProtocol:
            say((m_input.byte() & 1U) != 0 ? "PROXY UNKNOWN\r\n" : "PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n");
            break;
        default:
            break;
        }
    }

    void say(std::string_view text)
    {
        Peer& peer = *m_place->peer;
        if (peer.end == Peer::End::Open && peer.says.size() + text.size() <= mostSaid)
            peer.says.append(text);
    }

    void upgrade()
    {
        constexpr std::array paths{"/echo", "/hub/news.a", "/hub/user.ann", "/slow",
                                   "/wide", "/nowhere",    "/hub/x",        "/echo?q=1"};
        const std::uint8_t how = m_input.byte();
        const std::uint8_t who = m_input.byte();
        const auto token = static_cast<Token>((who & 15U) % static_cast<unsigned>(Token::Count));
        const std::string path = (who & 0x10U) != 0   ? "/first"
                                 : (how & 0x80U) != 0 ? "/app?a=b"
                                                      : paths[how % paths.size()];
        std::string head = "GET " + path + " HTTP/1.1\r\nHost: gate.example\r\n" +
                           "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        if (token != Token::None)
            head += ((how & 8U) != 0 ? "Sec-WebSocket-Protocol: gatehouse, bearer." : "Authorization: Bearer ") +
                    tokenText(token) + "\r\n";
        if ((who & 0x20U) != 0)
            head += std::string("X-Forwarded-For: ") +
                    ((who & 0x40U) != 0   ? "unknown"
                     : (who & 0x80U) != 0 ? "198.51.100.66"
                                          : "198.51.100.7") +
                    "\r\n";
        if ((how & 0x10U) != 0)
            head += "Origin: https://a.example\r\n";
        if ((how & 0x20U) != 0)
            head += (how & 0x40U) != 0 ? "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n"
                                       : "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        say(head + "\r\n");
    }

    /// FIN, RSV1 and opcode as on the wire; a bit between them deflates the payload.
    static std::string frameOf(std::uint8_t first, std::string payload)
    {
        if ((first & 0x20U) != 0)
            if (const auto small = wire::deflated(std::as_bytes(std::span(payload)), 15))
                payload = asText(*small);
        const wire::FrameHeader header =
            wire::frameHeader(wire::Opcode{static_cast<std::uint8_t>(first & 15U)}, payload.size(),
                              (first & 0x80U) != 0, (first & 0x40U) != 0, 0);
        return std::string(asText(std::span(header.bytes).first(header.size))) + payload;
    }

    /// A frame with a mask of 0, so that what the peer says is what the server gets.
    void frame(unsigned times)
    {
        const std::uint8_t first = m_input.byte();
        const std::string bytes = frameOf(first, std::string(asText(m_input.take(m_input.byte()))));
        for (unsigned i = 0; i < times; ++i)
            say(bytes);
    }

    void wait()
    {
        const unsigned amount = m_input.byte();
        m_parts.clock.advance(std::chrono::milliseconds(amount < 128 ? amount : (amount - 127) * 50));
    }

    void operate()
    {
        const std::uint8_t what = m_input.byte();
        switch (what % 5) {
        case 0:
            m_worker.setPolicy(secondPolicy());
            break;
        case 1:
            m_worker.setPolicy(firstPolicy());
            break;
        case 2:
            m_worker.setWatched((what & 0x80U) != 0);
            break;
        case 3: {
            const auto reason = (what & 0x80U) != 0 ? Reason::Kicked : Reason::Banned;
            const std::uint16_t code = m_input.word();
            Ending ending{{reason, {}, {}, {}}, code, std::string(asText(m_input.take(m_input.byte()))), "operator"};
            if (m_place->connection && m_worker.alive(m_place->connection))
                m_worker.end(*m_place->connection, ending);
            break;
        }
        case 4:
            if (what > 0xf0U)
                m_worker.drain();
            else
                measure(what / 5U);
            break;
        }
    }

    /// What an operator does to a session short of ending it.
    void measure(unsigned what)
    {
        Connection* connection = m_place->connection;
        Session* session = connection && m_worker.alive(connection) ? connection->session() : nullptr;
        if (!session || session->closing())
            return;
        switch (what % 3) {
        case 0:
            session->quarantine({std::chrono::milliseconds(1 + 100 * m_input.byte()), "operator", {}});
            break;
        case 1:
            session->endQuarantine("operator", {});
            break;
        case 2: {
            const auto limit = std::make_shared<StandingLimit>();
            limit->limit.session = session->id();
            limit->limit.rate = {1, std::chrono::milliseconds(1 + 10 * m_input.byte()), 1};
            session->setLimit(limit);
            break;
        }
        }
    }

    void turn()
    {
        m_worker.turn();
        for (Place& place : m_places) {
            if (place.peer && !m_worker.alive(place.connection))
                forget(place);
        }
    }

    /// Nobody does anything any more, but that slow peers go on taking a little: every connection comes to its end by a
    /// deadline. First whoever still reads is told all that waits for it.
    void finish()
    {
        for (int i = 0; i < 3; ++i)
            turn();
        for (const Place& place : m_places) {
            if (place.peer && place.peer->end == Peer::End::Open && place.peer->room == SIZE_MAX &&
                place.connection->phase() == Connection::Phase::Open)
                CHECK(place.connection->backlog() == 0);
        }
        constexpr auto longestLife = 15s; // idle_timeout, then close_timeout, of the longest route
        for (auto waited = 0ms; waited < longestLife && !m_worker.empty(); waited += 100ms) {
            m_parts.clock.advance(100ms);
            m_worker.answerEntry({}); // nobody is held for ever
            for (Place& place : m_places) {
                if (place.peer && place.peer->room != SIZE_MAX)
                    place.peer->room += place.peer->drip;
            }
            turn();
        }
        m_parts.events.answerAllClaims(); // whoever asked is gone
        turn();
        m_worker.checkEmpty();
        CHECK(m_parts.audit.allClosed());
    }

    Input m_input;
    GateParts m_parts;
    std::array<Place, 4> m_places; // outlive the worker, whose transports look at them
    FakeWorker m_worker{m_parts};
    Place* m_place = m_places.data();
};

} // namespace

// A little program: each step is a byte for what and who (see Program::step), then what that step reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Program(Input(data, size)).run();
    return 0;
}
