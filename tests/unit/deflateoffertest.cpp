// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/deflateoffer.h"

#include "wire/request.h"

#include <QTest>

#include <string>

using namespace gatehouse;
using namespace gatehouse::wire;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

constexpr std::string_view kept = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

} // namespace

class DeflateOfferTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_offer_is_taken_or_passed_over_data();
    void an_offer_is_taken_or_passed_over();
    void offers_beyond_a_number_are_not_read();
    void an_answer_must_fit_the_offer_data();
    void an_answer_must_fit_the_offer();
    void a_client_and_a_server_of_ours_agree();
};

void DeflateOfferTest::an_offer_is_taken_or_passed_over_data()
{
    QTest::addColumn<QByteArrayList>("headers");
    QTest::addColumn<QByteArray>("answer"); // empty: none
    QTest::addColumn<int>("window");
    const QByteArray answer(kept.data(), static_cast<qsizetype>(kept.size()));
    const auto taken = [&](const char* name, QByteArrayList headers, int window = 0) {
        const QByteArray more = window > 0 ? "; server_max_window_bits=" + QByteArray::number(window) : QByteArray();
        QTest::newRow(name) << headers << answer + more << (window > 0 ? window : 15);
    };
    const auto passed = [](const char* name, QByteArrayList headers) {
        QTest::newRow(name) << headers << QByteArray() << 0;
    };
    const auto parameter = [](const char* text) { return QByteArrayList{QByteArray("permessage-deflate; ") + text}; };

    passed("no header", {});
    passed("empty", {""});
    passed("commas", {",, ,"});
    passed("another extension", {"x-webkit-deflate-frame"});
    taken("plain", {"permessage-deflate"});
    taken("any case", {"PerMessage-Deflate; Client_Max_Window_Bits"});
    taken("behind another", {"foo; bar=\"a,b;c\", permessage-deflate"});
    taken("behind another with an escaped quote", {"foo; bar=\"a\\\",permessage-deflate; x\", permessage-deflate"});
    taken("second line", {"foo", "permessage-deflate"});
    taken("empty elements", {", ,permessage-deflate,"});
    taken("blanks", {" \t permessage-deflate \t;\tserver_no_context_takeover  "});
    taken("as Chromium offers", {"permessage-deflate; client_max_window_bits"});

    taken("server_no_context_takeover", parameter("server_no_context_takeover"));
    passed("server_no_context_takeover with a value", parameter("server_no_context_takeover=1"));
    passed("server_no_context_takeover with an empty value", parameter("server_no_context_takeover="));
    passed("server_no_context_takeover twice", parameter("server_no_context_takeover; server_no_context_takeover"));
    taken("client_no_context_takeover", parameter("client_no_context_takeover"));
    passed("client_no_context_takeover with a value", parameter("client_no_context_takeover=true"));
    passed("client_no_context_takeover twice", parameter("client_no_context_takeover;client_no_context_takeover"));

    for (int bits = 9; bits <= 15; ++bits)
        taken(qPrintable(QStringLiteral("server_max_window_bits=%1").arg(bits)),
              {"permessage-deflate; server_max_window_bits=" + QByteArray::number(bits)}, bits);
    taken("server_max_window_bits quoted", parameter("server_max_window_bits=\"10\""), 10);
    taken("server_max_window_bits quoted with escapes", parameter("server_max_window_bits=\"\\1\\0\""), 10);
    taken("server_max_window_bits with blanks", parameter("server_max_window_bits = 10"), 10);
    passed("server_max_window_bits=8, which zlib cannot do", parameter("server_max_window_bits=8"));
    for (const char* value : {"",        "=",        "=7",    "=16",  "=0",     "=010",  "=09",         "=+9",
                              "=-9",     "=9.0",     "=0x9",  "=100", "=1 0",   "=\"\"", "=\"10",       "=10\"",
                              "=\"1\"0", "=\"1 0\"", "='10'", "==10", "=10=10", "=nine", "=4294967306", "=\"10\\"}) {
        passed(qPrintable(QStringLiteral("server_max_window_bits%1").arg(QLatin1String(value))),
               {QByteArray("permessage-deflate; server_max_window_bits") + value});
        if (*value != '\0')
            passed(qPrintable(QStringLiteral("client_max_window_bits%1").arg(QLatin1String(value))),
                   {QByteArray("permessage-deflate; client_max_window_bits") + value});
    }
    passed("server_max_window_bits twice", parameter("server_max_window_bits=10; server_max_window_bits=10"));
    taken("client_max_window_bits", parameter("client_max_window_bits"));
    for (int bits = 8; bits <= 15; ++bits)
        taken(qPrintable(QStringLiteral("client_max_window_bits=%1").arg(bits)),
              {"permessage-deflate; client_max_window_bits=" + QByteArray::number(bits)});
    passed("client_max_window_bits twice", parameter("client_max_window_bits; client_max_window_bits=10"));
    taken("all four",
          parameter("client_max_window_bits=10; server_max_window_bits=12; client_no_context_takeover; "
                    "server_no_context_takeover"),
          12);

    passed("unknown parameter", parameter("window=15"));
    passed("empty parameter", {"permessage-deflate;"});
    passed("empty parameter in the middle", {"permessage-deflate;; client_max_window_bits"});
    passed("garbage", {"permessage-deflate; window=99; =;;"});
    passed("a value of its own", {"permessage-deflate=1"});
    passed("two words", {"permessage-deflate client_max_window_bits"});
    passed("a quoted name", {"\"permessage-deflate\""});
    passed("inside a quoted string", {"foo; bar=\"x, permessage-deflate, y\""});
    passed("behind an open quote", {"foo; bar=\"x, permessage-deflate"});
    taken("the second, since the first is bad",
          {"permessage-deflate; x, permessage-deflate; server_max_window_bits=11"}, 11);
    taken("the second, since the first wants 8",
          {"permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits"});
    taken("the first of two good ones",
          {"permessage-deflate; server_max_window_bits=11, permessage-deflate; server_max_window_bits=12"}, 11);
    taken("a good one in a line behind a bad one", {"permessage-deflate; =", "permessage-deflate"});
}

