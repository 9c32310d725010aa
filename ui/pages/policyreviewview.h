// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "style/actionnotice.h"

namespace gatehouse::ui {

class DifferenceView;
class ElidedLabel;
class PolicyTitle;
class ReviewCard;

/// What a policy would change, who is affected now, and the difference of the texts; from here it is applied. It shows
/// what the server answered.
class PolicyReviewView : public QWidget {
    Q_OBJECT
public:
    explicit PolicyReviewView(QWidget* parent = nullptr);

    /// `restores` 0: a draft. Everything is on the way until it is told.
    void begin(std::uint64_t base, std::uint64_t restores);
    void showChecked(const PolicyCheckResult& result);
    void showCheckFailure(const QString& why);
    void showImpact(const PolicyWhatIfResult& result);
    void showImpactFailure(const QString& why);
    /// Somebody else came first: `difference` is from the base to what runs.
    void showOvertaken(const QString& text, const std::string& difference, std::uint64_t running);
    /// The file holds something else than what runs: it can be applied over that, when asked to.
    void showFileConflict(const QString& text, const std::string& difference);
    [[nodiscard]] QString overtakenText() const { return m_overtaken->text(); }
    void setMayApply(bool may);
    [[nodiscard]] bool mayApply() const;
    [[nodiscard]] std::chrono::minutes provisionalTime() const { return m_minutes; }

    [[nodiscard]] ReviewCard& changes() { return *m_changes; }
    [[nodiscard]] ReviewCard& affected() { return *m_affected; }
    [[nodiscard]] DifferenceView& difference() { return *m_difference; }
    [[nodiscard]] QString noticeText() const { return m_notice->text(); }

Q_SIGNALS:
    void backWanted();
    void againWanted();
    void impactWanted();
    /// 0 minutes: for good.
    void applyWanted(std::chrono::minutes provisional);

private:
    void makeTitle();
    [[nodiscard]] QWidget* makeBody();
    void setMinutes(std::chrono::minutes minutes);

    PolicyTitle* m_title;
    QPushButton* m_apply = nullptr;
    QPushButton* m_applyFor = nullptr;
    QPushButton* m_duration = nullptr;
    ActionNotice* m_overtaken = nullptr;
    QPushButton* m_again = nullptr;
    ActionNotice* m_notice = nullptr;
    ActionNotice* m_impactFailure = nullptr;
    ReviewCard* m_changes = nullptr;
    ReviewCard* m_affected = nullptr;
    ElidedLabel* m_versions = nullptr;
    DifferenceView* m_difference = nullptr;
    std::chrono::minutes m_minutes{5};
    bool m_restores = false;
};

} // namespace gatehouse::ui
