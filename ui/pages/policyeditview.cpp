// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policyeditview.h"

#include "editor/findbar.h"
#include "models/cells.h"
#include "pages/marks.h"
#include "pages/policytitle.h"
#include "pages/recorddelegate.h"
#include "pages/recordtable.h"
#include "pages/reviewcard.h"
#include "style/elidedlabel.h"
#include "style/emptystate.h"
#include "style/theme.h"
#include "text/format.h"

#include <QHeaderView>
#include <QPushButton>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int shownProblems = 4;
constexpr std::size_t mostProblems = 500;
enum Column { Place, Pointer, Detail };
enum Role { LineRole = Qt::UserRole + 100, ColumnRole };

QStandardItem* cell(const QString& text, CellLook look)
{
    auto* item = new QStandardItem(text);
    item->setEditable(false);
    item->setData(static_cast<int>(look), CellLookRole);
    item->setData(QVariant(Qt::AlignLeft | Qt::AlignVCenter), Qt::TextAlignmentRole);
    item->setToolTip(text.toHtmlEscaped());
    return item;
}

Icon problemIcon(int error)
{
    return error != 0 ? Icon::CircleX : Icon::TriangleAlert;
}

} // namespace

PolicyEditView::PolicyEditView(QWidget* parent)
    : QWidget(parent)
    , m_title(new PolicyTitle(tr("Policy"), this))
{
    makeTitle();
    makeNotices();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    column->setSpacing(space::m);
    column->addWidget(m_title);
    for (QWidget* notice : {m_result, m_moved, m_file})
        column->addWidget(notice);
    column->addWidget(makeEditor(), 1);
    column->addWidget(makeProblems());
    showMissing({});
    setHasDraft(false);
}

void PolicyEditView::makeTitle()
{
    QPushButton* history = m_title->addButton(Icon::History, tr("History"), QStringLiteral("policyHistory"));
    m_discard = m_title->addButton(Icon::Undo2, tr("Discard draft"), QStringLiteral("policyDiscard"));
    m_review =
        m_title->addButton(Icon::FileDiff, tr("Review changes"), QStringLiteral("policyReview"), ButtonLook::Primary);
    connect(history, &QPushButton::clicked, this, &PolicyEditView::historyWanted);
    connect(m_discard, &QPushButton::clicked, this, &PolicyEditView::discardWanted);
    connect(m_review, &QPushButton::clicked, this, &PolicyEditView::reviewWanted);
}

void PolicyEditView::makeNotices()
{
    m_result = new ActionNotice(Tone::Good, Icon::CircleCheck, this);
    m_result->setObjectName(QStringLiteral("policyResult"));
    m_result->addClose();
    m_moved = new ActionNotice(Tone::Warning, Icon::FileDiff, this);
    m_moved->setObjectName(QStringLiteral("policyMoved"));
    QPushButton* show = m_moved->addButton(tr("Show what changed"), QStringLiteral("movedShow"));
    QPushButton* rebase = m_moved->addButton(tr("Take it as new base"), QStringLiteral("movedRebase"));
    rebase->setToolTip(
        tr("The draft keeps its text: what the other version changed is undone, unless you write it too."));
    QPushButton* discard = m_moved->addButton(tr("Discard draft"), QStringLiteral("movedDiscard"));
    connect(show, &QPushButton::clicked, this, &PolicyEditView::showMovedWanted);
    connect(rebase, &QPushButton::clicked, this, &PolicyEditView::rebaseWanted);
    connect(discard, &QPushButton::clicked, this, &PolicyEditView::discardWanted);
    m_file = new ActionNotice(Tone::Bad, Icon::TriangleAlert, this);
    m_file->setObjectName(QStringLiteral("policyFileProblem"));
    for (ActionNotice* notice : {m_result, m_moved, m_file})
        notice->hide();
}

QWidget* PolicyEditView::makeEditor()
{
    auto* card = new Card(this);
    auto* trailing = new QWidget(card);
    auto* row = new QHBoxLayout(trailing);
    row->setContentsMargins({});
    row->setSpacing(space::m);
    m_place = new ElidedLabel(trailing);
    m_place->setObjectName(QStringLiteral("policyPlace"));
    m_place->setMuted(true);
    m_place->setFont(ui::font(Type::Mono));
    m_state = new Pill(trailing);
    m_state->setObjectName(QStringLiteral("policyState"));
    row->addWidget(m_place);
    row->addWidget(m_state);
    m_editor = new JsonEditor(card);
    m_editor->setObjectName(QStringLiteral("policyText"));
    m_editor->setAccessibleName(tr("Policy as text"));
    m_find = new FindBar(*m_editor, card);
    m_missing = new EmptyState(card);
    connect(m_missing, &EmptyState::actionTriggered, this, &PolicyEditView::retryWanted);
    connect(m_editor, &JsonEditor::placeChanged, this, [this](int line, int column, const QString& pointer) {
        m_place->setText(tr("%1  %2:%3").arg(pointer).arg(line).arg(column).trimmed());
    });
    connect(m_editor, &JsonEditor::left, m_review, [this] { m_review->setFocus(Qt::TabFocusReason); });
    auto* text = new QWidget(card);
    auto* column = new QVBoxLayout(text);
    column->setContentsMargins({});
    column->setSpacing(0);
    column->addWidget(cardHead(QStringLiteral("gatehouse.json"), trailing, text));
    column->addWidget(m_find);
    column->addWidget(m_editor, 1);
    m_stack = new QStackedWidget(card);
    m_stack->addWidget(m_missing);
    m_stack->addWidget(text);
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(1, 0, 1, metric::cardRadius);
    inside->addWidget(m_stack);
    return card;
}

