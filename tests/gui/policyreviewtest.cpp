// SPDX-License-Identifier: GPL-3.0-or-later
// From a draft to the policy that runs: the review of the policy page and the dialog that applies it.
#include "guimain.h"
#include "pages/differenceview.h"
#include "pages/policyreviewview.h"
#include "pages/recordtable.h"
#include "pages/reviewcard.h"
#include "policystage.h"
#include "text/policytext.h"

#include <QCheckBox>
#include <QLabel>

using namespace gatehouse;
using namespace gatehouse::test;
using ui::PolicyApplyDialog;
using ui::PolicyPage;

class PolicyReviewTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_review_says_what_the_server_answered();
    void a_review_that_ran_out_of_time_says_so();
    void a_review_without_an_answer_says_so_and_tries_again();
    void an_invalid_draft_leads_back_to_its_errors();
    void applying_over_ten_sessions_needs_their_number();
    void what_was_applied_is_told_and_runs();
    void a_failure_is_said_in_the_dialog();
    void a_file_changed_by_hand_is_replaced_only_when_asked();
    void a_file_that_changed_under_the_review_can_be_replaced();
    void a_conflict_shows_what_came_first_and_reviews_again();
};

void PolicyReviewTest::the_review_says_what_the_server_answered()
{
    PolicyStage stage;
    stage.server.check.restart = {"/workers"};
    PolicyPage& page = stage.reviewed();
    QCOMPARE(page.shown(), &page.review());
    QCOMPARE(stage.control.commands<PolicyWhatIfCommand>().back().policy, sceneDraft());
    const auto& changes = page.review().changes().rows();
    QCOMPARE(changes.size(), std::size_t(3));
    QCOMPARE(page.review().changes().aside(), QStringLiteral("3 rules"));
    QCOMPARE(changes[0].title, QStringLiteral("hub: messages › rate 50/s → 30/s"));
    QCOMPARE(changes[0].detail, QStringLiteral("burst stays 100"));
    QCOMPARE(changes[1].title, QStringLiteral("hub: origins https://old.example removed"));
    QCOMPARE(changes[2].title, QStringLiteral("public: networks › deny 10.20.9.0/24 added"));
    const auto& affected = page.review().affected().rows();
    QCOMPARE(page.review().affected().aside(), QStringLiteral("1,284 open sessions"));
    QCOMPARE(affected.size(), std::size_t(4));
    QCOMPARE(affected[0].title, QStringLiteral("11 sessions end"));
    QCOMPARE(affected[0].detail, QStringLiteral("Origin: kiosk-02, kiosk-04, kiosk-07 and 8 more"));
    QCOMPARE(affected[1].title, QStringLiteral("4 sessions end"));
    QCOMPARE(affected[1].detail, QStringLiteral("Network: 10.20.9.31 (2), 10.20.9.52, 10.20.9.77"));
    QCOMPARE(affected[2].title, QStringLiteral("3 sessions would be limited"));
    QCOMPARE(affected[2].detail, QStringLiteral("guest-118 53/s, line-3-plc 48/s, line-1-plc 31/s"));
    QCOMPARE(affected[3].title, QStringLiteral("1,266 sessions keep going"));
    QCOMPARE(affected[3].detail, QStringLiteral("no message is lost"));
    QCOMPARE(page.review().difference().lines(), ui::differenceLines(sceneDifference()));
    QVERIFY(page.review().noticeText().contains(QStringLiteral("/workers")));
    stage.click("policyBack");
    QCOMPARE(page.shown(), &page.edit());
}

void PolicyReviewTest::a_review_that_ran_out_of_time_says_so()
{
    PolicyStage stage;
    stage.server.impact.examined = 900;
    PolicyPage& page = stage.reviewed();
    QCOMPARE(page.review().affected().rows().back().title, QStringLiteral("900 of 1,284 sessions were looked at"));
    stage.server.impact = {};
    stage.click("policyBack");
    stage.click("policyReview");
    QCOMPARE(page.review().affected().rows().front().title, QStringLiteral("No session is open"));
}

void PolicyReviewTest::a_review_without_an_answer_says_so_and_tries_again()
{
    PolicyStage stage;
    const auto good = stage.control.answer;
    stage.control.answer = [good](const Command& command) -> Reply {
        if (std::holds_alternative<PolicyWhatIfCommand>(command))
            return Failure{ControlError{ControlErrorCode::Unavailable, "the workers do not answer"}};
        return good(command);
    };
    PolicyPage& page = stage.reviewed();
    QVERIFY(page.review().affected().message().contains(QStringLiteral("not known")));
    stage.control.answer = good;
    stage.click("policyImpactAgain");
    QCOMPARE(page.review().affected().rows().size(), std::size_t(4));
}

void PolicyReviewTest::an_invalid_draft_leads_back_to_its_errors()
{
    PolicyStage stage;
    stage.server.check.valid = false;
    stage.server.check.errors = {{"/name", 3, 11, "bad_value", "too long"}};
    PolicyPage& page = stage.reviewed();
    QCOMPARE(page.shown(), &page.edit());
    QCOMPARE(page.edit().errorCount(), 1);
    QVERIFY(page.edit().resultText().contains(QStringLiteral("errors")));
}

