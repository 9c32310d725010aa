// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/closecodes.h"
#include "style/icon.h"
#include "style/pill.h"
#include "style/theme.h"
#include "text/codetext.h"
#include "text/englishplurals.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QFile>
#include <QFontInfo>
#include <QSet>
#include <QTest>

#include <cmath>

using namespace gatehouse;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

// WCAG 2.1, relative luminance and contrast ratio.
double luminance(const QColor& color)
{
    const auto part = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * part(color.redF()) + 0.7152 * part(color.greenF()) + 0.0722 * part(color.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double x = luminance(a);
    const double y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

void addPairs(const char* scheme, const Theme& t)
{
    const auto add = [&](const char* name, const QColor& mark, const QList<QColor>& grounds, double least) {
        for (qsizetype i = 0; i < grounds.size(); ++i)
            QTest::addRow("%s %s on ground %d", scheme, name, static_cast<int>(i)) << mark << grounds[i] << least;
    };
    const QList<QColor> plain{t.window, t.card, t.rail, t.neutralGround, t.accentGround};
    add("text", t.text, plain + QList<QColor>{t.goodGround, t.warningGround, t.badGround}, 4.5);
    add("muted", t.muted, plain, 4.5);
    add("accent", t.accent, plain, 4.5);
    add("good", t.good, {t.window, t.card, t.rail, t.goodGround, t.accentGround}, 4.5);
    add("warning", t.warning, {t.window, t.card, t.rail, t.warningGround, t.accentGround}, 4.5);
    add("bad", t.bad, {t.window, t.card, t.rail, t.badGround, t.accentGround}, 4.5);
    add("on accent", t.onAccent, {t.accent}, 4.5);
    add("faint mark", t.faint, plain, 3);
    add("warning mark", t.warningMark, plain, 3);
}

} // namespace

class StyleTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_pair_of_tokens_can_be_read_data();
    void every_pair_of_tokens_can_be_read();
    void a_palette_tells_its_scheme();
    void every_icon_has_a_file();
    void shipped_fonts_load();
    void every_reason_has_words_of_its_own();
    void every_code_that_a_reason_gives_has_a_name();
    void figures_read_well_data();
    void figures_read_well();
    void text_from_the_network_cannot_act();
    void plural_forms_of_the_source_language();
};

void StyleTest::every_pair_of_tokens_can_be_read_data()
{
    QTest::addColumn<QColor>("mark");
    QTest::addColumn<QColor>("ground");
    QTest::addColumn<double>("least");
    addPairs("light", Theme::light());
    addPairs("dark", Theme::dark());
}

void StyleTest::every_pair_of_tokens_can_be_read()
{
    QFETCH(QColor, mark);
    QFETCH(QColor, ground);
    QFETCH(double, least);
    const double found = contrast(mark, ground);
    QVERIFY2(found >= least, qPrintable(QStringLiteral("%1 on %2: %3 : 1").arg(mark.name(), ground.name()).arg(found)));
}

void StyleTest::a_palette_tells_its_scheme()
{
    QVERIFY(&Theme::of(Theme::light().palette()) == &Theme::light());
    QVERIFY(&Theme::of(Theme::dark().palette()) == &Theme::dark());
}

void StyleTest::every_icon_has_a_file()
{
    QSet<QString> files;
    for (int i = 0; i <= static_cast<int>(Icon::X); ++i) {
        const QString file = iconFile(static_cast<Icon>(i));
        QVERIFY2(QFile::exists(file), qPrintable(file));
        files.insert(file);
        const QImage image = icon(static_cast<Icon>(i), Qt::red).pixmap(QSize(16, 16), 2.0).toImage();
        QCOMPARE(image.size(), QSize(32, 32));
    }
    QCOMPARE(files.size(), static_cast<int>(Icon::X) + 1);
}

void StyleTest::shipped_fonts_load()
{
    QVERIFY(loadFonts());
    QCOMPARE(QFontInfo(font(Type::Body)).family(), QStringLiteral("Noto Sans"));
    QCOMPARE(QFontInfo(font(Type::Mono)).family(), QStringLiteral("Noto Sans Mono"));
    QVERIFY(QFontInfo(font(Type::Heading, QFont::Bold)).bold());
}

