// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/cells.h"
#include "style/icon.h"

#include <QStyledItemDelegate>

#include <functional>

namespace gatehouse::ui {

struct Theme;

/// Paints rows of records by the roles of models/cells.h: words, pills, symbols and minute columns. Words are plain
/// text, whatever they hold.
class RecordDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    /// `symbolOf` gives the symbol of a CellSymbolRole.
    RecordDelegate(std::function<Icon(int)> symbolOf, QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    void paintWords(QPainter& painter, const QRect& rect, const QStyleOptionViewItem& option, const QModelIndex& index,
                    CellLook look) const;
    void paintColumns(QPainter& painter, const QRect& rect, const Theme& theme, const QModelIndex& index) const;

    std::function<Icon(int)> m_symbolOf;
};

} // namespace gatehouse::ui
