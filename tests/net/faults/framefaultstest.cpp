// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

constexpr std::size_t maxSize = 1024;

/// A masked frame header with any announced length in 8 bytes, and no payload.
std::string longHeader(unsigned firstByte, std::uint64_t length)
{
    std::string bytes{static_cast<char>(firstByte), static_cast<char>(0xff)};
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<char>(length >> shift & 0xff));
    return bytes + std::string(4, '\0');
}

std::string closeFrame(unsigned code, const std::string& reason = {})
{
    return rawFrame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason);
}

std::string fragments(int count, const std::string& payload)
{
    std::string bytes = rawFrame(0x01, payload);
    for (int i = 1; i < count; ++i)
        bytes += rawFrame(0x00, payload);
    return bytes;
}

void violation(const std::string& name, const std::string& bytes, int code, Reason reason)
{
    QTest::newRow(name.c_str()) << bytes << code << reason;
}

void accepted(const std::string& name, const std::string& bytes, const std::vector<std::string>& echoes)
{
    QTest::newRow(name.c_str()) << bytes << echoes;
}

nlohmann::json strictRoute(nlohmann::json route)
{
    route["name"] = "strict";
    route["path"] = "/strict";
    route["messages"] = {{"types", {"text"}}, {"max_size", "1KiB"}, {"max_fragments", 8}, {"rate", "off"}};
    return route;
}

} // namespace

/// What a session must give whose bytes are no messages, or whose peer does not behave.
class FrameFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void initTestCase();
    void cleanupTestCase();
    void faults_of_a_session_data();
    void faults_of_a_session();
    void frames_that_are_accepted_data();
    void frames_that_are_accepted();
    void too_big_reaches_a_client_that_goes_on_sending();
    void too_big_for_a_length_that_is_only_announced_allocates_nothing();
    void peer_closed_with_the_code_that_it_sent_data();
    void peer_closed_with_the_code_that_it_sent();

private:
    [[nodiscard]] static bool overTls();
    [[nodiscard]] static ByteClient opened(const TestServer& server, ByteClient::Options from,
                                           const std::string& path = "/strict");
    std::unique_ptr<TestServer> m_server;
};

void FrameFaultsTest::initTestCase_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("ws") << false;
    QTest::newRow("wss") << true;
}

void FrameFaultsTest::initTestCase()
{
    m_server = std::make_unique<TestServer>(
        [](nlohmann::json& policy) { policy["routes"].push_back(strictRoute(policy["routes"][1])); });
}

void FrameFaultsTest::cleanupTestCase()
{
    m_server.reset();
}

bool FrameFaultsTest::overTls()
{
    QFETCH_GLOBAL(bool, tls);
    return tls;
}

