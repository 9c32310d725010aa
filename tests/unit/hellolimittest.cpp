// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/hellolimit.h"

#include <QTest>

#include <string>

using namespace gatehouse;

namespace {

constexpr char changeCipherSpec = 20, handshake = 22, application = 23;

std::string number(std::size_t value, int bytes)
{
    std::string text;
    while (bytes-- > 0)
        text += static_cast<char>((value >> (8 * bytes)) & 0xffU);
    return text;
}

std::string record(char type, const std::string& content)
{
    return type + std::string("\3\3") + number(content.size(), 2) + content;
}

std::string message(char type, std::size_t announced, std::size_t sent)
{
    return type + number(announced, 3) + std::string(sent, '\1');
}

/// In pieces of this size.
bool takes(HelloLimit& limit, const std::string& text, std::size_t piece)
{
    for (std::size_t at = 0; at < text.size(); at += piece) {
        const std::string part = text.substr(at, piece);
        if (!limit.take({reinterpret_cast<const unsigned char*>(part.data()), part.size()}))
            return false;
    }
    return true;
}

} // namespace

class HelloLimitTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_hello_over_16_KiB_is_found_data();
    void a_hello_over_16_KiB_is_found();
    void nothing_is_found_behind_the_end();
};

void HelloLimitTest::a_hello_over_16_KiB_is_found_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("good");
    const auto row = [](const char* name, const std::string& bytes, bool good) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << good;
    };
    const std::string small = message(1, 200, 200);
    const std::string huge = message(1, HelloLimit::largest + 1, 4);
    row("small", record(handshake, small), true);
    row("exactly", record(handshake, message(1, HelloLimit::largest, 9)), true);
    row("one more", record(handshake, huge), false);
    row("a length of three bytes", record(handshake, message(1, 0xff0000, 0)), false);
    row("another message", record(handshake, message(11, 0xff0000, 4)), true);
    std::string bytewise;
    for (const char c : huge)
        bytewise += record(handshake, std::string(1, c));
    row("in records of one byte", bytewise, false);
    row("behind empty records", record(handshake, "") + record(handshake, "") + record(handshake, huge), false);
    row("the second hello", record(handshake, small) + record(changeCipherSpec, "\1") + record(handshake, huge), false);
    row("two in a record", record(handshake, small + huge), false);
    row("a message over two records, then the hello",
        record(handshake, message(11, 300, 100)) + record(handshake, std::string(200, '\1')) + record(handshake, huge),
        false);
    row("in data", record(handshake, small) + record(application, huge), true);
    row("nothing", "", true);
}

void HelloLimitTest::a_hello_over_16_KiB_is_found()
{
    QFETCH(QByteArray, bytes);
    QFETCH(bool, good);
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{7}, std::size_t{9999}}) {
        HelloLimit limit;
        QCOMPARE(takes(limit, bytes.toStdString(), piece), good);
    }
}

void HelloLimitTest::nothing_is_found_behind_the_end()
{
    HelloLimit limit;
    QVERIFY(takes(limit, record(handshake, message(1, 200, 200)), 9999));
    QVERIFY(!limit.changedCipher());
    QVERIFY(takes(limit, record(changeCipherSpec, "\1"), 9999));
    QVERIFY(limit.changedCipher());
    limit.end();
    QVERIFY(takes(limit, record(handshake, message(1, 0xff0000, 9)), 9999));
}

QTEST_GUILESS_MAIN(HelloLimitTest)
#include "hellolimittest.moc"
