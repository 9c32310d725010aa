// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/upstreamscard.h"

#include "style/gatehousestyle.h"
#include "style/painting.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/upstreamtext.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {

namespace {

constexpr int side = 12;
constexpr int lineHeight = 32;
constexpr int headHeight = 26;
constexpr int pillWidth = 92;
constexpr int figureWidth = 76;
constexpr int orderWidth = 84;
constexpr int orderGap = space::xl;
constexpr int routeGap = 6;

struct Look {
    Tone tone;
    Icon symbol;
};

Look lookOf(UpstreamState state)
{
    switch (state) {
    case UpstreamState::Up:
        return {Tone::Good, Icon::CircleCheck};
    case UpstreamState::Ejected:
        return {Tone::Bad, Icon::Unlink};
    case UpstreamState::Draining:
        return {Tone::Warning, Icon::DoorOpen};
    }
    return {Tone::Neutral, Icon::Info};
}

int trouble(const UpstreamStatus& status)
{
    return status.state == UpstreamState::Ejected ? 2 : status.state == UpstreamState::Draining ? 1 : 0;
}

/// Where the columns of a line lie, mirrored where the layout is.
struct Columns {
    QRect pill, name, detail, sessions, failures;

    Columns(const QRect& line, Qt::LayoutDirection direction)
    {
        int right = line.right() + 1 - side - orderWidth - orderGap;
        const auto fromRight = [&](int width) {
            right -= width;
            return QRect(right, line.top(), width, line.height());
        };
        failures = fromRight(figureWidth);
        sessions = fromRight(figureWidth);
        pill = QRect(line.left() + side, line.top(), pillWidth, line.height());
        const int room = std::max(right - space::m - pill.right() - 1 - space::s, 0);
        const int nameWidth = std::clamp(room * 2 / 5, std::min(room, 220), 460);
        name = QRect(pill.right() + 1 + space::s, line.top(), std::min(nameWidth, room), line.height());
        const int after = name.right() + 1 + space::m;
        detail = QRect(after, line.top(), std::max(right - space::m - after, 0), line.height());
        for (QRect* each : {&pill, &name, &detail, &sessions, &failures})
            *each = QStyle::visualRect(direction, line, *each);
    }
};

} // namespace

UpstreamRow::UpstreamRow(QWidget* parent)
    : QAbstractButton(parent)
    , m_order(new QPushButton(this))
{
    setFixedHeight(lineHeight);
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
    setLook(*m_order, ButtonLook::Plain, ButtonSize::Small);
    m_order->setObjectName(QStringLiteral("upstreamOrder"));
    m_order->setCursor(Qt::ArrowCursor);
    connect(m_order, &QPushButton::clicked, this, &UpstreamRow::orderWanted);
}

void UpstreamRow::set(const UpstreamStatus& status, const QTimeZone& zone)
{
    if (status == m_status && !m_name.isEmpty())
        return;
    m_status = status;
    m_name = plainText(status.url);
    m_route = tr("of %1").arg(plainText(status.route));
    m_detail = upstreamDetail(status, zone);
    const bool draining = status.state == UpstreamState::Draining;
    m_order->setText(draining ? tr("Undrain…") : tr("Drain…"));
    m_order->setAccessibleName((draining ? tr("Undrain %1") : tr("Drain %1")).arg(upstreamName(status)));
    setAccessibleName(text());
    setAccessibleDescription(tr("Leads to its sessions"));
    setToolTip(upstreamTip(status, zone).toHtmlEscaped());
    update();
}

void UpstreamRow::setOrdersAllowed(bool allowed)
{
    m_order->setEnabled(allowed);
}

QString UpstreamRow::text() const
{
    QStringList words{upstreamStateText(m_status.state),
                      m_name,
                      m_route,
                      m_detail,
                      tr("%n session(s)", nullptr, static_cast<int>(m_status.sessions)),
                      tr("%n failure(s)", nullptr, static_cast<int>(m_status.failures))};
    words.removeAll(QString());
    return words.join(QStringLiteral(", "));
}

QSize UpstreamRow::sizeHint() const
{
    return {600, lineHeight};
}

void UpstreamRow::resizeEvent(QResizeEvent*)
{
    placeOrder();
}

void UpstreamRow::changeEvent(QEvent* event)
{
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::LayoutDirectionChange)
        placeOrder();
}

void UpstreamRow::placeOrder()
{
    const QRect order(width() - side - orderWidth, (height() - metric::smallButton) / 2, orderWidth,
                      metric::smallButton);
    m_order->setGeometry(QStyle::visualRect(layoutDirection(), rect(), order));
}

