// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/appearance.h"

#include "style/gatehousestyle.h"

#include <QApplication>
#include <QEvent>
#include <QPixmapCache>
#include <QSettings>
#include <QToolTip>

namespace gatehouse::ui {
namespace {

const QString settingsKey = QStringLiteral("appearance/scheme");

QString choiceWord(SchemeChoice choice)
{
    switch (choice) {
    case SchemeChoice::System:
        return QStringLiteral("system");
    case SchemeChoice::Light:
        return QStringLiteral("light");
    case SchemeChoice::Dark:
        return QStringLiteral("dark");
    }
    return {};
}

SchemeChoice choiceFromWord(const QString& word)
{
    for (const SchemeChoice choice : {SchemeChoice::Light, SchemeChoice::Dark}) {
        if (word == choiceWord(choice))
            return choice;
    }
    return SchemeChoice::System;
}

} // namespace

Appearance::Appearance(QApplication& application, QSettings& settings)
    : m_application(application)
    , m_settings(settings)
    , m_choice(choiceFromWord(settings.value(settingsKey).toString()))
    , m_system(Theme::of(QGuiApplication::palette()).scheme) // Qt 6.4 does not tell the scheme: read before ours is set
{
    loadFonts();
    application.installTranslator(&m_plurals);
    QApplication::setStyle(new GatehouseStyle);
    QApplication::setFont(font(Type::Body));
    QToolTip::setFont(font(Type::Small));
    apply();
    m_application.installEventFilter(this);
}

Scheme Appearance::scheme() const
{
    switch (m_choice) {
    case SchemeChoice::System:
        return m_system;
    case SchemeChoice::Light:
        return Scheme::Light;
    case SchemeChoice::Dark:
        return Scheme::Dark;
    }
    return Scheme::Light;
}

void Appearance::setChoice(SchemeChoice choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    m_settings.setValue(settingsKey, choiceWord(choice));
    apply();
    Q_EMIT changed();
}

bool Appearance::eventFilter(QObject* watched, QEvent* event)
{
    // Sent to every window when the desktop changes its look; an empty palette makes the system's own visible again.
    if (event->type() == QEvent::ThemeChange && !m_applying) {
        m_applying = true;
        QApplication::setPalette(QPalette());
        m_system = Theme::of(QGuiApplication::palette()).scheme;
        apply();
        m_applying = false;
        Q_EMIT changed();
    }
    return QObject::eventFilter(watched, event);
}

void Appearance::apply()
{
    const Theme& theme = scheme() == Scheme::Dark ? Theme::dark() : Theme::light();
    const QPalette palette = theme.palette();
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
    QPixmapCache::clear();
}

} // namespace gatehouse::ui
