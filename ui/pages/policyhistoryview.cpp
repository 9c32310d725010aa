// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policyhistoryview.h"

#include "pages/differenceview.h"
#include "pages/marks.h"
#include "pages/panelparts.h"
#include "pages/policytitle.h"
#include "pages/recorddelegate.h"
#include "pages/recordtable.h"
#include "pages/reviewcard.h"
#include "style/elidedlabel.h"
#include "style/emptystate.h"
#include "style/focusedge.h"
#include "style/gatehousestyle.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/policytext.h"

#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

using Column = PolicyHistoryModel::Column;
constexpr int mostChanges = 216; ///< pixels: three rules, then they scroll

Icon stateIcon(int tone)
{
    return static_cast<CellTone>(tone) == CellTone::Good ? Icon::CircleCheck : Icon::Timer;
}

} // namespace

PolicyHistoryView::PolicyHistoryView(QWidget* parent)
    : QWidget(parent)
    , m_title(new PolicyTitle(tr("Policy history"), this))
    , m_model(new PolicyHistoryModel(this))
{
    QPushButton* back = m_title->addButton(tr("Back to editing"), QStringLiteral("historyBack"));
    connect(back, &QPushButton::clicked, this, &PolicyHistoryView::backWanted);
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    row->addWidget(makeTable(), 3);
    row->addWidget(makePanel(), 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    column->setSpacing(space::m);
    column->addWidget(m_title);
    column->addLayout(row, 1);
    begin();
}

QWidget* PolicyHistoryView::makeTable()
{
    m_table = new RecordTable;
    m_table->setObjectName(QStringLiteral("policyVersions"));
    m_table->setAccessibleName(tr("Versions of the policy"));
    m_table->setItemDelegate(new RecordDelegate(stateIcon, m_table));
    m_table->setModel(m_model);
    m_table->setColumns({{static_cast<int>(Column::Version), 62, 0},
                         {static_cast<int>(Column::Time), 88, 0},
                         {static_cast<int>(Column::Author), 72, 0},
                         {static_cast<int>(Column::Via), 68, 4},
                         {static_cast<int>(Column::Origin), 128, 3},
                         {static_cast<int>(Column::Reason), 200, 0, true},
                         {static_cast<int>(Column::State), 134, 0}});
    connect(m_table, &RecordTable::rowChosen, this, &PolicyHistoryView::showRow);
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, &PolicyHistoryView::askForMore);
    m_message = new EmptyState;
    connect(m_message, &EmptyState::actionTriggered, this, [this] { Q_EMIT wanted(0); });
    m_stack = new QStackedWidget;
    m_stack->addWidget(m_message);
    m_stack->addWidget(m_table);
    auto* card = new Card;
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(0, metric::cardRadius / 2, 0, metric::cardRadius);
    inside->addWidget(m_stack);
    return card;
}

QWidget* PolicyHistoryView::makePanel()
{
    auto* head = new Card;
    m_heading = new ElidedLabel(head);
    m_heading->setFont(ui::font(Type::Title, QFont::Bold));
    m_state = new Pill(head);
    m_restore = new QPushButton(icon(Icon::RotateCcw), tr("Restore this version…"), head);
    m_restore->setObjectName(QStringLiteral("policyRestore"));
    setLook(*m_restore, ButtonLook::Plain, ButtonSize::Small);
    connect(m_restore, &QPushButton::clicked, this, [this] { Q_EMIT restoreWanted(m_chosen); });
    m_facts = new FactGrid(head);
    auto* titles = new QHBoxLayout;
    titles->setSpacing(space::s);
    titles->addWidget(m_heading);
    titles->addWidget(m_state);
    titles->addStretch(1);
    titles->addWidget(m_restore);
    auto* inside = new QVBoxLayout(head);
    inside->setContentsMargins(space::m, space::m, space::m, space::m);
    inside->setSpacing(space::s);
    inside->addLayout(titles);
    inside->addWidget(m_facts);
    m_changes = new ReviewCard(tr("What changed"));
    m_scroll = new QScrollArea;
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setAccessibleName(tr("What changed"));
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(m_changes);
    m_scroll->viewport()->setAutoFillBackground(false);
    new FocusEdge(*m_scroll);
    auto* text = new Card;
    m_difference = new DifferenceView;
    auto* lines = new QVBoxLayout(text);
    lines->setContentsMargins(1, metric::cardRadius, 1, metric::cardRadius);
    lines->addWidget(m_difference);
    m_panel = new QWidget;
    auto* column = new QVBoxLayout(m_panel);
    column->setContentsMargins({});
    column->setSpacing(space::m);
    column->addWidget(head);
    column->addWidget(m_scroll);
    column->addWidget(text, 1);
    return m_panel;
}

