// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 6455 §5.2 and §5.3: lengths, masks, and bytes that come in any chops.
class FramingCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void a_message_of_any_length_is_echoed_data();
    void a_message_of_any_length_is_echoed();
    void a_message_in_chops_is_echoed_data();
    void a_message_in_chops_is_echoed();
    void a_message_in_fragments_is_echoed_data();
    void a_message_in_fragments_is_echoed();
    void frames_in_one_write_are_answered_in_order_data();
    void frames_in_one_write_are_answered_in_order();
    void any_mask_is_taken_off_data();
    void any_mask_is_taken_off();
    void a_frame_without_a_mask_is_refused_data();
    void a_frame_without_a_mask_is_refused();
    void a_length_not_in_its_shortest_form_is_refused_data();
    void a_length_not_in_its_shortest_form_is_refused();
};

namespace {

constexpr std::size_t kib = 1024, mib = 1024 * 1024;

} // namespace

void FramingCases::a_message_of_any_length_is_echoed_data()
{
    QTest::addColumn<unsigned>("first");
    QTest::addColumn<quint64>("size");
    for (const unsigned first : {raw::text, raw::binary})
        for (const std::size_t size : {std::size_t{0},
                                       std::size_t{1},
                                       std::size_t{2},
                                       std::size_t{7},
                                       std::size_t{8},
                                       std::size_t{9},
                                       std::size_t{124},
                                       std::size_t{125},
                                       std::size_t{126},
                                       std::size_t{127},
                                       std::size_t{128},
                                       std::size_t{16383},
                                       std::size_t{16384},
                                       std::size_t{16385},
                                       std::size_t{65534},
                                       std::size_t{65535},
                                       std::size_t{65536},
                                       std::size_t{65537},
                                       256 * kib,
                                       mib,
                                       mib + 1,
                                       4 * mib,
                                       8 * mib,
                                       16 * mib})
            QTest::newRow(((first == raw::text ? "text of " : "binary of ") + std::to_string(size)).c_str())
                << first << quint64{size};
}

void FramingCases::a_message_of_any_length_is_echoed()
{
    QFETCH(unsigned, first);
    QFETCH(quint64, size);
    const std::string payload = raw::filler(size);
    COMPARE_EXCHANGE(played({{masked(first, payload)}, {{first, payload}}}));
}

void FramingCases::a_message_in_chops_is_echoed_data()
{
    QTest::addColumn<unsigned>("first");
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("chop");
    const std::vector<std::pair<std::size_t, std::vector<std::size_t>>> sizes{
        {0, {1, 7}},
        {1, {1, 7}},
        {125, {1, 7, 64}},
        {126, {1, 7, 64}},
        {127, {1, 7, 64}},
        {128, {1, 7, 64}},
        {65535, {7, 64, 997, 1024, 4096}},
        {65536, {7, 64, 997, 1024, 4096}},
        {65537, {7, 64, 997, 1024, 4096, 65536}},
        {mib, {64, 128, 256, 512, 997, 1024, 2048, 4096, 65536}},
        {4 * mib, {997, 1024, 4096, 65536}},
        {16 * mib, {4096, 65536}},
    };
    for (const unsigned first : {raw::text, raw::binary})
        for (const auto& [size, chops] : sizes)
            for (const std::size_t chop : chops)
                QTest::newRow(((first == raw::text ? "text of " : "binary of ") + std::to_string(size) + " by " +
                               std::to_string(chop))
                                  .c_str())
                    << first << quint64{size} << quint64{chop};
}

void FramingCases::a_message_in_chops_is_echoed()
{
    QFETCH(unsigned, first);
    QFETCH(quint64, size);
    QFETCH(quint64, chop);
    const std::string payload = raw::filler(size);
    COMPARE_EXCHANGE(played({raw::chopped(masked(first, payload), chop), {{first, payload}}}));
}

void FramingCases::a_message_in_fragments_is_echoed_data()
{
    QTest::addColumn<unsigned>("first");
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("fragment");
    for (const unsigned first : {raw::text, raw::binary})
        for (const auto& [size, fragment] :
             std::initializer_list<std::pair<std::size_t, std::size_t>>{{125, 1},
                                                                        {65536, 1},
                                                                        {65536, 126},
                                                                        {4 * mib, 64},
                                                                        {4 * mib, 256},
                                                                        {4 * mib, 4 * kib},
                                                                        {4 * mib, 64 * kib},
                                                                        {4 * mib, mib},
                                                                        {16 * mib, 4 * mib}})
            QTest::newRow(((first == raw::text ? "text of " : "binary of ") + std::to_string(size) + " by " +
                           std::to_string(fragment))
                              .c_str())
                << first << quint64{size} << quint64{fragment};
}

void FramingCases::a_message_in_fragments_is_echoed()
{
    QFETCH(unsigned, first);
    QFETCH(quint64, size);
    QFETCH(quint64, fragment);
    const std::string payload = raw::filler(size);
    std::string bytes;
    for (std::size_t i = 0; i < size; i += fragment) {
        const unsigned opcode = i == 0 ? first & 0x0f : raw::middle;
        bytes += masked(opcode | (i + fragment >= size ? raw::fin : 0U), std::string_view(payload).substr(i, fragment));
    }
    COMPARE_EXCHANGE(played({{bytes}, {{first, payload}}}));
}

