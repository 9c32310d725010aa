// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>

class QPainter;
class QRectF;

namespace gatehouse::ui {

/// The Lucide icons that are shipped, by their own names.
enum class Icon {
    Ban,
    BrickWall,
    CalendarClock,
    Check,
    ChevronDown,
    ChevronRight,
    ChevronUp,
    CircleCheck,
    CirclePause,
    CircleSlash,
    CircleStop,
    CircleX,
    Clock,
    Columns3,
    Command,
    Copy,
    DoorOpen,
    Download,
    Ellipsis,
    FileDiff,
    FileText,
    Gauge,
    Globe,
    Hash,
    History,
    Hourglass,
    Info,
    KeyRound,
    LayoutDashboard,
    Link,
    ListFilter,
    Lock,
    LockOpen,
    LogIn,
    LogOut,
    MessageSquare,
    Minus,
    Monitor,
    Moon,
    Network,
    OctagonAlert,
    Pause,
    Play,
    Plug,
    RefreshCw,
    RotateCcw,
    Route,
    ScrollText,
    Search,
    Settings,
    ShieldAlert,
    Sun,
    Timer,
    TrendingUp,
    TriangleAlert,
    Undo2,
    Unlink,
    UserX,
    Users,
    X
};

/// An icon for buttons, menus and actions, which follows the application's palette and stays sharp at any scale.
[[nodiscard]] QIcon icon(Icon name);
/// The same in a fixed colour of meaning.
[[nodiscard]] QIcon icon(Icon name, const QColor& color);

/// Paints the icon in one colour, fitted into `rect`. Pictures are cached by name, colour and size.
void paintIcon(QPainter& painter, const QRectF& rect, Icon name, const QColor& color);

/// ":/icons/plug.svg"; every enumerator has a file (a test).
[[nodiscard]] QString iconFile(Icon name);

} // namespace gatehouse::ui
