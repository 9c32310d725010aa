// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/differencelines.h"

#include <QAbstractScrollArea>

namespace gatehouse::ui {

/// The difference of two texts, line by line, with what is equal folded. Only the lines that are seen are painted.
class DifferenceView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit DifferenceView(QWidget* parent = nullptr);

    void set(const std::string& unified);
    /// Instead of lines: why there are none.
    void setMessage(const QString& text);
    [[nodiscard]] const DifferenceLines& lines() const { return m_lines; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void fitScrollBars();

    DifferenceLines m_lines;
    std::string m_unified;
    QString m_message;
    int m_widest = 0;
};

} // namespace gatehouse::ui
