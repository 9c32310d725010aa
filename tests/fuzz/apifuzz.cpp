// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apiconnection.h"
#include "api/apientrance.h"
#include "apirequests.h"
#include "check.h"
#include "control/access.h"
#include "control/json.h"
#include "faketransport.h"
#include "input.h"
#include "manualclock.h"
#include "plainjson.h"

#include <charconv>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

constexpr std::size_t headRoom = 32768; ///< what ApiConnection reads beside a body
constexpr std::size_t readAtOnce = 16384;

/// Where a client comes in, and what stands against it there.
struct Place {
    bool remote = false;
    bool named = false;  ///< the listener answers to gate.example alone
    bool sni = false;    ///< gate.example was the name in TLS
    bool banned = false; ///< of an address; so the others
    bool blocked = false;
    bool outside = false;           ///< the listener's networks
    ApiRole role = ApiRole::Viewer; ///< at the socket
    std::size_t bodyLimit = 0;
};

const IpAddress client = *IpAddress::parse("192.0.2.7");

/// One client, from its first byte to its last.
class Visit {
public:
    explicit Visit(const Place& place)
        : m_place(place)
    {
        m_policy.apiKeys = apiKeys();
        m_policy.listeners.resize(1);
        Listener& listener = m_policy.listeners.front();
        listener.kind = ListenerKind::Admin;
        if (place.named)
            listener.serverNames = {"gate.example"};
        if (place.outside)
            listener.networks.deny = {*Network::parse("192.0.2.0/24")};
        m_policy.limits.authFailuresPerIp = AuthFailureLimit{2, std::chrono::minutes(1), std::chrono::minutes(1)};
        if (place.banned)
            m_bans = BanSet({Ban{BanId{1}, BanSubject::Address, client.toString(), {}, {}, {}, {}, {}}}, {});
        if (place.blocked)
            for (int i = 0; i < 2; ++i)
                (void)m_address->failures.add(*m_policy.limits.authFailuresPerIp, m_clock.now());
    }

    [[nodiscard]] AdminArrival arrival(std::unique_ptr<Transport> transport = nullptr) const
    {
        return {std::move(transport), {}, {}, 0, false, m_place.sni ? "gate.example" : "", client, m_address, {}};
    }

    [[nodiscard]] Result<Actor, ApiAnswer> enter(const wire::Request& request)
    {
        if (!m_place.remote)
            return Actor{"op", "socket", m_place.role, std::nullopt};
        const bool shut = m_place.banned || m_place.blocked || m_place.outside;
        ApiEntrance entrance = enterByKey(m_policy, 0, m_bans, arrival(), request, m_clock.now(), m_clock.wall());
        CHECK(!entrance.actor || !shut);
        CHECK(!entrance.ban);
        return std::move(entrance.actor);
    }

    [[nodiscard]] TimePoint now() const { return m_clock.now(); }

private:
    Place m_place;
    test::ManualClock m_clock;
    Policy m_policy;
    BanSet m_bans;
    std::shared_ptr<AddressState> m_address = std::make_shared<AddressState>();
};

