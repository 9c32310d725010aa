// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connectionsmodel.h"
#include "style/pill.h"

#include <QStyledItemDelegate>

namespace gatehouse::ui {

struct StateLook {
    Tone tone = Tone::Neutral;
    std::optional<Icon> symbol; ///< unset: plain words instead of a pill
};
[[nodiscard]] StateLook lookOf(ConnectionState state);

/// Paints the cells of ConnectionsModel: pills, curves and bars, without a widget anywhere.
class ConnectionsDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit ConnectionsDelegate(const ConnectionsModel& model, QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    const ConnectionsModel& m_model;
};

} // namespace gatehouse::ui
