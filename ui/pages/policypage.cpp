// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policypage.h"

#include "pages/differenceview.h"
#include "pages/policychecker.h"
#include "pages/policyeditview.h"
#include "pages/policyhistoryview.h"
#include "pages/policyreviewview.h"
#include "pages/provisionalbanner.h"
#include "pages/recordtable.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/policytext.h"

#include <QAction>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr auto savePause = 2s;

/// Harmless line by line.
QString plainLines(const std::string& text)
{
    QStringList lines;
    for (const QString& line : QString::fromStdString(text).split(QLatin1Char('\n')))
        lines += plainText(line.toStdString());
    return lines.join(QLatin1Char('\n'));
}

} // namespace

PolicyPage::PolicyPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent)
    : Page(parent)
    , m_bridge(bridge)
    , m_figures(figures)
    , m_draft(settings)
    , m_checker(new PolicyChecker(bridge, this))
    , m_banner(new ProvisionalBanner(bridge, figures, this))
    , m_stack(new QStackedWidget(this))
    , m_edit(new PolicyEditView(m_stack))
    , m_review(new PolicyReviewView(m_stack))
    , m_history(new PolicyHistoryView(m_stack))
    , m_saving(new QTimer(this))
{
    for (QWidget* view : std::initializer_list<QWidget*>{m_edit, m_review, m_history})
        m_stack->addWidget(view);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::l, space::m, space::l, space::l);
    column->setSpacing(space::m);
    column->addWidget(m_banner);
    column->addWidget(m_stack, 1);
    m_edit->editor().setSchema(SchemaBook::shipped());
    m_saving->setSingleShot(true);
    m_saving->setInterval(savePause);
    connect(m_saving, &QTimer::timeout, this, [this] { m_draft.save(); });
    connect(m_banner, &ProvisionalBanner::settled, this, &PolicyPage::load);
    connect(&m_figures, &GateFigures::advanced, this, &PolicyPage::advance);
    connectEdit();
    connectReview();
    connect(m_history, &PolicyHistoryView::backWanted, this, &PolicyPage::showEditor);
    connect(m_history, &PolicyHistoryView::wanted, this, &PolicyPage::askHistory);
    connect(m_history, &PolicyHistoryView::restoreWanted, this, &PolicyPage::reviewVersion);
    makeActions();
}

void PolicyPage::connectEdit()
{
    connect(m_edit, &PolicyEditView::historyWanted, this, &PolicyPage::showHistory);
    connect(m_edit, &PolicyEditView::reviewWanted, this, &PolicyPage::reviewDraft);
    connect(m_edit, &PolicyEditView::discardWanted, this, &PolicyPage::discardDraft);
    connect(m_edit, &PolicyEditView::retryWanted, this, &PolicyPage::load);
    connect(m_edit, &PolicyEditView::rebaseWanted, this, [this] {
        m_draft.rebase(*m_document);
        edited();
        showVersion();
    });
    connect(m_edit, &PolicyEditView::showMovedWanted, this, [this] {
        showHistory();
        m_history->choose(m_document->running);
    });
    connect(&m_edit->editor(), &QsciScintilla::textChanged, this, &PolicyPage::edited);
    connect(m_checker, &PolicyChecker::started, m_edit, &PolicyEditView::showChecking);
    connect(m_checker, &PolicyChecker::failed, m_edit, &PolicyEditView::showUnchecked);
    connect(m_checker, &PolicyChecker::checked, this,
            [this](const PolicyCheckResult& result) { m_edit->showProblems(result.errors, result.warnings); });
}

void PolicyPage::connectReview()
{
    connect(m_review, &PolicyReviewView::backWanted, this, &PolicyPage::showEditor);
    connect(m_review, &PolicyReviewView::impactWanted, this, &PolicyPage::askImpact);
    connect(m_review, &PolicyReviewView::applyWanted, this, &PolicyPage::apply);
    connect(m_review, &PolicyReviewView::againWanted, this, [this] {
        if (m_reviewed.restores > 0) {
            reviewVersion(m_reviewed.restores);
            return;
        }
        m_draft.rebase(*m_document);
        showVersion();
        reviewDraft();
    });
}

QAction* PolicyPage::addPageAction(const QString& name, Icon symbol, const QString& text, const QKeySequence& keys,
                                   const QString& command, std::function<void()> run)
{
    auto* action = new QAction(icon(symbol), text, this);
    action->setObjectName(name);
    action->setShortcut(keys);
    if (!command.isEmpty())
        setCommandLine(*action, command);
    connect(action, &QAction::triggered, this, std::move(run));
    addAction(action);
    return action;
}

