// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/outcomebar.h"

#include "style/gatehousestyle.h"

#include <QBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace gatehouse::ui {

OutcomeBar::OutcomeBar(QWidget* parent)
    : Notice(Tone::Good, Icon::CircleCheck, parent)
    , m_undo(new QPushButton(tr("&Undo")))
    , m_dismiss(new QPushButton(tr("Dismiss")))
{
    auto* row = qobject_cast<QBoxLayout*>(layout());
    row->setStretch(0, 1);
    for (QPushButton* button : {m_undo, m_dismiss}) {
        setLook(*button, button == m_undo ? ButtonLook::Plain : ButtonLook::Quiet, ButtonSize::Small);
        row->addWidget(button);
    }
    m_undo->setObjectName(QStringLiteral("undo"));
    connect(m_undo, &QPushButton::clicked, this, [this] {
        m_undo->setEnabled(false);
        if (const auto undo = m_onUndo)
            undo();
    });
    connect(m_dismiss, &QPushButton::clicked, this, &QWidget::hide);
    hide();
}

void OutcomeBar::showDone(const QString& text, std::function<void()> undo)
{
    set(Tone::Good, Icon::CircleCheck);
    setText(text);
    m_onUndo = std::move(undo);
    m_undo->setVisible(bool(m_onUndo));
    m_undo->setEnabled(true);
    show();
}

void OutcomeBar::showFailed(const QString& text)
{
    set(Tone::Bad, Icon::TriangleAlert);
    setText(text);
    m_undo->hide();
    show();
}

} // namespace gatehouse::ui
