// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelstream.h"

#include <QTest>

#include <algorithm>
#include <deque>
#include <limits>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{std::chrono::hours(1)};
constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();

Publication of(std::string data)
{
    Publication publication;
    publication.data = std::move(data);
    return publication;
}

/// A stream of "1", "2", … under a rule.
ChannelStream streamOf(int publications, const StreamRule& rule)
{
    ChannelStream stream("epoch-of-it");
    stream.meet(rule, start);
    for (int i = 1; i <= publications; ++i)
        stream.add(of(std::to_string(i)), start);
    return stream;
}

/// "3 4 5"
std::string listed(const std::vector<SharedPublication>& publications)
{
    std::string list;
    for (const SharedPublication& publication : publications)
        list.append(list.empty() ? "" : " ").append(publication->data);
    return list;
}

std::string historyOf(const ChannelStream& stream, const HistoryQuery& query, const ReadCap& cap = {})
{
    const auto page = stream.history(query, cap);
    if (page)
        return listed(page->publications);
    switch (page.error()) {
    case HistoryRefusal::NotAvailable:
        return "not available";
    case HistoryRefusal::BadRequest:
        return "bad request";
    case HistoryRefusal::UnrecoverablePosition:
        break;
    }
    return "unrecoverable position";
}

std::string recoveredFrom(const ChannelStream& stream, const StreamPosition& since, const ReadCap& cap = {})
{
    const Recovery recovery = stream.recover(since, cap);
    return recovery.recovered ? listed(recovery.publications) : recovery.publications.empty() ? "no" : "no, but some";
}

/// The same by plain loops over all that was ever published.
struct NaiveStream {
    struct Item {
        std::uint64_t offset;
        std::string data;
        TimePoint at;
    };

    void meet(const StreamRule& rule, TimePoint now)
    {
        m_rule = rule;
        while (kept.size() > rule.size || (!kept.empty() && now - kept.front().at >= rule.ttl))
            kept.pop_front();
    }
    void add(const std::string& data, TimePoint now)
    {
        kept.push_back({++top, data, now});
        meet(m_rule, now);
    }
    std::optional<std::vector<std::string>> missedSince(std::uint64_t offset) const
    {
        std::vector<std::string> missed;
        if (offset > top)
            return std::nullopt;
        for (std::uint64_t each = top; each > offset; --each) {
            const auto found = std::find_if(kept.begin(), kept.end(), [&](const Item& i) { return i.offset == each; });
            if (found == kept.end())
                return std::nullopt;
            missed.insert(missed.begin(), found->data);
        }
        return missed;
    }
    std::vector<std::string> read(const HistoryQuery& query) const
    {
        std::vector<std::string> result;
        std::deque<Item> items = kept;
        if (query.reverse)
            std::reverse(items.begin(), items.end());
        for (const Item& item : items)
            if ((!query.since ||
                 (query.reverse ? item.offset < query.since->offset : item.offset > query.since->offset)) &&
                (!query.limit || result.size() < *query.limit))
                result.push_back(item.data);
        return result;
    }

    std::deque<Item> kept;
    std::uint64_t top = 0;

private:
    StreamRule m_rule;
};

std::vector<std::string> dataOf(const std::vector<SharedPublication>& publications)
{
    std::vector<std::string> data;
    for (const SharedPublication& publication : publications)
        data.push_back(publication->data);
    return data;
}

} // namespace

class HubStreamTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void offsets_begin_at_1_and_rise_by_1();
    void the_newest_are_kept_up_to_the_size();
    void what_is_as_old_as_the_ttl_is_gone_and_the_position_stays();
    void history_is_what_a_query_asks_for_data();
    void history_is_what_a_query_asks_for();
    void a_page_is_cut_at_its_cap_but_never_empty();
    void whoever_missed_nothing_that_is_gone_recovers_data();
    void whoever_missed_nothing_that_is_gone_recovers();
    void an_expired_stream_recovers_whoever_saw_its_last_publication_and_nobody_else();
    void another_epoch_never_recovers();
    void what_is_more_than_the_cap_is_missing();
    void a_smaller_size_and_a_shorter_ttl_trim_at_once();
    void a_longer_ttl_keeps_what_is_there();
    void removed_history_leaves_the_position();
    void the_memory_of_a_publication_counts_all_that_it_holds();
    void a_large_size_takes_no_memory_before_it_is_used();
    void memory_returns_to_zero();
    void a_ttl_without_end_does_not_overflow();
    void time_that_steps_back_keeps_the_order();
    void random_use_is_as_a_naive_stream_has_it_data();
    void random_use_is_as_a_naive_stream_has_it();
};