/// What came of one request, in words that can be compared.
struct Outcome {
    std::string what;
    bool keepAlive = true;
    std::size_t end = 0;   ///< in the stream; 0 where the connection ends, and what is behind does not count
    bool mayStall = false; ///< see isLongHealthCheck()
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string inWords(const ApiCall& call)
{
    return "call " + std::to_string(static_cast<int>(call.kind)) + ' ' + call.actor.name + ' ' + call.actor.via + ' ' +
           std::string(apiRoleWord(call.actor.role)) + ' ' + std::string(commandMethod(call.command)) + ' ' +
           formatCommand(call.command);
}

std::string inWords(const ApiAnswer& answer)
{
    return "refusal " + std::to_string(answer.status) + ' ' + answer.body + ' ' + std::string(answer.allow) + ' ' +
           std::to_string(answer.retryAfter.value_or(0)) + ' ' + std::string(reasonWord(answer.why.reason)) + ' ' +
           answer.why.rule.pointer + ' ' + answer.why.met + ' ' + answer.why.limit;
}

/// A call stands in the request, is one that the actor may make, and whoever makes it has shown who it is.
void checkCall(const ApiCall& call, std::string_view text, const Place& place)
{
    const PlainRequest request = readPlainly(text);
    CHECK(request.bodyEnd == text.size() && request.body.size() <= place.bodyLimit);
    CHECK(request.headSize <= 16384 && request.headers.size() <= 100);
    if (call.kind == ApiCall::Kind::Live || call.kind == ApiCall::Kind::Ready) {
        CHECK(request.method == "GET" && request.path.ends_with('z'));
        return;
    }
    if (place.remote) {
        const ApiKey* key = shownIn(request);
        CHECK(key && call.actor.name == key->name && call.actor.via == "api" && call.actor.role == key->role);
        CHECK(call.actor.channels.has_value() == (key->role == ApiRole::Publisher));
        CHECK(!call.actor.channels || *call.actor.channels == key->channels);
        CHECK(request.count("host") == 1);
        CHECK(!(place.named || place.sni) || serves(request, "gate.example"));
    } else {
        CHECK(call.actor == (Actor{"op", "socket", place.role, std::nullopt}));
    }
    if (call.kind == ApiCall::Kind::Metrics) {
        CHECK(request.method == "GET" && request.path == "/metrics" && mayCall(call.actor.role, "stats"));
        return;
    }
    const std::string_view method = commandMethod(call.command);
    CHECK(request.method == "POST" && request.path == "/api/" + std::string(method));
    CHECK(mayCall(call.actor.role, method));
    if (const auto* batch = std::get_if<BatchCommand>(&call.command))
        for (const HubCommand& part : batch->commands)
            CHECK(mayCall(call.actor.role, commandMethod(part)));
    CHECK(request.body.empty() || readPlainJson(request.body));
    const auto again = parseCommand(method, formatCommand(call.command));
    CHECK(again && *again == call.command);
}

/// A refusal is JSON, repeats no secret, and tells nobody without a key what there is.
void checkRefusal(const ApiAnswer& answer, std::string_view input, const Place& place)
{
    CHECK(answer.status >= 400 && answer.status < 600 && wire::statusText(answer.status) != "");
    CHECK(readPlainJson(answer.body));
    CHECK((answer.status == 405) == !answer.allow.empty());
    const bool ofKeys = answer.why.rule.pointer == "/api_keys";
    if (ofKeys)
        for (const std::string& text : {answer.body, answer.why.met, answer.why.limit})
            CHECK(text.find(secretMark) == std::string::npos);
    if (!place.remote) {
        CHECK(!ofKeys && answer.status != 401 && answer.status != 421 && answer.status != 429);
        return;
    }
    const bool behindTheDoor = answer.status == 404 || answer.status == 405 || answer.status == 413 ||
                               answer.why.reason == Reason::ApiRole || answer.why.reason == Reason::ApiMethod;
    if (!ofKeys && !behindTheDoor)
        return;
    const PlainRequest request = readPlainly(input);
    CHECK(request.headSize > 0);
    CHECK(ofKeys ? !shownIn(request) : (shownIn(request) || request.path.ends_with('z')));
}

/// Nobody who has shown no key is to send so long a body: the connection may wait for its deadline.
bool isLongHealthCheck(std::string_view input, const Place& place)
{
    const PlainRequest request = readPlainly(input);
    const bool health = request.path == "/livez" || request.path == "/readyz" || request.path == "/healthz";
    return health && request.bodyEnd > headRoom && request.body.size() <= place.bodyLimit;
}

/// The requests of a stream that comes in pieces, each in memory of its own.
std::vector<Outcome> readRequests(std::string_view stream, const Pieces& pieces, const Place& place)
{
    Visit visit(place);
    bool trusted = !place.remote;
    const ApiDoor door = [&](const wire::Request& request) {
        auto entered = visit.enter(request);
        trusted = trusted || entered.ok();
        return entered;
    };
    ApiRequestReader reader(place.bodyLimit);
    std::vector<Outcome> outcomes;
    std::size_t begin = 0;
    for (const std::size_t end : pieces) {
        while (begin < end) {
            const std::vector<char> own(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                        stream.begin() + static_cast<std::ptrdiff_t>(end));
            const std::string_view input(own.data(), own.size());
            const auto request = reader.take(input, door);
            if (!request) {
                CHECK(input.size() < 16384 + place.bodyLimit);
                break;
            }
            CHECK(request->size > 0 && request->size <= input.size());
            const auto* call = std::get_if<ApiCall>(&request->what);
            if (call)
                checkCall(*call, input.substr(0, request->size), place);
            else
                checkRefusal(std::get<ApiAnswer>(request->what), input, place);
            begin += request->size;
            outcomes.push_back({std::visit([](const auto& what) { return inWords(what); }, request->what),
                                request->keepAlive, request->keepAlive ? begin : 0,
                                !trusted && isLongHealthCheck(input, place)});
            if (!request->keepAlive)
                return outcomes;
        }
    }
    return outcomes;
}

/// One whole HTTP answer for each request, and nothing behind the one that ends the connection.
void checkTold(std::string_view told, std::span<const Outcome> outcomes)
{
    for (const Outcome& outcome : outcomes) {
        const PlainRequest answer = readPlainly(told);
        CHECK(answer.method == "HTTP/1.1" && answer.path.size() == 3);
        CHECK(answer.count("content-length") == 1 && answer.bodyEnd > 0);
        CHECK(outcome.what.starts_with("call ") ||
              outcome.what.starts_with("refusal " + answer.path + ' ' + answer.body + ' '));
        CHECK(answer.count("connection") == (outcome.keepAlive ? 0U : 1U));
        told.remove_prefix(answer.bodyEnd);
    }
    CHECK(told.empty());
}

/// A connection that is given the stream in pieces; answered at once or with the next piece, to a peer that may be slow
/// to take it.
class Client {
public:
    Client(const Place& place, const std::vector<Outcome>& expected, bool late)
        : m_place(place)
        , m_expected(expected)
        , m_late(late)
        , m_visit(place)
        , m_connection(place.remote ? ApiConnection(m_visit.arrival(std::make_unique<FakeTransport>(m_peer)),
                                                    place.bodyLimit, m_visit.now())
                                    : ApiConnection(std::make_unique<FakeTransport>(m_peer), "op", place.role,
                                                    place.bodyLimit, m_visit.now()))
    {
    }

