// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"
#include "wire/deflate.h"
#include "wire/deflateoffer.h"

#include <QTest>

#include <random>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

Q_DECLARE_METATYPE(gatehouse::Reason)
Q_DECLARE_METATYPE(std::string)

namespace {

constexpr std::string_view agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Compression on the hub and on the echo route; the largest plain message, as the wire has it, is larger.
void compressing(nlohmann::json& policy)
{
    for (const std::size_t route : {0U, 1U}) {
        policy["routes"][route]["compression"] = {{"max_inflated", "64KiB"}, {"min_size", "100B"}};
        policy["routes"][route]["messages"]["max_size"] = "4MiB";
        policy["routes"][route]["send_buffer"] = "8MiB";
    }
}

UpgradeOptions offering(std::string_view offer, const std::string& path = "/echo")
{
    UpgradeOptions options;
    options.path = path;
    options.headers.emplace_back("Sec-WebSocket-Extensions", offer);
    return options;
}

/// What stands in a frame that is compressed.
std::string packed(std::string_view text)
{
    const auto small = wire::deflated(std::as_bytes(std::span(text)), 15);
    return small ? asText(*small) : std::string();
}

/// `mebibytes` of zeros, compressed as one message.
std::string bomb(int mebibytes)
{
    const std::string one = packed(std::string(1 << 20, '\0'));
    std::string all;
    for (int i = 1; i < mebibytes; ++i)
        all.append(one).append(std::string_view("\0\0\xff\xff", 4));
    return all + one;
}

std::string randomText(std::mt19937& random, std::size_t size)
{
    constexpr std::array<std::string_view, 6> words{"gate ", "house ", "opens ", "at ", "nine ", "\xe2\x82\xac "};
    std::string text;
    while (text.size() + 4 < size)
        text += words[random() % words.size()];
    return text;
}

} // namespace

class CompressionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_server = std::make_unique<TestServer>(compressing); }
    void cleanupTestCase() { m_server.reset(); }

    void an_offer_is_refused_where_compression_is_off();
    void offers_are_answered_data();
    void offers_are_answered();
    void messages_come_and_go_compressed();
    void bytes_are_counted_as_the_application_has_them();
    void the_limit_is_accepted_and_one_more_is_too_big();
    void a_bomb_is_too_big_data();
    void a_bomb_is_too_big();
    void broken_messages_end_the_session_data();
    void broken_messages_end_the_session();
    void a_broadcast_is_the_same_to_every_window_and_in_order();

private:
    [[nodiscard]] ByteClient open(const UpgradeOptions& options) const
    {
        ByteClient client = m_server->plain();
        if (client.upgrade(options).status != 101)
            qFatal("not let in");
        return client;
    }

    std::unique_ptr<TestServer> m_server;
};

void CompressionTest::an_offer_is_refused_where_compression_is_off() // row 29
{
    TestServer server;
    ByteClient client = server.plain();
    const HttpAnswer answer = client.upgrade(offering("permessage-deflate; client_max_window_bits"));
    QCOMPARE(answer.status, 101);
    QVERIFY(answer.header("Sec-WebSocket-Extensions").empty());
    QCOMPARE(server.info().stats.refusedTotal, 0u);
    QVERIFY(server.sessions().at(0).info->compression.empty());
    QVERIFY(client.text(std::string(1000, 'x')));
    QCOMPARE(client.receive().front(), '\x81');
    QVERIFY(client.send(rawFrame(0xc1, packed("Hello, Hello, Hello, Hello"))));
    QCOMPARE(client.closing().code, 1002);
    QCOMPARE(server.refused(Reason::Rsv), 1u);
}

void CompressionTest::offers_are_answered_data() // row 29
{
    QTest::addColumn<std::string>("offer");
    QTest::addColumn<std::string>("answer");
    const auto row = [](const char* offer, const std::string& answer) {
        QTest::newRow(offer) << std::string(offer) << answer;
    };
    const std::string plain(agreed);
    row("permessage-deflate", plain);
    row("permessage-deflate; client_max_window_bits", plain);
    row("permessage-deflate; server_max_window_bits=10", plain + "; server_max_window_bits=10");
    row("permessage-deflate; server_max_window_bits=8", "");
    row("permessage-deflate; window=99; =;;", "");
    row("permessage-deflate; server_max_window_bits=99, permessage-deflate", plain);
    row("x-webkit-deflate-frame", "");
    row("", "");
    std::string thousand;
    for (int i = 0; i < 300; ++i)
        thousand += "permessage-deflate; a=b,";
    QTest::newRow("three hundred bad ones") << thousand + "permessage-deflate" << std::string();
    QTest::newRow("an open quote") << "permessage-deflate; a=\"" + std::string(7000, '\\') << std::string();
}

