// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connection.h"
#include "style/icon.h"

#include <QWidget>

class QPushButton;

namespace gatehouse::ui {

class Notice;

/// What an operator has done to a session that is still open, each with its way back. Hides itself where it is nothing.
class MeasuresCard : public QWidget {
    Q_OBJECT
public:
    explicit MeasuresCard(QWidget* parent = nullptr);
    void show(const Connection& connection, WallTime now);
    /// What stands in it, a line each.
    [[nodiscard]] QString text() const;

Q_SIGNALS:
    void releaseWanted();
    void liftWanted();

private:
    struct Measure {
        Notice* notice;
        QPushButton* button;
    };
    Measure make(Icon symbol, const QString& button, const char* name);

    Measure m_quarantine;
    Measure m_limit;
};

} // namespace gatehouse::ui
