// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/card.h"
#include "style/pill.h"

#include <vector>

class QGridLayout;
class QHBoxLayout;
class QLabel;
class QPushButton;

namespace gatehouse::ui {

class Notice;

/// A name and what it is; `text` is shown as plain text.
struct Fact {
    QString name;
    QString text;
    bool mono = false;
};

/// The side panel of a chosen record: a heading with a pill, actions, one explanation, and facts.
class RecordPanel : public Card {
    Q_OBJECT
public:
    static constexpr int panelWidth = 328;

    explicit RecordPanel(const QString& emptyText, QWidget* parent = nullptr);

    /// Takes the place of everything else until the next showRecord().
    void showEmpty();
    void showRecord(const QString& heading, const QString& aside);
    void setPill(Tone tone, std::optional<Icon> symbol, const QString& text);               ///< empty text: none
    void setExplanation(const QString& title, Tone tone, Icon symbol, const QString& text); ///< empty text: none
    /// Below the explanation; empty text: none.
    void setWhy(const QString& title, Tone tone, const QString& text);
    [[nodiscard]] QString whyText() const;
    void setFacts(const QString& title, const std::vector<Fact>& facts);
    void addButton(QPushButton* button);
    [[nodiscard]] bool isEmpty() const { return m_isEmpty; }
    [[nodiscard]] QString factText(const QString& name) const;

Q_SIGNALS:
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeFacts();

    QLabel* m_empty;
    QWidget* m_content;
    QLabel* m_heading = nullptr;
    QLabel* m_aside = nullptr;
    Pill* m_pill = nullptr;
    QHBoxLayout* m_buttons = nullptr;
    QLabel* m_explanationTitle = nullptr;
    Notice* m_explanation = nullptr;
    QLabel* m_whyTitle = nullptr;
    Notice* m_why = nullptr;
    QLabel* m_factsTitle = nullptr;
    QGridLayout* m_grid = nullptr;
    std::vector<std::pair<QLabel*, QLabel*>> m_rows;
    bool m_isEmpty = true;
};

/// Places a table's card and its panel: side by side where there is room, else the panel lies over the table while it
/// is open.
class RecordSplit : public QWidget {
    Q_OBJECT
public:
    RecordSplit(QWidget* main, RecordPanel* panel, QWidget* parent = nullptr);
    void setOpen(bool open);
    [[nodiscard]] bool isWide() const;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void place();

    QWidget* m_main;
    RecordPanel* m_panel;
    bool m_open = false;
};

} // namespace gatehouse::ui
