// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/connectionstable.h"

#include "pages/connectionsdelegate.h"
#include "style/theme.h"

#include <QHeaderView>
#include <QScrollBar>
#include <QSettings>

namespace gatehouse::ui {
namespace {

using Column = ConnectionColumn;

std::size_t at(int section)
{
    return static_cast<std::size_t>(section);
}

QString key(const char* what, int section)
{
    return QStringLiteral("connections/%1/%2").arg(QLatin1StringView(what), columnWord(static_cast<Column>(section)));
}

} // namespace

ConnectionsTable::ConnectionsTable(ConnectionsModel& model, QWidget* parent)
    : QTableView(parent)
    , m_model(model)
    , m_hand(new Hand(*this))
{
    setObjectName(QStringLiteral("connectionsTable"));
    setAccessibleName(tr("Connections"));
    setModel(&model);
    setItemDelegate(new ConnectionsDelegate(model, this));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setWordWrap(false);
    setMouseTracking(true);
    setTabKeyNavigation(false);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setContextMenuPolicy(Qt::CustomContextMenu);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(metric::row);
    verticalHeader()->setDefaultSectionSize(metric::row);
    verticalScrollBar()->setSingleStep(metric::row);
    QHeaderView* header = horizontalHeader();
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setHighlightSections(false);
    header->setMinimumSectionSize(40);
    header->setSortIndicator(static_cast<int>(Column::Id), Qt::AscendingOrder);
    setSortingEnabled(true);
    connect(header, &QHeaderView::sectionResized, this, [this](int section, int, int size) {
        if (!m_fitting && size > 0)
            m_fit.width[at(section)] = size;
    });
    fitColumns();
}

void ConnectionsTable::restore(const QSettings& settings)
{
    for (int i = 0; i < connectionColumns; ++i) {
        m_fit.wanted[at(i)] = settings.value(key("shown", i), m_fit.wanted[at(i)]).toBool();
        m_fit.width[at(i)] = std::clamp(settings.value(key("width", i), m_fit.width[at(i)]).toInt(), 40, 800);
    }
    const int section = settings.value(QStringLiteral("connections/sort"), 0).toInt();
    const bool descending = settings.value(QStringLiteral("connections/descending"), false).toBool();
    if (section >= 0 && section < connectionColumns)
        sortByColumn(section, descending ? Qt::DescendingOrder : Qt::AscendingOrder);
    fitColumns();
}

void ConnectionsTable::save(QSettings& settings) const
{
    for (int i = 0; i < connectionColumns; ++i) {
        settings.setValue(key("shown", i), m_fit.wanted[at(i)]);
        settings.setValue(key("width", i), m_fit.width[at(i)]);
    }
    settings.setValue(QStringLiteral("connections/sort"), horizontalHeader()->sortIndicatorSection());
    settings.setValue(QStringLiteral("connections/descending"),
                      horizontalHeader()->sortIndicatorOrder() == Qt::DescendingOrder);
}

void ConnectionsTable::resetColumns()
{
    m_fit = ColumnFit::standard();
    sortByColumn(static_cast<int>(Column::Id), Qt::AscendingOrder);
    fitColumns();
}

void ConnectionsTable::setWanted(Column column, bool wanted)
{
    m_fit.wanted[at(static_cast<int>(column))] = wanted;
    fitColumns();
}

void ConnectionsTable::fitColumns()
{
    m_fitting = true;
    const ColumnFit fit = m_fit.within(viewport()->width());
    for (int i = 0; i < connectionColumns; ++i) {
        setColumnHidden(i, !fit.wanted[at(i)]);
        if (fit.wanted[at(i)])
            setColumnWidth(i, fit.width[at(i)]);
    }
    m_fitting = false;
}

std::vector<SessionId> ConnectionsTable::selectedIds() const
{
    std::vector<SessionId> ids;
    QModelIndexList rows = selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.row() < b.row(); });
    for (const QModelIndex& row : rows)
        ids.push_back(m_model.at(row.row()).id());
    return ids;
}

void ConnectionsTable::select(SessionId id)
{
    const int row = m_model.rowOf(id);
    if (row < 0)
        return;
    setCurrentIndex(m_model.index(row, static_cast<int>(Column::User)));
    selectRow(row);
}

// A focused table without a current index crashes Qt 6.4.2 under a screen reader.
void ConnectionsTable::ensureCurrent()
{
    if (currentIndex().isValid() || m_model.rowCount() == 0)
        return;
    const QModelIndex first = m_model.index(0, static_cast<int>(Column::User));
    selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
}

void ConnectionsTable::focusInEvent(QFocusEvent* event)
{
    ensureCurrent();
    QTableView::focusInEvent(event);
}

void ConnectionsTable::rowsInserted(const QModelIndex& parent, int start, int end)
{
    QTableView::rowsInserted(parent, start, end);
    if (hasFocus())
        ensureCurrent();
}

void ConnectionsTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

void ConnectionsTable::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected)
{
    QTableView::selectionChanged(selected, deselected);
    Q_EMIT selectionMoved();
}

} // namespace gatehouse::ui
