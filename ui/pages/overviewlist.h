// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/card.h"
#include "style/pill.h"

#include <QAbstractButton>
#include <QString>

#include <optional>
#include <vector>

class QLabel;

namespace gatehouse::ui {

/// One line of a short list.
struct OverviewEntry {
    QString key;  ///< handed back when the line is chosen
    QString lead; ///< a time, before the symbol; empty: none
    std::optional<Icon> symbol;
    Tone tone = Tone::Neutral; ///< of the symbol and the pill
    QString text;
    QString pill;                ///< after the text; empty: none
    std::optional<double> share; ///< length of the bar, 1 is whole; unset: no bar
    bool ofLimit = false;        ///< the share is of a limit: colours and tick follow
    QString value;               ///< at the far edge
    QString tip;

    friend bool operator==(const OverviewEntry&, const OverviewEntry&) = default;
};

/// A line that paints itself and is chosen by mouse or keyboard.
class OverviewRow : public QAbstractButton {
    Q_OBJECT
public:
    explicit OverviewRow(QWidget* parent = nullptr);
    void set(const OverviewEntry& entry);
    [[nodiscard]] const OverviewEntry& entry() const { return m_entry; }
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int paintLead(QPainter& painter, int x) const;
    int paintValue(QPainter& painter) const;

    OverviewEntry m_entry;
};

/// A card with a title and at most five lines; says in words what will stand there while it is empty.
class OverviewList : public Card {
    Q_OBJECT
public:
    static constexpr std::size_t lines = 5;

    OverviewList(const QString& title, const QString& unit, const QString& emptyText, QWidget* parent = nullptr);
    void set(const std::vector<OverviewEntry>& entries);
    [[nodiscard]] std::vector<OverviewEntry> entries() const;

Q_SIGNALS:
    void chosen(const QString& key);

private:
    std::vector<OverviewRow*> m_rows;
    QLabel* m_empty = nullptr;
};

} // namespace gatehouse::ui
