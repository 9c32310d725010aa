// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "models/authhint.h"
#include "models/cells.h"

#include <QAbstractTableModel>
#include <QString>
#include <QTimeZone>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse::ui {

/// What names a row for as long as it exists.
struct AuthFailureKey {
    std::string address;
    Reason reason = Reason::None;

    friend auto operator<=>(const AuthFailureKey&, const AuthFailureKey&) = default;
};

/// Failed authentications by address and reason, sorted and filtered here (a proxy would sort under the hand).
/// Changed values show at once and in place; new rows and a new order wait for settle(). Lives on the GUI thread.
class AuthFailuresModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum class Column { Address, Reason, Hint, Count, Rate, Minutes, Route, User, Origin, First, Last };
    static constexpr int columns = static_cast<int>(Column::Last) + 1;

    explicit AuthFailuresModel(QObject* parent = nullptr);

    void apply(const FeedBatch& batch);
    /// Shows what waits: removes, re-sorts and inserts. Callers pace it; nothing moves between calls.
    void settle();
    /// Rows that match the filter and wait to be shown.
    [[nodiscard]] std::size_t waiting() const { return m_waiting; }

    void setFilter(const QString& text);
    [[nodiscard]] const QString& filter() const { return m_filter; }
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
    [[nodiscard]] int sortColumn() const { return static_cast<int>(m_sortColumn); }
    [[nodiscard]] Qt::SortOrder sortOrder() const { return m_sortOrder; }

    void setTimeZone(const QTimeZone& zone);
    /// The time that relative times are told from; ticks between batches.
    void setNow(WallTime now);
    [[nodiscard]] WallTime now() const { return m_now; }

    [[nodiscard]] std::size_t total() const { return m_groups.size(); }
    [[nodiscard]] std::uint64_t recent() const; ///< failures in 15 minutes, of all groups
    [[nodiscard]] const AuthFailureGroup* group(const AuthFailureKey& key) const; ///< null: unknown
    [[nodiscard]] std::vector<const AuthFailureGroup*> groups() const;
    [[nodiscard]] AuthHint hint(const AuthFailureKey& key) const;
    [[nodiscard]] std::optional<AuthFailureKey> keyAt(int row) const;
    [[nodiscard]] int rowOf(const AuthFailureKey& key) const; ///< −1 as Qt's row numbers go: not shown

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void waitingChanged();
    void totalsChanged();

private:
    struct Row {
        AuthFailureGroup group;
        AuthHint hint = AuthHint::None;
    };
    using Rows = std::map<AuthFailureKey, Row>;

    void replaceAll(const FeedBatch& batch);
    void merge(const FeedBatch& batch, std::vector<int>& touched);
    void ageTo(WallTime now, std::vector<int>& touched);
    void updateHints(std::vector<int>& touched);
    void emitChanged(std::vector<int>& touched);
    void countWaiting();
    void removeGone(const std::vector<const Rows::value_type*>& target);
    void reorder(const std::vector<const Rows::value_type*>& target);
    void insertNew(const std::vector<const Rows::value_type*>& target);
    void reindex();
    [[nodiscard]] bool matches(const AuthFailureGroup& group) const;
    [[nodiscard]] bool before(const Rows::value_type& a, const Rows::value_type& b) const;
    [[nodiscard]] std::vector<const Rows::value_type*> shownInOrder() const;
    [[nodiscard]] QVariant display(const Row& row, Column column) const;
    [[nodiscard]] QVariant tip(const Row& row, Column column) const;
    [[nodiscard]] QString title(Column column) const;
    [[nodiscard]] static Qt::Alignment alignment(Column column);
    [[nodiscard]] static CellLook look(const Row& row, Column column);
    [[nodiscard]] static CellTone tone(const Row& row);
    [[nodiscard]] QVariant sortValue(const Row& row, Column column) const;

    Rows m_groups;
    std::vector<AuthFailureKey> m_order; ///< what is shown, top to bottom
    std::map<AuthFailureKey, int> m_rows;
    std::size_t m_waiting = 0;
    QString m_filter;
    Column m_sortColumn = Column::Last;
    Qt::SortOrder m_sortOrder = Qt::DescendingOrder;
    WallTime m_now{};
    QTimeZone m_zone = QTimeZone::systemTimeZone();
    std::optional<WallTime> m_minutesAt; ///< the time that perMinute's newest minute belongs to
};

} // namespace gatehouse::ui