void DeflateOfferTest::an_offer_is_taken_or_passed_over()
{
    QFETCH(QByteArrayList, headers);
    QFETCH(QByteArray, answer);
    QFETCH(int, window);
    std::vector<std::string_view> values;
    for (const QByteArray& header : headers)
        values.emplace_back(header.constData(), static_cast<std::size_t>(header.size()));
    const auto agreed = acceptDeflate(values);
    QCOMPARE(agreed ? agreed->answer : std::string(), answer.toStdString());
    if (agreed)
        QCOMPARE(int{agreed->windowBits}, window);
}

void DeflateOfferTest::offers_beyond_a_number_are_not_read()
{
    const auto behind = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text.append("permessage-deflate; x=").append(std::to_string(i)).append(", ");
        return text + "permessage-deflate";
    };
    QVERIFY(acceptDeflate({behind(31)}));
    QVERIFY(!acceptDeflate({behind(32)}));
    QVERIFY(!acceptDeflate({behind(1000)}));
    QVERIFY(!acceptDeflate(std::vector<std::string_view>(33, "x")));
    QVERIFY(!acceptDeflate({std::string(1 << 20, ','), "permessage-deflate"}));
    QVERIFY(!acceptDeflate(
        {"permessage-deflate" + QByteArray("; client_no_context_takeover").repeated(40'000).toStdString()}));
    QVERIFY(!acceptDeflate({"permessage-deflate; x=\"" + std::string(1 << 20, '\\')}));
}

void DeflateOfferTest::an_answer_must_fit_the_offer_data()
{
    QTest::addColumn<QByteArrayList>("headers");
    QTest::addColumn<int>("window"); // 0: the connection must fail
    const auto row = [](const char* parameters, int window) {
        QTest::newRow(parameters) << QByteArrayList{QByteArray("permessage-deflate") + parameters} << window;
    };
    row("; server_no_context_takeover", 15);
    row("; server_no_context_takeover; client_no_context_takeover", 15);
    row("; server_no_context_takeover; server_max_window_bits=8", 15); // our inflater takes any window
    row("; server_no_context_takeover; client_max_window_bits=10", 10);
    row("; server_no_context_takeover; client_max_window_bits=8", 8);
    row("; server_no_context_takeover; client_max_window_bits", 0); // RFC 7692 §7.1.2.2: an answer has the value
    row("; server_no_context_takeover; server_max_window_bits", 0);
    row("; server_no_context_takeover; server_max_window_bits=16", 0);
    row("; server_no_context_takeover; x", 0);
    row("; server_no_context_takeover, permessage-deflate; server_no_context_takeover", 0);
    row("", 0); // it would take its context over
    row("; client_no_context_takeover", 0);
    QTest::newRow("two lines") << QByteArrayList{"permessage-deflate; server_no_context_takeover", "foo"} << 0;
    QTest::newRow("another") << QByteArrayList{"foo; server_no_context_takeover"} << 0;
    QTest::newRow("empty") << QByteArrayList{""} << 0;
    QTest::newRow("none") << QByteArrayList{} << 0;
}

void DeflateOfferTest::an_answer_must_fit_the_offer()
{
    QFETCH(QByteArrayList, headers);
    QFETCH(int, window);
    std::vector<std::string_view> values;
    std::string head = switchingProtocols("dGhlIHNhbXBsZSBub25jZQ==", {});
    for (const QByteArray& header : headers) {
        values.emplace_back(header.constData(), static_cast<std::size_t>(header.size()));
        head.insert(head.find("Upgrade:"), "Sec-WebSocket-Extensions: " + header.toStdString() + "\r\n");
    }
    const auto agreed = readDeflateAnswer(values);
    QCOMPARE(agreed ? int{agreed->windowBits} : 0, window);

    ClientRequest request;
    request.key = "dGhlIHNhbXBsZSBub25jZQ==";
    const auto response = parseResponse(head, {});
    QVERIFY(response && *response);
    QCOMPARE(checkAnswer(**response, request).ok(), headers.isEmpty());
    request.offersDeflate = true;
    QCOMPARE(checkAnswer(**response, request).ok(), headers.isEmpty() || window > 0);
}

void DeflateOfferTest::a_client_and_a_server_of_ours_agree()
{
    ClientRequest request;
    request.host = "gate.example";
    request.target = "/";
    request.key = "dGhlIHNhbXBsZSBub25jZQ==";
    request.offersDeflate = true;
    const std::string head = upgradeRequest(request);
    const auto parsed = parseRequest(head, {});
    QVERIFY(parsed);
    const auto upgrade = parseUpgrade(*parsed);
    QVERIFY(upgrade);
    const auto agreed = acceptDeflate(upgrade->extensions);
    QVERIFY(agreed);
    const std::string answer = switchingProtocols(upgrade->key, {}, agreed->answer);
    const auto response = parseResponse(answer, {});
    QVERIFY(response && *response);
    QVERIFY(checkAnswer(**response, request));
    QCOMPARE(readDeflateAnswer((*response)->all("sec-websocket-extensions")), agreed);
}

QTEST_GUILESS_MAIN(DeflateOfferTest)
#include "deflateoffertest.moc"
