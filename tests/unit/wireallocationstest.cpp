// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <QTest>

#include <cstdlib>
#include <new>
#include <string>

namespace {

thread_local std::size_t allocations = 0; // QtTest has a thread of its own

} // namespace

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

using namespace gatehouse::wire;

class WireAllocationsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_frame_that_is_read_whole_takes_none_data();
    void a_frame_that_is_read_whole_takes_none();
    void a_message_takes_no_more_than_its_size_doubles();
};

namespace {

std::vector<std::byte> masked(Opcode opcode, std::size_t size, bool fin = true)
{
    const std::vector<std::byte> payload(size, std::byte{'a'});
    std::vector<std::byte> frame = encodeFrame(opcode, payload, 0x01020304);
    if (!fin)
        frame[0] &= std::byte{0x7f};
    return frame;
}

} // namespace

void WireAllocationsTest::initTestCase()
{
    Utf8Validator validator; // the first check of a process chooses the instructions
    QVERIFY(validator.feed(std::vector<std::byte>(256, std::byte{'a'})));
}

void WireAllocationsTest::a_frame_that_is_read_whole_takes_none_data()
{
    QTest::addColumn<int>("opcode");
    QTest::addColumn<int>("size");
    for (const int size : {0, 1, 125, 126, 4096, 60000}) {
        QTest::addRow("text of %d", size) << int(Opcode::Text) << size;
        QTest::addRow("binary of %d", size) << int(Opcode::Binary) << size;
    }
    for (const int size : {0, 125}) {
        QTest::addRow("ping of %d", size) << int(Opcode::Ping) << size;
        QTest::addRow("pong of %d", size) << int(Opcode::Pong) << size;
    }
}

void WireAllocationsTest::a_frame_that_is_read_whole_takes_none()
{
    QFETCH(int, opcode);
    QFETCH(int, size);
    const std::vector<std::byte> frame = masked(static_cast<Opcode>(opcode), std::size_t(size));
    std::vector<std::byte> turn;
    for (int i = 0; i < 3; ++i)
        turn.insert(turn.end(), frame.begin(), frame.end());
    Decoder decoder(Role::Server, {});
    const std::size_t before = allocations;
    int events = 0;
    for (int round = 0; round < 1000; ++round) {
        std::span<std::byte> input(turn);
        while (decoder.next(input).kind != Event::Kind::NeedMore)
            ++events;
        for (int i = 0; i < 3; ++i) // as it came: masked again
            applyMask(
                std::span(turn).subspan((std::size_t(i) + 1) * frame.size() - std::size_t(size), std::size_t(size)),
                0x01020304, 0);
    }
    const std::size_t taken = allocations - before;
    QCOMPARE(events, 3000);
    QCOMPARE(taken, std::size_t(0));
    QCOMPARE(decoder.held(), std::size_t(0));
}

void WireAllocationsTest::a_message_takes_no_more_than_its_size_doubles()
{
    constexpr int fragments = 1000;
    Decoder decoder(Role::Server, {.maxMessage = 1 << 20, .maxFragments = fragments});
    std::vector<std::vector<std::byte>> frames;
    for (int i = 0; i < fragments; ++i)
        frames.push_back(masked(i == 0 ? Opcode::Text : Opcode::Continuation, 100, i + 1 == fragments));
    const std::size_t before = allocations;
    Event::Kind last = Event::Kind::NeedMore;
    for (std::vector<std::byte>& frame : frames) {
        std::span<std::byte> input(frame);
        last = decoder.next(input).kind;
    }
    const std::size_t taken = allocations - before;
    QCOMPARE(last, Event::Kind::Message);
    QVERIFY2(taken <= 12, std::to_string(taken).c_str()); // 100 bytes doubled ten times
}

QTEST_GUILESS_MAIN(WireAllocationsTest)
#include "wireallocationstest.moc"
