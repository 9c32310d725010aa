// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/appearance.h"

#include <QApplication>
#include <QLocale>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

namespace gatehouse::test {

/// Runs a test that is made of the application's appearance, in a locale and with settings that no machine changes.
template <class Test> int runWithAppearance(int argc, char** argv)
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("look.ini")), QSettings::IniFormat);
    ui::Appearance appearance(application, settings);
    Test test(appearance);
    return QTest::qExec(&test, argc, argv);
}

} // namespace gatehouse::test
