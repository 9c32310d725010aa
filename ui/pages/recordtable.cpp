// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/recordtable.h"

#include "style/theme.h"

#include <QHeaderView>

#include <algorithm>
#include <numeric>

namespace gatehouse::ui {

RecordTable::RecordTable(QWidget* parent)
    : QTableView(parent)
    , m_hand(new Hand(*this))
{
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setContextMenuPolicy(Qt::CustomContextMenu);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(metric::row);
    verticalHeader()->setDefaultSectionSize(metric::row);
    horizontalHeader()->setFixedHeight(metric::header);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionsClickable(true);
    horizontalHeader()->setMinimumSectionSize(30);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
}

void RecordTable::setColumns(std::vector<RecordColumn> columns)
{
    m_columns = std::move(columns);
    fitColumns();
}

void RecordTable::fitColumns()
{
    if (!model() || m_columns.empty())
        return;
    std::vector<RecordColumn> shown = m_columns;
    const auto wanted = [&shown] {
        return std::accumulate(shown.begin(), shown.end(), 0, [](int sum, const auto& c) { return sum + c.width; });
    };
    while (wanted() > viewport()->width()) {
        const auto first = std::ranges::max_element(shown, {}, &RecordColumn::leaves);
        if (first == shown.end() || first->leaves == 0)
            break;
        shown.erase(first);
    }
    const int spare = std::max(0, viewport()->width() - wanted());
    for (int column = 0; column < model()->columnCount(); ++column) {
        const auto it = std::ranges::find(shown, column, &RecordColumn::column);
        setColumnHidden(column, it == shown.end());
        if (it != shown.end())
            setColumnWidth(column, it->width + (it->grows ? spare : 0));
    }
}

void RecordTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

// A focused table without a current index crashes Qt 6.4.2 under a screen reader. It chooses nothing: that is for the
// operator's hand.
void RecordTable::ensureCurrent()
{
    if (model() && !currentIndex().isValid() && model()->rowCount() > 0)
        selectionModel()->setCurrentIndex(model()->index(0, 0), QItemSelectionModel::NoUpdate);
}

void RecordTable::focusInEvent(QFocusEvent* event)
{
    QTableView::focusInEvent(event);
    ensureCurrent();
}

void RecordTable::rowsInserted(const QModelIndex& parent, int start, int end)
{
    QTableView::rowsInserted(parent, start, end);
    if (hasFocus())
        ensureCurrent();
}

void RecordTable::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected)
{
    QTableView::selectionChanged(selected, deselected);
    const QModelIndexList rows = selectionModel()->selectedRows();
    Q_EMIT rowChosen(rows.isEmpty() ? -1 : rows.first().row());
}

} // namespace gatehouse::ui
