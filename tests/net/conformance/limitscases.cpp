// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// What the policy's sizes mean: exactly so much, and that the refusal of one byte more arrives.
class LimitsCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void a_message_over_its_size_is_refused_from_its_header_data();
    void a_message_over_its_size_is_refused_from_its_header();
    void fragments_are_refused_where_they_exceed_the_size_data();
    void fragments_are_refused_where_they_exceed_the_size();
    void too_big_arrives_while_the_client_goes_on_sending_data();
    void too_big_arrives_while_the_client_goes_on_sending();
    void as_many_fragments_as_allowed_and_one_more_data();
    void as_many_fragments_as_allowed_and_one_more();
};

namespace {

constexpr std::uint64_t maxSize = 16 << 20; // as in gatehouse.json
constexpr std::uint64_t maxFragments = 100'000;
const Frame tooBig = refused(1009, "too_big");

} // namespace

void LimitsCases::a_message_over_its_size_is_refused_from_its_header_data()
{
    QTest::addColumn<quint64>("size");
    QTest::newRow("one more") << quint64{maxSize + 1};
    QTest::newRow("2^31-1") << quint64{(std::uint64_t{1} << 31) - 1};
    QTest::newRow("2^31") << quint64{std::uint64_t{1} << 31};
    QTest::newRow("2^32-1") << quint64{(std::uint64_t{1} << 32) - 1};
    QTest::newRow("2^32") << quint64{std::uint64_t{1} << 32};
    QTest::newRow("2^32+5") << quint64{(std::uint64_t{1} << 32) + 5};
    QTest::newRow("2^63-1") << quint64{(std::uint64_t{1} << 63) - 1};
}

void LimitsCases::a_message_over_its_size_is_refused_from_its_header()
{
    QFETCH(quint64, size);
    for (const unsigned first : {raw::text, raw::binary, raw::firstOfText}) {
        const std::string head = raw::header(first, size, 8);
        COMPARE_EXCHANGE(played({{head.substr(0, 10)}, {tooBig}})); // the mask is still to come
        COMPARE_EXCHANGE(played({raw::chopped(head, 1), {tooBig}}));
        COMPARE_EXCHANGE(played({{head + raw::filler(100000)}, {tooBig}}));
        COMPARE_EXCHANGE(played({{masked(raw::text, "good") + head}, {{raw::text, "good"}, tooBig}}));
    }
    COMPARE_EXCHANGE(played({{masked(raw::firstOfText, "x") + raw::header(raw::last, size, 8)}, {tooBig}}));
}

void LimitsCases::fragments_are_refused_where_they_exceed_the_size_data()
{
    QTest::addColumn<quint64>("fragment");
    for (const std::uint64_t fragment : {std::uint64_t{65536}, std::uint64_t{1 << 20}, maxSize})
        QTest::newRow(std::to_string(fragment).c_str()) << quint64{fragment};
}

void LimitsCases::fragments_are_refused_where_they_exceed_the_size()
{
    QFETCH(quint64, fragment);
    const std::string payload = raw::filler(maxSize);
    std::string exactly;
    for (std::size_t i = 0; i < payload.size(); i += fragment)
        exactly += masked(i == 0 ? raw::firstOfBinary : raw::middle, std::string_view(payload).substr(i, fragment));
    COMPARE_EXCHANGE(played({{exactly + masked(raw::last, "")}, {{raw::binary, payload}}}));
    COMPARE_EXCHANGE(played({{exactly + masked(raw::middle, "x")}, {tooBig}}));
}

void LimitsCases::too_big_arrives_while_the_client_goes_on_sending_data()
{
    QTest::addColumn<std::string>("before");
    QTest::addColumn<std::string>("bytes");
    QTest::newRow("the rest of the frame") << std::string() << raw::header(raw::binary, std::uint64_t{64} << 20, 8);
    QTest::newRow("behind a message") << masked(raw::text, "good") << raw::header(raw::binary, maxSize + 1, 8);
    QTest::newRow("inside a message") << std::string()
                                      << masked(raw::firstOfBinary, "x") + raw::header(raw::middle, maxSize, 8);
}

void LimitsCases::too_big_arrives_while_the_client_goes_on_sending()
{
    QFETCH(std::string, before);
    QFETCH(std::string, bytes);
    ByteClient client = connected();
    raw::Reader reader(client);
    QVERIFY(client.send(before + bytes));
    const std::string more = raw::filler(1 << 20);
    for (int i = 0; i < 64; ++i)
        QVERIFY(client.send(more));
    if (!before.empty())
        COMPARE_EXCHANGE(heard(reader, {{raw::text, "good"}}));
    COMPARE_EXCHANGE(heard(reader, {tooBig}));
    COMPARE_EXCHANGE(ended(client, reader));
}

void LimitsCases::as_many_fragments_as_allowed_and_one_more_data()
{
    QTest::addColumn<std::string>("payload");
    QTest::newRow("of 0 bytes") << std::string();
    QTest::newRow("of 1 byte") << std::string("x");
}

void LimitsCases::as_many_fragments_as_allowed_and_one_more()
{
    QFETCH(std::string, payload);
    std::string bytes = masked(raw::firstOfText, payload);
    std::string echoed = payload;
    for (std::uint64_t i = 2; i < maxFragments; ++i) {
        bytes += masked(raw::middle, payload);
        echoed += payload;
    }
    COMPARE_EXCHANGE(played({{bytes + masked(raw::last, payload)}, {{raw::text, echoed + payload}}}));
    COMPARE_EXCHANGE(
        played({{bytes + masked(raw::middle, payload) + masked(raw::last, payload)}, {refused(1008, "fragments")}}));
    for (int i = 0; i < 31'072; ++i)
        bytes += masked(raw::middle, payload);
    COMPARE_EXCHANGE(played({{bytes}, {refused(1008, "fragments")}}));
}

QTEST_GUILESS_MAIN(LimitsCases)
#include "limitscases.moc"
