// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/pill.h"

#include <QWidget>

class QLabel;

namespace gatehouse::ui {

/// A box on the ground of its tone with a symbol and words: failures, warnings, reasons.
class Notice : public QWidget {
    Q_OBJECT
public:
    Notice(Tone tone, Icon symbol, QWidget* parent = nullptr);

    void set(Tone tone, Icon symbol);
    void setText(const QString& text);
    [[nodiscard]] QLabel* label() const { return m_label; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void recolour();

    Tone m_tone;
    Icon m_symbol;
    QLabel* m_label;
};

} // namespace gatehouse::ui
