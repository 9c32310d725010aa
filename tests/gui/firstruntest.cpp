// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/firstrundialog.h"

#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

using namespace gatehouse::ui;

namespace {

/// The dialog, and what it asked for.
struct FirstRun {
    FirstRunOutcome outcome{{}, QStringLiteral("1. Mint a token\n2. Connect\n")};
    std::vector<quint16> made;
    FirstRunDialog dialog{QStringLiteral("/home/dana/.config/gatehouse"), [this](quint16 port) {
                              made.push_back(port);
                              return outcome;
                          }};
    QSignalSpy finished{&dialog, &QDialog::finished};

    FirstRun()
    {
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
    }
    QPushButton* action() { return dialog.findChild<QPushButton*>(QStringLiteral("firstRunAction")); }
    QPlainTextEdit* steps() { return dialog.findChild<QPlainTextEdit*>(QStringLiteral("firstRunSteps")); }
};

} // namespace

class FirstRunTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_form_makes_a_configuration_and_shows_the_first_steps();
    void a_failure_is_shown_and_can_be_tried_again();
    void escape_makes_nothing();
};

void FirstRunTest::the_form_makes_a_configuration_and_shows_the_first_steps()
{
    FirstRun run;
    auto* port = run.dialog.findChild<QSpinBox*>(QStringLiteral("firstRunPort"));
    QCOMPARE(port->value(), 8443);
    port->setValue(9443);
    QTest::mouseClick(run.action(), Qt::LeftButton);
    QCOMPARE(run.made, std::vector<quint16>{9443});
    QTRY_VERIFY(run.steps() && run.steps()->isVisible());
    QCOMPARE(run.steps()->toPlainText(), QStringLiteral("1. Mint a token\n2. Connect"));
    QVERIFY(!port->isEnabled());
    QVERIFY(run.finished.isEmpty());
    QTest::keyClick(&run.dialog, Qt::Key_Return);
    QCOMPARE(run.finished.size(), 1);
    QCOMPARE(run.finished[0][0].toInt(), int(QDialog::Accepted));
    QCOMPARE(run.made.size(), std::size_t(1));
}

void FirstRunTest::a_failure_is_shown_and_can_be_tried_again()
{
    FirstRun run;
    run.outcome.failure = QStringLiteral("/home/dana/.config/gatehouse: permission denied");
    QTest::mouseClick(run.action(), Qt::LeftButton);
    QCOMPARE(run.dialog.failure(), run.outcome.failure);
    QVERIFY(!run.steps());
    QVERIFY(run.finished.isEmpty());
    run.outcome.failure.clear();
    QTest::mouseClick(run.action(), Qt::LeftButton);
    QCOMPARE(run.dialog.failure(), QString());
    QVERIFY(run.steps());
}

void FirstRunTest::escape_makes_nothing()
{
    FirstRun run;
    QTest::keyClick(&run.dialog, Qt::Key_Escape);
    QCOMPARE(run.finished.size(), 1);
    QCOMPARE(run.finished[0][0].toInt(), int(QDialog::Rejected));
    QVERIFY(run.made.empty());
}

QTEST_MAIN(FirstRunTest)
#include "firstruntest.moc"
