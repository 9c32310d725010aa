// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/outgoingmessage.h"

#include <QTest>

#include <random>
#include <set>
#include <string>
#include <thread>

using namespace gatehouse;

namespace {

std::string repeated(std::string_view text, std::size_t size)
{
    std::string result;
    while (result.size() < size)
        result.append(text);
    return result.substr(0, size);
}

OutgoingMessage messageOf(const std::string& text, wire::Opcode type = wire::Opcode::Text)
{
    return {type, std::as_bytes(std::span(text))};
}

/// What a peer that agreed on permessage-deflate makes of a frame.
std::string received(const SharedFrame& frame)
{
    wire::Decoder decoder(wire::Role::Client, {1U << 24, 64, 1U << 24});
    std::vector<std::byte> bytes = *frame;
    std::span<std::byte> input(bytes);
    const wire::Event event = decoder.next(input);
    if (event.kind != wire::Event::Kind::Message)
        return "no message";
    return {static_cast<const char*>(static_cast<const void*>(event.payload.data())), event.payload.size()};
}

} // namespace

class OutgoingMessageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_window_says_the_same();
    void it_is_compressed_once_for_each_window();
    void a_message_that_fits_the_smallest_window_is_compressed_once_for_all();
    void what_does_not_become_smaller_goes_out_plain();
    void threads_that_ask_at_once_get_one_frame();
};

void OutgoingMessageTest::every_window_says_the_same()
{
    const std::string text = repeated("gatehouse opens at nine. ", 70000);
    const OutgoingMessage message = messageOf(text);
    QCOMPARE(message.payloadSize(), text.size());
    QCOMPARE(*message.plain(), wire::encodeFrame(wire::Opcode::Text, std::as_bytes(std::span(text))));
    for (std::uint8_t window = wire::smallestWindow; window <= wire::largestWindow; ++window) {
        const SharedFrame frame = message.deflated(window);
        QVERIFY(frame->size() < text.size() / 20);
        QCOMPARE(received(frame), text);
    }
}

void OutgoingMessageTest::it_is_compressed_once_for_each_window()
{
    const OutgoingMessage message = messageOf(repeated("gatehouse opens at nine. ", 70000));
    std::set<const void*> frames;
    for (std::uint8_t window = wire::smallestWindow; window <= wire::largestWindow; ++window) {
        const SharedFrame frame = message.deflated(window);
        QCOMPARE(message.deflated(window), frame);
        frames.insert(frame.get());
    }
    QCOMPARE(frames.size(), std::size_t(7));
}

void OutgoingMessageTest::a_message_that_fits_the_smallest_window_is_compressed_once_for_all()
{
    const OutgoingMessage message = messageOf(repeated("gatehouse ", 250));
    for (std::uint8_t window = wire::smallestWindow; window <= wire::largestWindow; ++window)
        QCOMPARE(message.deflated(window), message.deflated(wire::smallestWindow));
}

void OutgoingMessageTest::what_does_not_become_smaller_goes_out_plain()
{
    std::mt19937 random(1);
    std::string noise(5000, '\0');
    for (char& c : noise)
        c = static_cast<char>(random() & 0xff);
    const OutgoingMessage message = messageOf(noise, wire::Opcode::Binary);
    QCOMPARE(message.deflated(15), message.plain());
    QCOMPARE(messageOf({}).deflated(9)->size(), std::size_t(2));
}

void OutgoingMessageTest::threads_that_ask_at_once_get_one_frame()
{
    for (int round = 0; round < 20; ++round) {
        const OutgoingMessage message = messageOf(repeated("gatehouse opens at nine. ", 20000));
        std::array<SharedFrame, 8> frames;
        {
            std::vector<std::jthread> threads;
            for (SharedFrame& frame : frames)
                threads.emplace_back([&] { frame = message.deflated(12); });
        }
        for (const SharedFrame& frame : frames)
            QCOMPARE(frame, frames[0]);
    }
}

QTEST_GUILESS_MAIN(OutgoingMessageTest)
#include "outgoingmessagetest.moc"