void HubStreamTest::offsets_begin_at_1_and_rise_by_1()
{
    ChannelStream stream("abcdefgh");
    QCOMPARE(stream.position(), (StreamPosition{0, "abcdefgh"}));
    stream.meet({3, 1min}, start);
    Publication first = of("{}");
    first.offset = 77; // whatever came with it
    QCOMPARE(stream.add(first, start)->offset, 1u);
    for (std::uint64_t offset = 2; offset < 20; ++offset)
        QCOMPARE(stream.add(of("{}"), start)->offset, offset);
    QCOMPARE(stream.position(), (StreamPosition{19, "abcdefgh"}));
}

void HubStreamTest::the_newest_are_kept_up_to_the_size()
{
    QCOMPARE(historyOf(streamOf(2, {3, 1min}), {}), "1 2");
    QCOMPARE(historyOf(streamOf(3, {3, 1min}), {}), "1 2 3");
    QCOMPARE(historyOf(streamOf(8, {3, 1min}), {}), "6 7 8");
    QCOMPARE(historyOf(streamOf(8, {1, 1min}), {}), "8");
}

void HubStreamTest::what_is_as_old_as_the_ttl_is_gone_and_the_position_stays()
{
    ChannelStream stream = streamOf(2, {10, 1min});
    stream.add(of("3"), start + 30s);
    QCOMPARE(*stream.due(), start + 1min);
    stream.expire(start + 1min - 1ns);
    QCOMPARE(historyOf(stream, {}), "1 2 3");
    stream.expire(start + 1min);
    QCOMPARE(historyOf(stream, {}), "3");
    QCOMPARE(*stream.due(), start + 90s);
    stream.expire(start + 1h);
    QCOMPARE(historyOf(stream, {}), "");
    QVERIFY(!stream.due());
    QCOMPARE(stream.position().offset, 3u);
    QCOMPARE(stream.add(of("4"), start + 1h)->offset, 4u);
}

void HubStreamTest::history_is_what_a_query_asks_for_data()
{
    QTest::addColumn<int>("limit");        // -1: unset
    QTest::addColumn<qulonglong>("since"); // greatest - 1: unset
    QTest::addColumn<QString>("epoch");
    QTest::addColumn<bool>("reverse");
    QTest::addColumn<QString>("expected");
    const qulonglong unset = greatest - 1;
    const QString own = QStringLiteral("epoch-of-it");
    // 4 5 6 7 8 of 8 are kept
    QTest::newRow("the position alone") << 0 << unset << own << false << "";
    QTest::newRow("all") << -1 << unset << own << false << "4 5 6 7 8";
    QTest::newRow("from the oldest") << 2 << unset << own << false << "4 5";
    QTest::newRow("from the newest back") << 2 << unset << own << true << "8 7";
    QTest::newRow("all in reverse") << -1 << unset << own << true << "8 7 6 5 4";
    QTest::newRow("more than there are") << 100 << unset << own << false << "4 5 6 7 8";
    QTest::newRow("behind a position") << -1 << 6ULL << own << false << "7 8";
    QTest::newRow("some behind a position") << 1 << 5ULL << own << false << "6";
    QTest::newRow("nothing behind the newest") << -1 << 8ULL << own << false << "";
    QTest::newRow("behind what is gone: from the oldest") << 2 << 1ULL << own << false << "4 5";
    QTest::newRow("from the beginning") << -1 << 0ULL << own << false << "4 5 6 7 8";
    QTest::newRow("before a position") << -1 << 6ULL << own << true << "5 4";
    QTest::newRow("some before a position") << 1 << 6ULL << own << true << "5";
    QTest::newRow("before the oldest") << -1 << 4ULL << own << true << "";
    QTest::newRow("before what is gone") << -1 << 2ULL << own << true << "";
    QTest::newRow("before the first") << -1 << 1ULL << own << true << "";
    QTest::newRow("before the beginning") << -1 << 0ULL << own << true << "bad request";
    QTest::newRow("behind what is not there yet") << -1 << 9ULL << own << false << "";
    QTest::newRow("behind the greatest offset") << -1 << qulonglong(greatest) << own << false << "";
    QTest::newRow("before the greatest offset") << 2 << qulonglong(greatest) << own << true << "8 7";
    QTest::newRow("another epoch") << -1 << 6ULL << "another" << false << "unrecoverable position";
    QTest::newRow("another epoch, position alone") << 0 << 6ULL << "another" << false << "unrecoverable position";
    QTest::newRow("no epoch: not compared") << -1 << 6ULL << "" << false << "7 8";
}

