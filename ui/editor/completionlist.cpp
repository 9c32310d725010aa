// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/completionlist.h"

#include "style/theme.h"

#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int listWidth = 300;
constexpr int rowHeight = 24;
constexpr int mostRows = 8;
constexpr int aboutHeight = 48;

} // namespace

CompletionList::CompletionList(QWidget* parent)
    : QFrame(parent)
    , m_list(new QListWidget(this))
    , m_about(new QLabel(this))
{
    setObjectName(QStringLiteral("completion"));
    setFrameShape(QFrame::NoFrame);
    m_list->setAccessibleName(tr("What may stand here"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setFont(ui::font(Type::Mono));
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_about->setTextFormat(Qt::PlainText);
    m_about->setWordWrap(true);
    m_about->setFont(ui::font(Type::Small));
    m_about->setForegroundRole(QPalette::PlaceholderText);
    m_about->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_about->setContentsMargins(space::s, space::xs, space::s, 0);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::xs, space::xs, space::xs, space::xs);
    layout->setSpacing(0);
    layout->addWidget(m_list);
    layout->addWidget(m_about);
    connect(m_list, &QListWidget::currentRowChanged, this, &CompletionList::showAbout);
    connect(m_list, &QListWidget::itemClicked, this, &CompletionList::taken);
    hide();
}

void CompletionList::offer(const std::vector<Proposal>& proposals, const QPoint& below, int lineHeight)
{
    m_proposals = proposals;
    m_list->clear();
    for (const Proposal& proposal : m_proposals) {
        auto* item = new QListWidgetItem(proposal.name, m_list);
        item->setSizeHint({0, rowHeight});
    }
    if (m_proposals.empty()) {
        hide();
        return;
    }
    const bool explained = std::ranges::any_of(m_proposals, [](const Proposal& one) { return !one.about.isEmpty(); });
    m_about->setVisible(explained);
    m_about->setFixedHeight(aboutHeight);
    const int rows = std::min(mostRows, static_cast<int>(m_proposals.size()));
    m_list->setFixedHeight(rows * rowHeight);
    const QSize size(listWidth, rows * rowHeight + (explained ? aboutHeight : 0) + 2 * space::xs);
    const QRect room = parentWidget()->rect();
    const bool fits = below.y() + size.height() <= room.height();
    const int y = fits ? below.y() : std::max(0, below.y() - lineHeight - size.height());
    setGeometry(QRect(QPoint(std::max(0, std::min(below.x(), room.width() - size.width() - space::s)), y), size));
    m_list->setCurrentRow(0);
    showAbout();
    show();
    raise();
}

bool CompletionList::move(int key)
{
    const int step = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : key == Qt::Key_PageDown ? mostRows : -mostRows;
    if (step == -mostRows && key != Qt::Key_PageUp)
        return false;
    const int count = m_list->count();
    const int row = m_list->currentRow() + step;
    m_list->setCurrentRow(std::abs(step) == 1 ? (row + count) % count : std::clamp(row, 0, count - 1));
    return true;
}

std::optional<Proposal> CompletionList::chosen() const
{
    const auto row = static_cast<std::size_t>(m_list->currentRow());
    return row < m_proposals.size() ? std::optional(m_proposals[row]) : std::nullopt;
}

QStringList CompletionList::names() const
{
    QStringList names;
    for (const Proposal& proposal : m_proposals)
        names += proposal.name;
    return names;
}

void CompletionList::showAbout()
{
    const auto now = chosen();
    m_about->setText(now ? now->about : QString());
}

void CompletionList::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), theme.card);
    painter.setPen(theme.faint);
    painter.setBrush(theme.card);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metric::radius - 2, metric::radius - 2);
}

} // namespace gatehouse::ui