void PolicyPage::makeActions()
{
    addPageAction(QStringLiteral("actPolicyReview"), Icon::FileDiff, tr("Review changes of the policy"),
                  Qt::CTRL | Qt::Key_Return, QStringLiteral("gatehousectl policy what-if FILE"),
                  [this] { reviewDraft(); });
    addPageAction(QStringLiteral("actPolicyApply"), Icon::Check, tr("Apply the reviewed policy…"),
                  Qt::CTRL | Qt::SHIFT | Qt::Key_Return, QStringLiteral("gatehousectl policy apply FILE"),
                  [this] { apply(0min); });
    addPageAction(QStringLiteral("actPolicyApplyFor"), Icon::Timer, tr("Apply the reviewed policy for a while…"), {},
                  QStringLiteral("gatehousectl policy apply FILE --for 5m"),
                  [this] { apply(m_review->provisionalTime()); });
    addPageAction(QStringLiteral("actPolicyConfirm"), Icon::CircleCheck, tr("Confirm the provisional policy"), {},
                  QStringLiteral("gatehousectl policy confirm"), [this] {
                      if (m_figures.stats().provisionalUntil)
                          m_banner->confirm();
                  });
    addPageAction(QStringLiteral("actPolicyReturn"), Icon::Undo2, tr("Return from the provisional policy now"), {},
                  QStringLiteral("gatehousectl policy rollback"), [this] {
                      if (m_figures.stats().provisionalUntil)
                          m_banner->returnNow();
                  });
    addPageAction(QStringLiteral("actPolicyHistory"), Icon::History, tr("History of the policy"), Qt::CTRL | Qt::Key_H,
                  QStringLiteral("gatehousectl policy history"), [this] { showHistory(); });
    addPageAction(QStringLiteral("actPolicyEdit"), Icon::FileText, tr("Edit the policy"), Qt::CTRL | Qt::Key_E,
                  QStringLiteral("gatehousectl policy show"), [this] { showEditor(); });
    addPageAction(QStringLiteral("actPolicyDiscard"), Icon::Undo2, tr("Discard the draft of the policy"), {}, {},
                  [this] { discardDraft(); });
    addPageAction(QStringLiteral("actPolicyFind"), Icon::Search, tr("Find in the policy"), QKeySequence::Find, {},
                  [this] {
                      showEditor();
                      m_edit->find();
                  });
    addPageAction(QStringLiteral("actPolicyNextProblem"), Icon::ChevronDown, tr("Next problem of the policy"),
                  Qt::Key_F8, QStringLiteral("gatehousectl policy check FILE"), [this] { m_edit->goToProblem(true); });
    addPageAction(QStringLiteral("actPolicyProblemBefore"), Icon::ChevronUp, tr("Problem before"),
                  Qt::SHIFT | Qt::Key_F8, {}, [this] { m_edit->goToProblem(false); });
}

void PolicyPage::setActive(bool active)
{
    m_active = active;
    if (!active) {
        m_draft.save();
        return;
    }
    load();
    advance();
}

void PolicyPage::applyBatch(const FeedBatch&)
{
    // The figures tell the version and how long it is provisional; all else is asked for.
}

QWidget* PolicyPage::keyboardHome() const
{
    return m_document ? &m_edit->editor() : nullptr;
}

void PolicyPage::saveState()
{
    m_draft.save();
}

QWidget* PolicyPage::shown() const
{
    return m_stack->currentWidget();
}

void PolicyPage::advance()
{
    if (!m_active)
        return;
    const GateStats& stats = m_figures.stats();
    m_history->setNow(stats.time);
    const bool provisional = stats.provisionalUntil.has_value();
    const bool settled = m_seenProvisional.has_value() && *m_seenProvisional != provisional;
    if (m_document && (stats.policyVersion > m_document->running || settled))
        load();
    else
        showVersion();
    m_seenProvisional = provisional;
}

void PolicyPage::load()
{
    if (!m_active || m_loading)
        return;
    m_loading = true;
    if (!m_document)
        m_edit->showMissing({});
    m_bridge.call(PolicyGetQuery{}, this, [this](Reply reply) {
        m_loading = false;
        auto* document = reply ? std::get_if<PolicyDocument>(&reply.value()) : nullptr;
        if (document)
            take(std::move(*document));
        else if (!m_document)
            m_edit->showMissing(reply ? tr("The answer is none to this question.") : plainText(reply.error().message));
    });
}