void StyleTest::every_reason_has_words_of_its_own()
{
    QVERIFY(reasonLabel(Reason::None).isEmpty());
    QSet<QString> labels;
    QSet<QString> sentences;
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        QVERIFY2(!reasonLabel(reason).isEmpty(), reasonWord(reason).data());
        QVERIFY2(reasonSentence(reason).endsWith(QLatin1Char('.')), reasonWord(reason).data());
        labels.insert(reasonLabel(reason));
        sentences.insert(reasonSentence(reason));
    }
    QCOMPARE(labels.size(), static_cast<qsizetype>(reasonCount - 1));
    QCOMPARE(sentences.size(), static_cast<qsizetype>(reasonCount - 1));
}

void StyleTest::every_code_that_a_reason_gives_has_a_name()
{
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        if (const auto status = httpStatus(reason))
            QVERIFY2(!httpStatusName(*status).isEmpty(), reasonWord(reason).data());
        if (const auto code = closeCode(reason)) {
            QVERIFY2(!closeCodeName(*code).isEmpty(), reasonWord(reason).data());
            const std::uint16_t centrifuge = routeCloseCode(RouteKind::Centrifuge, reason, *code);
            QVERIFY2(!closeCodeName(centrifuge).isEmpty(), reasonWord(reason).data());
        }
    }
    QCOMPARE(codeText(routeCloseCode(RouteKind::Centrifuge, Reason::Path, 4403)),
             QStringLiteral("3507 permission denied"));
    QCOMPARE(codeText(4403), QStringLiteral("4403 not allowed"));
    QCOMPARE(codeText(4999), QStringLiteral("4999"));
}

void StyleTest::figures_read_well_data()
{
    QTest::addColumn<QString>("made");
    QTest::addColumn<QString>("wanted");
    const auto add = [](const QString& made, const char* wanted) {
        QTest::newRow(wanted) << made << QString::fromUtf8(wanted);
    };
    add(countText(1284), "1,284");
    add(rateText(0), "0/s");
    add(rateText(0.42), "0.4/s");
    add(rateText(1), "1/s");
    add(rateText(9.96), "10/s");
    add(rateText(8412), "8,412/s");
    add(bytesText(0), "0 B");
    add(bytesText(118), "118 B");
    add(bytesText(1229), "1.2 KiB");
    add(bytesText(1023.9), "1 KiB");
    add(bytesText(86016), "84 KiB");
    add(byteRateText(3.1 * 1024 * 1024), "3.1 MiB/s");
    add(percentText(1.06), "106 %");
    add(percentText(9.99), "999 %");
    add(percentText(10.6), "> 999 %");
    add(durationText(29s), "29 s");
    add(durationText(66min), "66 min");
    add(durationText(3h), "3 h");
    add(durationText(-5s), "0 s");
    add(stopwatchText(281s), "4:41");
    add(stopwatchText(3723s), "1:02:03");
    const WallTime now{std::chrono::milliseconds(1'790'000'000'000)};
    add(relativeText(now + 41min, now), "in 41 min");
    add(relativeText(now - 3min, now), "3 min ago");
    add(relativeText(now, now), "now");
}

void StyleTest::figures_read_well()
{
    QFETCH(QString, made);
    QFETCH(QString, wanted);
    QCOMPARE(made, wanted);
}

void StyleTest::text_from_the_network_cannot_act()
{
    QCOMPARE(plainText("a\r\nb\x1b[31m"), QStringLiteral("a\\u000d\\u000ab\\u001b[31m"));
    QCOMPARE(plainText("x\xe2\x80\xaey"), QStringLiteral("x\\u202ey"));
    QCOMPARE(plainText("<b>ä</b>"), QString::fromUtf8("<b>ä</b>"));
    QCOMPARE(plainText("abcdef", 3), QString::fromUtf8("abc…"));
}

void StyleTest::plural_forms_of_the_source_language()
{
    const EnglishPlurals plurals;
    QCOMPARE(plurals.translate("", "%n session(s) kicked", nullptr, 1), QStringLiteral("%n session kicked"));
    QCOMPARE(plurals.translate("", "%n session(s) kicked", nullptr, 2), QStringLiteral("%n sessions kicked"));
    QVERIFY(plurals.translate("", "Open", nullptr, -1).isEmpty());
}

int main(int argc, char** argv)
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QGuiApplication application(argc, argv);
    StyleTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "styletest.moc"
