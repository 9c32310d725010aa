// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sendqueue.h"

#include <QTest>

#include <deque>
#include <random>
#include <string>

using namespace gatehouse;

namespace {

SharedFrame frameOf(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

std::string textOf(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

} // namespace

class SendQueueTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void small_frames_go_together();
    void a_large_frame_is_lent_and_not_copied();
    void what_was_offered_is_offered_again();
    void dropping_keeps_what_tls_holds_and_the_frame_that_it_ends_in_data();
    void dropping_keeps_what_tls_holds_and_the_frame_that_it_ends_in();
    void a_sent_frame_is_let_go();
    void tiny_frames_hold_more_than_their_bytes();
    void random_writes_give_the_same_bytes_as_a_string();
};

void SendQueueTest::small_frames_go_together()
{
    SendQueue queue;
    std::vector<std::byte> scratch(16);
    QVERIFY(queue.next(scratch).empty());
    queue.push(frameOf("abc"));
    queue.push(frameOf("defg"));
    QCOMPARE(queue.bytes(), 7u);
    QCOMPARE(textOf(queue.next(scratch)), std::string("abcdefg"));
    queue.consume(4);
    QCOMPARE(textOf(queue.next(scratch)), std::string("efg"));
    queue.consume(3);
    QVERIFY(queue.empty());
}

void SendQueueTest::a_large_frame_is_lent_and_not_copied()
{
    SendQueue queue;
    std::vector<std::byte> scratch(16);
    const SharedFrame large = frameOf(std::string(100, 'x'));
    queue.push(large);
    queue.push(frameOf("y"));
    const auto bytes = queue.next(scratch);
    QVERIFY(bytes.data() == large->data());
    QCOMPARE(bytes.size(), scratch.size());
}

void SendQueueTest::what_was_offered_is_offered_again() // TLS must be given at least the same bytes
{
    SendQueue queue;
    std::vector<std::byte> scratch(16);
    queue.push(frameOf("abc"));
    const std::string offered = textOf(queue.next(scratch));
    for (int i = 0; i < 20; ++i) {
        queue.push(frameOf(std::string(3, static_cast<char>('a' + i))));
        QVERIFY(textOf(queue.next(scratch)).starts_with(offered));
    }
}

void SendQueueTest::dropping_keeps_what_tls_holds_and_the_frame_that_it_ends_in_data()
{
    QTest::addColumn<int>("consumed");
    QTest::addColumn<int>("offered");
    QTest::addColumn<std::string>("kept");
    QTest::newRow("nothing begun") << 0 << 0 << std::string();
    QTest::newRow("in the first") << 1 << 0 << std::string("aa");
    QTest::newRow("TLS holds one byte") << 0 << 1 << std::string("aaa");
    QTest::newRow("TLS holds the first") << 0 << 3 << std::string("aaa");
    QTest::newRow("TLS holds the first and a bit") << 0 << 4 << std::string("aaabbb");
    QTest::newRow("begun, and TLS holds into the third") << 1 << 6 << std::string("aabbbccc");
    QTest::newRow("between frames") << 3 << 0 << std::string();
    QTest::newRow("all") << 0 << 12 << std::string("aaabbbcccddd");
}

void SendQueueTest::dropping_keeps_what_tls_holds_and_the_frame_that_it_ends_in()
{
    QFETCH(int, consumed);
    QFETCH(int, offered);
    QFETCH(std::string, kept);
    SendQueue queue;
    std::vector<std::byte> scratch(64);
    for (const char* text : {"aaa", "bbb", "ccc", "ddd"})
        queue.push(frameOf(text));
    queue.consume(static_cast<std::size_t>(consumed));
    queue.dropUnsent(static_cast<std::size_t>(offered));
    QCOMPARE(textOf(queue.next(scratch)), kept);
    QCOMPARE(queue.bytes(), kept.size());
    queue.push(frameOf("Close"));
    QCOMPARE(textOf(queue.next(scratch)), kept + "Close");
}

void SendQueueTest::a_sent_frame_is_let_go()
{
    SendQueue queue;
    const SharedFrame frame = frameOf("abc");
    queue.push(frame);
    queue.push(frameOf("def"));
    QCOMPARE(frame.use_count(), 2);
    queue.consume(3);
    QCOMPARE(frame.use_count(), 1);
}

void SendQueueTest::tiny_frames_hold_more_than_their_bytes()
{
    SendQueue queue;
    QCOMPARE(queue.held(), 0u);
    queue.push(frameOf(std::string(100, 'x')));
    QCOMPARE(queue.held(), 100u); // a limit that one message fits into is a limit for that message
    for (int i = 0; i < 1000; ++i)
        queue.push(frameOf("a"));
    QCOMPARE(queue.bytes(), 1100u);
    QVERIFY(queue.held() >= 1000 * (sizeof(std::vector<std::byte>) + sizeof(SharedFrame)));
    queue.consume(1100);
    QCOMPARE(queue.held(), 0u);
}

void SendQueueTest::random_writes_give_the_same_bytes_as_a_string()
{
    std::mt19937 random(815);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    SendQueue queue;
    std::vector<std::byte> scratch(64);
    std::string expected;
    char next = 0;
    for (int step = 0; step < 20000; ++step) {
        if (below(2) == 0) {
            const std::string text(below(10) == 0 ? below(300) : below(20), next++);
            queue.push(frameOf(text));
            expected += text;
        } else {
            const std::string offered = textOf(queue.next(scratch));
            QCOMPARE(offered, expected.substr(0, offered.size()));
            QCOMPARE(offered.empty(), expected.empty());
            const std::size_t sent = offered.empty() ? 0 : below(offered.size() + 1);
            queue.consume(sent);
            expected.erase(0, sent);
        }
        QCOMPARE(queue.bytes(), expected.size());
        QCOMPARE(queue.empty(), expected.empty());
    }
}

QTEST_GUILESS_MAIN(SendQueueTest)
#include "sendqueuetest.moc"
