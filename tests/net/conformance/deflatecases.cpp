// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"
#include "rawdeflate.h"

#include <QTest>

#include <algorithm>
#include <array>

using namespace gatehouse;
using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 7692: what is agreed on, what is compressed, and what is no compressed message.
class DeflateCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void offers_data();
    void offers();
    void messages_of_any_size_and_window_data();
    void messages_of_any_size_and_window();
    void any_kind_of_blocks_data();
    void any_kind_of_blocks();
    void examples_of_the_rfc_data();
    void examples_of_the_rfc();
    void fragments_data();
    void fragments();
    void plain_and_compressed_messages_take_turns();
    void what_is_no_compressed_message_is_refused_data();
    void what_is_no_compressed_message_is_refused();
    void reserved_bits_are_refused_without_an_agreement();
    void bombs_of_a_peer_that_never_reads_do_not_pile_up();
    void sizes_after_inflating_data();
    void sizes_after_inflating();

private:
    [[nodiscard]] ByteClient agreed(const std::string& offer, std::string& answer,
                                    const std::string& path = "/echo-deflate") const;
    /// On a connection of its own with the largest window: these frames, whose payloads are inflated where RSV1 says
    /// so.
    [[nodiscard]] std::string answeredWith(const std::vector<std::string>& writes,
                                           const std::vector<Frame>& answers) const;
};

namespace {

constexpr unsigned rsv1 = 0x40;
const std::string agreement = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Text of few words, or bytes that do not become smaller.
std::string sample(std::size_t size, bool compressible)
{
    static constexpr std::array<std::string_view, 7> words{
        "\"gate\":", "{\"open\":true},", "\xe2\x82\xac ", "0123456789", " house", "[1,2,3],", "\n"};
    std::string text;
    std::uint32_t state = static_cast<std::uint32_t>(size) + 1;
    while (text.size() < size) {
        state = state * 1664525 + 1013904223;
        if (compressible)
            text += words[(state >> 20) % words.size()];
        else
            text.push_back(static_cast<char>(state >> 24));
    }
    while (text.size() > size || (compressible && !text.empty() && (text.back() & 0x80) != 0))
        text.pop_back(); // not in the middle of a code point
    return text;
}

/// The next message as the application has it; its kind with FIN and without RSV1.
std::optional<Frame> nextMessage(raw::Reader& reader, int window = 15)
{
    auto frame = reader.next();
    if (!frame || (frame->first & rsv1) == 0)
        return frame;
    const auto payload = raw::inflated(frame->payload, window);
    if (!payload)
        return Frame{0, "does not inflate in a window of " + std::to_string(window)};
    return Frame{frame->first & ~rsv1, *payload};
}

std::string packedFrame(unsigned first, std::string_view payload, const raw::Deflating& how = {})
{
    return masked(first | rsv1, raw::deflated(payload, how));
}

} // namespace

ByteClient DeflateCases::agreed(const std::string& offer, std::string& answer, const std::string& path) const
{
    ByteClient client = overTls() ? server().tls() : server().plain();
    UpgradeOptions options;
    options.path = path;
    options.headers = {{"Sec-WebSocket-Extensions", offer}};
    const HttpAnswer got = client.upgrade(options);
    if (got.status != 101)
        throw std::runtime_error("not let in: " + got.text);
    answer = got.header("Sec-WebSocket-Extensions");
    return client;
}

std::string DeflateCases::answeredWith(const std::vector<std::string>& writes, const std::vector<Frame>& answers) const
{
    std::string answer;
    ByteClient client = agreed("permessage-deflate", answer);
    raw::Reader reader(client, true);
    for (const std::string& bytes : writes)
        if (!client.send(bytes))
            return "the server took no more bytes";
    for (const Frame& expected : answers) {
        const auto got = nextMessage(reader);
        if (!got || *got != expected)
            return (got ? described(*got) : "the end " + reader.fault()) + ", instead of " + described(expected);
    }
    if (answers.empty() || answers.back().first != raw::close) {
        if (!client.send(masked(raw::close, raw::closing(1000))))
            return "the server took no Close";
        if (std::string difference = heard(reader, {{raw::close, raw::closing(1000)}}); !difference.empty())
            return difference;
    }
    return ended(client, reader);
}

