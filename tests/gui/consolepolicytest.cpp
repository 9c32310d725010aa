// SPDX-License-Identifier: GPL-3.0-or-later
#include "console.h"
#include "dialogs/policyapplydialog.h"
#include "editor/jsoneditor.h"
#include "pages/policyeditview.h"
#include "pages/policypage.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// On its policy page.
struct PolicyConsole : Console {
    PolicyConsole() { window.showPage(QStringLiteral("policy")); }

    [[nodiscard]] ui::PolicyPage& page()
    {
        return *qobject_cast<ui::PolicyPage*>(window.page(QStringLiteral("policy")));
    }

    /// Changes the text, reviews it and applies it through the dialog.
    void apply(const QString& from, const QString& to, const char* button)
    {
        ui::JsonEditor& editor = page().edit().editor();
        QTRY_VERIFY(editor.text().contains(from));
        editor.replaceAll(QString(editor.text()).replace(from, to));
        click("policyReview");
        click(button);
        QTRY_VERIFY(dialog());
        QTRY_VERIFY(dialog()->actionButton()->isEnabled());
        QTest::mouseClick(dialog()->actionButton(), Qt::LeftButton);
        QTRY_VERIFY(!dialog());
    }

    [[nodiscard]] static ui::PolicyApplyDialog* dialog()
    {
        for (QWidget* widget : QApplication::topLevelWidgets())
            if (auto* found = qobject_cast<ui::PolicyApplyDialog*>(widget); found && found->isVisible())
                return found;
        return nullptr;
    }

    [[nodiscard]] std::uint64_t running()
    {
        return std::get<PolicyDocument>(server.call(PolicyGetQuery{}).value()).running;
    }
};

} // namespace

/// The whole product in one process: what the window orders about policies, a real server does.
class ConsolePolicyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_policy_is_edited_reviewed_and_applied_and_ends_whom_it_shuts_out();
    void a_provisional_policy_returns_when_told();
    void a_lockdown_ends_sessions_and_is_ended();
};

void ConsolePolicyTest::a_policy_is_edited_reviewed_and_applied_and_ends_whom_it_shuts_out()
{
    PolicyConsole console;
    ByteClient lobby = console.server.join("chat.lobby", "ann");
    ByteClient bob = console.server.join("user.bob", "bob");
    console.apply(QStringLiteral("\"chat.*\""), QStringLiteral("\"talk.*\""), "policyApply");
    QCOMPARE(lobby.closing().code, std::uint16_t{4403});
    QTRY_COMPARE(console.page().edit().resultText(), QStringLiteral("v2 applied: 1 session ended"));
    QCOMPARE(console.running(), 2u);
    lobby.close(4403);
    QTRY_COMPARE(console.server.sessions().size(), std::size_t{1});
}

void ConsolePolicyTest::a_provisional_policy_returns_when_told()
{
    PolicyConsole console;
    console.apply(QStringLiteral("\"chat.*\""), QStringLiteral("\"talk.*\""), "policyApplyFor");
    QTRY_VERIFY(console.child<QWidget>("provisional"));
    QCOMPARE(console.running(), 2u);
    console.click("policyReturn");
    QTRY_COMPARE(console.running(), 3u);
    QTRY_VERIFY(!console.child<QWidget>("provisional"));
    QTRY_VERIFY(console.page().edit().editor().text().contains(QStringLiteral("\"chat.*\"")));
}

void ConsolePolicyTest::a_lockdown_ends_sessions_and_is_ended()
{
    PolicyConsole console;
    ByteClient ann = console.server.join("chat.lobby", "ann");
    ByteClient bob = console.server.join("chat.lobby", "bob");
    console.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&console.window));
    QTRY_VERIFY(console.child("lockdownButton")->isEnabled());
    QTRY_VERIFY(console.page().edit().editor().text().contains(QStringLiteral("chat.*")));
    console.page().edit().editor().setFocus(); // the editor keeps no key from the window
    const QString text = console.page().edit().editor().text();
    QTest::keyClick(&console.page().edit().editor(), Qt::Key_L, Qt::ControlModifier);
    QCOMPARE(console.page().edit().editor().text(), text);
    QTRY_VERIFY(console.child<QWidget>("lockdownDialog"));
    console.click("lockdownConfirm");
    QCOMPARE(ann.closing().code, std::uint16_t{4403});
    QCOMPARE(bob.closing().code, std::uint16_t{4403});
    QTRY_VERIFY(console.server.info().stats.lockdown);
    QTRY_VERIFY(console.child("lockdownButton")->text().startsWith(QStringLiteral("End lockdown")));
    console.click("lockdownButton");
    console.click("endLockdownConfirm");
    QTRY_VERIFY(!console.server.info().stats.lockdown);
    const ByteClient again = console.server.join("chat.lobby", "ann");
}

QTEST_MAIN(ConsolePolicyTest)
#include "consolepolicytest.moc"
