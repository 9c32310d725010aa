// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/card.h"
#include "text/policytext.h"

class QLabel;

namespace gatehouse::ui {

class ElidedLabel;

/// Rows of a symbol, a title and a muted detail, divided by lines. Painted by itself, however many there are.
class ReviewRows : public QWidget {
    Q_OBJECT
public:
    /// Rows beyond these are counted in a last one.
    static constexpr std::size_t mostRows = 200;

    explicit ReviewRows(QWidget* parent = nullptr);
    void set(std::vector<ReviewRow> rows);
    [[nodiscard]] const std::vector<ReviewRow>& rows() const { return m_rows; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {120, sizeHint().height()}; }

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<ReviewRow> m_rows;
    std::size_t m_left = 0;
};

/// A card with a heading, a muted figure beside it, and rows; or a sentence in their place.
class ReviewCard : public Card {
    Q_OBJECT
public:
    explicit ReviewCard(const QString& heading, QWidget* parent = nullptr);
    void setRows(const QString& aside, std::vector<ReviewRow> rows);
    void setMessage(const QString& text);
    [[nodiscard]] const std::vector<ReviewRow>& rows() const { return m_rows->rows(); }
    [[nodiscard]] QString aside() const;
    [[nodiscard]] QString message() const;

private:
    ElidedLabel* m_aside;
    QLabel* m_message;
    ReviewRows* m_rows;
};

/// A card's first line: a bold name, what is muted at its end, and room for more between. Its height is that of all.
[[nodiscard]] QWidget* cardHead(const QString& name, QWidget* trailing, QWidget* parent);

} // namespace gatehouse::ui
