// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mainwindow/mainwindow.h"
#include "testserver.h"

#include <QApplication>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

namespace gatehouse::test {

/// A window on a running server, with settings of its own.
struct Console {
    TestServer server;
    QTemporaryDir folder;
    QSettings settings{folder.filePath(QStringLiteral("console.ini")), QSettings::IniFormat};
    ui::Appearance appearance{*qApp, settings};
    ui::MainWindow window{server.runtime(), settings, appearance, {{"dana", "console"}, false, false}};

    explicit Console(const TestServer::Edit& edit = {})
        : server(edit)
    {
        window.resize(1440, 900);
        window.show();
    }

    template <class P> P& open(const char* name)
    {
        window.showPage(QLatin1StringView(name));
        return *qobject_cast<P*>(window.page(QLatin1StringView(name)));
    }

    /// What is to be seen, also in dialogs.
    template <class W = QPushButton> [[nodiscard]] W* child(const char* name)
    {
        for (QWidget* top : QApplication::topLevelWidgets())
            for (W* found : top->findChildren<W*>(QLatin1StringView(name)))
                if (found->isVisible())
                    return found;
        return nullptr;
    }

    /// Once it is there and may be clicked.
    void click(const char* name)
    {
        QTRY_VERIFY2(child(name) && child(name)->isEnabled(), name);
        QTest::mouseClick(child(name), Qt::LeftButton);
    }
};

} // namespace gatehouse::test
