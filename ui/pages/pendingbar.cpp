// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/pendingbar.h"

#include "style/gatehousestyle.h"

#include <QBoxLayout>
#include <QPushButton>

namespace gatehouse::ui {

PendingBar::PendingBar(QWidget* parent)
    : Notice(Tone::Warning, Icon::Hourglass, parent)
    , m_button(new QPushButton(tr("&Call off")))
{
    setObjectName(QStringLiteral("pending"));
    m_button->setObjectName(QStringLiteral("callOff"));
    setLook(*m_button, ButtonLook::Plain, ButtonSize::Small);
    auto* row = qobject_cast<QBoxLayout*>(layout());
    row->setStretch(0, 1);
    row->addWidget(m_button);
    using namespace std::chrono_literals;
    m_timer.setInterval(1s);
    connect(&m_timer, &QTimer::timeout, this, &PendingBar::tick);
    connect(m_button, &QPushButton::clicked, this, &PendingBar::callOff);
    hide();
}

void PendingBar::start(std::function<QString(int)> words, std::function<void()> run, std::function<void()> calledOff)
{
    if (isPending())
        finish(std::exchange(m_run, {}));
    m_words = std::move(words);
    m_run = std::move(run);
    m_calledOff = std::move(calledOff);
    m_left = seconds;
    setText(m_words(m_left));
    m_timer.start();
    show();
}

void PendingBar::callOff()
{
    if (isPending())
        finish(std::exchange(m_calledOff, {}));
}

void PendingBar::tick()
{
    if (--m_left > 0)
        setText(m_words(m_left));
    else
        finish(std::exchange(m_run, {}));
}

void PendingBar::finish(const std::function<void()>& with)
{
    m_timer.stop();
    hide();
    if (with)
        with();
}

} // namespace gatehouse::ui
