// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/theme.h"
#include "text/englishplurals.h"

#include <QObject>

class QApplication;
class QSettings;

namespace gatehouse::ui {

enum class SchemeChoice { System, Light, Dark };

/// The application's look and words: style, fonts and palette, by the system's scheme or the operator's choice, which
/// is kept in the settings. Lives on the GUI thread; construct it once, before the first window.
class Appearance : public QObject {
    Q_OBJECT
public:
    Appearance(QApplication& application, QSettings& settings);

    [[nodiscard]] SchemeChoice choice() const { return m_choice; }
    [[nodiscard]] Scheme scheme() const;
    void setChoice(SchemeChoice choice);

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void apply();

    QApplication& m_application;
    QSettings& m_settings;
    SchemeChoice m_choice = SchemeChoice::System;
    Scheme m_system = Scheme::Light;
    EnglishPlurals m_plurals;
    bool m_applying = false;
};

} // namespace gatehouse::ui
