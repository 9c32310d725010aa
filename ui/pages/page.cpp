// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/page.h"

#include <QAction>
#include <QVariant>

namespace gatehouse::ui {
namespace {

constexpr const char* commandLineProperty = "gatehouseCommandLine";

} // namespace

QAction* addPageAction(QWidget& page, const char* name, Icon symbol, const QString& text, const QKeySequence& keys)
{
    auto* action = new QAction(icon(symbol), text, &page);
    action->setObjectName(QLatin1StringView(name));
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    page.addAction(action);
    return action;
}

void setCommandLine(QAction& action, const QString& commandLine)
{
    action.setProperty(commandLineProperty, commandLine);
}

QString commandLine(const QAction& action)
{
    return action.property(commandLineProperty).toString();
}

} // namespace gatehouse::ui
