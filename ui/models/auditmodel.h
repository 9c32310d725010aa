// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "models/cells.h"

#include <QAbstractTableModel>
#include <QString>
#include <QTimeZone>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace gatehouse::ui {

/// The record in one short line: what was done, or the value that was met.
[[nodiscard]] QString auditSummary(const AuditRecord& record);

/// How grave a record is for the one who reads it.
[[nodiscard]] CellTone auditTone(const AuditRecord& record);

/// The audit log, newest first, read page by page by record number. Asks by signal and is answered by accept() or
/// fail(); an answer to a question that no longer stands is left out. Lives on the GUI thread.
class AuditModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum class Column { Number, Time, Kind, Reason, User, Address, Route, Actor, Code, Detail };
    static constexpr int columns = static_cast<int>(Column::Detail) + 1;
    static constexpr std::uint32_t pageSize = 200;
    static constexpr std::size_t rowLimit = 50'000; ///< rows kept; an older record is found by filtering

    enum class State { Idle, Loading, Ready, Failed };

    explicit AuditModel(QObject* parent = nullptr);

    /// Begins anew with records that match. Paging fields of `filter` are ignored.
    void setFilter(const AuditQuery& filter);
    [[nodiscard]] const AuditQuery& filter() const { return m_filter; }
    [[nodiscard]] bool filtered() const;
    void reload();

    /// Tells the newest record's number as the feed says it; asks for what is new if that is more than is known.
    void noteNewest(std::uint64_t number);
    /// Matching records that came since and wait to be shown.
    [[nodiscard]] std::size_t waiting() const { return m_waiting.size(); }
    /// True where even more came than one page holds: then showing them reads the log anew.
    [[nodiscard]] bool waitingIncomplete() const { return m_waitingIncomplete; }
    void showWaiting();

    void accept(std::uint64_t ticket, const AuditPage& page);
    void fail(std::uint64_t ticket, const ControlError& error);

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] const QString& errorText() const { return m_error; }
    [[nodiscard]] bool atRowLimit() const { return m_entries.size() >= rowLimit; }
    [[nodiscard]] const AuditEntry* entryAt(int row) const; ///< null: no such row
    [[nodiscard]] const AuditEntry* entry(std::uint64_t number) const;
    [[nodiscard]] int rowOf(std::uint64_t number) const; ///< −1 as Qt's row numbers go: not shown

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;

    void setTimeZone(const QTimeZone& zone);
    /// The time that relative times are told from.
    void setNow(WallTime now);

Q_SIGNALS:
    void wanted(std::uint64_t ticket, const gatehouse::AuditQuery& query);
    void stateChanged();
    void waitingChanged();

private:
    void ask(std::uint64_t& ticket, std::optional<std::uint64_t> before);
    void setState(State state, QString error = {});
    void append(const AuditPage& page);
    void keepWaiting(const AuditPage& page);
    void forgetWaiting();
    [[nodiscard]] std::uint64_t newestKnown() const;
    [[nodiscard]] QVariant display(const AuditEntry& entry, Column column) const;
    [[nodiscard]] QVariant tip(const AuditEntry& entry, Column column) const;
    [[nodiscard]] QString title(Column column) const;
    [[nodiscard]] static Qt::Alignment alignment(Column column);
    [[nodiscard]] static CellLook look(Column column);

    WallTime m_now{};
    QTimeZone m_zone = QTimeZone::systemTimeZone();
    AuditQuery m_filter;
    std::deque<AuditEntry> m_entries;  ///< numbers fall; unique
    std::vector<AuditEntry> m_waiting; ///< newer than m_entries, newest first
    bool m_waitingIncomplete = false;
    bool m_more = false;
    State m_state = State::Idle;
    QString m_error;
    std::uint64_t m_newestSeen = 0; ///< of any record, matching or not
    std::uint64_t m_lastTicket = 0;
    std::uint64_t m_pageTicket = 0; ///< of the open question for a page; 0: none
    std::uint64_t m_newTicket = 0;  ///< of the open question for new records
    std::uint64_t m_newAskedFor = 0;
};

} // namespace gatehouse::ui
