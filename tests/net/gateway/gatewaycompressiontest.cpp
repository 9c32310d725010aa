// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"
#include "wire/deflate.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

void compressing(nlohmann::json& route)
{
    route["compression"] = {{"max_inflated", "64KiB"}, {"min_size", "100B"}};
}

UpgradeOptions offering()
{
    UpgradeOptions options;
    options.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
    return options;
}

/// What stands in a frame that is compressed; what deflate makes no smaller is stored (RFC 1951 §3.2.4).
std::string packed(std::string_view text)
{
    if (const auto small = wire::deflated(std::as_bytes(std::span(text)), 15))
        return asText(*small);
    if (text.empty())
        return std::string(1, '\0');
    const std::size_t size = text.size();
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xffU); };
    return std::string{'\0', byte(size), byte(size >> 8U), byte(~size), byte(~size >> 8U)}.append(text).append(1, '\0');
}

std::string words(std::size_t size)
{
    std::string text;
    while (text.size() < size)
        text += "gate " + std::to_string(text.size() * 7919 % 1009) + ' ';
    text.resize(size);
    return text;
}

/// The payload as a message of so many frames, the first byte of the first one given.
std::string inFrames(unsigned firstByte, const std::string& payload, std::size_t frames, bool masked)
{
    std::string bytes;
    const std::size_t share = payload.size() / frames;
    for (std::size_t i = 0; i < frames; ++i) {
        const bool last = i + 1 == frames;
        const unsigned first = (last ? 0x80U : 0U) | (i == 0 ? firstByte : 0U);
        bytes += rawFrame(first, payload.substr(share * i, last ? std::string::npos : share), masked);
    }
    return bytes;
}

std::string receive(ByteClient& from, std::size_t bytes)
{
    std::string all;
    while (all.size() < bytes) {
        const std::string more = from.receive();
        if (more.empty())
            break;
        all += more;
    }
    return all;
}

} // namespace

/// Compression is between the client and the gate alone: the application, that was never asked, sees and says plain
/// messages.
class GatewayCompressionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_application_is_not_asked();
    void messages_of_any_form_arrive_data();
    void messages_of_any_form_arrive();
    void many_of_all_sizes_keep_their_order();
    void what_inflates_to_too_much_reaches_nobody();
    void an_application_that_compresses_breaks_the_protocol();
};

void GatewayCompressionTest::the_application_is_not_asked()
{
    GatewayDesk desk(compressing);
    const auto pair = desk.open(offering());
    QCOMPARE(pair.answer.status, 101);
    QVERIFY(pair.answer.header("Sec-WebSocket-Extensions").starts_with("permessage-deflate"));
    QCOMPARE(ByteUpstream::header(pair.head, "Sec-WebSocket-Extensions"), std::string());
}

void GatewayCompressionTest::messages_of_any_form_arrive_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("frames");
    for (const int size : {0, 1, 99, 100, 5'000, 16'384, 16'385, 65'536})
        for (const int frames : {1, 3, 10})
            QTest::newRow(qPrintable(QStringLiteral("%1 bytes in %2").arg(size).arg(frames))) << size << frames;
}

void GatewayCompressionTest::messages_of_any_form_arrive()
{
    QFETCH(int, size);
    QFETCH(int, frames);
    const std::string text = words(std::size_t(size));
    const std::size_t count = std::size_t(frames);
    GatewayDesk desk(compressing);
    auto pair = desk.open(offering());
    for (const unsigned type : {0x01U, 0x02U}) {
        for (const bool compressed : {true, false}) { // a client may choose for each message
            QVERIFY(pair.client.send(compressed ? inFrames(0x40U | type, packed(text), count, true)
                                                : inFrames(type, text, count, true)));
            const Incoming heard = pair.peer.nextData();
            QCOMPARE(heard.kind, Incoming::Kind::Message);
            QCOMPARE(unsigned(heard.type), type);
            QVERIFY(heard.payload == text);
        }
        QVERIFY(pair.peer.send(inFrames(type, text, count, false)));
        const std::string expected =
            size >= 100 ? rawFrame(0xc0U | type, packed(text), false) : rawFrame(0x80U | type, text, false);
        QVERIFY(receive(pair.client, expected.size()) == expected); // whole, since it is compressed as one
    }
}

void GatewayCompressionTest::many_of_all_sizes_keep_their_order()
{
    GatewayDesk desk(compressing);
    auto pair = desk.open(offering());
    constexpr std::size_t count = 200;
    const auto text = [](std::size_t i) { return std::to_string(i) + ' ' + words(i * 37 % 3'000); };
    std::string up;
    std::string down;
    for (std::size_t i = 0; i < count; ++i) {
        up += i % 3 == 0 ? inFrames(0x01, text(i), 1 + i % 4, true) : inFrames(0x41, packed(text(i)), 1 + i % 4, true);
        down += inFrames(0x01, text(i), 1 + i % 5, false);
    }
    QVERIFY(pair.client.send(up) && pair.peer.send(down));
    for (std::size_t i = 0; i < count; ++i) {
        QCOMPARE(pair.peer.nextData().payload, text(i));
        QCOMPARE(pair.client.nextData().payload, text(i));
    }
}

void GatewayCompressionTest::what_inflates_to_too_much_reaches_nobody()
{
    GatewayDesk desk(compressing);
    auto pair = desk.open(offering());
    QVERIFY(pair.client.send(rawFrame(0xc1, packed(words(65'537)))));
    QCOMPARE(int(pair.client.closing().code), 1009);
    const Incoming told = pair.peer.next();
    QCOMPARE(told.kind, Incoming::Kind::Close);
    QCOMPARE(int(told.code), 1001);
}

void GatewayCompressionTest::an_application_that_compresses_breaks_the_protocol()
{
    GatewayDesk desk(compressing);
    auto pair = desk.open(offering());
    QVERIFY(pair.peer.send(rawFrame(0xc1, packed(words(200)), false)));
    const Incoming heard = pair.client.closing();
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string("upstream_protocol"));
    QCOMPARE(desk.record(AuditKind::Close, Reason::UpstreamProtocol).decision.met, std::string("rsv"));
}

QTEST_GUILESS_MAIN(GatewayCompressionTest)
#include "gatewaycompressiontest.moc"