void HubStreamTest::history_is_what_a_query_asks_for()
{
    QFETCH(int, limit);
    QFETCH(qulonglong, since);
    QFETCH(QString, epoch);
    QFETCH(bool, reverse);
    QFETCH(QString, expected);
    HistoryQuery query;
    if (limit >= 0)
        query.limit = static_cast<std::uint64_t>(limit);
    if (since != greatest - 1)
        query.since = StreamPosition{since, epoch.toStdString()};
    query.reverse = reverse;
    const ChannelStream stream = streamOf(8, {5, 1min});
    QCOMPARE(historyOf(stream, query), expected.toStdString());
    if (const auto page = stream.history(query, {}))
        QCOMPARE(page->position, (StreamPosition{8, "epoch-of-it"}));
    query.since = std::nullopt;
    const ChannelStream empty("epoch-of-it");
    QCOMPARE(historyOf(empty, query), "");
}

void HubStreamTest::a_page_is_cut_at_its_cap_but_never_empty()
{
    const ChannelStream stream = streamOf(9, {9, 1min}); // a byte each
    QCOMPARE(historyOf(stream, {}, {4, 1000}), "1 2 3 4");
    QCOMPARE(historyOf(stream, {std::nullopt, std::nullopt, true}, {4, 1000}), "9 8 7 6");
    QCOMPARE(historyOf(stream, {}, {1000, 3}), "1 2 3");
    QCOMPARE(historyOf(stream, {}, {0, 0}), "1"); // whoever goes on from there always comes further
    QCOMPARE(historyOf(stream, {greatest, StreamPosition{3, {}}, false}, {2, 1000}), "4 5");
}

void HubStreamTest::whoever_missed_nothing_that_is_gone_recovers_data()
{
    QTest::addColumn<qulonglong>("since");
    QTest::addColumn<QString>("expected");
    QTest::newRow("saw all") << 8ULL << "";
    QTest::newRow("missed one") << 7ULL << "8";
    QTest::newRow("missed all that is kept") << 3ULL << "4 5 6 7 8";
    QTest::newRow("missed one more") << 2ULL << "no";
    QTest::newRow("saw nothing") << 0ULL << "no";
    QTest::newRow("saw what is not there yet") << 9ULL << "no";
    QTest::newRow("the greatest offset") << qulonglong(greatest) << "no";
    QTest::newRow("the greatest signed offset") << qulonglong(greatest / 2) << "no";
}

void HubStreamTest::whoever_missed_nothing_that_is_gone_recovers()
{
    QFETCH(qulonglong, since);
    QFETCH(QString, expected);
    const ChannelStream stream = streamOf(8, {5, 1min});
    QCOMPARE(recoveredFrom(stream, {since, "epoch-of-it"}), expected.toStdString());
    QCOMPARE(stream.recover({since, "epoch-of-it"}, {}).position, (StreamPosition{8, "epoch-of-it"}));
    QCOMPARE(recoveredFrom(streamOf(3, {5, 1min}), {0, "epoch-of-it"}), "1 2 3");
    QCOMPARE(recoveredFrom(streamOf(0, {5, 1min}), {0, "epoch-of-it"}), "");
    QCOMPARE(recoveredFrom(streamOf(0, {5, 1min}), {1, "epoch-of-it"}), "no");
}

void HubStreamTest::an_expired_stream_recovers_whoever_saw_its_last_publication_and_nobody_else()
{
    ChannelStream stream = streamOf(8, {5, 1min});
    stream.expire(start + 2min);
    QCOMPARE(recoveredFrom(stream, {8, "epoch-of-it"}), "");
    QCOMPARE(recoveredFrom(stream, {7, "epoch-of-it"}), "no");
    QCOMPARE(recoveredFrom(stream, {9, "epoch-of-it"}), "no");
    QCOMPARE(recoveredFrom(stream, {0, "epoch-of-it"}), "no");
}

void HubStreamTest::another_epoch_never_recovers()
{
    const ChannelStream stream = streamOf(8, {10, 1min});
    for (const char* epoch : {"", "epoch-of-i", "epoch-of-it ", "EPOCH-OF-IT", "another"})
        for (const std::uint64_t offset : {0u, 7u, 8u})
            QCOMPARE(recoveredFrom(stream, {offset, epoch}), "no");
}

