// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pages/hand.h"

#include <QTableView>

#include <vector>

namespace gatehouse::ui {

/// How a column takes part in the width: the highest `leaves` goes first where there is no room; 0 stays.
struct RecordColumn {
    int column = 0;
    int width = 80;
    int leaves = 0;
    bool grows = false; ///< takes what is left
};

/// A table of records: whole rows are chosen, columns leave by priority and never by clipping.
class RecordTable : public QTableView {
    Q_OBJECT
public:
    explicit RecordTable(QWidget* parent = nullptr);

    void setColumns(std::vector<RecordColumn> columns);
    /// While it is on, rows must not move.
    [[nodiscard]] Hand& hand() { return *m_hand; }

Q_SIGNALS:
    void rowChosen(int row);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void rowsInserted(const QModelIndex& parent, int start, int end) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;

private:
    void fitColumns();
    void ensureCurrent();

    std::vector<RecordColumn> m_columns;
    Hand* m_hand;
};

} // namespace gatehouse::ui
