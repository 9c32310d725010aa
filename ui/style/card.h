// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

namespace gatehouse::ui {

/// A ground with a 1 px line and round corners, painted by itself. Children sit inside its 1 px contents margins;
/// tables are inset by metric::cardRadius above and below, since Qt does not clip children to a radius.
class Card : public QFrame {
    Q_OBJECT
public:
    explicit Card(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace gatehouse::ui
