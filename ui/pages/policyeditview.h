// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"
#include "editor/jsoneditor.h"
#include "style/actionnotice.h"

class QStackedWidget;
class QStandardItemModel;

namespace gatehouse::ui {

class Card;
class ElidedLabel;
class EmptyState;
class FindBar;
class Pill;
class PolicyTitle;
class RecordTable;

/// The policy as text, and what is wrong with it.
class PolicyEditView : public QWidget {
    Q_OBJECT
public:
    explicit PolicyEditView(QWidget* parent = nullptr);

    void setTitle(const QString& aside, const QString& tip);
    void setFile(const QString& file);
    [[nodiscard]] QString title() const;
    [[nodiscard]] JsonEditor& editor() { return *m_editor; }
    void setHasDraft(bool draft);

    void showChecking();
    void showProblems(const std::vector<PolicyProblem>& errors, const std::vector<PolicyProblem>& warnings);
    void showUnchecked(const QString& why);
    [[nodiscard]] int errorCount() const { return m_errors; }
    [[nodiscard]] RecordTable& problems() { return *m_table; }

    /// In place of the text: why it cannot be had; empty text: it is being fetched.
    void showMissing(const QString& why);
    void showText();

    void showResult(Tone tone, Icon symbol, const QString& text);
    /// Another version came while a draft was written; empty: none did.
    void showMoved(const QString& text);
    /// The file holds what was not taken; empty: it does not.
    void showFileProblem(const QString& text);
    [[nodiscard]] QString resultText() const { return m_result->text(); }
    [[nodiscard]] QString movedText() const { return m_moved->text(); }

    void find();
    void goToProblem(bool forward);

Q_SIGNALS:
    void historyWanted();
    void reviewWanted();
    void discardWanted();
    void rebaseWanted();
    void showMovedWanted();
    void retryWanted();

private:
    void makeTitle();
    void makeNotices();
    [[nodiscard]] QWidget* makeEditor();
    [[nodiscard]] QWidget* makeProblems();
    void addProblem(const PolicyProblem& problem, bool error);
    void jump(int row);

    PolicyTitle* m_title;
    QPushButton* m_review = nullptr;
    QPushButton* m_discard = nullptr;
    ActionNotice* m_result = nullptr;
    ActionNotice* m_moved = nullptr;
    ActionNotice* m_file = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_missing = nullptr;
    JsonEditor* m_editor = nullptr;
    FindBar* m_find = nullptr;
    ElidedLabel* m_place = nullptr;
    Pill* m_state = nullptr;
    QStandardItemModel* m_problems = nullptr;
    RecordTable* m_table = nullptr;
    QWidget* m_problemCard = nullptr;
    int m_errors = 0;
};

} // namespace gatehouse::ui