void HubStreamTest::what_is_more_than_the_cap_is_missing()
{
    ChannelStream spoken("epoch-of-it"); // who published is said each time, too
    spoken.meet({100, 1min}, start);
    for (int i = 0; i < 10; ++i) {
        Publication publication = of("1");
        publication.info = ClientInfo{"7", "ann", std::string(100, ' '), {}};
        spoken.add(std::move(publication), start);
    }
    QCOMPARE(recoveredFrom(spoken, {0, "epoch-of-it"}, {100, 10 * 120}), "1 1 1 1 1 1 1 1 1 1");
    QCOMPARE(recoveredFrom(spoken, {0, "epoch-of-it"}, {100, 10 * 120 - 1}), "no");
    QCOMPARE(historyOf(spoken, {}, {100, 240}), "1 1");
    const ChannelStream stream = streamOf(8, {10, 1min});
    QCOMPARE(recoveredFrom(stream, {5, "epoch-of-it"}, {3, 1000}), "6 7 8");
    QCOMPARE(recoveredFrom(stream, {4, "epoch-of-it"}, {3, 1000}), "no");
    QCOMPARE(recoveredFrom(stream, {5, "epoch-of-it"}, {1000, 3}), "6 7 8");
    QCOMPARE(recoveredFrom(stream, {4, "epoch-of-it"}, {1000, 3}), "no");
    QCOMPARE(recoveredFrom(stream, {8, "epoch-of-it"}, {0, 0}), "");
}

void HubStreamTest::a_smaller_size_and_a_shorter_ttl_trim_at_once()
{
    ChannelStream stream = streamOf(8, {10, 1min});
    stream.meet({2, 1min}, start);
    QCOMPARE(historyOf(stream, {}), "7 8");
    stream.meet({10, 1min}, start);
    stream.add(of("9"), start + 20s);
    QCOMPARE(historyOf(stream, {}), "7 8 9");
    stream.meet({10, 10s}, start + 25s);
    QCOMPARE(historyOf(stream, {}), "9");
    QCOMPARE(recoveredFrom(stream, {7, "epoch-of-it"}), "no");
    QCOMPARE(recoveredFrom(stream, {8, "epoch-of-it"}), "9");
}

void HubStreamTest::a_longer_ttl_keeps_what_is_there()
{
    ChannelStream stream = streamOf(2, {10, 1min});
    stream.meet({10, 1h}, start + 59s);
    stream.expire(start + 30min);
    QCOMPARE(historyOf(stream, {}), "1 2");
}

void HubStreamTest::removed_history_leaves_the_position()
{
    ChannelStream stream = streamOf(8, {10, 1min});
    stream.clear();
    QCOMPARE(historyOf(stream, {}), "");
    QCOMPARE(stream.bytes(), 0u);
    QCOMPARE(stream.add(of("9"), start)->offset, 9u);
    QCOMPARE(recoveredFrom(stream, {8, "epoch-of-it"}), "9");
    QCOMPARE(recoveredFrom(stream, {7, "epoch-of-it"}), "no");
}

void HubStreamTest::the_memory_of_a_publication_counts_all_that_it_holds()
{
    const std::uint64_t bare = memoryOf(of("1"));
    QVERIFY(bare >= sizeof(Publication));
    QVERIFY(memoryOf(of(std::string(5000, 'x'))) >= bare + 5000);
    Publication rich = of("1");
    rich.info = ClientInfo{"1", "2", std::string(100, ' '), std::string(200, ' ')};
    QVERIFY(memoryOf(rich) >= bare + 300);
    rich.tags.emplace_back(std::string(50, 'a'), std::string(60, 'b'));
    QVERIFY(memoryOf(rich) >= bare + 300 + 110 + sizeof(rich.tags[0]));
    Publication roomy = of("1");
    roomy.data.reserve(1 << 20); // room counts, used or not
    QVERIFY(memoryOf(roomy) >= 1 << 20);

    ChannelStream stream("abcdefgh");
    stream.meet({1, 1min}, start);
    std::uint64_t expected = stream.bytesWith(rich);
    stream.add(rich, start);
    QCOMPARE(stream.bytes(), expected);
    expected = stream.bytesWith(roomy);
    stream.add(std::move(roomy), start); // takes the place of the other, and its room along
    QCOMPARE(stream.bytes(), expected);
    QVERIFY(expected >= 1 << 20);
}