void PolicyHistoryView::begin()
{
    m_message->set(Icon::Hourglass, tr("Reading the history…"), {});
    m_stack->setCurrentIndex(0);
    m_panel->setVisible(false);
}

void PolicyHistoryView::showFailure(const QString& why)
{
    m_asked = false;
    if (m_model->rowCount() > 0)
        return; // the end of the table asks again
    m_message->set(Icon::TriangleAlert, tr("The history could not be read"), why, tr("Try again"));
    m_stack->setCurrentIndex(0);
}

void PolicyHistoryView::show(PolicyHistory history, std::uint64_t running, bool first)
{
    m_asked = false;
    m_more = history.more;
    if (!first) {
        m_model->append(std::move(history.versions));
        return;
    }
    m_model->set(std::move(history.versions), running);
    const int count = m_model->rowCount();
    m_title->setAside(m_more ? tr("the newest %1").arg(count) : tr("%n version(s)", nullptr, count));
    if (count == 0)
        m_message->set(Icon::History, tr("There is no history yet"),
                       tr("Every version that runs will stand here, with who applied it and why."));
    m_stack->setCurrentIndex(count == 0 ? 0 : 1);
    m_panel->setVisible(count > 0);
    choose(m_model->rowOf(m_chosen) >= 0 ? m_chosen : running);
}

void PolicyHistoryView::setNow(WallTime now)
{
    m_model->setNow(now);
}

void PolicyHistoryView::choose(std::uint64_t version)
{
    m_chosen = version;
    const int row = std::max(0, m_model->rowOf(version));
    if (m_model->rowCount() == 0)
        return;
    m_table->selectRow(row);
    showRow(row);
}

void PolicyHistoryView::showRow(int row)
{
    const PolicyHistoryEntry* entry = m_model->entryAt(row);
    if (!entry)
        return;
    const PolicyVersion& version = entry->version;
    const QTimeZone zone = QTimeZone::systemTimeZone();
    m_chosen = version.version;
    m_heading->setText(versionText(version.version));
    const QString state = m_model->stateText(*entry);
    m_state->setVisible(!state.isEmpty());
    m_state->set(toneOf(m_model->stateTone(*entry)), stateIcon(static_cast<int>(m_model->stateTone(*entry))), state);
    const bool runs = version.version == m_model->running();
    m_restore->setEnabled(!runs);
    m_restore->setToolTip(runs ? tr("This version runs") : tr("Shows what would change before anything does"));
    m_facts->set(
        {{tr("Time"), absoluteText(version.time, zone)},
         {tr("Who"), version.author.empty() ? tr("the gate")
                                            : tr("%1 (%2)").arg(plainText(version.author), plainText(version.via))},
         {tr("How"), originText(version)},
         {tr("Reason"), plainText(version.reason)},
         {tr("Confirmed"),
          version.confirmed ? tr("%1 by %2").arg(absoluteText(*version.confirmed, zone), plainText(version.confirmedBy))
                            : QString()},
         {tr("SHA-256"), plainText(version.hash), true}});
    std::vector<ReviewRow> rows;
    for (const PolicyChange& change : entry->changes)
        rows.push_back(changeRow(change));
    const QString rules = rulesText(rows.size());
    if (rows.empty())
        m_changes->setMessage(tr("No rule changed from the version before."));
    else
        m_changes->setRows(rules, std::move(rows));
    m_scroll->setFixedHeight(std::min(m_changes->sizeHint().height(), mostChanges));
    if (entry->difference.empty())
        m_difference->setMessage(tr("The text is that of the version before."));
    else
        m_difference->set(entry->difference);
}

void PolicyHistoryView::askForMore()
{
    const QScrollBar* bar = m_table->verticalScrollBar();
    const PolicyHistoryEntry* last = m_model->entryAt(m_model->rowCount() - 1);
    if (!m_more || m_asked || !last || bar->value() < bar->maximum() - 2 * metric::row)
        return;
    m_asked = true;
    Q_EMIT wanted(last->version.version);
}

} // namespace gatehouse::ui
