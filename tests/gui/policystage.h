// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/policyapplydialog.h"
#include "pages/policyeditview.h"
#include "pages/policypage.h"
#include "policyscenes.h"
#include "recordscenes.h"

#include <QApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>

namespace gatehouse::test {

inline QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

/// The page on a server of its own, as PageStage has it.
struct PolicyStage : PageStage {
    PolicyStage()
    {
        control.answer = [this](const Command& command) { return server.answer(command); };
    }

    ui::PolicyPage& open(QSize size = {1240, 824})
    {
        auto& shown = show<ui::PolicyPage>();
        shown.resize(size);
        static_cast<QWidget&>(shown).show();
        [&] { QVERIFY(QTest::qWaitForWindowExposed(&shown)); }();
        tick();
        return shown;
    }

    /// A second of the gate's time, which is the countdown's clock too.
    void tick(std::chrono::milliseconds by = std::chrono::seconds(1))
    {
        server.now += by;
        FeedBatch batch;
        batch.snapshot = figures.stats().time == WallTime{};
        batch.stats.time = server.now;
        batch.stats.state = GateState::Serving;
        server.describe(batch.stats);
        push(std::move(batch));
        settle();
    }

    static void settle()
    {
        for (int turn = 0; turn < 8; ++turn)
            QCoreApplication::processEvents();
    }

    template <class W = QPushButton> W* child(const char* name) const
    {
        return page->findChild<W*>(QLatin1StringView(name));
    }

    void click(const char* name) const
    {
        auto* button = page->findChild<QPushButton*>(QLatin1StringView(name));
        QVERIFY2(button, name);
        QVERIFY2(button->isVisible() && button->isEnabled(), name);
        QTest::mouseClick(button, Qt::LeftButton);
        settle();
    }

    [[nodiscard]] static ui::PolicyApplyDialog* dialog()
    {
        for (QWidget* widget : QApplication::topLevelWidgets()) {
            auto* found = qobject_cast<ui::PolicyApplyDialog*>(widget);
            if (found && found->isVisible())
                return found;
        }
        return nullptr;
    }

    /// Writes the draft of the pictures and goes to its review.
    ui::PolicyPage& reviewed()
    {
        ui::PolicyPage& shown = open();
        shown.edit().editor().replaceAll(qs(sceneDraft()));
        click("policyReview");
        return shown;
    }

    /// Through the dialog, with what it wants typed.
    void applyReviewed(const char* button, const char* reason = "")
    {
        click(button);
        ui::PolicyApplyDialog* asked = dialog();
        QVERIFY(asked);
        QTest::keyClicks(asked->findChild<QLineEdit*>(QStringLiteral("policyReason")), QString::fromUtf8(reason));
        if (auto* typed = asked->findChild<QLineEdit*>(QStringLiteral("policyTyped")))
            QTest::keyClicks(typed, QString::number(server.impact.ended.size()));
        QTest::mouseClick(asked->actionButton(), Qt::LeftButton);
        settle();
    }

    PolicyServer server;
};

} // namespace gatehouse::test