ByteClient FrameFaultsTest::opened(const TestServer& server, ByteClient::Options from, const std::string& path)
{
    ByteClient client = overTls() ? server.tls(from) : server.plain(from);
    UpgradeOptions upgrade;
    upgrade.path = path;
    if (client.upgrade(upgrade).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

namespace {

void frameRows()
{
    for (const unsigned first : {0x81U, 0x82U, 0x88U, 0x89U, 0x8aU, 0x01U})
        violation("47 unmasked " + std::to_string(first), rawFrame(first, "xy", false), 1002, Reason::Unmasked);
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10)
        violation("49 RSV " + std::to_string(bits >> 4), rawFrame(0x81 | bits, "x"), 1002, Reason::Rsv);
    for (const unsigned opcode : {0x3U, 0x4U, 0x5U, 0x6U, 0x7U, 0xbU, 0xcU, 0xdU, 0xeU, 0xfU})
        violation("49 opcode " + std::to_string(opcode), rawFrame(0x80 | opcode, "x"), 1002, Reason::Opcode);
    for (const unsigned first : {0x88U, 0x89U, 0x8aU}) {
        violation("50 control of 126 bytes " + std::to_string(first), rawFrame(first, std::string(126, 'x')), 1002,
                  Reason::Control);
        violation("50 fragmented control " + std::to_string(first), rawFrame(first & 0x0f, "xy"), 1002,
                  Reason::Control);
    }
    violation("51 5 in 16 bits", std::string("\x81\xfe\x00\x05\0\0\0\0hello", 13), 1002, Reason::Length);
    violation("51 125 in 64 bits", longHeader(0x81, 125), 1002, Reason::Length);
    violation("51 300 in 64 bits", longHeader(0x81, 300), 1002, Reason::Length);
    violation("51 65535 in 64 bits", longHeader(0x81, 65535), 1002, Reason::Length);
    violation("51 top bit", longHeader(0x81, std::uint64_t{1} << 63), 1002, Reason::Length);
    violation("52 2^63-1", longHeader(0x81, (std::uint64_t{1} << 63) - 1), 1009, Reason::TooBig);
    violation("52 2^32+5", longHeader(0x81, (std::uint64_t{1} << 32) + 5), 1009, Reason::TooBig);
    violation("53 one more than the maximum", rawFrame(0x81, std::string(maxSize + 1, 'x')), 1009, Reason::TooBig);
    violation("53 one more, in fragments", rawFrame(0x01, std::string(maxSize, 'x')) + rawFrame(0x80, "x"), 1009,
              Reason::TooBig);
    violation("54 last without a start", rawFrame(0x80, "x"), 1002, Reason::Fragmentation);
    violation("54 middle without a start", rawFrame(0x00, "x"), 1002, Reason::Fragmentation);
    violation("54 new data inside a message", rawFrame(0x01, "x") + rawFrame(0x81, "y"), 1002, Reason::Fragmentation);
    violation("54 a new start inside a message", rawFrame(0x01, "x") + rawFrame(0x01, "y"), 1002,
              Reason::Fragmentation);
}

void messageRows()
{
    violation("55 overlong", rawFrame(0x81, "\xc0\xaf"), 1007, Reason::Utf8);
    violation("55 surrogate", rawFrame(0x81, "\xed\xa0\x80"), 1007, Reason::Utf8);
    violation("55 cut at the end", rawFrame(0x81, "a\xe2\x82"), 1007, Reason::Utf8);
    violation("55 cut at the end, in fragments", rawFrame(0x01, "a\xe2") + rawFrame(0x80, "\x82"), 1007, Reason::Utf8);
    violation("55 the first bad byte of a frame that goes on",
              rawFrame(0x81, std::string(1000, 'x')).substr(0, 20) + "\xff", 1007, Reason::Utf8);
    violation("55 the first bad byte of a message that goes on", rawFrame(0x01, "x\xff"), 1007, Reason::Utf8);
    violation("57 one fragment too many", fragments(9, "x"), 1008, Reason::Fragments);
    violation("60 Close of 1 byte", rawFrame(0x88, "x"), 1002, Reason::ClosePayload);
    for (const unsigned code : {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
        violation("60 Close " + std::to_string(code), closeFrame(code), 1002, Reason::ClosePayload);
    violation("60 Close with bad UTF-8", closeFrame(1000, "\xff"), 1007, Reason::Utf8);
    violation("60 Close cut in a code point", closeFrame(1000, "\xe2\x82"), 1007, Reason::Utf8);
    violation("63 binary on a text route", rawFrame(0x82, "x"), 1003, Reason::Type);
    violation("63 binary in fragments on a text route", rawFrame(0x02, "x") + rawFrame(0x80, "y"), 1003, Reason::Type);
}

} // namespace

void FrameFaultsTest::faults_of_a_session_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<Reason>("reason");
    frameRows();
    messageRows();
}

void FrameFaultsTest::faults_of_a_session()
{
    QFETCH(std::string, bytes);
    QFETCH(int, code);
    QFETCH(Reason, reason);
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(bytes));
    const Incoming end = client.next();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(static_cast<int>(end.code), code);
    QCOMPARE(end.payload, std::string(reasonWord(reason)));
    QCOMPARE(client.next().kind, Incoming::Kind::End);
    QVERIFY(!client.wasReset());
    COMPARE_TRACE(trace.closed(reason, static_cast<std::uint16_t>(code), "strict"));
    client.disconnect();
    QTRY_COMPARE(m_server->info().stats.sessions, 0u);
}

void FrameFaultsTest::frames_that_are_accepted_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<std::vector<std::string>>("echoes");
    const std::string largest(maxSize, 'x');
    accepted("48 mask key 0", asText(wire::encodeFrame(Opcode::Text, std::as_bytes(std::span("zero", 4)), 0)),
             {"zero"});
    accepted("53 exactly the maximum", rawFrame(0x81, largest), {largest});
    accepted("53 exactly the maximum, in fragments",
             rawFrame(0x01, largest.substr(1)) + rawFrame(0x00, "x") + rawFrame(0x80, ""), {largest});
    accepted("57 as many fragments as allowed", fragments(7, "x") + rawFrame(0x80, "y"), {"xxxxxxxy"});
    accepted("57 as many fragments as allowed, twice",
             fragments(7, "x") + rawFrame(0x80, "y") + fragments(7, "") + rawFrame(0x80, "z"), {"xxxxxxxy", "z"});
    const std::string text = "\xc3\xa9\xe2\x82\xac"; // two and three bytes
    std::string split;
    for (std::size_t i = 0; i < text.size(); ++i)
        split += rawFrame((i == 0 ? 0x01U : 0x00U) | (i + 1 == text.size() ? 0x80U : 0U), text.substr(i, 1)) +
                 rawFrame(0x89, "ping");
    accepted("56 code points split at every byte with pings between", split, {text});
    std::string four;
    for (const char* part : {"\xf0", "\x9f", "\x94"})
        four += rawFrame(four.empty() ? 0x01 : 0x00, part) + rawFrame(0x89, "ping");
    accepted("56 a code point of four bytes split at every byte", four + rawFrame(0x80, "\x92"), {"\xf0\x9f\x94\x92"});
    const std::string request = upgradeText({});
    accepted("24 an upgrade request inside a message", rawFrame(0x81, request), {request});
    accepted("70 escapes, markup and right-to-left overrides", rawFrame(0x81, "\x1b[31m\r\n<b>\xe2\x80\xae"),
             {"\x1b[31m\r\n<b>\xe2\x80\xae"});
}

