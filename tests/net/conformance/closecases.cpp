// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 6455 §5.5.1 and §7: each Close has its answer, nothing comes behind it, and the server ends TCP.
class CloseCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void codes_that_may_be_sent_are_answered_data();
    void codes_that_may_be_sent_are_answered();
    void codes_that_may_not_be_sent_are_refused_data();
    void codes_that_may_not_be_sent_are_refused();
    void orders_with_a_close_data();
    void orders_with_a_close();
    void a_close_behind_a_large_message_comes_behind_its_echo_data();
    void a_close_behind_a_large_message_comes_behind_its_echo();
    void a_half_closed_peer_gets_every_echo_and_the_close();
    void a_peer_that_goes_on_sending_hears_nothing_more();
};

namespace {

const Frame normal{raw::close, raw::closing(1000)};

std::string closed(unsigned code, std::string_view reason = {})
{
    return masked(raw::close, raw::closing(code, reason));
}

} // namespace

void CloseCases::codes_that_may_be_sent_are_answered_data()
{
    QTest::addColumn<unsigned>("code");
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U,
                                3000U, 3001U, 3999U, 4000U, 4001U, 4999U})
        QTest::newRow(std::to_string(code).c_str()) << code;
}

void CloseCases::codes_that_may_be_sent_are_answered()
{
    QFETCH(unsigned, code);
    const std::vector<Frame> answer{{raw::close, raw::closing(code)}};
    for (const std::string& reason : {std::string(), std::string("bye"), std::string(123, 'x')}) {
        COMPARE_EXCHANGE(played({{closed(code, reason)}, answer}));
        COMPARE_EXCHANGE(played({raw::chopped(closed(code, reason), 1), answer}));
    }
}

void CloseCases::codes_that_may_not_be_sent_are_refused_data()
{
    QTest::addColumn<unsigned>("code");
    for (const unsigned code : {0U, 1U, 500U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 1999U, 2000U, 2999U,
                                5000U, 9999U, 32768U, 65535U})
        QTest::newRow(std::to_string(code).c_str()) << code;
}

void CloseCases::codes_that_may_not_be_sent_are_refused()
{
    QFETCH(unsigned, code);
    const std::vector<Frame> answer{refused(1002, "close_payload")};
    COMPARE_EXCHANGE(played({{closed(code)}, answer}));
    COMPARE_EXCHANGE(played({{closed(code, "with a reason")}, answer}));
    COMPARE_EXCHANGE(played({raw::chopped(closed(code), 1), answer}));
    COMPARE_EXCHANGE(played({{masked(raw::text, "m") + closed(code)}, {{raw::text, "m"}, answer[0]}}));
}