void PolicyReviewTest::applying_over_ten_sessions_needs_their_number()
{
    PolicyStage stage;
    stage.reviewed();
    stage.click("policyApply");
    PolicyApplyDialog* dialog = PolicyStage::dialog();
    QVERIFY(dialog);
    QCOMPARE(dialog->findChild<QLabel*>(QStringLiteral("policyApplyImpact"))->text(),
             QStringLiteral("15 sessions end"));
    QCOMPARE(dialog->actionButton()->text(), QStringLiteral("Apply and end 15 sessions"));
    QVERIFY(!dialog->actionButton()->isEnabled());
    auto* typed = dialog->findChild<QLineEdit*>(QStringLiteral("policyTyped"));
    QTest::keyClicks(typed, QStringLiteral("1"));
    QVERIFY(!dialog->actionButton()->isEnabled());
    QTest::keyClicks(typed, QStringLiteral("5"));
    QVERIFY(dialog->actionButton()->isEnabled());
    QTest::keyClick(dialog, Qt::Key_Escape);
    QCOMPARE(stage.control.commands<PolicyApplyCommand>().size(), std::size_t(0));
}

void PolicyReviewTest::what_was_applied_is_told_and_runs()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    const std::string base = stage.server.running().hash;
    stage.applyReviewed("policyApply", "ticket 4711");
    const auto command = stage.control.commands<PolicyApplyCommand>().at(0);
    QCOMPARE(command.base, base);
    QCOMPARE(command.policy, sceneDraft());
    QCOMPARE(command.reason, std::string("ticket 4711"));
    QVERIFY(!command.provisional);
    QVERIFY(!command.replaceFile);
    QCOMPARE(page.shown(), &page.edit());
    QCOMPARE(page.edit().resultText(), QStringLiteral("v42 applied: 15 sessions ended"));
    QVERIFY(!page.draft().exists());
    QCOMPARE(page.edit().editor().text(), qs(sceneDraft()));
    QVERIFY(page.edit().title().startsWith(QStringLiteral("v42 · applied")));
}

void PolicyReviewTest::a_failure_is_said_in_the_dialog()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    const auto good = stage.control.answer;
    stage.control.answer = [good](const Command& command) -> Reply {
        if (std::holds_alternative<PolicyApplyCommand>(command))
            return Failure{ControlError{ControlErrorCode::Rejected, "gatehouse.json cannot be written: disk full"}};
        return good(command);
    };
    stage.applyReviewed("policyApply");
    QVERIFY(PolicyStage::dialog());
    QCOMPARE(PolicyStage::dialog()->failure(),
             QStringLiteral("Nothing was applied: gatehouse.json cannot be written: disk full"));
    QVERIFY(page.draft().exists());
    PolicyStage::dialog()->reject();
}

void PolicyReviewTest::a_file_changed_by_hand_is_replaced_only_when_asked()
{
    PolicyStage stage;
    stage.server.fileProblem = "line 3: unknown key";
    stage.server.impact.ended.clear();
    stage.reviewed();
    QVERIFY(stage.child<QWidget>("policyFileProblem"));
    stage.click("policyApply");
    QTest::mouseClick(PolicyStage::dialog()->findChild<QCheckBox*>(QStringLiteral("policyReplaceFile")), Qt::LeftButton,
                      {}, QPoint(8, 10));
    QTest::mouseClick(PolicyStage::dialog()->actionButton(), Qt::LeftButton);
    PolicyStage::settle();
    QVERIFY(stage.control.commands<PolicyApplyCommand>().at(0).replaceFile);
}

void PolicyReviewTest::a_file_that_changed_under_the_review_can_be_replaced()
{
    PolicyStage stage;
    stage.server.impact.ended.clear();
    const auto good = stage.control.answer;
    stage.control.answer = [good](const Command& command) -> Reply {
        const auto* apply = std::get_if<PolicyApplyCommand>(&command);
        if (apply && !apply->replaceFile)
            return Failure{ControlError{ControlErrorCode::Conflict, "gatehouse.json was changed by hand",
                                        Reason::PolicyConflict, "@@ -1,1 +1,1 @@\n-a\n+b\n"}};
        return good(command);
    };
    PolicyPage& page = stage.reviewed();
    stage.applyReviewed("policyApply");
    QCOMPARE(page.review().overtakenText(), QStringLiteral("Nothing was applied: gatehouse.json was changed by hand"));
    QVERIFY(!stage.child("policyReviewAgain")->isVisible());
    stage.click("policyApply");
    QTest::mouseClick(PolicyStage::dialog()->findChild<QCheckBox*>(QStringLiteral("policyReplaceFile")), Qt::LeftButton,
                      {}, QPoint(8, 10));
    QTest::mouseClick(PolicyStage::dialog()->actionButton(), Qt::LeftButton);
    PolicyStage::settle();
    QCOMPARE(stage.server.running().version, 42U);
}

void PolicyReviewTest::a_conflict_shows_what_came_first_and_reviews_again()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    stage.server.applyByOther("mei", scenePolicy() + "\n");
    stage.applyReviewed("policyApply");
    QVERIFY(!PolicyStage::dialog());
    QCOMPARE(page.shown(), &page.review());
    QCOMPARE(page.review().overtakenText(), QStringLiteral("Nothing was applied: v42 was applied by mei meanwhile"));
    QCOMPARE(page.review().difference().lines().lines.back().text, QStringLiteral("  \"name\": \"Plant 4\","));
    QVERIFY(!page.review().mayApply());
    QCOMPARE(stage.child("policyReviewAgain")->text(), QStringLiteral("Review again on v42"));
    stage.click("policyReviewAgain");
    QVERIFY(page.review().mayApply());
    stage.applyReviewed("policyApply");
    QCOMPARE(stage.server.running().version, 43U);
    QCOMPARE(stage.server.running().document, sceneDraft());
}

int main(int argc, char** argv)
{
    return runWithAppearance<PolicyReviewTest>(argc, argv);
}
#include "policyreviewtest.moc"
