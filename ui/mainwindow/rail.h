// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/pill.h"

#include <QAbstractButton>
#include <QFrame>

class QButtonGroup;
class QVBoxLayout;

namespace gatehouse::ui {

/// An entry of the rail: a symbol, a name and a figure beside it; the symbol alone where the rail is narrow.
class RailButton : public QAbstractButton {
    Q_OBJECT
public:
    RailButton(Icon symbol, const QString& text, QWidget* parent = nullptr);

    void setBadge(const QString& text, Tone tone);
    [[nodiscard]] QString badge() const { return m_badge; }
    /// A quiet word at the end, such as a shortcut.
    void setHint(const QString& hint);
    void setNarrow(bool narrow);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void updateWords();

    Icon m_symbol;
    QString m_badge;
    QString m_hint;
    Tone m_tone = Tone::Neutral;
    bool m_narrow = false;
};

/// The pages by name at the left of the window.
class Rail : public QFrame {
    Q_OBJECT
public:
    explicit Rail(QWidget* parent = nullptr);

    RailButton* addPage(Icon symbol, const QString& name);
    RailButton* addFoot(Icon symbol, const QString& name, const QString& hint);
    void setCurrent(int index);
    [[nodiscard]] QWidget* button(int index) const;
    /// From the top.
    [[nodiscard]] std::vector<QWidget*> buttons() const;
    void setNarrow(bool narrow);
    [[nodiscard]] bool isNarrow() const { return m_narrow; }

Q_SIGNALS:
    void pageChosen(int index);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QButtonGroup* m_group;
    QVBoxLayout* m_pages;
    QVBoxLayout* m_foot;
    std::vector<RailButton*> m_buttons;
    bool m_narrow = false;
};

} // namespace gatehouse::ui
