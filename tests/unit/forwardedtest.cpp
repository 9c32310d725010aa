// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/forwarded.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

/// The chain as text: addresses, "?" for what cannot be read.
std::string described(const ForwardedChain& chain)
{
    std::string text;
    for (const auto& address : chain)
        text += (text.empty() ? "" : " ") + (address ? address->toString() : std::string("?"));
    return text;
}

void row(const char* name, const std::vector<std::string>& lines, const std::string& chain)
{
    QTest::newRow(name) << lines << chain;
}

void columns()
{
    QTest::addColumn<std::vector<std::string>>("lines");
    QTest::addColumn<std::string>("chain");
}

std::vector<std::string_view> views(const std::vector<std::string>& lines)
{
    return {lines.begin(), lines.end()};
}

} // namespace

class ForwardedTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void x_forwarded_for_is_read_data();
    void x_forwarded_for_is_read();
    void forwarded_is_read_data();
    void forwarded_is_read();
};

void ForwardedTest::x_forwarded_for_is_read_data()
{
    columns();
    row("no header", {}, "");
    row("one", {"192.0.2.1"}, "192.0.2.1");
    row("a list", {"192.0.2.1, 198.51.100.2 ,\t203.0.113.3"}, "192.0.2.1 198.51.100.2 203.0.113.3");
    row("several lines are one list", {"192.0.2.1, 192.0.2.2", "192.0.2.3"}, "192.0.2.1 192.0.2.2 192.0.2.3");
    row("a port", {"192.0.2.1:4711"}, "192.0.2.1");
    row("port 0", {"192.0.2.1:0"}, "192.0.2.1");
    row("IPv6", {"2001:db8::1"}, "2001:db8::1");
    row("IPv6 in brackets", {"[2001:db8::1]"}, "2001:db8::1");
    row("IPv6 in brackets with a port", {"[2001:db8::1]:443"}, "2001:db8::1");
    row("mapped IPv4 is IPv4", {"::ffff:192.0.2.1, [::ffff:192.0.2.2]:1"}, "192.0.2.1 192.0.2.2");
    row("unknown", {"192.0.2.1, unknown"}, "192.0.2.1 ?");
    row("obfuscated", {"_hidden"}, "?");
    row("empty", {""}, "?");
    row("an empty element", {"192.0.2.1,,192.0.2.2,"}, "192.0.2.1 ? 192.0.2.2 ?");
    for (const char* garbage :
         {"192.0.2", "192.0.2.256", "192.0.2.1:", "192.0.2.1:123456", "192.0.2.1:x", "192.0.2.1:_x", "192.0.2.1 x",
          "[2001:db8::1", "2001:db8::1]", "[192.0.2.1]", "[]", "[2001:db8::1]x", "[2001:db8::1]:", "fe80::1%eth0",
          "\"192.0.2.1\"", "for=192.0.2.1", "192.0.2.1/32", "0300.0.2.1", "example.com"})
        row(garbage, {garbage}, "?");
}

void ForwardedTest::x_forwarded_for_is_read()
{
    QFETCH(std::vector<std::string>, lines);
    QFETCH(std::string, chain);
    QCOMPARE(described(readForwardedFor(views(lines))), chain);
}

void ForwardedTest::forwarded_is_read_data()
{
    columns();
    row("no header", {}, "");
    row("one", {"for=192.0.2.1"}, "192.0.2.1");
    row("any case", {"FOR=192.0.2.1"}, "192.0.2.1");
    row("beside other parameters", {"by=203.0.113.4;for=192.0.2.1;proto=https;host=\"a, for=192.0.2.9\""}, "192.0.2.1");
    row("a list", {"for=192.0.2.1, for=198.51.100.2;by=_me"}, "192.0.2.1 198.51.100.2");
    row("several lines are one list", {"for=192.0.2.1", "for=192.0.2.2"}, "192.0.2.1 192.0.2.2");
    row("quoted", {"for=\"192.0.2.1\""}, "192.0.2.1");
    row("a quoted pair", {"for=\"192.0.\\2.1\""}, "192.0.2.1");
    row("a port", {"for=\"192.0.2.1:4711\""}, "192.0.2.1");
    row("an obfuscated port", {"for=\"192.0.2.1:_x.y-z\""}, "192.0.2.1");
    row("IPv6", {"for=\"[2001:db8:cafe::17]:4711\""}, "2001:db8:cafe::17");
    row("mapped IPv4 is IPv4", {"for=\"[::ffff:192.0.2.1]\""}, "192.0.2.1");
    row("unknown", {"for=192.0.2.1, for=unknown"}, "192.0.2.1 ?");
    row("obfuscated", {"for=_hidden, for=_SEVKISEK"}, "? ?");
    row("an element without for", {"for=192.0.2.1, proto=https"}, "192.0.2.1 ?");
    row("a broken line is one that cannot be read", {"for=192.0.2.1", "for=192.0.2.2, for=\"192.0.2.3"}, "192.0.2.1 ?");
    // What a proxy appends to a quote that the client left open must not be read as the client's own words.
    row("an open quote before an address", {"for=\", for=192.0.2.1"}, "?");
    row("an open quote before a quoted address", {"x=\", for=\"[2001:db8::1]\""}, "?");
    row("an open escape before a quoted address", {"x=\"\\, for=\"[2001:db8::1]\""}, "?");
    for (const char* broken :
         {"", "for", "for=", "=192.0.2.1", "for =192.0.2.1", "for= 192.0.2.1", "for=192.0.2.1;", "for=192.0.2.1,",
          ",for=192.0.2.1", "for=192.0.2.1;for=192.0.2.2", "for=192.0.2.1 for=192.0.2.2", "for=[2001:db8::1]",
          "for=192.0.2.1:80", "for=\"2001:db8::1\"", "for=\"192.0.2.1:123456\"", "for=\"[2001:db8::1\"", "192.0.2.1"})
        row(("broken: " + std::string(broken)).c_str(), {broken}, "?");
}

void ForwardedTest::forwarded_is_read()
{
    QFETCH(std::vector<std::string>, lines);
    QFETCH(std::string, chain);
    QCOMPARE(described(readForwarded(views(lines))), chain);
}

QTEST_APPLESS_MAIN(ForwardedTest)
#include "forwardedtest.moc"
