// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/findbar.h"

#include "editor/jsoneditor.h"
#include "style/gatehousestyle.h"
#include "style/icon.h"
#include "style/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace gatehouse::ui {

FindBar::FindBar(JsonEditor& editor, QWidget* parent)
    : QWidget(parent)
    , m_editor(editor)
    , m_text(new QLineEdit(this))
    , m_nothing(new QLabel(this))
{
    m_text->setObjectName(QStringLiteral("findText"));
    m_text->setAccessibleName(tr("Find"));
    m_text->setPlaceholderText(tr("Find in the policy"));
    m_text->setFont(ui::font(Type::Mono));
    m_text->addAction(icon(Icon::Search), QLineEdit::LeadingPosition);
    m_nothing->setText(tr("not found"));
    m_nothing->setForegroundRole(QPalette::PlaceholderText);
    m_nothing->hide();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::m, space::s, space::m, space::s);
    layout->setSpacing(space::s);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_nothing);
    const auto add = [&](Icon symbol, const QString& name, auto perform) {
        auto* button = new QPushButton(icon(symbol), {}, this);
        button->setAccessibleName(name);
        button->setToolTip(name);
        setLook(*button, ButtonLook::Quiet, ButtonSize::Small);
        connect(button, &QPushButton::clicked, this, perform);
        layout->addWidget(button);
    };
    add(Icon::ChevronUp, tr("Find before (Shift+Enter)"), [this] { look(false); });
    add(Icon::ChevronDown, tr("Find next (Enter)"), [this] { look(true); });
    add(Icon::X, tr("Close (Escape)"), [this] {
        hide();
        m_editor.setFocus();
    });
    connect(m_text, &QLineEdit::textEdited, m_nothing, &QWidget::hide);
    hide();
}

void FindBar::open()
{
    if (m_editor.hasSelectedText() && !m_editor.selectedText().contains(QLatin1Char('\n')))
        m_text->setText(m_editor.selectedText());
    show();
    m_text->setFocus(Qt::ShortcutFocusReason);
    m_text->selectAll();
}

void FindBar::look(bool forward)
{
    m_nothing->setVisible(!m_editor.find(m_text->text(), forward));
}

void FindBar::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape) {
        hide();
        m_editor.setFocus();
    } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        look(!event->modifiers().testFlag(Qt::ShiftModifier));
    } else {
        QWidget::keyPressEvent(event);
    }
}

} // namespace gatehouse::ui