void CompressionTest::offers_are_answered()
{
    QFETCH(std::string, offer);
    QFETCH(std::string, answer);
    const std::uint64_t before = m_server->info().stats.refusedTotal;
    ByteClient client = m_server->plain();
    const HttpAnswer got = client.upgrade(offering(offer));
    QCOMPARE(got.status, 101);
    QCOMPARE(got.header("Sec-WebSocket-Extensions"), answer);
    QCOMPARE(m_server->sessions().at(0).info->compression, answer);
    QCOMPARE(m_server->info().stats.refusedTotal, before);
    QVERIFY(client.text(std::string(1000, 'x')));
    QCOMPARE(client.receive().front(), answer.empty() ? '\x81' : '\xc1');
    client.disconnect();
    QVERIFY(eventually([&] { return m_server->sessions().empty(); }));
}

void CompressionTest::messages_come_and_go_compressed()
{
    ByteClient client = open(offering("permessage-deflate; server_max_window_bits=12"));
    const std::string text = "Hello, " + std::string(93, 'x');
    const auto answerTo = [&](const std::string& frame) {
        client.send(frame);
        return client.receive();
    };
    const std::string compressed = rawFrame(0xc1, packed(text), false);
    QCOMPARE(answerTo(rawFrame(0xc1, packed(text))), compressed);
    QCOMPARE(answerTo(rawFrame(0x81, text)), compressed);
    QCOMPARE(answerTo(rawFrame(0xc2, packed(text))), rawFrame(0xc2, packed(text), false));
    QCOMPARE(answerTo(rawFrame(0x41, packed(text).substr(0, 5)) + rawFrame(0x80, packed(text).substr(5))), compressed);
    const std::string small(99, 'x');
    QCOMPARE(answerTo(rawFrame(0xc1, packed(small))), rawFrame(0x81, small, false));
    std::string noise;
    for (int i = 0; i < 120; ++i)
        noise.push_back(static_cast<char>(i * 37 % 251));
    QCOMPARE(answerTo(rawFrame(0x82, noise)), rawFrame(0x82, noise, false));
    QCOMPARE(answerTo(rawFrame(0xc1, std::string(1, '\0'))), rawFrame(0x81, "", false));
    QCOMPARE(answerTo(rawFrame(0x89, text)), rawFrame(0x8a, text, false)); // control frames never
}

void CompressionTest::bytes_are_counted_as_the_application_has_them()
{
    ByteClient client = open(offering("permessage-deflate"));
    QVERIFY(client.send(rawFrame(0xc1, packed(std::string(50000, 'x')))));
    QCOMPARE(client.next().payload.size(), std::size_t(50000));
    const SessionActivity activity = m_server->sessions().at(0).activity;
    QCOMPARE(activity.bytesIn, 50000u);
    QCOMPARE(activity.bytesOut, 50000u);
    QCOMPARE(activity.messagesIn, 1u);
    client.disconnect();
    QVERIFY(eventually([&] { return m_server->sessions().empty(); }));
}

void CompressionTest::the_limit_is_accepted_and_one_more_is_too_big() // row 73
{
    const std::uint64_t before = m_server->refused(Reason::TooBig);
    ByteClient client = open(offering("permessage-deflate"));
    QVERIFY(client.send(rawFrame(0xc1, packed(std::string(65536, 'x')))));
    QCOMPARE(client.next().payload, std::string(65536, 'x'));
    QVERIFY(client.text(std::string(65537, 'x'))); // what comes plain has a limit of its own
    QCOMPARE(client.next().payload, std::string(65537, 'x'));
    QCOMPARE(m_server->refused(Reason::TooBig), before);
    QVERIFY(client.send(rawFrame(0xc1, packed(std::string(65537, 'x')))));
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1009);
    QCOMPARE(end.payload, std::string("too_big"));
    QCOMPARE(m_server->refused(Reason::TooBig), before + 1);
}

void CompressionTest::a_bomb_is_too_big_data()
{
    QTest::addColumn<int>("mebibytes");
    QTest::addColumn<bool>("tls");
    for (const int size : {1, 64, 1024}) {
        QTest::newRow(qPrintable(QStringLiteral("%1 MiB").arg(size))) << size << false;
        QTest::newRow(qPrintable(QStringLiteral("%1 MiB over TLS").arg(size))) << size << true;
    }
}

