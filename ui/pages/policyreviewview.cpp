// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policyreviewview.h"

#include "pages/differenceview.h"
#include "pages/policytitle.h"
#include "pages/reviewcard.h"
#include "style/elidedlabel.h"
#include "style/focusedge.h"
#include "style/theme.h"
#include "text/format.h"

#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t namedProblems = 5;

QString problemLines(const std::vector<PolicyProblem>& problems)
{
    QStringList lines;
    for (const PolicyProblem& problem : problems) {
        if (static_cast<std::size_t>(lines.size()) == namedProblems) {
            lines += PolicyReviewView::tr("and %1 more").arg(problems.size() - namedProblems);
            break;
        }
        lines += plainText(problem.pointer.empty() ? problem.detail : problem.pointer + ": " + problem.detail);
    }
    return lines.join(QLatin1Char('\n'));
}

} // namespace

PolicyReviewView::PolicyReviewView(QWidget* parent)
    : QWidget(parent)
    , m_title(new PolicyTitle(tr("Review changes"), this))
{
    makeTitle();
    m_overtaken = new ActionNotice(Tone::Warning, Icon::FileDiff, this);
    m_overtaken->setObjectName(QStringLiteral("policyOvertaken"));
    m_again = m_overtaken->addButton({}, QStringLiteral("policyReviewAgain"), ButtonLook::Primary);
    m_notice = new ActionNotice(Tone::Warning, Icon::TriangleAlert, this);
    m_notice->setObjectName(QStringLiteral("policyReviewNotice"));
    m_impactFailure = new ActionNotice(Tone::Bad, Icon::TriangleAlert, this);
    QPushButton* retry = m_impactFailure->addButton(tr("Try again"), QStringLiteral("policyImpactAgain"));
    connect(m_again, &QPushButton::clicked, this, &PolicyReviewView::againWanted);
    connect(retry, &QPushButton::clicked, this, &PolicyReviewView::impactWanted);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    column->setSpacing(space::m);
    column->addWidget(m_title);
    for (ActionNotice* notice : {m_overtaken, m_notice, m_impactFailure}) {
        notice->hide();
        column->addWidget(notice);
    }
    column->addWidget(makeBody(), 1);
}

void PolicyReviewView::makeTitle()
{
    QPushButton* back = m_title->addButton(tr("Back to editing"), QStringLiteral("policyBack"));
    m_applyFor = m_title->addButton(Icon::Timer, {}, QStringLiteral("policyApplyFor"));
    m_duration = m_title->addButton(Icon::ChevronDown, {}, QStringLiteral("policyDuration"));
    m_duration->setAccessibleName(tr("For how long to apply"));
    m_duration->setToolTip(tr("For how long to apply"));
    m_apply = m_title->addButton(Icon::Check, tr("Apply"), QStringLiteral("policyApply"), ButtonLook::Primary);
    auto* menu = new QMenu(m_duration);
    menu->setObjectName(QStringLiteral("policyDurations"));
    for (const auto minutes : {1min, 5min, 15min, 60min}) {
        const QAction* action = menu->addAction(icon(Icon::Timer), tr("For %1").arg(durationText(minutes)));
        connect(action, &QAction::triggered, this, [this, minutes] {
            setMinutes(minutes);
            Q_EMIT applyWanted(minutes);
        });
    }
    connect(m_duration, &QPushButton::clicked, menu,
            [this, menu] { menu->popup(m_duration->mapToGlobal(QPoint(0, m_duration->height() + 2))); });
    connect(back, &QPushButton::clicked, this, &PolicyReviewView::backWanted);
    connect(m_applyFor, &QPushButton::clicked, this, [this] { Q_EMIT applyWanted(m_minutes); });
    connect(m_apply, &QPushButton::clicked, this, [this] { Q_EMIT applyWanted(0min); });
    setMinutes(m_minutes);
}

QWidget* PolicyReviewView::makeBody()
{
    m_changes = new ReviewCard(tr("What changes"));
    m_changes->setObjectName(QStringLiteral("policyChanges"));
    m_affected = new ReviewCard(tr("Who is affected now"));
    m_affected->setObjectName(QStringLiteral("policyAffected"));
    auto* cards = new QWidget;
    auto* stack = new QVBoxLayout(cards);
    stack->setContentsMargins({});
    stack->setSpacing(space::m);
    stack->addWidget(m_changes);
    stack->addWidget(m_affected);
    stack->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setAccessibleName(tr("What changes and who is affected"));
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(cards);
    scroll->viewport()->setAutoFillBackground(false);
    cards->setAutoFillBackground(false);
    new FocusEdge(*scroll);
    auto* text = new Card;
    m_versions = new ElidedLabel;
    m_versions->setMuted(true);
    m_versions->setFont(ui::font(Type::Small));
    m_difference = new DifferenceView;
    m_difference->setObjectName(QStringLiteral("policyDifference"));
    auto* inside = new QVBoxLayout(text);
    inside->setContentsMargins(1, 0, 1, metric::cardRadius);
    inside->setSpacing(0);
    inside->addWidget(cardHead(QStringLiteral("gatehouse.json"), m_versions, text));
    inside->addWidget(m_difference, 1);
    auto* body = new QWidget;
    auto* row = new QHBoxLayout(body);
    row->setContentsMargins({});
    row->setSpacing(space::m);
    row->addWidget(scroll, 1);
    row->addWidget(text, 1);
    return body;
}