void DeflateCases::offers_data()
{
    QTest::addColumn<std::string>("offer");
    QTest::addColumn<std::string>("answer");
    QTest::addColumn<int>("window");
    const auto row = [](const std::string& offer, const std::string& answer, int window = 15) {
        QTest::newRow(offer.empty() ? "nothing" : offer.c_str()) << offer << answer << window;
    };
    const std::string name = "permessage-deflate";
    const auto accepted = [&](const std::string& parameters) { row(name + parameters, agreement); };
    accepted("");
    accepted("; server_no_context_takeover");
    accepted("; client_no_context_takeover");
    accepted("; client_no_context_takeover; server_no_context_takeover");
    accepted("; client_max_window_bits");
    accepted("; client_no_context_takeover; client_max_window_bits");
    accepted("; client_max_window_bits=\"10\"");
    accepted(" ;  client_max_window_bits");
    row("Permessage-Deflate", agreement);
    for (int bits = 8; bits <= 15; ++bits)
        accepted("; client_max_window_bits=" + std::to_string(bits));
    const std::string size = "; server_max_window_bits=";
    for (int bits = 9; bits <= 15; ++bits) {
        const std::string own = size + std::to_string(bits);
        row(name + own, agreement + own, bits);
        row(name + own + "; client_max_window_bits=9; server_no_context_takeover", agreement + own, bits);
    }
    row(name + "; server_max_window_bits=\"12\"", agreement + size + "12", 12);
    row(name + size + "8, " + name + size + "9, " + name, agreement + size + "9", 9);
    row(name + size + "10, " + name, agreement + size + "10", 10);
    row("x-webkit-deflate-frame, " + name, agreement);
    row("foo; bar=\"a,b;c\", " + name, agreement);
    for (const char* bad : {"; server_max_window_bits=8", "; server_max_window_bits", "; server_max_window_bits=7",
                            "; server_max_window_bits=16", "; server_max_window_bits=015", "; server_max_window_bits=",
                            "; server_max_window_bits=10; server_max_window_bits=10", "; client_max_window_bits=7",
                            "; client_max_window_bits=16", "; client_max_window_bits=08", "; client_max_window_bits=x",
                            "; client_max_window_bits; client_max_window_bits", "; server_no_context_takeover=1",
                            "; server_no_context_takeover; server_no_context_takeover",
                            "; client_no_context_takeover=true", "; foo", "; foo=bar", ";", "; =;"}) {
        row(name + bad, {});
        row(name + bad + ", " + name, agreement);
    }
    row("x-webkit-deflate-frame", {});
    row("permessage-deflat", {});
    row("permessage-bzip2", {});
    row("", {});
}

void DeflateCases::offers()
{
    QFETCH(std::string, offer);
    QFETCH(std::string, answer);
    QFETCH(int, window);
    std::string got;
    ByteClient client = agreed(offer, got);
    QCOMPARE(got, answer);
    raw::Reader reader(client, !answer.empty());
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{2000}, std::size_t{100'000}}) {
        const std::string text = sample(size, true);
        QVERIFY(client.send(masked(raw::text, text)));
        const auto echo = nextMessage(reader, window);
        QVERIFY2(echo && *echo == Frame(raw::text, text), echo ? described(*echo).c_str() : reader.fault().c_str());
        if (answer.empty())
            continue;
        QVERIFY(client.send(packedFrame(raw::text, text)));
        const auto second = nextMessage(reader, window);
        QVERIFY(second && *second == Frame(raw::text, text));
    }
}

void DeflateCases::messages_of_any_size_and_window_data()
{
    QTest::addColumn<quint64>("size");
    QTest::addColumn<int>("window");
    QTest::addColumn<bool>("text");
    for (const std::uint64_t size : {16U, 64U, 256U, 1024U, 4096U, 8192U, 16384U, 32768U, 65536U, 131072U})
        for (const int window : {9, 10, 12, 15})
            for (const bool text : {true, false})
                QTest::newRow(
                    (std::to_string(size) + " in " + std::to_string(window) + (text ? ", text" : ", noise")).c_str())
                    << quint64{size} << window << text;
}

