// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/connectionshead.h"

#include "style/gatehousestyle.h"
#include "style/icon.h"
#include "style/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTimer>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr auto noticeStays = 8s;

} // namespace

ConnectionsHead::ConnectionsHead(const QString& title, QWidget* parent)
    : QWidget(parent)
    , m_counts(new QLabel(this))
    , m_notice(new QLabel(this))
    , m_waiting(new QPushButton(icon(Icon::Play), {}, this))
    , m_kick(new QPushButton(icon(Icon::UserX), tr("Kick…"), this))
    , m_hold(new QPushButton(icon(Icon::Pause), tr("Hold"), this))
{
    auto* heading = new QLabel(title, this);
    heading->setFont(ui::font(Type::Heading, QFont::Bold));
    m_counts->setObjectName(QStringLiteral("connectionsCounts"));
    m_counts->setForegroundRole(QPalette::PlaceholderText);
    m_notice->setTextFormat(Qt::PlainText);
    m_notice->setObjectName(QStringLiteral("connectionsNotice"));
    m_waiting->setObjectName(QStringLiteral("connectionsWaiting"));
    setLook(*m_waiting, ButtonLook::Quiet, ButtonSize::Small);
    m_waiting->hide();
    connect(m_waiting, &QPushButton::clicked, this, &ConnectionsHead::waitingWanted);
    m_kick->setObjectName(QStringLiteral("connectionsKick"));
    m_hold->setObjectName(QStringLiteral("connectionsHold"));
    m_hold->setCheckable(true);
    m_hold->setToolTip(tr("Keep every row where it is"));
    auto* columns = new QPushButton(icon(Icon::Columns3), tr("Columns"), this);
    columns->setObjectName(QStringLiteral("connectionsColumns"));
    m_columns = new QMenu(columns);
    connect(columns, &QPushButton::clicked, this,
            [this, columns] { m_columns->popup(columns->mapToGlobal(QPoint(0, columns->height() + 2))); });
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::m);
    layout->addWidget(heading);
    layout->addWidget(m_counts);
    layout->addWidget(m_waiting);
    layout->addWidget(m_notice);
    layout->addStretch();
    for (QPushButton* button : {m_kick, m_hold, columns}) {
        setLook(*button, ButtonLook::Plain, ButtonSize::Small);
        layout->addWidget(button);
    }
}

void ConnectionsHead::setCounts(const QString& text)
{
    m_counts->setText(text);
}

void ConnectionsHead::setWaiting(int rows)
{
    m_waiting->setText(tr("%n new", nullptr, rows));
    m_waiting->setVisible(rows > 0);
}

void ConnectionsHead::setKick(const QString& text, bool enabled)
{
    m_kick->setText(text);
    m_kick->setEnabled(enabled);
}

void ConnectionsHead::say(const QString& notice)
{
    m_notice->setText(notice);
    QTimer::singleShot(noticeStays, m_notice, [label = m_notice, notice] {
        if (label->text() == notice)
            label->clear();
    });
}

} // namespace gatehouse::ui
