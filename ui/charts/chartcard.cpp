// SPDX-License-Identifier: GPL-3.0-or-later
#include "charts/chartcard.h"

#include "charts/reduction.h"
#include "style/theme.h"
#include "text/format.h"

#include <QAreaSeries>
#include <QDateTime>
#include <QEvent>
#include <QGraphicsLayout>
#include <QGraphicsScene>
#include <QLineSeries>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QValueAxis>

#include <algorithm>
#include <cmath>
#include <span>

namespace gatehouse::ui {

namespace {

constexpr std::chrono::minutes chartSpan{15};
constexpr int gridIntervals = 3; // four lines with the ground line
constexpr double lineWidth = 1.6;
constexpr double swatch = 15; // a curve's mark in the legend and the gap after it
constexpr double nameGap = 5;
constexpr int areaAlpha = 28;
constexpr int titleHeight = 36;
constexpr int valueLabelWidth = 44;
constexpr int timeLabelHeight = 20;

double milliseconds(WallTime time)
{
    return static_cast<double>(time.time_since_epoch().count());
}

} // namespace

ChartCard::ChartCard(const GateFigures& figures, ChartOptions options, QWidget* parent)
    : QWidget(parent)
    , m_figures(figures)
    , m_options(std::move(options))
    , m_zone(QTimeZone::systemTimeZone())
{
    setMouseTracking(true);
    setFocusPolicy(Qt::NoFocus);
    setAccessibleName(m_options.title);
    makeChart();
    applyTheme();
    connect(&figures, &GateFigures::advanced, this, &ChartCard::invalidate);
}

ChartCard::~ChartCard() = default;

void ChartCard::makeChart()
{
    m_scene = std::make_unique<QGraphicsScene>();
    m_chart = new QChart;
    m_chart->legend()->hide();
    m_chart->setAnimationOptions(QChart::NoAnimation);
    m_chart->setBackgroundVisible(false);
    m_chart->setMargins({});
    m_chart->layout()->setContentsMargins(0, 0, 0, 0);
    m_timeAxis = new QValueAxis(m_chart);
    m_valueAxis = new QValueAxis(m_chart);
    m_chart->addAxis(m_timeAxis, Qt::AlignBottom);
    m_chart->addAxis(m_valueAxis, Qt::AlignLeft);
    m_areaEdge = new QLineSeries(m_chart);
    m_area = new QAreaSeries(m_areaEdge);
    m_chart->addSeries(m_area);
    m_area->attachAxis(m_timeAxis);
    m_area->attachAxis(m_valueAxis);
    for (std::size_t i = 0; i < m_options.curves.size(); ++i) {
        auto* line = new QLineSeries;
        m_chart->addSeries(line);
        line->attachAxis(m_timeAxis);
        line->attachAxis(m_valueAxis);
        m_lines.push_back(line);
    }
    m_timeAxis->setVisible(false);
    m_valueAxis->setLabelsVisible(false);
    m_valueAxis->setLineVisible(false);
    m_valueAxis->setGridLineVisible(false);
    m_scene->addItem(m_chart);
}

void ChartCard::applyTheme()
{
    const Theme& theme = Theme::of(palette());
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        QPen pen(colour(m_options.curves[i].tone), lineWidth, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
        m_lines[i]->setPen(pen);
    }
    QColor ground = m_options.curves.empty() ? theme.accent : colour(m_options.curves.front().tone);
    ground.setAlpha(areaAlpha);
    m_area->setPen(Qt::NoPen);
    m_area->setBrush(ground);
}

QColor ChartCard::colour(CurveTone tone) const
{
    const Theme& theme = Theme::of(palette());
    switch (tone) {
    case CurveTone::Accent:
        return theme.accent;
    case CurveTone::Good:
        return theme.good;
    case CurveTone::Warning:
        return theme.warningMark;
    case CurveTone::Bad:
        return theme.bad;
    }
    return theme.accent;
}

void ChartCard::setTimeZone(const QTimeZone& zone)
{
    m_zone = zone;
    invalidate();
}

void ChartCard::setProbe(std::optional<WallTime> time)
{
    if (m_probe == time)
        return;
    m_probe = time;
    update();
}

void ChartCard::invalidate()
{
    m_stale = true;
    if (isVisible())
        update();
}

QString ChartCard::legendValue(std::size_t curve) const
{
    const Figures* probed = probedSample();
    const Figures sample = probed ? *probed : m_figures.now();
    return m_options.legendText(m_options.curves[curve].value(sample));
}

const Figures* ChartCard::probedSample() const
{
    const auto& samples = m_figures.series();
    if (!m_probe || samples.empty())
        return nullptr;
    const auto it = std::ranges::lower_bound(samples, *m_probe, {}, &Figures::time);
    return it == samples.end() ? &samples.back() : &*it;
}

QRectF ChartCard::plot() const
{
    return QRectF(rect()).adjusted(space::m + valueLabelWidth, titleHeight + space::xs, -space::m,
                                   -(timeLabelHeight + space::s));
}

double ChartCard::xOf(WallTime time) const
{
    const QRectF area = plot();
    const double to = milliseconds(m_figures.now().time);
    const double span = static_cast<double>(std::chrono::milliseconds(chartSpan).count());
    return area.right() - (to - milliseconds(time)) / span * area.width();
}

void ChartCard::feedChart()
{
    const double to = milliseconds(m_figures.now().time);
    const double from = to - static_cast<double>(std::chrono::milliseconds(chartSpan).count());
    // A column for each device pixel: what is finer cannot be seen.
    const int columns = std::max(1, static_cast<int>(plot().width() * devicePixelRatioF()));
    double highest = 0;
    // The oldest second has no second before it to take a rate from.
    const std::size_t skipped = m_figures.series().size() > 1 ? 1 : 0;
    std::vector<QPointF> points(m_figures.series().size() - skipped);
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        const auto seconds = std::span(m_figures.series()).subspan(skipped);
        std::ranges::transform(seconds, points.begin(), [&](const Figures& sample) {
            return QPointF(milliseconds(sample.time) - to, m_options.curves[i].value(sample) / m_options.factor);
        });
        for (const QPointF& point : points)
            highest = std::max(highest, point.y());
        const QList<QPointF> reduced = reduceToColumns(points, from - to, 1, columns);
        m_lines[i]->replace(reduced);
        if (i == 0)
            m_areaEdge->replace(reduced);
    }
    m_step = gridStep(highest * 1.04, gridIntervals, m_options.smallestStep);
    m_timeAxis->setRange(from - to, 0);
    m_valueAxis->setRange(0, m_step * gridIntervals);
}

