// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/dialog.h"

#include "style/notice.h"
#include "style/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

QLabel* plainLabel(QWidget* parent, const QFont& font)
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setFont(font);
    label->setWordWrap(true);
    return label;
}

} // namespace

Dialog::Dialog(QWidget* parent)
    : QDialog(parent)
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowFlag(Qt::WindowContextHelpButtonHint, false);
    setMinimumWidth(440);

    m_heading = plainLabel(this, ui::font(Type::Heading, QFont::Bold));
    m_explanation = plainLabel(this, ui::font(Type::Body));
    m_explanation->setForegroundRole(QPalette::PlaceholderText);
    m_body = new QVBoxLayout;
    m_body->setSpacing(space::m);
    auto* notice = new Notice(Tone::Bad, Icon::TriangleAlert, this);
    m_failureBox = notice;
    m_failure = notice->label();
    m_failureBox->hide();
    m_cancel = new QPushButton(tr("Cancel"), this);
    m_action = new QPushButton(this);
    m_action->setDefault(true);

    m_foot = new QHBoxLayout;
    m_foot->setSpacing(space::s);
    m_foot->addStretch();
    m_foot->addWidget(m_cancel);
    m_foot->addWidget(m_action);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::xl, space::xl, space::xl, space::xl);
    layout->setSpacing(space::m);
    layout->addWidget(m_heading);
    layout->addWidget(m_explanation);
    layout->addLayout(m_body, 1);
    layout->addWidget(m_failureBox);
    layout->addSpacing(space::xs);
    layout->addLayout(m_foot);

    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_action, &QPushButton::clicked, this, &Dialog::actionTriggered);
}

void Dialog::setHeading(const QString& heading, const QString& explanation)
{
    setWindowTitle(heading);
    m_heading->setText(heading);
    m_explanation->setText(explanation);
    m_explanation->setVisible(!explanation.isEmpty());
}

void Dialog::setAction(const QString& text, ButtonLook look)
{
    m_action->setText(text);
    setLook(*m_action, look);
}

QPushButton* Dialog::addChoice(const QString& text, ButtonLook look)
{
    auto* button = new QPushButton(text, this);
    setLook(*button, look);
    m_foot->addWidget(button);
    return button;
}

void Dialog::setActionEnabled(bool enabled)
{
    m_enabled = enabled;
    m_action->setEnabled(m_enabled && !m_busy);
}

void Dialog::setBusy(bool busy)
{
    m_busy = busy;
    m_action->setEnabled(m_enabled && !m_busy);
    if (busy)
        showFailure({});
}

void Dialog::showFailure(const QString& text)
{
    m_failure->setText(text);
    m_failureBox->setVisible(!text.isEmpty());
}

QString Dialog::failure() const
{
    return m_failureBox->isHidden() ? QString() : m_failure->text();
}

bool Dialog::event(QEvent* event)
{
    const bool taken = QDialog::event(event);
    if (event->type() == QEvent::LayoutRequest && isVisible())
        if (const int needed = layout()->totalHeightForWidth(width()); needed > height())
            resize(width(), needed);
    return taken;
}

void Dialog::addField(const QString& name, QWidget* field, const QString& hint)
{
    m_body->addLayout(makeField(name, field, hint));
}

void Dialog::addFields(const QString& name, QWidget* field, const QString& secondName, QWidget* second)
{
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    row->addLayout(makeField(name, field, {}), 1);
    row->addLayout(makeField(secondName, second, {}), 1);
    m_body->addLayout(row);
}

QVBoxLayout* Dialog::makeField(const QString& name, QWidget* field, const QString& hint)
{
    auto* group = new QVBoxLayout;
    group->setSpacing(space::xs);
    QLabel* label = plainLabel(this, ui::font(Type::Small, QFont::Bold));
    label->setText(name);
    label->setBuddy(field);
    group->addWidget(label);
    group->addWidget(field);
    if (!hint.isEmpty()) {
        QLabel* below = plainLabel(this, ui::font(Type::Small));
        below->setForegroundRole(QPalette::PlaceholderText);
        below->setText(hint);
        group->addWidget(below);
        field->setAccessibleDescription(hint);
    }
    field->setAccessibleName(name);
    return group;
}

} // namespace gatehouse::ui
