// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/gatefigures.h"

#include <QChart>
#include <QPixmap>
#include <QPointer>
#include <QString>
#include <QTimeZone>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

class QAreaSeries;
class QGraphicsScene;
class QLineSeries;
class QValueAxis;

namespace gatehouse::ui {

enum class CurveTone { Accent, Good, Warning, Bad };

struct Curve {
    QString name;
    CurveTone tone = CurveTone::Accent;
    std::function<double(const Figures&)> value;
};

struct ChartOptions {
    QString title;
    std::vector<Curve> curves;                       ///< the first one has the area
    std::function<QString(double)> legendText;       ///< a current value in the legend
    std::function<QString(double, double)> axisText; ///< a grid line's value; the second is the highest line's
    double smallestStep = 1;                         ///< between grid lines
    double factor = 1; ///< a unit on the axis in terms of the values: 1024² where it says MiB
};

/// One chart of the last 15 minutes in a card of its own: title and legend with current values, four grid lines, and a
/// picture that is drawn anew at most once a second, while it is seen, and only painted in between.
class ChartCard : public QWidget {
    Q_OBJECT
public:
    explicit ChartCard(const GateFigures& figures, ChartOptions options, QWidget* parent = nullptr);
    ~ChartCard() override;

    void setTimeZone(const QTimeZone& zone);
    /// The time under the pointer, here or on a neighbour; unset: the newest sample is told.
    void setProbe(std::optional<WallTime> time);
    /// What the legend says of a curve.
    [[nodiscard]] QString legendValue(std::size_t curve) const;
    /// How often the picture was drawn anew.
    [[nodiscard]] int drawings() const { return m_drawings; }
    [[nodiscard]] const ChartOptions& options() const { return m_options; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void probed(std::optional<gatehouse::WallTime> time);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    void makeChart();
    void applyTheme();
    void invalidate();
    void feedChart();
    void redraw();
    void describe();
    void drawTitle(QPainter& painter) const;
    [[nodiscard]] double legendWidth(double gap) const;
    void drawGrid(QPainter& painter) const;
    void drawValueLabels(QPainter& painter) const;
    void drawTimeLabels(QPainter& painter) const;
    void drawProbe(QPainter& painter) const;
    [[nodiscard]] QColor colour(CurveTone tone) const;
    [[nodiscard]] QRectF plot() const;
    [[nodiscard]] double xOf(WallTime time) const;
    [[nodiscard]] const Figures* probedSample() const;

    const GateFigures& m_figures;
    ChartOptions m_options;
    QTimeZone m_zone;
    std::unique_ptr<QGraphicsScene> m_scene;
    QChart* m_chart = nullptr; ///< the scene's
    QValueAxis* m_timeAxis = nullptr;
    QValueAxis* m_valueAxis = nullptr;
    std::vector<QLineSeries*> m_lines;
    QLineSeries* m_areaEdge = nullptr;
    QAreaSeries* m_area = nullptr;
    QPixmap m_picture;
    bool m_stale = true;
    double m_step = 1;
    std::optional<WallTime> m_probe;
    int m_drawings = 0;
};

} // namespace gatehouse::ui
