// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "connectionscenes.h"
#include "mainwindow/mainwindow.h"
#include "pages/connectionspage.h"
#include "pages/connectionstable.h"

#include <QApplication>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QWindow>

namespace gatehouse::test {

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};

/// The window on a made-up server, on the connections page.
struct Desk {
    explicit Desk(ui::Appearance& appearance, const std::vector<SessionSketch>& sketches = smallGate())
        : settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat)
    {
        control.answer = [](const Command& command) { return gateAnswer(command, start); };
        window = std::make_unique<ui::MainWindow>(control, settings, appearance,
                                                  ui::MainWindowOptions{{"dana", "console"}, false, false});
        window->resize(1440, 900);
        window->show();
        window->showPage(QStringLiteral("connections"));
        FeedBatch batch = gateBatch(sketches, start, 0);
        batch.snapshot = true;
        push(std::move(batch));
    }

    void push(FeedBatch batch)
    {
        control.push(std::move(batch));
        for (int turn = 0; turn < 4; ++turn)
            QApplication::processEvents();
    }

    template <class W> W* child(const char* name) const { return window->findChild<W*>(QLatin1StringView(name)); }
    ui::ConnectionsTable* table() const { return child<ui::ConnectionsTable>("connectionsTable"); }
    ui::ConnectionsPage& page() const { return *qobject_cast<ui::ConnectionsPage*>(window->currentPage()); }

    void clickRow(std::uint64_t id, Qt::KeyboardModifiers keys = {}) const
    {
        const QModelIndex cell =
            page().model().index(page().model().rowOf(SessionId{id}), static_cast<int>(ui::ConnectionColumn::User));
        table()->scrollTo(cell);
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, keys, table()->visualRect(cell).center());
    }
    [[nodiscard]] QWindow* handle() const { return window->windowHandle(); }
    /// In the window.
    [[nodiscard]] QPoint overRow(int row) const
    {
        return table()->viewport()->mapTo(window.get(), table()->visualRect(page().model().index(row, 1)).center());
    }
    /// By the window system's own events.
    void pointAt(QPoint position) const
    {
        QCursor::setPos(window->mapToGlobal(position));
        QApplication::processEvents();
    }
    void click(const char* button) const
    {
        QTest::mouseClick(child<QPushButton>(button), Qt::LeftButton);
        QApplication::processEvents();
    }

    QTemporaryDir folder;
    QSettings settings;
    FakeControl control;
    std::unique_ptr<ui::MainWindow> window;
};

} // namespace gatehouse::test
