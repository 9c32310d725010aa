// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/topbar.h"

#include "style/elidedlabel.h"
#include "style/pill.h"
#include "text/format.h"
#include "text/gatenotices.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>

#include <optional>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr auto lagWorthTelling = 50ms;
constexpr int figureGap = 20;
constexpr int symbolAdvance = 18;

struct StateLook {
    Tone tone;
    Icon symbol;
};

StateLook lookOf(const GateStats& stats)
{
    switch (stats.state) {
    case GateState::Starting:
        return {Tone::Neutral, Icon::Hourglass};
    case GateState::Serving:
        return stats.lockdown ? StateLook{Tone::Bad, Icon::Lock} : StateLook{Tone::Good, Icon::CircleCheck};
    case GateState::Draining:
        return {Tone::Warning, Icon::Hourglass};
    case GateState::Stopped:
        return {Tone::Bad, Icon::CircleStop};
    }
    return {Tone::Neutral, Icon::Info};
}

} // namespace

TopBar::TopBar(QWidget* parent)
    : QFrame(parent)
    , m_state(new Pill(this))
    , m_simulated(new Pill(this))
    , m_listeners(new ElidedLabel(this))
    , m_filter(new QLineEdit(this))
    , m_lockdown(new QPushButton(this))
{
    setObjectName(QStringLiteral("topBar"));
    setFixedHeight(metric::topBar);
    m_state->setObjectName(QStringLiteral("gateState"));
    m_simulated->setObjectName(QStringLiteral("simulated"));
    m_simulated->set(Tone::Accent, Icon::Play, tr("SIMULATED"));
    m_simulated->setToolTip(tr("The clients are made up: they come from the demo, over real connections."));
    m_simulated->hide();
    m_listeners->setFont(ui::font(Type::Small));
    m_listeners->setMuted(true);
    m_listeners->setMaximumWidth(300);
    m_filter->setObjectName(QStringLiteral("filter"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setFont(ui::font(Type::Mono));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(icon(Icon::ListFilter), QLineEdit::LeadingPosition);
    connect(m_filter, &QLineEdit::textChanged, this, &TopBar::filterEdited);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::l, 0, space::l, 1);
    layout->setSpacing(space::m);
    layout->addWidget(m_state);
    layout->addWidget(m_simulated);
    layout->addWidget(m_listeners);
    layout->addWidget(m_filter, 1);
    layout->addStretch(0);
    layout->addWidget(m_lockdown);
    m_lockdown->setObjectName(QStringLiteral("lockdownButton"));
    setState({});
}

void TopBar::setState(const GateStats& stats)
{
    const StateLook look = lookOf(stats);
    m_state->set(look.tone, look.symbol, gateStateText(stats));
    m_state->setToolTip(stats.lockdown ? lockdownTip(*stats.lockdown, stats.time).toHtmlEscaped() : QString());
}

void TopBar::setSimulated(bool simulated)
{
    m_simulated->setVisible(simulated);
}

void TopBar::setListeners(const std::vector<ListenerInfo>& listeners)
{
    QStringList words;
    for (const ListenerInfo& listener : listeners)
        words += plainText(listener.url);
    m_listeners->setText(words.join(QStringLiteral(", ")));
}

void TopBar::setFilter(const QString& hint, const QString& text)
{
    m_filter->setVisible(!hint.isEmpty());
    m_filter->setPlaceholderText(hint);
    const QSignalBlocker blocker(m_filter);
    m_filter->setText(text);
}

void TopBar::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

QWidget* TopBar::filterField() const
{
    return m_filter;
}

void TopBar::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.rail);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.line);
}

StatusLine::StatusLine(QWidget* parent)
    : QFrame(parent)
{
    setFixedHeight(metric::statusLine);
    setObjectName(QStringLiteral("statusLine"));
}

void StatusLine::setFigures(std::vector<Figure> figures)
{
    if (figures == m_figures)
        return;
    m_figures = std::move(figures);
    updateWords();
}

void StatusLine::setAudit(AuditState state, std::uint64_t newest)
{
    m_audit = state;
    m_auditText = state == AuditState::Good ? tr("audit #%1").arg(countText(newest)) : tr("audit log fails");
    updateWords();
}

void StatusLine::setAlarms(std::vector<Alarm> alarms)
{
    std::erase_if(alarms, [](const Alarm& alarm) { return alarm.text.isEmpty(); });
    if (alarms == m_alarms)
        return;
    m_alarms = std::move(alarms);
    updateWords();
}

void StatusLine::setLag(std::chrono::milliseconds lag)
{
    m_lag = tr("UI %1 ms").arg(lag.count());
    m_lagging = lag >= lagWorthTelling;
    update();
}

void StatusLine::setTime(const QString& time)
{
    m_time = time;
    update();
}

void StatusLine::updateWords()
{
    QStringList words;
    for (const Figure& figure : m_figures)
        words += figure.value + QLatin1Char(' ') + figure.unit;
    words += m_auditText;
    for (const Alarm& alarm : m_alarms)
        words += alarm.text;
    setAccessibleName(words.join(QStringLiteral(", ")));
    update();
}

void StatusLine::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.rail);
    painter.fillRect(QRect(0, 0, width(), 1), theme.line);
    if (layoutDirection() == Qt::RightToLeft)
        painter.setLayoutDirection(Qt::RightToLeft);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const auto drawAt = [&](int x, const QString& text, const QFont& textFont, const QColor& color) {
        painter.setFont(textFont);
        painter.setPen(color);
        const int wide = painter.fontMetrics().horizontalAdvance(text);
        painter.drawText(QRect(mirrored ? width() - x - wide : x, 1, wide + 1, height() - 1),
                         Qt::AlignVCenter | Qt::AlignLeft, text);
        return wide;
    };
    const QFont plain = ui::font(Type::Small);
    int x = space::l;
    for (const Figure& figure : m_figures) {
        x += drawAt(x, figure.value, ui::font(Type::Small, QFont::Bold), figure.alarming ? theme.bad : theme.text) + 4;
        x += drawAt(x, figure.unit, plain, figure.alarming ? theme.bad : theme.muted) + figureGap;
    }
    const int left = x;
    x = width() - space::l;
    const auto drawBefore = [&](const QString& text, const QColor& color, std::optional<Icon> symbol = {}) {
        const int wide = QFontMetrics(plain).horizontalAdvance(text);
        if (text.isEmpty() || x - wide < left)
            return;
        x -= wide;
        drawAt(x, text, plain, color);
        if (const int at = x - symbolAdvance; symbol && at > left) {
            paintIcon(painter, QRectF(mirrored ? width() - at - 13 : at, (height() - 12) / 2.0, 13, 13), *symbol,
                      color);
            x = at;
        }
        x -= figureGap;
    };
    drawBefore(m_time, theme.muted);
    drawBefore(m_lag, m_lagging ? theme.warning : theme.muted);
    const bool good = m_audit == AuditState::Good;
    drawBefore(m_auditText, good ? theme.muted : theme.bad, good ? Icon::Link : Icon::Unlink);
    for (auto alarm = m_alarms.rbegin(); alarm != m_alarms.rend(); ++alarm)
        drawBefore(alarm->text, alarm->alarming ? theme.bad : theme.warning, Icon::TriangleAlert);
}

} // namespace gatehouse::ui
