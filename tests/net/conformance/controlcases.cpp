// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 6455 §5.5: pings and pongs; §5.2: bits and opcodes that nobody agreed on.
class ControlCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void a_ping_is_answered_with_its_payload_data();
    void a_ping_is_answered_with_its_payload();
    void pings_and_pongs_data();
    void pings_and_pongs();
    void reserved_bits_are_refused_data();
    void reserved_bits_are_refused();
    void reserved_opcodes_are_refused_data();
    void reserved_opcodes_are_refused();
};

void ControlCases::a_ping_is_answered_with_its_payload_data()
{
    QTest::addColumn<quint64>("size");
    for (std::uint64_t size = 0; size <= 125; ++size)
        QTest::newRow(("ping of " + std::to_string(size)).c_str()) << quint64{size};
}

void ControlCases::a_ping_is_answered_with_its_payload()
{
    QFETCH(quint64, size);
    std::string payload = raw::filler(size);
    for (std::size_t i = 0; i < payload.size(); i += 3)
        payload[i] = static_cast<char>(0xff - i); // a ping is not text
    COMPARE_EXCHANGE(played({{masked(raw::ping, payload)}, {{raw::pong, payload}}}));
    COMPARE_EXCHANGE(played({raw::chopped(masked(raw::ping, payload), 1), {{raw::pong, payload}}}));
}

void ControlCases::pings_and_pongs_data()
{
    QTest::addColumn<Exchange>("exchange");
    const auto row = [](const char* name, std::vector<std::string> writes, std::vector<Frame> answers) {
        QTest::newRow(name) << Exchange{std::move(writes), std::move(answers)};
    };
    row("ping of 126 bytes", {masked(raw::ping, raw::filler(126))}, {refused(1002, "control")});
    row("ping of 65536 bytes", {masked(raw::ping, raw::filler(65536))}, {refused(1002, "control")});
    row("pong of 126 bytes", {masked(raw::pong, raw::filler(126))}, {refused(1002, "control")});
    row("ping of 126 bytes, refused from its header", {raw::header(raw::ping, 126, 2).substr(0, 2)},
        {refused(1002, "control")});
    row("fragmented ping", {masked(raw::ping & 0x0f, "x")}, {refused(1002, "control")});
    row("fragmented pong", {masked(raw::pong & 0x0f, "x")}, {refused(1002, "control")});
    row("fragmented ping and its end", {masked(raw::ping & 0x0f, "x") + masked(raw::last, "y")},
        {refused(1002, "control")});
    row("pong without a ping", {masked(raw::pong, "")}, {});
    row("pong with a payload", {masked(raw::pong, "nobody asked")}, {});
    row("pong, then ping", {masked(raw::pong, "a") + masked(raw::ping, "b")}, {{raw::pong, "b"}});
    row("ten pongs and a text", {masked(raw::pong, "a"), masked(raw::text, "b")}, {{raw::text, "b"}});
    row("ping between fragments",
        {masked(raw::firstOfText, "first ") + masked(raw::ping, "p") + masked(raw::last, "last")},
        {{raw::pong, "p"}, {raw::text, "first last"}});
    row("ping between fragments, each a write",
        {masked(raw::firstOfText, "first "), masked(raw::ping, "p"), masked(raw::last, "last")},
        {{raw::pong, "p"}, {raw::text, "first last"}});
    row("pong between fragments",
        {masked(raw::firstOfBinary, "first ") + masked(raw::pong, "p") + masked(raw::last, "last")},
        {{raw::binary, "first last"}});
    row("ping behind a message", {masked(raw::text, "m") + masked(raw::ping, "p")},
        {{raw::text, "m"}, {raw::pong, "p"}});
    row("ping before a message", {masked(raw::ping, "p") + masked(raw::text, "m")},
        {{raw::pong, "p"}, {raw::text, "m"}});
    row("ping behind a large message", {masked(raw::binary, raw::filler(300000)) + masked(raw::ping, "p")},
        {{raw::binary, raw::filler(300000)}, {raw::pong, "p"}});

    Exchange ten{{std::string()}, {}};
    for (int i = 0; i < 10; ++i) {
        ten.writes[0] += masked(raw::ping, "payload-" + std::to_string(i));
        ten.answers.push_back({raw::pong, "payload-" + std::to_string(i)});
    }
    QTest::newRow("ten pings in one write") << ten;
    ten.writes = raw::chopped(ten.writes[0], 1);
    QTest::newRow("ten pings octet by octet") << ten;
}

