// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/appearance.h"

#include <QApplication>
#include <QLocale>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <type_traits>

namespace gatehouse::test {

/// Runs a test in the application's appearance, which it may be made of, in a locale and with settings that no machine
/// changes.
template <class Test> int runWithAppearance(int argc, char** argv)
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("look.ini")), QSettings::IniFormat);
    ui::Appearance appearance(application, settings);
    if constexpr (std::is_constructible_v<Test, ui::Appearance&>) {
        Test test(appearance);
        return QTest::qExec(&test, argc, argv);
    } else {
        Test test;
        return QTest::qExec(&test, argc, argv);
    }
}

} // namespace gatehouse::test
