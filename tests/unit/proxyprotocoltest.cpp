// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/proxyprotocol.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
const std::string v4Block("\xc0\x00\x02\x01\xcb\x00\x71\x07\x12\x34\x01\xbb", 12);

std::string binary(unsigned command, unsigned family, const std::string& block)
{
    std::string text = signature;
    text += static_cast<char>(command);
    text += static_cast<char>(family);
    text += static_cast<char>(block.size() >> 8U);
    text += static_cast<char>(block.size() & 0xffU);
    return text + block;
}

/// "192.0.2.1 4660", "own" or "broken"; "more" where it is not whole.
std::string described(const ProxyProtocol& header)
{
    switch (header.state()) {
    case ProxyProtocol::State::NeedMore:
        return "more";
    case ProxyProtocol::State::Broken:
        return "broken";
    case ProxyProtocol::State::Done:
        break;
    }
    return header.source() ? header.source()->address.toString() + ' ' + std::to_string(header.source()->port) : "own";
}

/// Offers the stream as a socket would: what is not taken, with what came meanwhile, is offered again.
std::pair<std::string, std::size_t> read(const std::string& stream, std::size_t piece)
{
    ProxyProtocol header;
    std::size_t taken = 0;
    for (std::size_t came = std::min(piece, stream.size());; came = std::min(came + piece, stream.size())) {
        taken += header.take(std::as_bytes(std::span(stream)).subspan(taken, came - taken));
        if (header.state() != ProxyProtocol::State::NeedMore || came == stream.size())
            return {described(header), taken};
    }
}

void row(const std::string& name, const std::string& header, const std::string& result)
{
    std::string printable = name;
    std::erase_if(printable, [](char c) { return c == '\r' || c == '\n'; });
    QTest::newRow(printable.c_str()) << header << result;
}

void columns()
{
    QTest::addColumn<std::string>("header");
    QTest::addColumn<std::string>("result");
}

} // namespace

class ProxyProtocolTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void headers_are_read_to_their_last_byte_data();
    void headers_are_read_to_their_last_byte();
    void what_is_none_is_refused_data();
    void what_is_none_is_refused();
    void half_a_header_is_waited_for();
};

void ProxyProtocolTest::headers_are_read_to_their_last_byte_data()
{
    columns();
    row("1 TCP4", "PROXY TCP4 192.0.2.1 203.0.113.7 4660 443\r\n", "192.0.2.1 4660");
    row("1 TCP6", "PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n", "2001:db8::1 65535");
    row("1 TCP6, mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1 1");
    row("1 UNKNOWN", "PROXY UNKNOWN\r\n", "own");
    row("1 UNKNOWN with words", "PROXY UNKNOWN ffff:: ffff:: 65535 65535 and more\r\n", "own");
    row("1 of 107 bytes", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "own");
    row("2 TCP4", binary(0x21, 0x11, v4Block), "192.0.2.1 4660");
    row("2 TCP4 with TLVs", binary(0x21, 0x11, v4Block + std::string("\x04\x00\x01x", 4)), "192.0.2.1 4660");
    row("2 TCP6",
        binary(0x21, 0x21,
               "\x20\x01\x0d\xb8" + std::string(11, '\0') + '\x01' + std::string(16, 'b') + "\x12\x34\x01\xbb"),
        "2001:db8::1 4660");
    row("2 LOCAL", binary(0x20, 0x00, {}), "own");
    row("2 LOCAL with what is skipped", binary(0x20, 0x11, v4Block), "own");
    row("2 UNSPEC", binary(0x21, 0x00, "skipped"), "own");
    row("2 of 536 bytes", binary(0x21, 0x11, v4Block + std::string(508, 'x')), "192.0.2.1 4660");
}

void ProxyProtocolTest::headers_are_read_to_their_last_byte()
{
    QFETCH(std::string, header);
    QFETCH(std::string, result);
    for (const std::string& behind : {std::string(), std::string("\x16\x03\x01 GET /"), header}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{13}, std::size_t{4096}}) {
            const auto [read_, taken] = read(header + behind, piece);
            QCOMPARE(read_, result);
            QCOMPARE(taken, header.size());
        }
    }
}