void ControlCases::pings_and_pongs()
{
    QFETCH(Exchange, exchange);
    COMPARE_EXCHANGE(played(exchange));
}

void ControlCases::reserved_bits_are_refused_data()
{
    QTest::addColumn<unsigned>("bits");
    QTest::addColumn<std::string>("before");
    QTest::addColumn<unsigned>("first");
    QTest::addColumn<std::string>("payload");
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10) {
        const auto row = [&](const char* name, const std::string& before, unsigned first, const std::string& payload) {
            QTest::newRow(("RSV " + std::to_string(bits >> 4) + ", " + name).c_str())
                << bits << before << first << payload;
        };
        row("text", {}, raw::text, "hello");
        row("empty text", {}, raw::text, "");
        row("text behind a good message", masked(raw::text, "good"), raw::text, "hello");
        row("binary", {}, raw::binary, "hello");
        row("first of a text", {}, raw::firstOfText, "hello");
        row("last of a text", masked(raw::firstOfText, "hello"), raw::last, "hello");
        row("middle of a text", masked(raw::firstOfText, "hello"), raw::middle, "hello");
        row("ping", {}, raw::ping, "hello");
        row("ping behind a good message", masked(raw::text, "good"), raw::ping, {});
        row("pong", {}, raw::pong, "hello");
        row("Close", {}, raw::close, raw::closing(1000));
    }
}

void ControlCases::reserved_bits_are_refused()
{
    QFETCH(unsigned, bits);
    QFETCH(std::string, before);
    QFETCH(unsigned, first);
    QFETCH(std::string, payload);
    const std::string bytes = before + masked(first | bits, payload);
    std::vector<Frame> answers;
    if (before.size() > 1 && (static_cast<unsigned char>(before[0]) & raw::fin) != 0)
        answers.push_back({raw::text, "good"});
    answers.push_back(refused(1002, "rsv"));
    COMPARE_EXCHANGE(played({{bytes}, answers}));
    COMPARE_EXCHANGE(played({raw::chopped(bytes, 1), answers}));
    COMPARE_EXCHANGE(played({{before + masked(first | bits, payload).substr(0, 1)}, answers})); // at its first byte
    COMPARE_EXCHANGE(played({{bytes + masked(raw::text, "more") + masked(raw::ping, "more")}, answers}));
}

void ControlCases::reserved_opcodes_are_refused_data()
{
    QTest::addColumn<std::string>("before");
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<bool>("echoed");
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        const std::string name = "opcode " + std::to_string(opcode);
        const std::string empty = masked(raw::fin | opcode, {});
        const std::string full = masked(raw::fin | opcode, "payload");
        QTest::newRow((name + ", empty").c_str()) << std::string() << empty << false;
        QTest::newRow((name + ", with a payload").c_str()) << std::string() << full << false;
        QTest::newRow((name + ", without FIN").c_str()) << std::string() << masked(opcode, "payload") << false;
        QTest::newRow((name + ", behind a message").c_str()) << masked(raw::text, "good") << full << true;
        QTest::newRow((name + ", empty, behind a message").c_str()) << masked(raw::text, "good") << empty << true;
        QTest::newRow((name + ", inside a message").c_str()) << masked(raw::firstOfText, "open") << full << false;
    }
}

void ControlCases::reserved_opcodes_are_refused()
{
    QFETCH(std::string, before);
    QFETCH(std::string, bytes);
    QFETCH(bool, echoed);
    std::vector<Frame> answers;
    if (echoed)
        answers.push_back({raw::text, "good"});
    answers.push_back(refused(1002, "opcode"));
    COMPARE_EXCHANGE(played({{before + bytes}, answers}));
    COMPARE_EXCHANGE(played({raw::chopped(before + bytes, 1), answers}));
    COMPARE_EXCHANGE(played({{before, bytes + masked(raw::ping, "more")}, answers}));
}

QTEST_GUILESS_MAIN(ControlCases)
#include "controlcases.moc"
