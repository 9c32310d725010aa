// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/targetlist.h"

#include "style/theme.h"

#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {
namespace {

constexpr int shownRows = 6;
constexpr int idWidth = 64;
constexpr int addressWidth = 124;
constexpr int routeWidth = 64;
constexpr int aroundTargets = 2 * space::xl + 2 * space::xs + 3 * space::s + 2; ///< margins, cell sides, scroll bar
constexpr int widest = 640;

QTableWidgetItem* item(const QString& text, Type type)
{
    auto* made = new QTableWidgetItem(text);
    made->setFont(font(type));
    made->setFlags(Qt::ItemIsEnabled);
    made->setToolTip(text.toHtmlEscaped());
    return made;
}

void prepare(QTableWidget& table)
{
    table.horizontalHeader()->hide();
    table.verticalHeader()->hide();
    table.verticalHeader()->setMinimumSectionSize(metric::row);
    table.verticalHeader()->setDefaultSectionSize(metric::row);
    table.setShowGrid(false);
    table.setSelectionMode(QAbstractItemView::NoSelection);
    table.setFocusPolicy(table.rowCount() > shownRows ? Qt::TabFocus : Qt::NoFocus);
    table.setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table.setWordWrap(false);
    table.horizontalHeader()->setMinimumSectionSize(40);
    table.horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    table.setColumnWidth(0, idWidth);
    table.setColumnWidth(2, addressWidth);
    table.setColumnWidth(3, routeWidth);
    table.setFixedHeight(std::min(table.rowCount(), shownRows) * metric::row);
}

} // namespace

TargetList::TargetList(const std::vector<SessionTarget>& targets, const QString& objectName,
                       const QString& accessibleName, QWidget* parent)
    : Card(parent)
{
    auto* table = new QTableWidget(static_cast<int>(targets.size()), 4, this);
    table->setObjectName(objectName);
    table->setAccessibleName(accessibleName);
    prepare(*table);
    int row = 0;
    int longest = 0;
    for (const SessionTarget& target : targets) {
        longest = std::max(longest, QFontMetrics(ui::font(Type::Body)).horizontalAdvance(target.user));
        table->setItem(row, 0, item(QString::number(target.id.value), Type::Mono));
        table->setItem(row, 1, item(target.user, Type::Body));
        table->setItem(row, 2, item(target.address, Type::Mono));
        table->setItem(row, 3, item(target.route, Type::Body));
        ++row;
    }
    if (row > 0)
        table->setCurrentCell(0, 1);
    m_wantedWidth = std::min(longest + idWidth + addressWidth + routeWidth + aroundTargets, widest);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::xs, space::xs, space::xs, space::xs);
    layout->addWidget(table);
}

std::vector<SessionId> idsOf(const std::vector<SessionTarget>& targets)
{
    std::vector<SessionId> ids;
    for (const SessionTarget& target : targets)
        ids.push_back(target.id);
    return ids;
}

} // namespace gatehouse::ui
