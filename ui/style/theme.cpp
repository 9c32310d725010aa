// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/theme.h"

#include <QFontDatabase>

// Outside any namespace, as the macro demands: a static library's resources are registered by hand.
static void registerFonts()
{
    Q_INIT_RESOURCE(fonts);
}

namespace gatehouse::ui {
namespace {

QColor rgb(QRgb value)
{
    return QColor(value);
}

Theme makeLight()
{
    Theme t;
    t.scheme = Scheme::Light;
    t.window = rgb(0xF6F7F9);
    t.card = rgb(0xFFFFFF);
    t.rail = rgb(0xFFFFFF);
    t.line = rgb(0xE3E6EB);
    t.text = rgb(0x1B2330);
    t.muted = rgb(0x5B6675);
    t.faint = rgb(0x7B8694);
    t.accent = rgb(0x2F62D9);
    t.accentGround = rgb(0xE9EFFC);
    t.onAccent = rgb(0xFFFFFF);
    t.good = rgb(0x1B7849);
    t.goodGround = rgb(0xE3F4EA);
    t.warning = rgb(0x925D00);
    t.warningGround = rgb(0xFDF1D8);
    t.warningMark = rgb(0xC07400);
    t.bad = rgb(0xB3261E);
    t.badGround = rgb(0xFBE6E4);
    t.neutralGround = rgb(0xF0F2F5);
    return t;
}

Theme makeDark()
{
    Theme t;
    t.scheme = Scheme::Dark;
    t.window = rgb(0x12161C);
    t.card = rgb(0x1A2029);
    t.rail = rgb(0x161B23);
    t.line = rgb(0x2A323E);
    t.text = rgb(0xE6EAF0);
    t.muted = rgb(0x9AA6B6);
    t.faint = rgb(0x717D8D);
    t.accent = rgb(0x7FA6FF);
    t.accentGround = rgb(0x22304E);
    t.onAccent = rgb(0x12161C);
    t.good = rgb(0x62C995);
    t.goodGround = rgb(0x173226);
    t.warning = rgb(0xF0B44C);
    t.warningGround = rgb(0x3A2D14);
    t.warningMark = rgb(0xF0B44C);
    t.bad = rgb(0xFF8A80);
    t.badGround = rgb(0x3E1F1E);
    t.neutralGround = rgb(0x232A35);
    return t;
}

int pixelSize(Type type)
{
    switch (type) {
    case Type::Small:
    case Type::Mono:
        return 12;
    case Type::Body:
        return 13;
    case Type::Title:
        return 15;
    case Type::Heading:
        return 18;
    case Type::Figure:
        return 24;
    }
    return 13;
}

} // namespace

const Theme& Theme::light()
{
    static const Theme theme = makeLight();
    return theme;
}

const Theme& Theme::dark()
{
    static const Theme theme = makeDark();
    return theme;
}

const Theme& Theme::of(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightness() < 128 ? dark() : light();
}

QPalette Theme::palette() const
{
    QPalette p;
    const auto set = [&p](QPalette::ColorRole role, const QColor& normal, const QColor& disabled) {
        p.setColor(QPalette::Active, role, normal);
        p.setColor(QPalette::Inactive, role, normal);
        p.setColor(QPalette::Disabled, role, disabled);
    };
    set(QPalette::Window, window, window);
    set(QPalette::WindowText, text, faint);
    set(QPalette::Base, card, window);
    set(QPalette::AlternateBase, window, window);
    set(QPalette::Text, text, faint);
    set(QPalette::Button, card, window);
    set(QPalette::ButtonText, text, faint);
    set(QPalette::BrightText, bad, bad);
    set(QPalette::PlaceholderText, muted, faint);
    set(QPalette::Highlight, accent, faint);
    set(QPalette::HighlightedText, onAccent, card);
    set(QPalette::Link, accent, faint);
    set(QPalette::LinkVisited, accent, faint);
    set(QPalette::ToolTipBase, card, card);
    set(QPalette::ToolTipText, text, text);
    set(QPalette::Light, card, card);
    set(QPalette::Midlight, line, line);
    set(QPalette::Mid, line, line);
    set(QPalette::Dark, faint, faint);
    set(QPalette::Shadow, scheme == Scheme::Light ? faint : QColor(Qt::black), line);
    return p;
}

QFont font(Type type, QFont::Weight weight)
{
    QFont f(type == Type::Mono ? QStringLiteral("Noto Sans Mono") : QStringLiteral("Noto Sans"));
    f.setPixelSize(pixelSize(type));
    f.setWeight(weight);
    if (type == Type::Mono)
        f.setStyleHint(QFont::Monospace);
    return f;
}

bool loadFonts()
{
    registerFonts();
    bool all = true;
    for (const char* file : {"NotoSans-Regular", "NotoSans-Bold", "NotoSansMono-Regular"})
        all = QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/%1.ttf").arg(QLatin1StringView(file))) >= 0 &&
              all;
    return all;
}

} // namespace gatehouse::ui
