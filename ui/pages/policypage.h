// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/policyapplydialog.h"
#include "feedbridge/feedbridge.h"
#include "models/gatefigures.h"
#include "models/policydraft.h"
#include "pages/page.h"

class QSettings;
class QStackedWidget;
class QTimer;

namespace gatehouse::ui {

class PolicyChecker;
class PolicyEditView;
class PolicyHistoryView;
class PolicyReviewView;
class ProvisionalBanner;

/// The policy: edited as text, reviewed against what runs, applied for good or for a while, and its history. What it
/// shows and what it applies is the server's word; it only keeps the draft.
class PolicyPage : public Page {
    Q_OBJECT
public:
    PolicyPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Policy"); }
    [[nodiscard]] Icon pageIcon() const override { return Icon::FileText; }
    void setActive(bool active) override;
    void applyBatch(const FeedBatch& batch) override;
    [[nodiscard]] QWidget* keyboardHome() const override;
    void saveState() override;

    void showEditor();
    void showHistory();
    void reviewDraft();
    void discardDraft();
    void apply(std::chrono::minutes provisional); ///< 0: for good

    [[nodiscard]] PolicyEditView& edit() { return *m_edit; }
    [[nodiscard]] PolicyReviewView& review() { return *m_review; }
    [[nodiscard]] PolicyHistoryView& history() { return *m_history; }
    [[nodiscard]] ProvisionalBanner& banner() { return *m_banner; }
    [[nodiscard]] const PolicyDraft& draft() const { return m_draft; }
    [[nodiscard]] QWidget* shown() const;

private:
    void connectEdit();
    void connectReview();
    void makeActions();
    void advance();
    void load();
    void take(PolicyDocument document);
    void showVersion();
    void showWarnings();
    void edited();
    void startReview(PolicyToApply what);
    void askImpact();
    void reviewVersion(std::uint64_t version);
    void afterApplied(const PolicyApplied& applied);
    void overtaken(const ControlError& error);
    void askHistory(std::uint64_t before);
    QAction* addPageAction(const QString& name, Icon symbol, const QString& text, const QKeySequence& keys,
                           const QString& command, std::function<void()> run);

    FeedBridge& m_bridge;
    const GateFigures& m_figures;
    PolicyDraft m_draft;
    PolicyChecker* m_checker;
    ProvisionalBanner* m_banner;
    QStackedWidget* m_stack;
    PolicyEditView* m_edit;
    PolicyReviewView* m_review;
    PolicyHistoryView* m_history;
    QTimer* m_saving;
    std::optional<PolicyDocument> m_document; ///< that runs; unset until the server told
    std::optional<bool> m_seenProvisional;    ///< what the feed told last
    PolicyToApply m_reviewed;
    quint64 m_reviews = 0; ///< answers to an older review are dropped
    bool m_active = false;
    bool m_loading = false;
    bool m_filling = false; ///< the editor is given a text by the page
};

} // namespace gatehouse::ui
