// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/commandpalette.h"

#include "pages/page.h"
#include "style/painting.h"

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int paletteWidth = 620;
constexpr int shownRows = 10;
constexpr int rowHeight = 34;
enum Role { ActionRole = Qt::UserRole, ShortcutRole, CommandRole, EnabledRole };

QString plainName(const QAction& action)
{
    return QString(action.text()).remove(QLatin1Char('&'));
}

class RowDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return {200, rowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& theme = Theme::of(option.palette);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state & QStyle::State_Selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme.accentGround);
            painter->drawRoundedRect(option.rect, metric::radius, metric::radius);
        }
        const bool enabled = index.data(EnabledRole).toBool();
        QRect rect = option.rect.adjusted(10, 0, -10, 0);
        index.data(Qt::DecorationRole)
            .value<QIcon>()
            .paint(painter, rect.x(), rect.y() + 9, 16, 16, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        rect.adjust(26, 0, 0, 0);
        painter->setFont(ui::font(Type::Body));
        painter->setPen(enabled ? theme.text : theme.faint);
        painter->drawText(rect, Qt::AlignLeft | Qt::AlignVCenter, index.data().toString());
        const int name = painter->fontMetrics().horizontalAdvance(index.data().toString());
        const QString shortcut = index.data(ShortcutRole).toString();
        painter->setFont(ui::font(Type::Small));
        painter->setPen(enabled ? theme.muted : theme.faint);
        painter->drawText(rect, Qt::AlignRight | Qt::AlignVCenter, shortcut);
        painter->setFont(ui::font(Type::Mono));
        const int room = rect.width() - name - 2 * space::l - 80;
        const QString command =
            painter->fontMetrics().elidedText(index.data(CommandRole).toString(), Qt::ElideRight, room);
        painter->drawText(rect.adjusted(0, 0, -90, 0), Qt::AlignRight | Qt::AlignVCenter, command);
        painter->restore();
    }
};

} // namespace

CommandPalette::CommandPalette(const QList<QAction*>& actions, QWidget* parent)
    : QDialog(parent, Qt::Popup | Qt::FramelessWindowHint)
    , m_text(new QLineEdit(this))
    , m_list(new QListWidget(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("commandPalette"));
    setWindowTitle(tr("Commands"));
    for (QAction* action : actions)
        m_actions.append(action);
    m_text->setPlaceholderText(tr("Type a command"));
    m_text->setAccessibleName(tr("Command"));
    m_list->setItemDelegate(new RowDelegate(m_list));
    m_list->setAccessibleName(tr("Commands"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setFixedHeight(shownRows * rowHeight);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::s, space::s, space::s, space::s);
    layout->setSpacing(space::s);
    layout->addWidget(m_text);
    layout->addWidget(m_list);
    setFixedWidth(std::min(paletteWidth, parent->width() - 2 * space::xl));
    adjustSize();
    move(parent->mapToGlobal(QPoint((parent->width() - width()) / 2, metric::topBar + space::m)));
    m_text->installEventFilter(this);
    connect(m_text, &QLineEdit::textChanged, this, &CommandPalette::fill);
    connect(m_text, &QLineEdit::returnPressed, this, &CommandPalette::run);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::run);
    fill({});
    m_text->setFocus();
}

void CommandPalette::fill(const QString& text)
{
    m_list->clear();
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (qsizetype i = 0; i < m_actions.size(); ++i) {
        const QAction* action = m_actions[i];
        if (!action || action->text().isEmpty())
            continue;
        const QString looked = plainName(*action) + QLatin1Char(' ') + commandLine(*action);
        const bool found = std::all_of(words.begin(), words.end(),
                                       [&](const QString& word) { return looked.contains(word, Qt::CaseInsensitive); });
        if (!found)
            continue;
        auto* item = new QListWidgetItem(action->icon(), plainName(*action), m_list);
        item->setData(ActionRole, static_cast<int>(i));
        item->setData(ShortcutRole, action->shortcut().toString(QKeySequence::NativeText));
        item->setData(CommandRole, commandLine(*action));
        item->setData(EnabledRole, action->isEnabled());
    }
    m_list->setCurrentRow(0);
}

void CommandPalette::run()
{
    const QListWidgetItem* item = m_list->currentItem();
    if (!item || !item->data(EnabledRole).toBool())
        return;
    const QPointer<QAction> action = m_actions[item->data(ActionRole).toInt()];
    accept();
    if (action)
        action->trigger();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_text && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const int step = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : 0;
        if (step != 0 && m_list->count() > 0) {
            m_list->setCurrentRow((m_list->currentRow() + step + m_list->count()) % m_list->count());
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void CommandPalette::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.card);
    painter.setPen(theme.faint);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace gatehouse::ui
