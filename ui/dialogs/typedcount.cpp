// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/typedcount.h"

#include "style/theme.h"

#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

namespace gatehouse::ui {

TypedCount::TypedCount(const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_label(new QLabel(this))
    , m_field(new QLineEdit(this))
{
    m_label->setTextFormat(Qt::PlainText);
    m_label->setFont(ui::font(Type::Small, QFont::Bold));
    m_label->setBuddy(m_field);
    m_field->setObjectName(name);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::xs);
    layout->addWidget(m_label);
    layout->addWidget(m_field);
    connect(m_field, &QLineEdit::textChanged, this, &TypedCount::edited);
    setCount(0);
}

void TypedCount::setCount(std::size_t count)
{
    m_count = count;
    m_label->setText(tr("Type %1 to confirm").arg(count));
    m_field->setAccessibleName(m_label->text());
    setVisible(count > typedFrom);
}

bool TypedCount::isRight() const
{
    return m_count <= typedFrom || m_field->text().trimmed() == QString::number(m_count);
}

} // namespace gatehouse::ui
