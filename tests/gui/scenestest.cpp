// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/bandialog.h"
#include "recordscenes.h"
#include "style/gatehousestyle.h"
#include "style/theme.h"

#include <QApplication>
#include <QDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// Every scene is drawn in both schemes. With GATEHOUSE_SCREENSHOTS=folder the pictures are kept there, to be looked
/// at.
class ScenesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void every_scene_fills_its_page_data();
    void every_scene_fills_its_page();
    void ban_dialog_is_drawn();

private:
    static void keep(const QPixmap& picture, const QString& name);
};

void ScenesTest::initTestCase()
{
    QApplication::setStyle(new ui::GatehouseStyle);
    QVERIFY(ui::loadFonts());
    QApplication::setFont(ui::font(ui::Type::Body));
}

void ScenesTest::keep(const QPixmap& picture, const QString& name)
{
    const QString folder = qEnvironmentVariable("GATEHOUSE_SCREENSHOTS");
    if (!folder.isEmpty())
        QVERIFY(picture.save(QDir(folder).filePath(name + QStringLiteral(".png"))));
}

void ScenesTest::every_scene_fills_its_page_data()
{
    QTest::addColumn<QString>("scene");
    QTest::addColumn<bool>("dark");
    QTest::addColumn<QSize>("size");
    for (const RecordScene& scene : recordScenes()) {
        for (const bool dark : {false, true})
            QTest::newRow(qPrintable(scene.name + (dark ? QStringLiteral("-dark") : QStringLiteral("-light"))))
                << scene.name << dark << QSize(1240, 824);
    }
    for (const char* name : {"overview", "auth-failures", "audit"}) {
        QTest::newRow(qPrintable(QLatin1StringView(name) + QStringLiteral("-small")))
            << QString(QLatin1StringView(name)) << false << QSize(968, 564);
        QTest::newRow(qPrintable(QLatin1StringView(name) + QStringLiteral("-large")))
            << QString(QLatin1StringView(name)) << true << QSize(1720, 1004);
    }
}

void ScenesTest::every_scene_fills_its_page()
{
    QFETCH(QString, scene);
    QFETCH(bool, dark);
    QFETCH(QSize, size);
    QApplication::setPalette((dark ? ui::Theme::dark() : ui::Theme::light()).palette());
    PageStage stage;
    for (const RecordScene& each : recordScenes()) {
        if (each.name == scene)
            each.prepare(stage);
    }
    QVERIFY(stage.page);
    stage.page->resize(size);
    stage.page->show();
    QVERIFY(QTest::qWaitForWindowExposed(stage.page.get()));
    QCoreApplication::processEvents();
    if (QWidget* focused = QApplication::focusWidget())
        focused->clearFocus();
    const QPixmap picture = stage.page->grab();
    QCOMPARE(picture.size(), size);
    const QImage image = picture.toImage();
    const QRgb ground = stage.page->palette().color(QPalette::Window).rgb();
    qsizetype drawn = 0;
    for (int y = 0; y < image.height(); y += 4) {
        for (int x = 0; x < image.width(); x += 4)
            drawn += image.pixel(x, y) != ground ? 1 : 0;
    }
    QVERIFY2(drawn > qsizetype(image.width() / 4) * (image.height() / 4) / 2, "half of the page is cards at least");
    keep(picture, QString::fromLatin1(QTest::currentDataTag()));
}

void ScenesTest::ban_dialog_is_drawn()
{
    QApplication::setPalette(ui::Theme::light().palette());
    ui::BanDialog dialog({"10.20.9.14", "alice", {}, "Token signature"});
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.setSessions(busySnapshot().rows);
    dialog.show();
    QVERIFY(QTest::qWaitForWindowExposed(&dialog));
    const QPixmap picture = dialog.grab();
    QVERIFY(picture.width() >= 440);
    keep(picture, QStringLiteral("ban-dialog"));
}

QTEST_MAIN(ScenesTest)
#include "scenestest.moc"