void HubStreamTest::a_large_size_takes_no_memory_before_it_is_used()
{
    ChannelStream stream("abcdefgh");
    stream.meet({greatest, 1min}, start);
    QCOMPARE(stream.bytes(), 0u);
    stream.add(of("1"), start);
    QVERIFY(stream.bytes() < 512);
}

void HubStreamTest::memory_returns_to_zero()
{
    ChannelStream stream = streamOf(1000, {1000, 1min});
    const std::uint64_t full = stream.bytes();
    stream.meet({10, 1min}, start);
    QVERIFY(stream.bytes() < full / 20); // the ring too
    stream.expire(start + 1min);
    QCOMPARE(stream.bytes(), 0u);
}

void HubStreamTest::a_ttl_without_end_does_not_overflow()
{
    ChannelStream stream("abcdefgh");
    stream.meet({3, std::chrono::milliseconds::max()}, start);
    stream.add(of("1"), start);
    stream.expire(start + std::chrono::hours(24 * 365));
    QCOMPARE(historyOf(stream, {}), "1");
    QVERIFY(*stream.due() > start + std::chrono::hours(24 * 365));
}

void HubStreamTest::time_that_steps_back_keeps_the_order()
{
    ChannelStream stream("abcdefgh");
    stream.meet({9, 1min}, start);
    stream.add(of("1"), start + 10s);
    stream.add(of("2"), start); // as old as the one before it
    stream.expire(start + 65s);
    QCOMPARE(historyOf(stream, {}), "1 2");
    stream.expire(start + 70s);
    QCOMPARE(historyOf(stream, {}), "");
}

void HubStreamTest::random_use_is_as_a_naive_stream_has_it_data()
{
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 8; ++seed)
        QTest::addRow("%u", seed) << seed;
}

void HubStreamTest::random_use_is_as_a_naive_stream_has_it()
{
    QFETCH(unsigned, seed);
    std::mt19937 engine(seed);
    const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(engine); };
    const ReadCap all{greatest, greatest};
    ChannelStream stream("abcdefgh");
    NaiveStream naive;
    TimePoint now = start;
    StreamRule rule{5, 10s};
    for (int step = 0; step < 6000; ++step) {
        now += std::chrono::milliseconds(below(8) == 0 ? below(6000) : below(300));
        if (below(40) == 0)
            rule = {1 + below(below(2) ? 8 : 200), std::chrono::milliseconds(1 + below(20'000))};
        stream.meet(rule, now);
        naive.meet(rule, now);
        if (below(3) != 0) {
            Publication publication = of(std::string(below(60), 'x') + std::to_string(step));
            const std::string data = publication.data;
            const std::uint64_t expected = stream.bytesWith(publication);
            QCOMPARE(stream.add(std::move(publication), now)->offset, naive.top + 1);
            naive.add(data, now);
            QCOMPARE(stream.bytes(), expected);
        } else if (below(60) == 0 && !stream.empty()) {
            stream.dropOldest();
            naive.kept.pop_front();
        }
        QCOMPARE(stream.size(), naive.kept.size());
        const std::uint64_t offset =
            below(20) == 0 ? greatest - below(3) : naive.top + 2 - std::min<std::uint64_t>(naive.top + 2, below(300));
        const auto missed = naive.missedSince(offset);
        const Recovery recovery = stream.recover({offset, "abcdefgh"}, all);
        QCOMPARE(recovery.recovered, missed.has_value());
        QCOMPARE(dataOf(recovery.publications), missed.value_or(std::vector<std::string>()));
        HistoryQuery query;
        if (below(2) == 0)
            query.limit = below(30);
        if (below(2) == 0 && offset > 0)
            query.since = StreamPosition{offset, "abcdefgh"};
        query.reverse = below(2) == 0;
        const auto page = stream.history(query, all);
        QVERIFY(page.ok());
        QCOMPARE(dataOf(page->publications), naive.read(query));
        std::uint64_t least = 0;
        for (const NaiveStream::Item& item : naive.kept)
            least += memoryOf(of(item.data));
        QVERIFY(stream.bytes() >= least - (naive.kept.size() * 32));
        QVERIFY(stream.bytes() <= least * 2 + 256);
    }
    stream.expire(now + 1h);
    QCOMPARE(stream.bytes(), 0u);
}

QTEST_GUILESS_MAIN(HubStreamTest)
#include "hubstreamtest.moc"