void ChartCard::redraw()
{
    const qreal ratio = devicePixelRatioF();
    m_picture = QPixmap(size() * ratio);
    m_picture.setDevicePixelRatio(ratio);
    m_picture.fill(Qt::transparent);
    feedChart();
    // The lines at the edges of the plot keep their whole width: the chart is a little larger than its plot.
    constexpr double edge = 2;
    const QRectF area = plot();
    const QRectF outer = area.adjusted(-edge, -edge, edge, edge);
    m_chart->resize(outer.size());
    m_chart->setPlotArea(QRectF(QPointF(edge, edge), area.size()));
    m_scene->setSceneRect(QRectF(QPointF(), outer.size()));
    QPainter painter(&m_picture);
    painter.setRenderHint(QPainter::Antialiasing);
    drawGrid(painter);
    m_scene->render(&painter, outer, m_scene->sceneRect(), Qt::IgnoreAspectRatio);
    drawValueLabels(painter);
    drawTimeLabels(painter);
    m_stale = false;
    ++m_drawings;
    describe();
}

void ChartCard::describe()
{
    QStringList parts;
    for (std::size_t i = 0; i < m_options.curves.size(); ++i)
        parts.append(m_options.curves[i].name + QLatin1Char(' ') + legendValue(i));
    setAccessibleDescription(parts.join(QStringLiteral(", ")));
}

/// Not the chart's own: after a change of size that one lies where it was until the values reach another step.
void ChartCard::drawGrid(QPainter& painter) const
{
    const QRectF area = plot();
    painter.setPen(QPen(Theme::of(palette()).line, 1));
    for (int line = 0; line <= gridIntervals; ++line) {
        const double y = std::round(area.bottom() - area.height() * line / gridIntervals) + 0.5;
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
    }
}

void ChartCard::drawValueLabels(QPainter& painter) const
{
    painter.setFont(ui::font(Type::Small));
    painter.setPen(Theme::of(palette()).muted);
    const QRectF area = plot();
    for (int line = 0; line <= gridIntervals; ++line) {
        const double y = area.bottom() - area.height() * line / gridIntervals;
        const QRectF box(space::xs, y - 9, space::m + valueLabelWidth - space::xs - 6, 18);
        painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter,
                         m_options.axisText(m_step * line, m_step * gridIntervals));
    }
}

void ChartCard::drawTimeLabels(QPainter& painter) const
{
    if (m_figures.series().empty())
        return;
    using std::chrono::minutes;
    const QRectF area = plot();
    const minutes every = area.width() < 150 ? minutes(8) : minutes(4);
    painter.setFont(ui::font(Type::Small));
    painter.setPen(Theme::of(palette()).muted);
    const WallTime newest = m_figures.now().time;
    // Whole multiples of the step, so that labels wander with the curve and do not jump.
    for (auto time = std::chrono::floor<minutes>(newest); time > newest - chartSpan; time -= minutes(1)) {
        if (time.time_since_epoch().count() % every.count() != 0)
            continue;
        const double x = xOf(time);
        const QRectF box(x - 30, area.bottom() + 3, 60, timeLabelHeight - 2);
        if (box.left() + 12 < area.left() || box.right() - 12 > rect().right())
            continue;
        const QDateTime moment = QDateTime::fromMSecsSinceEpoch(WallTime(time).time_since_epoch().count(), m_zone);
        painter.drawText(box, Qt::AlignCenter, moment.toString(QStringLiteral("HH:mm")));
    }
}