void DeflateCases::messages_of_any_size_and_window()
{
    QFETCH(quint64, size);
    QFETCH(int, window);
    QFETCH(bool, text);
    const std::string bits = std::to_string(window);
    std::string answer;
    ByteClient client =
        agreed("permessage-deflate; server_max_window_bits=" + bits + "; client_max_window_bits=" + bits, answer);
    QCOMPARE(answer, agreement + "; server_max_window_bits=" + bits);
    raw::Reader reader(client, true);
    const unsigned first = text ? raw::text : raw::binary;
    const std::uint64_t count = std::clamp<std::uint64_t>(300'000 / size, 5, 100);
    const std::string base = sample(size, text);
    std::string bytes;
    for (std::uint64_t i = 0; i < count; ++i)
        bytes += packedFrame(first, base.substr(0, base.size() - (text ? 0 : i % 10)), {.window = window});
    for (const std::string& write : raw::chopped(bytes, size % 3 == 0 ? 997 : 65536))
        QVERIFY(client.send(write));
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto echo = nextMessage(reader, window);
        QVERIFY(echo && *echo == Frame(first, base.substr(0, base.size() - (text ? 0 : i % 10))));
    }
    QVERIFY(client.send(masked(raw::close, raw::closing(1000))));
    COMPARE_EXCHANGE(heard(reader, {{raw::close, raw::closing(1000)}}));
    COMPARE_EXCHANGE(ended(client, reader));
}

void DeflateCases::any_kind_of_blocks_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<int>("strategy");
    QTest::addColumn<quint64>("block");
    QTest::addColumn<bool>("finalBlock");
    const auto row = [](const char* name, int level, int strategy, std::uint64_t block, bool finalBlock) {
        QTest::newRow(name) << level << strategy << quint64{block} << finalBlock;
    };
    for (const bool end : {false, true}) {
        const std::string how = end ? ", a last block" : "";
        row(("stored" + how).c_str(), 0, 0, 0, end);
        row(("fastest" + how).c_str(), 1, 0, 0, end);
        row(("smallest" + how).c_str(), 9, 0, 0, end);
        row(("fixed codes" + how).c_str(), 6, 4, 0, end);
        row(("no matches" + how).c_str(), 6, 2, 0, end);
        row(("runs alone" + how).c_str(), 6, 3, 0, end);
        row(("a block for each byte" + how).c_str(), 6, 0, 1, end);
        row(("a block for each seven" + how).c_str(), 9, 0, 7, end);
        row(("blocks of 1,000" + how).c_str(), 6, 0, 1000, end);
    }
}

void DeflateCases::any_kind_of_blocks()
{
    QFETCH(int, level);
    QFETCH(int, strategy);
    QFETCH(quint64, block);
    QFETCH(bool, finalBlock);
    std::string bytes;
    std::vector<Frame> echoes;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300}, std::size_t{5000}}) {
        const std::string text = sample(size, true);
        bytes += packedFrame(raw::text, text,
                             {.level = level, .strategy = strategy, .block = block, .finalBlock = finalBlock});
        echoes.push_back({raw::text, text});
    }
    COMPARE_EXCHANGE(answeredWith({bytes}, echoes));
    COMPARE_EXCHANGE(answeredWith(raw::chopped(bytes, 1), echoes));
}

