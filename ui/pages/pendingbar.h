// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/notice.h"

#include <QTimer>

#include <chrono>
#include <functional>

class QPushButton;

namespace gatehouse::ui {

/// A command that waits some seconds above the table, in which it can be called off. One at a time: a second one sends
/// the first on its way.
class PendingBar : public Notice {
    Q_OBJECT
public:
    static constexpr int seconds = 5;

    explicit PendingBar(QWidget* parent = nullptr);

    /// `words` says what is about to happen, given the seconds that are left.
    void start(std::function<QString(int)> words, std::function<void()> run, std::function<void()> calledOff);
    void callOff();
    [[nodiscard]] bool isPending() const { return m_timer.isActive(); }
    /// How long one of the seconds lasts; for tests.
    void setSecond(std::chrono::milliseconds second) { m_timer.setInterval(second); }

private:
    void tick();
    void finish(const std::function<void()>& with);

    QTimer m_timer;
    int m_left = 0;
    std::function<QString(int)> m_words;
    std::function<void()> m_run;
    std::function<void()> m_calledOff;
    QPushButton* m_button;
};

} // namespace gatehouse::ui
