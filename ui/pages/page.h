// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "style/icon.h"
#include "style/pill.h"

#include <QWidget>

class QAction;
class QKeySequence;

namespace gatehouse::ui {

/// A page of the main window. Pages are constructed with (FeedBridge&, QSettings&, …), keep what they show across
/// setActive(), and offer their actions as QWidget::actions() for menus and the command palette.
class Page : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    [[nodiscard]] virtual QString title() const = 0;
    [[nodiscard]] virtual Icon pageIcon() const = 0;

    /// A hidden page gathers what it needs and touches no widget or model of a view.
    virtual void setActive(bool) {}
    virtual void applyBatch(const FeedBatch& batch) = 0;

    /// What the filter field says before it is typed into; empty: the page cannot be filtered.
    [[nodiscard]] virtual QString filterHint() const { return {}; }
    virtual void setFilterText(const QString&) {}

    /// What takes the keyboard when the page is shown; null where no part is the main one. Not a focus proxy: that
    /// would take the page's other controls out of the way of the Tab key.
    [[nodiscard]] virtual QWidget* keyboardHome() const { return nullptr; }

    virtual void saveState() {}
    virtual void resetLayout() {}

Q_SIGNALS:
    /// A figure beside the page's name in the rail; empty: none.
    void badgeChanged(const QString& text, gatehouse::ui::Tone tone);
    /// Asks the window to filter another page by a text: ("connections", "10.20.9.14").
    void filterRequested(const QString& pageName, const QString& text);
};

/// An action of a page and of what is inside it.
QAction* addPageAction(QWidget& page, const char* name, Icon symbol, const QString& text, const QKeySequence& keys);
/// Notes the equal gatehousectl command of an action, which the palette shows: "gatehousectl drain".
void setCommandLine(QAction& action, const QString& commandLine);
[[nodiscard]] QString commandLine(const QAction& action);

} // namespace gatehouse::ui
