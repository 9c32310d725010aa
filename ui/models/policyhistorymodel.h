// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"
#include "models/cells.h"

#include <QAbstractTableModel>
#include <QTimeZone>

namespace gatehouse::ui {

/// Versions of the policy, newest first, as the server told them page by page.
class PolicyHistoryModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum class Column { Version, Time, Author, Via, Origin, Reason, State };
    static constexpr int columns = static_cast<int>(Column::State) + 1;

    explicit PolicyHistoryModel(QObject* parent = nullptr);

    /// Of the newest; replaces what was there.
    void set(std::vector<PolicyHistoryEntry> versions, std::uint64_t running);
    void append(std::vector<PolicyHistoryEntry> versions);
    void setNow(WallTime now);
    [[nodiscard]] const PolicyHistoryEntry* entryAt(int row) const;
    [[nodiscard]] int rowOf(std::uint64_t version) const; ///< −1: it is not there
    [[nodiscard]] std::uint64_t running() const { return m_running; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// "runs", "provisional", "confirmed", "returned"; empty for others.
    [[nodiscard]] QString stateText(const PolicyHistoryEntry& entry) const;
    [[nodiscard]] CellTone stateTone(const PolicyHistoryEntry& entry) const;

private:
    [[nodiscard]] QString display(const PolicyHistoryEntry& entry, Column column) const;

    std::vector<PolicyHistoryEntry> m_entries;
    std::uint64_t m_running = 0;
    WallTime m_now{};
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