void FramingCases::frames_in_one_write_are_answered_in_order_data()
{
    QTest::addColumn<Exchange>("exchange");
    const auto row = [](const char* name, const std::vector<Frame>& frames) {
        Exchange exchange{{std::string()}, frames};
        for (const Frame& frame : frames)
            exchange.writes[0] += masked(frame.first, frame.payload);
        QTest::newRow(name) << exchange;
    };
    row("two", {{raw::text, "one"}, {raw::text, "two"}});
    row("text and binary", {{raw::text, "one"}, {raw::binary, "\xff\xfe"}, {raw::text, "three"}});
    row("empty ones", {{raw::text, ""}, {raw::binary, ""}, {raw::text, ""}});
    row("short behind long", {{raw::binary, raw::filler(70000)}, {raw::text, "x"}, {raw::binary, raw::filler(130)}});
    row("a thousand", std::vector<Frame>(1000, {raw::text, "0123456789"}));
    row("ten of 64 KiB", std::vector<Frame>(10, {raw::binary, raw::filler(65536)}));
}

void FramingCases::frames_in_one_write_are_answered_in_order()
{
    QFETCH(Exchange, exchange);
    COMPARE_EXCHANGE(played(exchange));
    exchange.writes = raw::chopped(exchange.writes[0], 997);
    COMPARE_EXCHANGE(played(exchange));
}

void FramingCases::any_mask_is_taken_off_data()
{
    QTest::addColumn<quint32>("key");
    for (const std::uint32_t key : {0U, 1U, 0xffU, 0x01020304U, 0x80000000U, 0x00ff00ffU, 0xffffffffU, 0x37fa213dU})
        QTest::newRow(QByteArray::number(key, 16).constData()) << quint32{key};
}

void FramingCases::any_mask_is_taken_off()
{
    QFETCH(quint32, key);
    Exchange exchange;
    std::string all;
    for (std::size_t size = 0; size < 40; ++size) { // every phase of the mask, and of a word
        all += masked(raw::binary, raw::filler(size), key);
        exchange.answers.push_back({raw::binary, raw::filler(size)});
    }
    exchange.writes = {all};
    COMPARE_EXCHANGE(played(exchange));
    for (const std::size_t chop : {std::size_t{1}, std::size_t{3}, std::size_t{5}}) {
        exchange.writes = raw::chopped(all, chop);
        COMPARE_EXCHANGE(played(exchange));
    }
}

void FramingCases::a_frame_without_a_mask_is_refused_data()
{
    QTest::addColumn<std::string>("bytes");
    for (const unsigned first : {raw::text, raw::binary, raw::ping, raw::pong, raw::close, raw::firstOfText})
        for (const char* payload : {"", "xy"})
            QTest::newRow((std::to_string(first) + ' ' + payload).c_str()) << raw::unmasked(first, payload);
    QTest::newRow("of 126 bytes") << raw::unmasked(raw::text, raw::filler(126));
    QTest::newRow("of 65536 bytes") << raw::unmasked(raw::text, raw::filler(65536));
}

void FramingCases::a_frame_without_a_mask_is_refused()
{
    QFETCH(std::string, bytes);
    COMPARE_EXCHANGE(played({{bytes}, {refused(1002, "unmasked")}}));
    COMPARE_EXCHANGE(played({{masked(raw::text, "good"), bytes}, {{raw::text, "good"}, refused(1002, "unmasked")}}));
    COMPARE_EXCHANGE(played({{bytes.substr(0, 2)}, {refused(1002, "unmasked")}})); // before the payload
}

void FramingCases::a_length_not_in_its_shortest_form_is_refused_data()
{
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("lengthBytes");
    for (const std::uint64_t size : {0U, 1U, 5U, 125U})
        QTest::newRow((std::to_string(size) + " in 16 bits").c_str()) << quint64{size} << quint64{2};
    for (const std::uint64_t size : {0U, 1U, 125U, 126U, 65535U})
        QTest::newRow((std::to_string(size) + " in 64 bits").c_str()) << quint64{size} << quint64{8};
    const std::uint64_t top = std::uint64_t{1} << 63;
    QTest::newRow("top bit") << quint64{top} << quint64{8};
    QTest::newRow("top bit and 5") << quint64{top + 5} << quint64{8};
    QTest::newRow("all bits") << quint64{top - 1 + top} << quint64{8};
}

void FramingCases::a_length_not_in_its_shortest_form_is_refused()
{
    QFETCH(quint64, size);
    QFETCH(quint64, lengthBytes);
    const std::string bytes = raw::header(raw::binary, size, lengthBytes);
    const std::vector<Frame> answer{refused(1002, "length")};
    COMPARE_EXCHANGE(played({{bytes}, answer}));
    COMPARE_EXCHANGE(played({raw::chopped(bytes, 1), answer}));
    COMPARE_EXCHANGE(played({{bytes + raw::filler(70000)}, answer}));
}

QTEST_GUILESS_MAIN(FramingCases)
#include "framingcases.moc"