void PolicyPage::take(PolicyDocument document)
{
    const bool first = !m_document;
    const bool other = first || m_document->version.hash != document.version.hash;
    m_document = std::move(document);
    const QString text = QString::fromStdString(m_document->version.document);
    if (m_draft.exists() && m_draft.text() == text)
        m_draft.clear();
    JsonEditor& editor = m_edit->editor();
    m_filling = true;
    if (first || (other && !m_draft.exists()))
        editor.load(text);
    if (first && m_draft.exists())
        editor.replaceAll(m_draft.text());
    m_filling = false;
    m_edit->showText();
    if (first && m_draft.exists())
        m_checker->check(m_draft.text());
    else if (!m_draft.exists())
        showWarnings();
    showVersion();
    if (shown() == m_history && other)
        askHistory(0);
}

/// Of the running version, while nothing is changed.
void PolicyPage::showWarnings()
{
    m_checker->stop();
    m_edit->showProblems({}, m_document->warnings);
}

void PolicyPage::showVersion()
{
    if (!m_document)
        return;
    const PolicyVersion& version = m_document->version;
    m_edit->setFile(plainText(m_document->file));
    m_edit->setTitle(versionSummary(version, m_figures.stats().time),
                     absoluteText(version.time, QTimeZone::systemTimeZone()));
    m_edit->setHasDraft(m_draft.exists());
    const bool moved = m_draft.exists() && m_draft.base() != version.hash;
    m_edit->showMoved(
        !moved ? QString()
        : version.author.empty()
            ? tr("%1 came meanwhile; the draft is on %2")
                  .arg(versionText(version.version), versionText(m_draft.baseVersion()))
            : tr("%1 was applied by %2 meanwhile; the draft is on %3")
                  .arg(versionText(version.version), plainText(version.author), versionText(m_draft.baseVersion())));
    m_edit->showFileProblem(
        m_document->fileProblem.empty()
            ? QString()
            : tr("The file holds something else, which was not taken: %1").arg(plainText(m_document->fileProblem)));
}

void PolicyPage::edited()
{
    if (m_filling || !m_document)
        return;
    const QString text = m_edit->editor().text();
    m_draft.edit(text, *m_document);
    m_saving->start();
    m_edit->setHasDraft(m_draft.exists());
    if (m_draft.exists())
        m_checker->check(text);
    else
        showWarnings();
}

void PolicyPage::discardDraft()
{
    if (!m_document || !m_draft.exists())
        return;
    m_draft.clear();
    m_filling = true;
    m_edit->editor().replaceAll(QString::fromStdString(m_document->version.document));
    m_filling = false;
    showWarnings();
    showVersion();
    m_edit->showResult(Tone::Neutral, Icon::Undo2, tr("The draft is discarded. Undo in the editor brings it back."));
    showEditor();
}

void PolicyPage::showEditor()
{
    m_stack->setCurrentWidget(m_edit);
    m_edit->editor().setFocus();
}

void PolicyPage::reviewDraft()
{
    if (!m_document || !m_draft.exists())
        return;
    PolicyToApply what;
    what.text = m_draft.text().toStdString();
    what.base = m_draft.base();
    what.baseVersion = m_draft.baseVersion();
    startReview(std::move(what));
}

void PolicyPage::reviewVersion(std::uint64_t version)
{
    m_bridge.call(PolicyGetQuery{version}, this, [this, version](Reply reply) {
        auto* document = reply ? std::get_if<PolicyDocument>(&reply.value()) : nullptr;
        if (!document || !m_document) {
            m_edit->showResult(Tone::Bad, Icon::TriangleAlert,
                               tr("%1 could not be read: %2")
                                   .arg(versionText(version), reply ? tr("the answer is none to this question")
                                                                    : plainText(reply.error().message)));
            showEditor();
            return;
        }
        PolicyToApply what;
        what.text = std::move(document->version.document);
        what.base = m_document->version.hash;
        what.baseVersion = m_document->version.version;
        what.restores = version;
        startReview(std::move(what));
    });
}