void ProxyProtocolTest::what_is_none_is_refused_data()
{
    columns();
    const auto bad = [](const std::string& name, const std::string& header) { row(name, header, "broken"); };
    bad("garbage", "GET / HTTP/1.1\r\n\r\n");
    bad("a ClientHello", std::string("\x16\x03\x01\x00\x05", 5));
    bad("1 of 108 bytes", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n");
    bad("1 without an end", "PROXY TCP4 " + std::string(200, '1'));
    for (const char* line :
         {"PROXY TCP4 192.0.2.1 203.0.113.7 4660 443\n", "PROXY  TCP4 192.0.2.1 203.0.113.7 1 2\r\n",
          "PROXY TCP4 192.0.2.1  203.0.113.7 1 2\r\n", "PROXY TCP4 192.0.2.1 203.0.113.7 1 2 \r\n",
          "PROXY TCP4 192.0.2.1 203.0.113.7 1\r\n", "PROXY TCP4 192.0.2.1 203.0.113.7 1 2 3\r\n",
          "PROXY TCP4 192.0.2.1 203.0.113.7 01 2\r\n", "PROXY TCP4 192.0.2.1 203.0.113.7 65536 2\r\n",
          "PROXY TCP4 192.0.2.1 203.0.113.7 -1 2\r\n", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
          "PROXY TCP6 192.0.2.1 203.0.113.7 1 2\r\n", "PROXY TCP4 192.0.2.256 203.0.113.7 1 2\r\n",
          "PROXY TCP4 0.0.0.0 203.0.113.7 1 2\r\n", "PROXY UDP4 192.0.2.1 203.0.113.7 1 2\r\n",
          "PROXY tcp4 192.0.2.1 203.0.113.7 1 2\r\n", "proxy TCP4 192.0.2.1 203.0.113.7 1 2\r\n", "PROXY UNKNOWNX\r\n",
          "PROXY \r\nmore and more\r\n", "PROXY TCP4 192.0.2.1 203.0.113.7 1 2\r\r\n"})
        bad("1 " + std::string(line), line);
    bad("2 of version 1", binary(0x11, 0x11, v4Block));
    bad("2 with command 2", binary(0x22, 0x11, v4Block));
    bad("2 UDP4", binary(0x21, 0x12, v4Block));
    bad("2 AF_UNIX", binary(0x21, 0x31, std::string(216, 'x')));
    bad("2 of an unknown family", binary(0x21, 0x41, v4Block));
    bad("2 TCP4, too short", binary(0x21, 0x11, v4Block.substr(1)));
    bad("2 TCP6, too short", binary(0x21, 0x21, std::string(35, 'a')));
    bad("2 of 537 bytes", binary(0x21, 0x11, v4Block + std::string(509, 'x')));
    bad("2 of the unspecified address", binary(0x21, 0x11, std::string(12, '\0')));
    bad("2 with a broken signature", "\r\n\r\n\1\r\nQUIT\n" + std::string(20, '\0'));
}

void ProxyProtocolTest::what_is_none_is_refused()
{
    QFETCH(std::string, header);
    QFETCH(std::string, result);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{4096}}) {
        const auto [read_, taken] = read(header, piece);
        QCOMPARE(read_, result);
        QVERIFY(taken <= ProxyProtocol::longestBinary);
    }
}

void ProxyProtocolTest::half_a_header_is_waited_for()
{
    for (const std::string& whole :
         {std::string("PROXY TCP4 192.0.2.1 203.0.113.7 4660 443\r\n"), binary(0x21, 0x11, v4Block)}) {
        for (std::size_t size = 0; size < whole.size(); ++size)
            QCOMPARE(read(whole.substr(0, size), 4096).first, std::string("more"));
    }
}

QTEST_APPLESS_MAIN(ProxyProtocolTest)
#include "proxyprotocoltest.moc"
