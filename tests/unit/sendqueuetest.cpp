// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sendqueue.h"

#include <QTest>

#include <cstdlib>
#include <new>
#include <random>
#include <string>

using namespace gatehouse;

namespace {

thread_local std::size_t allocations = 0; // QtTest has a thread of its own

SharedFrame frameOf(const std::string& text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

std::string textOf(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

wire::FrameHeader headerFor(const std::string& payload, std::optional<std::uint32_t> mask)
{
    return wire::frameHeader(wire::Opcode::Binary, payload.size(), true, false, mask);
}

std::string encoded(const std::string& payload, std::optional<std::uint32_t> mask)
{
    return textOf(wire::encodeFrame(wire::Opcode::Binary, std::as_bytes(std::span(payload)), mask));
}

void append(SendQueue& queue, const std::string& payload, std::optional<std::uint32_t> mask = std::nullopt)
{
    queue.append(headerFor(payload, mask), std::as_bytes(std::span(payload)), mask);
}

} // namespace

#ifdef __SANITIZE_THREAD__ // an operator new of our own hides Qt from tsan.supp
constexpr bool counted = false;
#else
constexpr bool counted = true;

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}
#endif

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
    void appended_frames_leave_in_one_piece_and_in_order();
    void frames_that_pass_through_cost_no_allocation_of_their_own_data();
    void frames_that_pass_through_cost_no_allocation_of_their_own();
    void a_pool_keeps_few_chunks_and_no_large_one();
    void random_frames_of_both_kinds_do_as_a_naive_model_does();
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

void SendQueueTest::appended_frames_leave_in_one_piece_and_in_order()
{
    SendQueue queue;
    std::vector<std::byte> scratch(65536);
    append(queue, "one");
    append(queue, "two", 0x01020304);
    QCOMPARE(textOf(queue.next(scratch)), encoded("one", {}) + encoded("two", 0x01020304));
    QVERIFY(queue.next(scratch).data() != scratch.data()); // a chunk is lent
    queue.push(frameOf("shared"));
    append(queue, "three");
    QCOMPARE(textOf(queue.next(scratch)),
             encoded("one", {}) + encoded("two", 0x01020304) + "shared" + encoded("three", {}));
}

void SendQueueTest::frames_that_pass_through_cost_no_allocation_of_their_own_data()
{
    QTest::addColumn<int>("atOnce");
    QTest::newRow("each sent before the next") << 1;
    QTest::newRow("ten at once") << 10;
    QTest::newRow("more than a chunk") << 500;
}

void SendQueueTest::frames_that_pass_through_cost_no_allocation_of_their_own()
{
    if (!counted)
        QSKIP("allocations are not counted here");
    QFETCH(int, atOnce);
    ChunkPool pool;
    SendQueue queue(&pool);
    const std::string payload(64, 'x');
    const wire::FrameHeader header = headerFor(payload, 7);
    const std::size_t frame = header.size + payload.size();
    const std::size_t before = allocations;
    for (int i = 1; i <= 1000; ++i) {
        queue.append(header, std::as_bytes(std::span(payload)), 7);
        if (i % atOnce == 0)
            queue.consume(static_cast<std::size_t>(atOnce) * frame);
    }
    const std::size_t taken = allocations - before;
    QVERIFY(queue.empty());
    QVERIFY2(taken > 0 && taken <= 40, std::to_string(taken).c_str()); // at first: three chunks double up to their size
}

void SendQueueTest::a_pool_keeps_few_chunks_and_no_large_one()
{
    ChunkPool pool;
    SendQueue queue(&pool);
    append(queue, std::string(20000, 'x'));
    queue.consume(queue.bytes());
    QCOMPARE(pool.spare(), 0u);
    for (int i = 0; i < 40; ++i)
        append(queue, std::string(16000, 'x'));
    queue.consume(queue.bytes());
    QCOMPARE(pool.spare(), ChunkPool::mostSpare);
}

/// The model: whole frames, each with what of it is sent.
void SendQueueTest::random_frames_of_both_kinds_do_as_a_naive_model_does()
{
    std::mt19937 random(4711);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    ChunkPool pool;
    SendQueue queue(&pool);
    std::vector<std::byte> scratch(16384);
    std::vector<std::string> frames;
    std::size_t sent = 0; // of the first frame
    std::string offered;
    for (int step = 0; step < 20000; ++step) {
        const std::size_t size = below(50) == 0 ? below(70000) : below(8) == 0 ? below(3000) : below(130);
        const std::string payload(size, static_cast<char>(step));
        const auto mask = below(2) == 0 ? std::optional(static_cast<std::uint32_t>(random())) : std::nullopt;
        const std::size_t what = below(12);
        if (what < 3) {
            append(queue, payload, mask);
            frames.push_back(encoded(payload, mask));
        } else if (what < 5) {
            queue.push(frameOf(payload + "."));
            frames.push_back(payload + ".");
        } else if (what == 5 && below(4) == 0) {
            queue.dropUnsent(offered.size());
            std::size_t whole = 0;
            for (std::size_t begun = sent + offered.size(); begun > 0; ++whole)
                begun -= std::min(begun, frames[whole].size());
            frames.resize(whole);
        } else {
            const std::string bytes = textOf(queue.next(scratch));
            QVERIFY(bytes.starts_with(offered)); // TLS must be given at least the same bytes
            offered = bytes;
            if (what < 8) // the transport would block
                continue;
            std::size_t count = offered.empty() ? 0 : below(3) == 0 ? offered.size() : below(offered.size() + 1);
            queue.consume(count);
            offered.clear();
            for (; !frames.empty() && count >= frames.front().size() - sent; sent = 0) {
                count -= frames.front().size() - sent;
                frames.erase(frames.begin());
            }
            sent += count;
        }
        std::string expected;
        for (const std::string& frame : frames)
            expected += frame;
        expected.erase(0, sent);
        QCOMPARE(queue.bytes(), expected.size());
        QCOMPARE(queue.empty(), expected.empty());
        QVERIFY(queue.held() >= queue.bytes());
        const std::string next = textOf(queue.next(scratch));
        QCOMPARE(next.empty(), expected.empty());
        QVERIFY(expected.starts_with(next));
    }
}

QTEST_GUILESS_MAIN(SendQueueTest)
#include "sendqueuetest.moc"