    void run(std::string_view stream, const Pieces& pieces)
    {
        std::size_t begin = 0;
        for (const std::size_t end : pieces) {
            m_peer.says += stream.substr(begin, end - begin);
            begin = end;
            m_peer.room = m_late ? 64 : SIZE_MAX;
            turn();
        }
        m_peer.room = SIZE_MAX;
        const std::size_t most = 2 * (m_expected.size() + 1) + stream.size() / readAtOnce;
        for (std::size_t i = 0; i < most; ++i) // each answers one at least, or reads on
            turn();
        m_peer.end = Peer::End::Closed;
        for (int i = 0; i < 3; ++i)
            turn();
        using Phase = ApiConnection::Phase;
        if (m_connection.phase() == Phase::Ended) {
            CHECK(m_next == m_expected.size());
        } else { // until its deadline
            CHECK(m_connection.phase() == Phase::Receiving && !m_connection.wantsRead() && !m_trusted);
            CHECK(m_next == m_expected.size() || m_expected[m_next].mayStall);
        }
        checkTold(m_peer.taken, std::span(m_expected).first(m_next));
    }

private:
    void turn()
    {
        if (m_connection.phase() == ApiConnection::Phase::Ended)
            return;
        while (m_connection.receive(m_visit.now())) {
        }
        checkHeld();
        m_connection.send(m_visit.now());
        if (m_owed)
            answer();
        const ApiDoor door = [this](const wire::Request& request) {
            auto entered = m_visit.enter(request);
            if (entered)
                m_connection.trust(), m_trusted = true;
            return entered;
        };
        const auto refused = [this](const ApiAnswer& answer) { expect(inWords(answer)); };
        while (const auto call = m_connection.nextCall(door, refused, m_visit.now())) {
            CHECK(m_connection.phase() == ApiConnection::Phase::Busy);
            expect(inWords(*call));
            m_owed = call->kind;
            if (m_late)
                return;
            answer();
        }
    }

    void expect(const std::string& what)
    {
        CHECK(m_next < m_expected.size() && m_expected[m_next].what == what);
        ++m_next;
    }

    void answer() { m_connection.answer(answerTo(*std::exchange(m_owed, {}), Reply(Answer(Info{}))), m_visit.now()); }

    /// Beyond what was answered: a body and a head, or a head alone of whoever has not shown a key.
    void checkHeld() const
    {
        if (m_next > 0 && !m_expected[m_next - 1].keepAlive)
            return; // what still comes is thrown away
        const std::size_t done = m_next == 0 ? 0 : m_expected[m_next - 1].end;
        const std::size_t body = m_trusted ? m_place.bodyLimit : 0;
        CHECK(m_peer.heard - done < headRoom + body + readAtOnce);
    }

    Place m_place;
    const std::vector<Outcome>& m_expected;
    bool m_late;
    Peer m_peer;
    Visit m_visit;
    ApiConnection m_connection;
    std::optional<ApiCall::Kind> m_owed;
    std::size_t m_next = 0;
    bool m_trusted = !m_place.remote;
};

Place placeOf(std::uint8_t flags, std::uint8_t kind)
{
    Place place;
    place.remote = (flags & 1U) != 0;
    place.named = (flags & 4U) != 0;
    place.sni = (flags & 8U) != 0;
    place.role = static_cast<ApiRole>(kind % 4);
    place.banned = kind % 16 == 1;
    place.blocked = kind % 16 == 2;
    place.outside = kind % 16 == 3;
    return place;
}

} // namespace

// Seven bytes, then a stream or what to build its requests from: flags (1 at an admin listener, 2 built, 4 it has a
// server name, 8 TLS had one, 16 slow answers), role or what stands against the address, body limit, seed of the cuts,
// where the stream is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t flags = input.byte();
    Place place = placeOf(flags, input.byte());
    place.bodyLimit = input.word();
    const std::uint8_t seed = input.byte();
    const std::size_t cut = input.word();
    const std::string stream = (flags & 2U) != 0 ? buildRequests(input) : std::string(asText(input.rest()));
    if (stream.empty())
        return 0;
    const auto random = randomPieces(stream, seed);
    const auto outcomes = readRequests(stream, {stream.size()}, place);
    CHECK(readRequests(stream, {cut % stream.size(), stream.size()}, place) == outcomes);
    CHECK(readRequests(stream, random, place) == outcomes);
    if (stream.size() <= 512)
        CHECK(readRequests(stream, bytewise(stream), place) == outcomes);
    Client(place, outcomes, false).run(stream, {stream.size()});
    Client(place, outcomes, (flags & 16U) != 0).run(stream, random);
    return 0;
}