void CloseCases::orders_with_a_close_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<std::vector<Frame>>("answers");
    const auto row = [](const char* name, const std::string& bytes, const std::vector<Frame>& answers) {
        QTest::newRow(name) << bytes << answers;
    };
    const std::string open = masked(raw::firstOfText, "open");
    row("without a payload", masked(raw::close, ""), {{raw::close, ""}});
    row("of one byte", masked(raw::close, "x"), {refused(1002, "close_payload")});
    row("a reason of 123 bytes", closed(1000, std::string(123, 'r')), {normal});
    row("a reason of 124 bytes", closed(1000, std::string(124, 'r')), {refused(1002, "control")});
    row("a reason of 200 bytes", closed(1000, std::string(200, 'r')), {refused(1002, "control")});
    row("a reason that ends inside a code point", closed(1000, std::string(121, 'r') + "\xe2\x82"),
        {refused(1007, "utf8")});
    row("without FIN", masked(raw::close & 0x0f, raw::closing(1000)), {refused(1002, "control")});
    row("message, then Close", masked(raw::text, "m") + closed(1000), {{raw::text, "m"}, normal});
    row("two messages, then Close", masked(raw::text, "m") + masked(raw::binary, "n") + closed(1000),
        {{raw::text, "m"}, {raw::binary, "n"}, normal});
    row("ping, then Close", masked(raw::ping, "p") + closed(1000), {{raw::pong, "p"}, normal});
    row("Close, then a message", closed(1000) + masked(raw::text, "late"), {normal});
    row("Close, then a ping", closed(1000) + masked(raw::ping, "late"), {normal});
    row("Close, then a pong", closed(1000) + masked(raw::pong, "late"), {normal});
    row("Close twice", closed(1000) + closed(1001), {normal});
    row("Close, then a bad Close", closed(1000) + closed(999), {normal});
    row("Close, then what is no frame", closed(1000) + std::string(500, '\xff'), {normal});
    row("Close, then an unmasked frame", closed(1000) + raw::unmasked(raw::text, "x"), {normal});
    row("Close, then half a frame", closed(1000) + masked(raw::text, "late").substr(0, 5), {normal});
    row("Close, then 256 KiB", closed(1000) + masked(raw::binary, raw::filler(262144)), {normal});
    row("Close inside a message", open + closed(1000), {normal});
    row("Close inside a message, and the rest of it", open + closed(1000) + masked(raw::last, "rest"), {normal});
    row("Close inside a message that is cut in a code point", masked(raw::firstOfText, "\xe2\x82") + closed(1000),
        {normal});
    row("ping and Close inside a message", open + masked(raw::ping, "p") + closed(1001),
        {{raw::pong, "p"}, {raw::close, raw::closing(1001)}});
    row("a refused frame, then Close", masked(0xf1, "x") + closed(1000), {refused(1002, "rsv")});
    row("two refused frames", masked(0xf1, "x") + masked(raw::text, "\xff"), {refused(1002, "rsv")});
}

void CloseCases::orders_with_a_close()
{
    QFETCH(std::string, bytes);
    QFETCH(std::vector<Frame>, answers);
    COMPARE_EXCHANGE(played({{bytes}, answers}));
    for (const std::size_t chop : {std::size_t{1}, std::size_t{3}, std::size_t{997}})
        if (bytes.size() / chop < 1000)
            COMPARE_EXCHANGE(played({raw::chopped(bytes, chop), answers}));
}

void CloseCases::a_close_behind_a_large_message_comes_behind_its_echo_data()
{
    QTest::addColumn<quint64>("size");
    QTest::addColumn<std::string>("late");
    QTest::newRow("64 KiB") << quint64{65536} << std::string();
    QTest::newRow("256 KiB") << quint64{262144} << std::string();
    QTest::newRow("256 KiB, and a ping behind the Close") << quint64{262144} << masked(raw::ping, "late");
    QTest::newRow("256 KiB, and a text behind the Close") << quint64{262144} << masked(raw::text, "late");
    QTest::newRow("16 MiB") << quint64{16 << 20} << std::string();
}

void CloseCases::a_close_behind_a_large_message_comes_behind_its_echo()
{
    QFETCH(quint64, size);
    QFETCH(std::string, late);
    const std::string payload = raw::filler(size);
    COMPARE_EXCHANGE(played({{masked(raw::binary, payload) + closed(1000) + late}, {{raw::binary, payload}, normal}}));
}

void CloseCases::a_half_closed_peer_gets_every_echo_and_the_close()
{
    const std::string payload = raw::filler(8 << 20);
    ByteClient client = connected();
    raw::Reader reader(client);
    QVERIFY(client.send(masked(raw::binary, payload) + closed(1000)));
    client.shutdownWrite();
    COMPARE_EXCHANGE(heard(reader, {{raw::binary, payload}, normal}));
    COMPARE_EXCHANGE(ended(client, reader));
}

void CloseCases::a_peer_that_goes_on_sending_hears_nothing_more()
{
    ByteClient client = connected();
    raw::Reader reader(client);
    QVERIFY(client.send(closed(1000)));
    const std::string more = masked(raw::binary, raw::filler(65536)) + masked(raw::ping, "late");
    for (int i = 0; i < 256; ++i)
        QVERIFY(client.send(more));
    COMPARE_EXCHANGE(heard(reader, {normal}));
    COMPARE_EXCHANGE(ended(client, reader));
}

QTEST_GUILESS_MAIN(CloseCases)
#include "closecases.moc"
