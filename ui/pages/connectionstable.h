// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connectionsmodel.h"
#include "pages/columnfit.h"
#include "pages/hand.h"

#include <QTableView>

class QSettings;

namespace gatehouse::ui {

/// The view of ConnectionsModel: columns that leave whole when it gets narrow, and are kept in the settings.
class ConnectionsTable : public QTableView {
    Q_OBJECT
public:
    ConnectionsTable(ConnectionsModel& model, QWidget* parent = nullptr);

    void restore(const QSettings& settings);
    void save(QSettings& settings) const;
    void resetColumns();

    [[nodiscard]] const ColumnFit& columns() const { return m_fit; }
    void setWanted(ConnectionColumn column, bool wanted);

    /// By row, from the top.
    [[nodiscard]] std::vector<SessionId> selectedIds() const;
    void select(SessionId id);
    /// While it is on, rows must not move.
    [[nodiscard]] Hand& hand() { return *m_hand; }

Q_SIGNALS:
    void selectionMoved();

protected:
    void focusInEvent(QFocusEvent* event) override;
    void rowsInserted(const QModelIndex& parent, int start, int end) override;
    void resizeEvent(QResizeEvent* event) override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;

private:
    void fitColumns();
    void ensureCurrent();

    ConnectionsModel& m_model;
    Hand* m_hand;
    ColumnFit m_fit = ColumnFit::standard();
    bool m_fitting = false;
};

} // namespace gatehouse::ui
