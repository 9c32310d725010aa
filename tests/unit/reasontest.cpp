// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/address.h"
#include "domain/auditrecord.h"
#include "domain/reason.h"

#include <QTest>

#include <set>

using namespace gatehouse;

class ReasonTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_reason_has_one_word_of_its_own();
    void addresses_parse_data();
    void addresses_parse();
    void a_network_holds_its_first_and_last_address_alone();
};

void ReasonTest::every_reason_has_one_word_of_its_own()
{
    std::set<std::string_view> words;
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        const std::string_view word = reasonWord(reason);
        QVERIFY(!word.empty());
        QVERIFY(words.insert(word).second);
        QCOMPARE(reasonFromWord(word), std::optional(reason));
    }
    QVERIFY(!reasonFromWord(""));
    QVERIFY(!reasonFromWord("no_such_word"));
}

void ReasonTest::addresses_parse_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("canonical");
    QTest::newRow("v4") << QByteArray("10.0.0.1") << QByteArray("10.0.0.1");
    QTest::newRow("mapped") << QByteArray("::ffff:10.0.0.1") << QByteArray("10.0.0.1");
    QTest::newRow("v6") << QByteArray("FE80:0::1") << QByteArray("fe80::1");
    QTest::newRow("leading zero") << QByteArray("10.0.0.01") << QByteArray();
    QTest::newRow("too few") << QByteArray("10.0.1") << QByteArray();
    QTest::newRow("zone") << QByteArray("fe80::1%eth0") << QByteArray();
    QTest::newRow("empty") << QByteArray() << QByteArray();
}

void ReasonTest::addresses_parse()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, canonical);
    const auto address = IpAddress::parse(text.toStdString());
    QCOMPARE(address.has_value(), !canonical.isEmpty());
    if (address)
        QCOMPARE(address->toString(), canonical.toStdString());
}

void ReasonTest::a_network_holds_its_first_and_last_address_alone()
{
    const auto network = Network::parse("10.20.8.0/21");
    QVERIFY(network);
    QVERIFY(network->contains(*IpAddress::parse("10.20.8.0")));
    QVERIFY(network->contains(*IpAddress::parse("::ffff:10.20.15.255")));
    QVERIFY(!network->contains(*IpAddress::parse("10.20.7.255")));
    QVERIFY(!network->contains(*IpAddress::parse("10.20.16.0")));
    QCOMPARE(network->toString(), std::string("10.20.8.0/21"));
    QVERIFY(!Network::parse("10.20.8.1/21"));
    QVERIFY(!Network::parse("10.0.0.0/33"));
    QVERIFY(Network::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
}

QTEST_GUILESS_MAIN(ReasonTest)
#include "reasontest.moc"