void PolicyReviewView::setMinutes(std::chrono::minutes minutes)
{
    m_minutes = minutes;
    m_applyFor->setText(m_restores ? tr("Restore for %1").arg(durationText(minutes))
                                   : tr("Apply for %1").arg(durationText(minutes)));
    m_applyFor->setToolTip(tr("Returns by itself unless it is confirmed by then"));
}

void PolicyReviewView::begin(std::uint64_t base, std::uint64_t restores)
{
    m_restores = restores > 0;
    const QString on = versionText(base);
    m_title->setName(m_restores ? tr("Restore %1").arg(versionText(restores)) : tr("Review changes"));
    m_title->setAside(m_restores ? tr("in place of %1").arg(on) : tr("draft on %1").arg(on));
    m_versions->setText(m_restores ? tr("%1 → %2").arg(on, versionText(restores)) : tr("%1 → draft").arg(on));
    m_apply->setText(m_restores ? tr("Restore") : tr("Apply"));
    setMinutes(m_minutes);
    for (ActionNotice* notice : {m_overtaken, m_notice, m_impactFailure})
        notice->hide();
    m_changes->setMessage(tr("Comparing…"));
    m_affected->setMessage(tr("Looking at the open sessions…"));
    m_difference->setMessage(tr("Comparing…"));
    setMayApply(false);
}

void PolicyReviewView::showChecked(const PolicyCheckResult& result)
{
    std::vector<ReviewRow> rows;
    for (const PolicyChange& change : result.changes)
        rows.push_back(changeRow(change));
    const QString rules = rulesText(rows.size());
    if (rows.empty())
        m_changes->setMessage(result.valid ? tr("No rule changes: both say the same.")
                                           : tr("What would change cannot be told while there are errors."));
    else
        m_changes->setRows(rules, std::move(rows));
    if (result.difference.empty())
        m_difference->setMessage(tr("The texts are the same."));
    else
        m_difference->set(result.difference);
    QStringList words;
    if (!result.valid)
        words += tr("This policy has errors and cannot be applied:\n%1").arg(problemLines(result.errors));
    if (!result.restart.empty()) {
        QStringList pointers;
        for (const std::string& pointer : result.restart)
            pointers += plainText(pointer);
        words += tr("Changes only with a restart: %1").arg(pointers.join(QStringLiteral(", ")));
    }
    if (!result.warnings.empty())
        words += problemLines(result.warnings);
    m_notice->tell(result.valid ? Tone::Warning : Tone::Bad, Icon::TriangleAlert, words.join(QLatin1Char('\n')));
    setMayApply(result.valid);
}

void PolicyReviewView::showCheckFailure(const QString& why)
{
    m_changes->setMessage(tr("What changes cannot be told."));
    m_difference->setMessage(tr("There is no difference to show."));
    m_notice->tell(Tone::Bad, Icon::TriangleAlert, tr("The policy was not checked: %1").arg(why));
}

void PolicyReviewView::showImpact(const PolicyWhatIfResult& result)
{
    m_impactFailure->hide();
    const auto count = static_cast<int>(result.live.sessions);
    m_affected->setRows(count == 1 ? tr("1 open session") : tr("%1 open sessions").arg(countText(result.live.sessions)),
                        impactRows(result.live));
}

void PolicyReviewView::showImpactFailure(const QString& why)
{
    m_affected->setMessage(tr("Who is affected is not known. Any session may end when the policy is applied."));
    m_impactFailure->tell(Tone::Bad, Icon::TriangleAlert, tr("The sessions were not looked at: %1").arg(why));
}

void PolicyReviewView::showOvertaken(const QString& text, const std::string& difference, std::uint64_t running)
{
    m_overtaken->tell(Tone::Warning, Icon::FileDiff, text);
    m_again->show();
    m_again->setText(running == 0 ? tr("Review again") : tr("Review again on %1").arg(versionText(running)));
    if (!difference.empty()) {
        m_difference->set(difference);
        m_versions->setText(running == 0 ? tr("what came first") : tr("what %1 changed").arg(versionText(running)));
    }
    setMayApply(false);
}

void PolicyReviewView::showFileConflict(const QString& text, const std::string& difference)
{
    showOvertaken(text, difference, 0);
    m_again->hide();
    m_versions->setText(tr("what the file changes"));
    setMayApply(true);
}

void PolicyReviewView::setMayApply(bool may)
{
    for (QPushButton* button : {m_apply, m_applyFor, m_duration})
        button->setEnabled(may);
}

bool PolicyReviewView::mayApply() const
{
    return m_apply->isEnabled();
}

} // namespace gatehouse::ui