void PolicyPage::startReview(PolicyToApply what)
{
    m_reviewed = std::move(what);
    m_reviewed.fileProblem = m_document->fileProblem;
    ++m_reviews;
    m_review->begin(m_reviewed.baseVersion, m_reviewed.restores);
    m_stack->setCurrentWidget(m_review);
    m_review->difference().setFocus();
    m_bridge.call(PolicyCheckCommand{m_reviewed.text}, this, [this, asked = m_reviews](const Reply& reply) {
        if (asked != m_reviews)
            return;
        const auto* result = reply ? std::get_if<PolicyCheckResult>(&reply.value()) : nullptr;
        if (!result) {
            m_review->showCheckFailure(reply ? tr("the answer is none to a check") : plainText(reply.error().message));
        } else if (!result->valid && m_reviewed.restores == 0) {
            m_edit->showProblems(result->errors, result->warnings);
            m_edit->showResult(Tone::Bad, Icon::CircleX, tr("The draft has errors, which stand below the text."));
            showEditor();
            m_edit->goToProblem(true);
        } else {
            m_review->showChecked(*result);
        }
    });
    askImpact();
}

void PolicyPage::askImpact()
{
    m_bridge.call(PolicyWhatIfCommand{m_reviewed.text}, this, [this, asked = m_reviews](const Reply& reply) {
        if (asked != m_reviews)
            return;
        const auto* result = reply ? std::get_if<PolicyWhatIfResult>(&reply.value()) : nullptr;
        if (!result) {
            m_review->showImpactFailure(reply ? tr("the answer is none to this question")
                                              : plainText(reply.error().message));
            return;
        }
        m_reviewed.impact = result->live;
        m_review->showImpact(*result);
    });
}

void PolicyPage::apply(std::chrono::minutes provisional)
{
    if (shown() != m_review || !m_review->mayApply())
        return;
    auto* dialog = new PolicyApplyDialog(
        m_bridge, m_reviewed, provisional > 0min ? std::optional<std::chrono::milliseconds>(provisional) : std::nullopt,
        window());
    connect(dialog, &PolicyApplyDialog::applied, this, &PolicyPage::afterApplied);
    connect(dialog, &PolicyApplyDialog::overtaken, this, &PolicyPage::overtaken);
    connect(dialog, &PolicyApplyDialog::invalid, this, [this](const ControlError& error) {
        m_edit->showProblems(error.problems, {});
        m_edit->showResult(Tone::Bad, Icon::CircleX, tr("Nothing was applied: %1").arg(plainText(error.message)));
        showEditor();
    });
    dialog->open();
}

void PolicyPage::afterApplied(const PolicyApplied& applied)
{
    QString words = appliedText(applied.version, applied.ended.size());
    if (!applied.restart.empty()) {
        QStringList pointers;
        for (const std::string& pointer : applied.restart)
            pointers += plainText(pointer);
        words = tr("%1. Only with a restart: %2").arg(words, pointers.join(QStringLiteral(", ")));
    }
    if (m_reviewed.restores == 0)
        m_draft.clear();
    m_edit->showResult(Tone::Good, Icon::CircleCheck, words);
    showEditor();
    load();
}

void PolicyPage::overtaken(const ControlError& error)
{
    m_review->showOvertaken(tr("Nothing was applied: %1").arg(plainLines(error.message)), error.difference, 0);
    m_bridge.call(PolicyGetQuery{}, this, [this, asked = m_reviews, error](Reply reply) {
        auto* document = reply ? std::get_if<PolicyDocument>(&reply.value()) : nullptr;
        if (!document || asked != m_reviews)
            return;
        take(std::move(*document));
        const PolicyVersion& version = m_document->version;
        if (version.hash == m_reviewed.base) {
            // The same version runs: it is the file that holds something else.
            m_reviewed.fileProblem = error.message;
            m_review->showFileConflict(tr("Nothing was applied: %1").arg(plainLines(error.message)), error.difference);
            return;
        }
        const QString who = version.author.empty() ? tr("somebody else") : plainText(version.author);
        m_review->showOvertaken(
            tr("Nothing was applied: %1 was applied by %2 meanwhile").arg(versionText(version.version), who),
            error.difference, version.version);
    });
}

void PolicyPage::showHistory()
{
    m_stack->setCurrentWidget(m_history);
    m_history->table().setFocus();
    askHistory(0);
}

void PolicyPage::askHistory(std::uint64_t before)
{
    PolicyHistoryQuery query;
    query.before = before;
    m_bridge.call(query, this, [this, before](Reply reply) {
        auto* history = reply ? std::get_if<PolicyHistory>(&reply.value()) : nullptr;
        if (history)
            m_history->show(std::move(*history), m_document ? m_document->running : 0, before == 0);
        else
            m_history->showFailure(reply ? tr("The answer is none to this question.")
                                         : plainText(reply.error().message));
    });
}

} // namespace gatehouse::ui
