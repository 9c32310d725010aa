// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/icon.h"
#include "style/theme.h"

#include <QWidget>

#include <optional>

namespace gatehouse::ui {

/// What a colour means. A symbol always goes with it.
enum class Tone { Neutral, Accent, Good, Warning, Bad };

[[nodiscard]] QColor toneText(const Theme& theme, Tone tone);
[[nodiscard]] QColor toneGround(const Theme& theme, Tone tone);

inline constexpr int pillHeight = 20;

/// Paints a pill at the leading edge of `rect`, centred on its height and cut to its width; returns its width.
int paintPill(QPainter& painter, const QRect& rect, const Theme& theme, Tone tone, std::optional<Icon> symbol,
              const QString& text, Qt::LayoutDirection direction = Qt::LeftToRight);
[[nodiscard]] int pillWidth(std::optional<Icon> symbol, const QString& text);

/// The same as a widget.
class Pill : public QWidget {
    Q_OBJECT
public:
    explicit Pill(QWidget* parent = nullptr);
    void set(Tone tone, std::optional<Icon> symbol, const QString& text);
    [[nodiscard]] QString text() const { return m_text; }
    [[nodiscard]] Tone tone() const { return m_tone; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Tone m_tone = Tone::Neutral;
    std::optional<Icon> m_symbol;
    QString m_text;
};

} // namespace gatehouse::ui
