// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/icon.h"

#include "style/theme.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <cmath>

// Outside any namespace, as the macro demands: a static library's resources are registered by hand.
static void registerIcons()
{
    Q_INIT_RESOURCE(icons);
}

namespace gatehouse::ui {
namespace {

const char* iconName(Icon name)
{
    switch (name) {
    case Icon::Ban:
        return "ban";
    case Icon::BrickWall:
        return "brick-wall";
    case Icon::CalendarClock:
        return "calendar-clock";
    case Icon::Check:
        return "check";
    case Icon::ChevronDown:
        return "chevron-down";
    case Icon::ChevronRight:
        return "chevron-right";
    case Icon::ChevronUp:
        return "chevron-up";
    case Icon::CircleCheck:
        return "circle-check";
    case Icon::CirclePause:
        return "circle-pause";
    case Icon::CircleSlash:
        return "circle-slash";
    case Icon::CircleStop:
        return "circle-stop";
    case Icon::CircleX:
        return "circle-x";
    case Icon::Clock:
        return "clock";
    case Icon::Columns3:
        return "columns-3";
    case Icon::Command:
        return "command";
    case Icon::Copy:
        return "copy";
    case Icon::DoorOpen:
        return "door-open";
    case Icon::Download:
        return "download";
    case Icon::Ellipsis:
        return "ellipsis";
    case Icon::FileDiff:
        return "file-diff";
    case Icon::FileText:
        return "file-text";
    case Icon::Gauge:
        return "gauge";
    case Icon::Globe:
        return "globe";
    case Icon::Hash:
        return "hash";
    case Icon::History:
        return "history";
    case Icon::Hourglass:
        return "hourglass";
    case Icon::Info:
        return "info";
    case Icon::KeyRound:
        return "key-round";
    case Icon::LayoutDashboard:
        return "layout-dashboard";
    case Icon::Link:
        return "link";
    case Icon::ListFilter:
        return "list-filter";
    case Icon::Lock:
        return "lock";
    case Icon::LockOpen:
        return "lock-open";
    case Icon::LogIn:
        return "log-in";
    case Icon::LogOut:
        return "log-out";
    case Icon::MessageSquare:
        return "message-square";
    case Icon::Minus:
        return "minus";
    case Icon::Monitor:
        return "monitor";
    case Icon::Moon:
        return "moon";
    case Icon::Network:
        return "network";
    case Icon::OctagonAlert:
        return "octagon-alert";
    case Icon::Pause:
        return "pause";
    case Icon::Play:
        return "play";
    case Icon::Plug:
        return "plug";
    case Icon::RefreshCw:
        return "refresh-cw";
    case Icon::RotateCcw:
        return "rotate-ccw";
    case Icon::Route:
        return "route";
    case Icon::ScrollText:
        return "scroll-text";
    case Icon::Search:
        return "search";
    case Icon::Settings:
        return "settings";
    case Icon::ShieldAlert:
        return "shield-alert";
    case Icon::Sun:
        return "sun";
    case Icon::Timer:
        return "timer";
    case Icon::TrendingUp:
        return "trending-up";
    case Icon::TriangleAlert:
        return "triangle-alert";
    case Icon::Undo2:
        return "undo-2";
    case Icon::Unlink:
        return "unlink";
    case Icon::UserX:
        return "user-x";
    case Icon::Users:
        return "users";
    case Icon::X:
        return "x";
    }
    return "";
}

QByteArray source(Icon name, const QColor& color)
{
    QFile file(iconFile(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll().replace("currentColor", color.name(QColor::HexRgb).toLatin1());
}

// `pixels` are the device's own.
QPixmap picture(Icon name, const QColor& color, int pixels)
{
    const QString key =
        QStringLiteral("gatehouse-icon-%1-%2-%3").arg(static_cast<int>(name)).arg(color.rgba()).arg(pixels);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(pixels, pixels);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(source(name, color));
    QPainter painter(&pixmap);
    painter.setOpacity(color.alphaF());
    renderer.render(&painter);
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

class Engine final : public QIconEngine {
public:
    Engine(Icon name, QColor color)
        : m_name(name)
        , m_color(std::move(color))
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        paintIcon(*painter, rect, m_name, color(mode));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override
    {
        return picture(m_name, color(mode), std::min(size.width(), size.height()));
    }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal) override
    {
        return picture(m_name, color(mode), std::min(size.width(), size.height()));
    }
    QIconEngine* clone() const override { return new Engine(m_name, m_color); }
    bool isNull() override { return false; }

private:
    [[nodiscard]] QColor color(QIcon::Mode mode) const
    {
        const Theme& theme = Theme::of(QApplication::palette());
        if (mode == QIcon::Disabled)
            return theme.faint;
        return m_color.isValid() ? m_color : theme.text;
    }

    Icon m_name;
    QColor m_color; ///< invalid: the palette's text
};

} // namespace

QString iconFile(Icon name)
{
    static const bool registered = (registerIcons(), true);
    Q_UNUSED(registered)
    return QStringLiteral(":/icons/%1.svg").arg(QLatin1StringView(iconName(name)));
}

QIcon icon(Icon name)
{
    return QIcon(new Engine(name, {}));
}

QIcon icon(Icon name, const QColor& color)
{
    return QIcon(new Engine(name, color));
}

void paintIcon(QPainter& painter, const QRectF& rect, Icon name, const QColor& color)
{
    const qreal ratio = painter.device()->devicePixelRatioF();
    const qreal side = std::min(rect.width(), rect.height());
    QPixmap pixmap = picture(name, color, static_cast<int>(std::lround(side * ratio)));
    pixmap.setDevicePixelRatio(ratio);
    // On the device's grid, so that strokes stay sharp at fractional scales.
    const QPointF corner(rect.center().x() - side / 2, rect.center().y() - side / 2);
    painter.drawPixmap(QPointF(std::round(corner.x() * ratio) / ratio, std::round(corner.y() * ratio) / ratio), pixmap);
}

} // namespace gatehouse::ui