void UpstreamRow::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect ground = rect().adjusted(4, 1, -4, -1);
    if (underMouse() || isDown()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.neutralGround);
        painter.drawRoundedRect(ground, metric::radius - 2, metric::radius - 2);
    }
    const Columns columns(rect(), layoutDirection());
    const Look look = lookOf(m_status.state);
    paintPill(painter, columns.pill, theme, look.tone, look.symbol, upstreamStateText(m_status.state),
              layoutDirection());
    const auto words = [&](const QRect& where, const QString& what, const QColor& ink, Qt::Alignment alignment) {
        painter.setPen(ink);
        painter.drawText(where, int(Qt::AlignVCenter | QStyle::visualAlignment(layoutDirection(), alignment)),
                         painter.fontMetrics().elidedText(what, Qt::ElideRight, where.width()));
    };
    painter.setFont(ui::font(Type::Body));
    // The route gives way last: addresses differ at their ends, routes tell what is meant.
    const QFontMetrics metrics = painter.fontMetrics();
    const int route = std::min(metrics.horizontalAdvance(m_route) + 2, columns.name.width() / 2);
    const QString url = metrics.elidedText(m_name, Qt::ElideMiddle, columns.name.width() - route - routeGap);
    const int urlWidth = metrics.horizontalAdvance(url) + 2; // rounding must not cut it once more
    const QRect urlPlace(columns.name.left(), 0, urlWidth, height());
    const QRect routePlace(columns.name.left() + urlWidth + routeGap, 0, columns.name.width() - urlWidth - routeGap,
                           height());
    painter.setLayoutDirection(Qt::LeftToRight); // as addresses are read everywhere
    words(QStyle::visualRect(layoutDirection(), columns.name, urlPlace), url, theme.text, Qt::AlignLeft);
    painter.setLayoutDirection(layoutDirection());
    words(QStyle::visualRect(layoutDirection(), columns.name, routePlace), m_route, theme.muted, Qt::AlignLeft);
    words(columns.detail, m_detail, m_status.state == UpstreamState::Ejected ? theme.bad : theme.muted, Qt::AlignLeft);
    words(columns.sessions, countText(m_status.sessions), theme.text, Qt::AlignRight);
    words(columns.failures, countText(m_status.failures), m_status.failures > 0 ? theme.text : theme.muted,
          Qt::AlignRight);
    if (paint::showsFocus(*this))
        paint::focusRing(painter, ground, theme, metric::radius - 2);
}

UpstreamsCard::UpstreamsCard(QWidget* parent)
    : Card(parent)
    , m_column(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("upstreams"));
    setAccessibleName(tr("Upstreams"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_column->setContentsMargins(0, 6, 0, 6);
    m_column->setSpacing(0);
    makeHead();
    hide();
}

void UpstreamsCard::makeHead()
{
    const auto label = [this](const QString& text, bool strong) {
        auto* made = new QLabel(text, this);
        made->setTextFormat(Qt::PlainText);
        made->setFont(strong ? ui::font(Type::Body, QFont::Bold) : ui::font(Type::Small));
        if (!strong)
            made->setForegroundRole(QPalette::PlaceholderText);
        made->setFixedHeight(headHeight);
        return made;
    };
    m_summary = label({}, false);
    m_summary->setObjectName(QStringLiteral("upstreamsSummary"));
    m_more = new QPushButton(this);
    m_more->setObjectName(QStringLiteral("upstreamsMore"));
    setLook(*m_more, ButtonLook::Quiet, ButtonSize::Small);
    connect(m_more, &QPushButton::clicked, this, [this] {
        m_all = !m_all;
        showRows();
    });
    auto* head = new QHBoxLayout;
    head->setContentsMargins(side, 0, side, 2);
    head->setSpacing(space::s);
    head->addWidget(label(tr("Upstreams"), true));
    head->addWidget(m_summary);
    head->addWidget(m_more);
    head->addStretch(1);
    auto* figures = new QHBoxLayout;
    figures->setSpacing(0);
    for (const QString& unit : {tr("sessions"), tr("failures")}) {
        QLabel* above = label(unit, false);
        above->setFixedWidth(figureWidth);
        above->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        figures->addWidget(above);
    }
    figures->addSpacing(orderGap + orderWidth);
    head->addLayout(figures);
    m_column->addLayout(head);
}

UpstreamRow* UpstreamsCard::addRow()
{
    auto* row = new UpstreamRow(this);
    connect(row, &QAbstractButton::clicked, this,
            [this, row] { Q_EMIT chosen(QString::fromStdString(row->status().url)); });
    connect(row, &UpstreamRow::orderWanted, this, [this, row] { Q_EMIT orderWanted(row->status()); });
    m_column->addWidget(row);
    m_rows.push_back(row);
    return row;
}

void UpstreamsCard::set(const std::vector<UpstreamStatus>& upstreams, bool allowed)
{
    if (upstreams == m_upstreams && allowed == m_allowed)
        return;
    m_upstreams = upstreams;
    m_allowed = allowed;
    showRows();
}

void UpstreamsCard::showRows()
{
    setVisible(!m_upstreams.empty());
    std::vector<UpstreamStatus> shown = m_upstreams;
    const bool many = shown.size() > shownAtOnce;
    if (many) // few keep the policy's order, so that none moves under the hand
        std::ranges::stable_sort(shown, std::ranges::greater{}, trouble);
    if (many && !m_all)
        shown.resize(shownAtOnce);
    while (m_rows.size() < shown.size())
        addRow();
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (i < shown.size())
            m_rows[i]->set(shown[i], m_zone);
        m_rows[i]->setOrdersAllowed(m_allowed);
        m_rows[i]->setVisible(i < shown.size());
    }
    const auto up = std::ranges::count(m_upstreams, UpstreamState::Up, &UpstreamStatus::state);
    m_summary->setText(tr("%1 of %2 up").arg(up).arg(m_upstreams.size()));
    m_more->setVisible(many);
    m_more->setText(m_all ? tr("Show fewer") : tr("Show all"));
    setFixedHeight(2 + 6 + headHeight + 2 + lineHeight * static_cast<int>(shown.size()) + 6);
}

std::vector<UpstreamRow*> UpstreamsCard::rows() const
{
    std::vector<UpstreamRow*> shown;
    std::ranges::copy_if(m_rows, std::back_inserter(shown), [](const UpstreamRow* row) { return !row->isHidden(); });
    return shown;
}

QString UpstreamsCard::summary() const
{
    return m_summary->text();
}

} // namespace gatehouse::ui