void DeflateCases::examples_of_the_rfc_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<std::string>("text");
    const auto frame = [](std::string_view payload) { return masked(raw::text | rsv1, payload); };
    QTest::newRow("7.2.3.1") << frame(std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7)) << std::string("Hello");
    QTest::newRow("7.2.3.1 in two fragments")
        << masked(raw::firstOfText | rsv1, "\xf2\x48\xcd") + masked(raw::last, std::string_view("\xc9\xc9\x07\x00", 4))
        << std::string("Hello");
    QTest::newRow("7.2.3.3, no compression")
        << frame(std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)) << std::string("Hello");
    QTest::newRow("7.2.3.4, a last block")
        << frame(std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)) << std::string("Hello");
    QTest::newRow("7.2.3.5, two blocks") << frame(std::string_view(
                                                "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13))
                                         << std::string("Hello");
    QTest::newRow("7.2.3.6, empty") << frame(std::string_view("\x00", 1)) << std::string();
}

void DeflateCases::examples_of_the_rfc()
{
    QFETCH(std::string, bytes);
    QFETCH(std::string, text);
    COMPARE_EXCHANGE(answeredWith({bytes + bytes}, {{raw::text, text}, {raw::text, text}}));
    COMPARE_EXCHANGE(answeredWith(raw::chopped(bytes, 1), {{raw::text, text}}));
}

void DeflateCases::fragments_data()
{
    QTest::addColumn<quint64>("fragment");
    QTest::addColumn<bool>("pings");
    for (const std::uint64_t fragment : {1U, 2U, 7U, 64U, 1000U})
        for (const bool pings : {false, true})
            QTest::newRow((std::to_string(fragment) + (pings ? " with pings" : "")).c_str())
                << quint64{fragment} << pings;
}

void DeflateCases::fragments()
{
    QFETCH(quint64, fragment);
    QFETCH(bool, pings);
    const std::string text = sample(20'000, true);
    const std::string packed = raw::deflated(text);
    std::string bytes = masked(raw::firstOfText | rsv1, ""); // an empty first fragment
    std::vector<Frame> answers;
    for (std::size_t i = 0; i < packed.size(); i += fragment) {
        bytes += masked(raw::middle, std::string_view(packed).substr(i, fragment));
        if (pings && answers.size() < 15) {
            bytes += masked(raw::ping, "between");
            answers.push_back({raw::pong, "between"});
        }
    }
    answers.push_back({raw::text, text});
    COMPARE_EXCHANGE(answeredWith({bytes + masked(raw::last, "")}, answers));
    COMPARE_EXCHANGE(answeredWith(raw::chopped(bytes + masked(raw::last, ""), 3), answers));
}

void DeflateCases::plain_and_compressed_messages_take_turns()
{
    std::string bytes;
    std::vector<Frame> echoes;
    for (std::size_t i = 0; i < 60; ++i) {
        const bool compressible = i % 3 != 0;
        const unsigned first = compressible && i % 2 == 0 ? raw::text : raw::binary;
        const std::string payload = sample(i * i * 20, compressible);
        bytes += i % 4 < 2 ? packedFrame(first, payload) : masked(first, payload);
        echoes.push_back({first, payload});
    }
    COMPARE_EXCHANGE(answeredWith({bytes}, echoes));
    COMPARE_EXCHANGE(answeredWith(raw::chopped(bytes, 997), echoes));
}

void DeflateCases::what_is_no_compressed_message_is_refused_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<Frame>("answer");
    const auto row = [](const char* name, const std::string& bytes, const Frame& answer) {
        QTest::newRow(name) << bytes << answer;
    };
    const std::string packed = raw::deflated(sample(500, true));
    const Frame broken = refused(1002, "deflate"), rsv = refused(1002, "rsv"), notText = refused(1007, "utf8");
    row("a block of no kind", masked(raw::text | rsv1, "\x07"), broken);
    row("bytes of no code", masked(raw::binary | rsv1, "\xff\xff\xff\xff"), broken);
    row("a stored block with a wrong length",
        masked(raw::text | rsv1, std::string_view("\x00\x05\x00\x00\x00Hello", 10)), broken);
    row("a distance before the message", masked(raw::text | rsv1, std::string_view("\xf2\x00\x11\x00\x00", 5)), broken);
    row("cut by a byte", masked(raw::text | rsv1, packed.substr(0, packed.size() - 1)), broken);
    row("cut in the middle", masked(raw::text | rsv1, packed.substr(0, packed.size() / 2)), broken);
    row("empty", masked(raw::text | rsv1, ""), broken);
    row("more behind a last block", masked(raw::text | rsv1, raw::deflated("x", {.finalBlock = true}) + "more"),
        broken);
    row("broken in its last fragment",
        masked(raw::firstOfBinary | rsv1, packed.substr(0, 20)) + masked(raw::last, "\xff\xff\xff\xff\xff\xff"),
        broken);
    row("RSV1 on a middle", masked(raw::firstOfText | rsv1, packed.substr(0, 9)) + masked(raw::middle | rsv1, "x"),
        rsv);
    row("RSV1 on a last", masked(raw::firstOfText | rsv1, packed.substr(0, 9)) + masked(raw::last | rsv1, "x"), rsv);
    row("RSV1 on a last of a plain message", masked(raw::firstOfText, "a") + masked(raw::last | rsv1, "x"), rsv);
    row("RSV1 on a ping", masked(raw::ping | rsv1, "x"), rsv);
    row("RSV1 on a Close", masked(raw::close | rsv1, raw::closing(1000)), rsv);
    row("RSV1 and RSV2", masked(raw::text | rsv1 | 0x20, packed), rsv);
    row("RSV1 and RSV3", masked(raw::text | rsv1 | 0x10, packed), rsv);
    row("RSV2", masked(raw::text | 0x20, "x"), rsv);
    row("bad UTF-8", packedFrame(raw::text, "\xff"), notText);
    row("a surrogate", packedFrame(raw::text, sample(3000, true) + "\xed\xa0\x80"), notText);
    row("cut in a code point", packedFrame(raw::text, "a\xe2\x82"), notText);
    const std::string flushed = raw::deflated("bad \xff byte", {.block = 10}) + std::string(1, '\0');
    row("bad UTF-8 in a message that goes on", masked(raw::firstOfText | rsv1, flushed), notText);
    row("plain bad UTF-8", masked(raw::text, "\xff"), notText);
}

void DeflateCases::what_is_no_compressed_message_is_refused()
{
    QFETCH(std::string, bytes);
    QFETCH(Frame, answer);
    COMPARE_EXCHANGE(answeredWith({bytes}, {answer}));
    COMPARE_EXCHANGE(answeredWith(raw::chopped(bytes, 1), {answer}));
    COMPARE_EXCHANGE(answeredWith({packedFrame(raw::text, "good") + bytes}, {{raw::text, "good"}, answer}));
    COMPARE_EXCHANGE(answeredWith({bytes + masked(raw::ping, "more")}, {answer}));
}

void DeflateCases::reserved_bits_are_refused_without_an_agreement()
{
    for (const auto& [offer, path] : std::initializer_list<std::pair<std::string, std::string>>{
             {"permessage-deflate", "/echo"}, {"x-webkit-deflate-frame", "/echo-deflate"}}) {
        std::string answer;
        ByteClient client = agreed(offer, answer, path);
        QCOMPARE(answer, std::string());
        raw::Reader reader(client);
        QVERIFY(client.send(packedFrame(raw::text, "Hello")));
        COMPARE_EXCHANGE(heard(reader, {refused(1002, "rsv")}));
        COMPARE_EXCHANGE(ended(client, reader));
    }
}

/// 3,000 messages of 64 KiB in 240 KiB, which come in one read; the answers go plain.
void DeflateCases::bombs_of_a_peer_that_never_reads_do_not_pile_up()
{
    TestServer mine([](nlohmann::json& policy) {
        policy = committedPolicy();
        policy["routes"][1]["send_buffer"] = "17MiB";
        policy["routes"][1]["compression"]["min_size"] = "1MiB";
    });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient client = overTls() ? mine.tls(small) : mine.plain(small);
    UpgradeOptions options;
    options.path = "/echo-deflate";
    options.headers = {{"Sec-WebSocket-Extensions", "permessage-deflate"}};
    QCOMPARE(client.upgrade(options).status, 101);
    const std::string bomb = packedFrame(raw::binary, std::string(65536, '\0'));
    std::string bytes;
    while (bytes.size() + bomb.size() < 240'000)
        bytes += bomb;
    QVERIFY(client.send(bytes));
    QVERIFY(eventually([&] { return !mine.audit(AuditKind::Close, Reason::SlowConsumer).empty(); }));
    QVERIFY(mine.info().stats.messagesOut < 1000);
}

void DeflateCases::sizes_after_inflating_data()
{
    QTest::addColumn<quint64>("size");
    QTest::addColumn<quint64>("fragment");
    constexpr std::uint64_t mib = 1 << 20;
    for (const std::uint64_t size : {mib, 16 * mib, 16 * mib + 1, 64 * mib})
        for (const std::uint64_t fragment : {std::uint64_t{0}, std::uint64_t{1000}})
            QTest::newRow((std::to_string(size) + (fragment > 0 ? " in fragments" : "")).c_str())
                << quint64{size} << quint64{fragment};
}

void DeflateCases::sizes_after_inflating()
{
    QFETCH(quint64, size);
    QFETCH(quint64, fragment);
    constexpr std::uint64_t largest = 16 << 20; // as in gatehouse.json
    const std::string payload(size, 'x');
    const std::string packed = raw::deflated(payload);
    const auto parts = raw::chopped(packed, fragment > 0 ? fragment : packed.size());
    std::string bytes;
    for (std::size_t i = 0; i < parts.size(); ++i)
        bytes += masked((i == 0 ? raw::firstOfBinary | rsv1 : raw::middle) | (i + 1 == parts.size() ? raw::fin : 0U),
                        parts[i]);
    const Frame answer = size > largest ? refused(1009, "too_big") : Frame{raw::binary, payload};
    COMPARE_EXCHANGE(answeredWith({bytes}, {answer}));
}

QTEST_GUILESS_MAIN(DeflateCases)
#include "deflatecases.moc"
