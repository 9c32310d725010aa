// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/page.h"

#include <QAction>
#include <QVariant>

namespace gatehouse::ui {
namespace {

constexpr const char* commandLineProperty = "gatehouseCommandLine";

} // namespace

void setCommandLine(QAction& action, const QString& commandLine)
{
    action.setProperty(commandLineProperty, commandLine);
}

QString commandLine(const QAction& action)
{
    return action.property(commandLineProperty).toString();
}

} // namespace gatehouse::ui