QWidget* PolicyEditView::makeProblems()
{
    m_problems = new QStandardItemModel(0, Detail + 1, this);
    m_problems->setHorizontalHeaderLabels({tr("Line"), tr("Where"), tr("What is wrong")});
    m_table = new RecordTable;
    m_table->setObjectName(QStringLiteral("policyProblems"));
    m_table->setAccessibleName(tr("What is wrong with the policy"));
    m_table->setItemDelegate(new RecordDelegate(problemIcon, m_table));
    m_table->setModel(m_problems);
    m_table->setColumns({{Place, 92, 0}, {Pointer, 240, 1}, {Detail, 260, 0, true}});
    connect(m_table, &QAbstractItemView::clicked, this, [this](const QModelIndex& index) { jump(index.row()); });
    connect(m_table, &QAbstractItemView::activated, this, [this](const QModelIndex& index) { jump(index.row()); });
    m_problemCard = new Card(this);
    auto* inside = new QVBoxLayout(m_problemCard);
    inside->setContentsMargins(0, metric::cardRadius / 2, 0, metric::cardRadius);
    inside->addWidget(m_table);
    return m_problemCard;
}

void PolicyEditView::setTitle(const QString& aside, const QString& tip)
{
    m_title->setAside(aside, tip);
}

QString PolicyEditView::title() const
{
    return m_title->aside();
}

void PolicyEditView::setFile(const QString& file)
{
    m_editor->setToolTip({});
    m_stack->setToolTip(file.toHtmlEscaped());
}

void PolicyEditView::setHasDraft(bool draft)
{
    m_review->setEnabled(draft);
    m_discard->setVisible(draft);
    m_review->setToolTip(draft ? tr("What changes, and who is affected (Ctrl+Enter)")
                               : tr("There is nothing to review until the text is changed"));
}

void PolicyEditView::showChecking()
{
    m_state->set(Tone::Neutral, Icon::Hourglass, tr("checking"));
}

void PolicyEditView::showUnchecked(const QString& why)
{
    m_state->set(Tone::Warning, Icon::TriangleAlert, tr("not checked"));
    m_state->setToolTip(why.toHtmlEscaped());
}

void PolicyEditView::addProblem(const PolicyProblem& problem, bool error)
{
    const QString place =
        problem.line == 0 ? tr("whole") : QStringLiteral("%1:%2").arg(problem.line).arg(problem.column);
    QStandardItem* first = cell(place, CellLook::Marked);
    first->setData(error ? 1 : 0, CellSymbolRole);
    first->setData(static_cast<int>(error ? CellTone::Bad : CellTone::Notice), CellToneRole);
    first->setData(problem.line, LineRole);
    first->setData(problem.column, ColumnRole);
    first->setAccessibleText(error ? tr("error in line %1").arg(place) : tr("warning in line %1").arg(place));
    m_problems->appendRow(
        {first, cell(plainText(problem.pointer), CellLook::Mono), cell(plainText(problem.detail), CellLook::Text)});
}

void PolicyEditView::showProblems(const std::vector<PolicyProblem>& errors, const std::vector<PolicyProblem>& warnings)
{
    m_errors = static_cast<int>(errors.size());
    m_problems->removeRows(0, m_problems->rowCount());
    std::vector<TextMark> marks;
    const auto add = [&](const std::vector<PolicyProblem>& problems, bool error) {
        for (const PolicyProblem& problem : problems) {
            if (marks.size() == mostProblems)
                return;
            addProblem(problem, error);
            marks.push_back(
                {static_cast<int>(problem.line), static_cast<int>(problem.column), error, plainText(problem.detail)});
        }
    };
    add(errors, true);
    add(warnings, false);
    m_editor->setMarks(std::move(marks));
    const int rows = m_problems->rowCount();
    m_problemCard->setVisible(rows > 0);
    m_problemCard->setFixedHeight(std::min(rows, shownProblems) * metric::row + metric::header +
                                  3 * metric::cardRadius / 2 + 2);
    m_state->setToolTip({});
    if (!errors.empty())
        m_state->set(Tone::Bad, Icon::CircleX, tr("%n error(s)", nullptr, m_errors));
    else if (!warnings.empty())
        m_state->set(Tone::Warning, Icon::TriangleAlert,
                     tr("%n warning(s)", nullptr, static_cast<int>(warnings.size())));
    else
        m_state->set(Tone::Good, Icon::CircleCheck, tr("valid"));
}

void PolicyEditView::jump(int row)
{
    const QModelIndex index = m_problems->index(row, Place);
    const int line = index.data(LineRole).toInt();
    m_editor->goTo(std::max(1, line), std::max(1, index.data(ColumnRole).toInt()));
}

void PolicyEditView::goToProblem(bool forward)
{
    m_editor->goToNextMark(forward);
}

void PolicyEditView::find()
{
    m_find->open();
}

void PolicyEditView::showMissing(const QString& why)
{
    if (why.isEmpty())
        m_missing->set(Icon::Hourglass, tr("Reading the policy…"), {});
    else
        m_missing->set(Icon::TriangleAlert, tr("The policy could not be read"), why, tr("Try again"));
    m_problemCard->hide();
    m_stack->setCurrentIndex(0);
}

void PolicyEditView::showText()
{
    m_stack->setCurrentIndex(1);
}

void PolicyEditView::showResult(Tone tone, Icon symbol, const QString& text)
{
    m_result->tell(tone, symbol, text);
}

void PolicyEditView::showMoved(const QString& text)
{
    m_moved->tell(Tone::Warning, Icon::FileDiff, text);
}

void PolicyEditView::showFileProblem(const QString& text)
{
    m_file->tell(Tone::Bad, Icon::TriangleAlert, text);
}

} // namespace gatehouse::ui