double ChartCard::legendWidth(double gap) const
{
    const QFontMetricsF names(ui::font(Type::Small));
    const QFontMetricsF values(ui::font(Type::Small, QFont::Bold));
    double width = 0;
    for (std::size_t i = 0; i < m_options.curves.size(); ++i)
        width += gap + swatch + names.horizontalAdvance(m_options.curves[i].name) + nameGap +
                 values.horizontalAdvance(legendValue(i));
    return width;
}

void ChartCard::drawTitle(QPainter& painter) const
{
    const Theme& theme = Theme::of(palette());
    const auto write = [&](double x, const QString& text, const QFont& face, const QColor& ink) {
        painter.setFont(face);
        painter.setPen(ink);
        painter.drawText(QRectF(x, space::xs, width() - x, titleHeight - space::xs), Qt::AlignVCenter, text);
        return x + QFontMetricsF(face).horizontalAdvance(text);
    };
    // Where a card is narrow the gaps give way first, then the title; the figures never do.
    const QFont bold = ui::font(Type::Body, QFont::Bold);
    const double room = width() - 2 * space::m;
    const double title = QFontMetricsF(bold).horizontalAdvance(m_options.title);
    const double gap = title + legendWidth(space::l + 2) <= room ? space::l + 2 : space::s;
    const QString shown = QFontMetricsF(bold).elidedText(m_options.title, Qt::ElideRight, room - legendWidth(gap));
    double x = write(space::m, shown, bold, theme.text);
    for (std::size_t i = 0; i < m_options.curves.size(); ++i) {
        x += gap;
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour(m_options.curves[i].tone));
        painter.drawRoundedRect(QRectF(x, space::xs + (titleHeight - space::xs) / 2.0 - 1.5, 10, 3), 1.5, 1.5);
        x = write(x + swatch, m_options.curves[i].name, ui::font(Type::Small), theme.muted);
        x = write(x + nameGap, legendValue(i), ui::font(Type::Small, QFont::Bold), theme.text);
    }
}

void ChartCard::drawProbe(QPainter& painter) const
{
    const Figures* sample = probedSample();
    if (!sample)
        return;
    const Theme& theme = Theme::of(palette());
    const QRectF area = plot();
    const double x = xOf(sample->time);
    painter.setPen(QPen(theme.faint, 1));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    for (const Curve& curve : m_options.curves) {
        const double share = curve.value(*sample) / m_options.factor / (m_step * gridIntervals);
        painter.setPen(QPen(theme.card, 1.5));
        painter.setBrush(colour(curve.tone));
        painter.drawEllipse(QPointF(x, area.bottom() - share * area.height()), 3.5, 3.5);
    }
    const QString text = clockText(sample->time, m_zone);
    painter.setFont(ui::font(Type::Small));
    const double half = QFontMetricsF(painter.font()).horizontalAdvance(text) / 2 + space::xs;
    const double middle = std::clamp(x, area.left() + half, area.right() - half);
    const QRectF box(middle - half, area.bottom() + 3, half * 2, timeLabelHeight - 2);
    painter.fillRect(box, theme.card);
    painter.setPen(theme.text);
    painter.drawText(box, Qt::AlignCenter, text);
}

void ChartCard::paintEvent(QPaintEvent*)
{
    if (m_stale || m_picture.size() != size() * devicePixelRatioF())
        redraw();
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.card);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metric::cardRadius, metric::cardRadius);
    painter.drawPixmap(0, 0, m_picture);
    drawTitle(painter);
    drawProbe(painter);
}

void ChartCard::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_stale = true;
}

void ChartCard::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_stale = true;
}

void ChartCard::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::LanguageChange)
        return;
    applyTheme();
    invalidate();
}

void ChartCard::mouseMoveEvent(QMouseEvent* event)
{
    const QRectF area = plot();
    if (m_figures.series().empty() || !area.adjusted(-1, -space::s, 1, timeLabelHeight).contains(event->position())) {
        Q_EMIT probed(std::nullopt);
        return;
    }
    const double share = (area.right() - event->position().x()) / area.width();
    const auto back = std::chrono::duration<double>(chartSpan) * share;
    Q_EMIT probed(m_figures.now().time - std::chrono::duration_cast<std::chrono::milliseconds>(back));
}

void ChartCard::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    Q_EMIT probed(std::nullopt);
}

QSize ChartCard::sizeHint() const
{
    return {380, 166};
}

QSize ChartCard::minimumSizeHint() const
{
    return {260, 166};
}

} // namespace gatehouse::ui