void CompressionTest::a_bomb_is_too_big() // row 73
{
    QFETCH(int, mebibytes);
    QFETCH(bool, tls);
    const std::uint64_t before = m_server->refused(Reason::TooBig);
    const std::size_t records = m_server->audit(AuditKind::Close, Reason::TooBig).size();
    ByteClient witness = open(offering("permessage-deflate"));
    ByteClient client = tls ? m_server->tls() : m_server->plain();
    QCOMPARE(client.upgrade(offering("permessage-deflate")).status, 101);
    const std::string payload = bomb(mebibytes);
    const std::string frame = rawFrame(0xc2, payload);
    const std::size_t half = frame.size() / 2;
    QVERIFY(client.send(frame.substr(0, half)));
    const Incoming end = client.closing(); // while it is inflated: the rest was not needed
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, 1009);
    QCOMPARE(end.payload, std::string("too_big"));
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    QCOMPARE(m_server->refused(Reason::TooBig), before + 1);
    const auto closed = m_server->audit(AuditKind::Close, Reason::TooBig);
    QCOMPARE(closed.size(), records + 1);
    QCOMPARE(closed[0].code, 1009);
    QCOMPARE(closed[0].route, std::string("echo"));
    QVERIFY(witness.text("still there"));
    QCOMPARE(witness.next().payload, std::string("still there"));
}

void CompressionTest::broken_messages_end_the_session_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<Reason>("reason");
    const std::string good = packed(std::string(200, 'x'));
    const auto row = [](const char* name, const std::string& bytes, int code, Reason reason) {
        QTest::newRow(name) << bytes << code << reason;
    };
    row("no deflate", rawFrame(0xc1, "\xff\xff\xff\xff"), 1002, Reason::Deflate);
    row("nothing", rawFrame(0xc1, ""), 1002, Reason::Deflate);
    row("cut", rawFrame(0xc1, good.substr(0, good.size() - 1)), 1002, Reason::Deflate);
    row("the context of a message before", rawFrame(0xc1, std::string("\xf2\x00\x11\x00\x00", 5)), 1002,
        Reason::Deflate);
    row("RSV1 on a continuation", rawFrame(0x41, good.substr(0, 3)) + rawFrame(0xc0, good.substr(3)), 1002,
        Reason::Rsv);
    row("RSV1 on a ping", rawFrame(0xc9, "x"), 1002, Reason::Rsv);
    row("RSV1 and RSV2", rawFrame(0xe1, good), 1002, Reason::Rsv);
    row("bad UTF-8", rawFrame(0xc1, packed(std::string(200, '\xff'))), 1007, Reason::Utf8);
    row("UTF-8 cut at the end", rawFrame(0xc1, packed(std::string(200, 'x') + "\xe2\x82")), 1007, Reason::Utf8);
}

void CompressionTest::broken_messages_end_the_session()
{
    QFETCH(std::string, bytes);
    QFETCH(int, code);
    QFETCH(Reason, reason);
    const std::uint64_t before = m_server->refused(reason);
    ByteClient client = open(offering("permessage-deflate"));
    QVERIFY(client.send(bytes));
    const Incoming end = client.closing();
    QCOMPARE(static_cast<int>(end.code), code);
    QCOMPARE(end.payload, std::string(reasonWord(reason)));
    QVERIFY(client.ends());
    QCOMPARE(m_server->refused(reason), before + 1);
    QCOMPARE(m_server->audit(AuditKind::Close, reason).at(0).code, static_cast<std::uint16_t>(code));
}

void CompressionTest::a_broadcast_is_the_same_to_every_window_and_in_order()
{
    TestServer server([](nlohmann::json& policy) {
        compressing(policy);
        policy["workers"] = 4;
    });
    const std::string token = server.token("ann");
    std::vector<std::unique_ptr<ByteClient>> clients;
    for (int i = 0; i < 32; ++i) {
        const int window = 8 + i % 8; // 8 is declined, so that these are plain
        UpgradeOptions options =
            offering("permessage-deflate; server_max_window_bits=" + std::to_string(window), "/hub/chat.all");
        options.token = token;
        clients.push_back(std::make_unique<ByteClient>(server.plain()));
        const HttpAnswer answer = clients.back()->upgrade(options);
        QCOMPARE(answer.status, 101);
        QCOMPARE(answer.header("Sec-WebSocket-Extensions").empty(), window == 8);
    }
    std::mt19937 random(4);
    std::vector<std::pair<Opcode, std::string>> sent;
    for (int i = 0; i < 100; ++i) {
        const Opcode type = i % 3 == 0 ? Opcode::Binary : Opcode::Text;
        sent.emplace_back(type, std::to_string(i) + randomText(random, i % 10 == 0 ? 40000 : random() % 2000));
        const std::string small = packed(sent.back().second);
        const bool compress = i % 2 == 0 && !small.empty();
        const unsigned first = 0x80U | static_cast<unsigned>(type) | (compress ? 0x40U : 0U);
        QVERIFY(clients[9]->send(rawFrame(first, compress ? small : sent.back().second)));
    }
    for (const auto& client : clients) {
        for (const auto& [type, text] : sent) {
            const Incoming got = client->nextData();
            QCOMPARE(got.kind, Incoming::Kind::Message);
            QCOMPARE(got.type, type);
            QCOMPARE(got.payload, text);
        }
    }
    QCOMPARE(server.info().stats.messagesOut, 3200u);
}

QTEST_GUILESS_MAIN(CompressionTest)
#include "compressiontest.moc"