void FrameFaultsTest::frames_that_are_accepted()
{
    QFETCH(std::string, bytes);
    QFETCH(std::vector<std::string>, echoes);
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(bytes));
    for (const std::string& echo : echoes) {
        const Incoming got = client.nextData();
        QCOMPARE(got.kind, Incoming::Kind::Message);
        QCOMPARE(got.payload, echo);
    }
    COMPARE_TRACE(trace.accepted());
    QCOMPARE(m_server->info().stats.sessions, 1u);
    client.disconnect();
    QTRY_COMPARE(m_server->info().stats.sessions, 0u);
}

void FrameFaultsTest::too_big_reaches_a_client_that_goes_on_sending() // row 53
{
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(rawFrame(0x81, std::string(maxSize + 1, 'x'))));
    const std::string more = rawFrame(0x82, std::string(60000, 'y'));
    for (int i = 0; i < 64; ++i)
        QVERIFY(client.send(more));
    const Incoming end = client.next();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, 1009);
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    COMPARE_TRACE(trace.closed(Reason::TooBig, 1009, "strict"));
}

void FrameFaultsTest::too_big_for_a_length_that_is_only_announced_allocates_nothing() // row 52
{
    TestServer server([](nlohmann::json& policy) {
        policy["routes"][1]["messages"]["max_size"] = "1GiB";
        policy["routes"][1]["send_buffer"] = "2GiB";
    });
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source(), "/echo");
    QVERIFY(client.send(longHeader(0x82, std::uint64_t{1} << 30) + "abc")); // allowed: bytes are kept as they come
    QVERIFY(client.frame(Opcode::Binary, "still inside"));
    COMPARE_TRACE(trace.accepted());
    const FaultTrace other(server);
    ByteClient second = opened(server, other.source(), "/echo");
    QVERIFY(second.send(longHeader(0x82, (std::uint64_t{1} << 30) + 1)));
    QCOMPARE(second.closing().code, 1009);
    COMPARE_TRACE(other.closed(Reason::TooBig, 1009, "echo"));
}

void FrameFaultsTest::peer_closed_with_the_code_that_it_sent_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<int>("code");
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U,
                                3000U, 3999U, 4000U, 4999U})
        QTest::newRow(std::to_string(code).c_str()) << closeFrame(code, "bye") << static_cast<int>(code);
    QTest::newRow("none") << rawFrame(0x88, "") << 1005;
}

void FrameFaultsTest::peer_closed_with_the_code_that_it_sent() // row 60
{
    QFETCH(std::string, bytes);
    QFETCH(int, code);
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(bytes));
    const Incoming end = client.next();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(static_cast<int>(end.code), code);
    QVERIFY(client.ends());
    COMPARE_TRACE(trace.closed(Reason::PeerClosed, static_cast<std::uint16_t>(code), "strict", false));
}

QTEST_GUILESS_MAIN(FrameFaultsTest)
#include "framefaultstest.moc"
