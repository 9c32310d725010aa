// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feed/values.h"

#include <QFrame>

class QLineEdit;
class QPushButton;

namespace gatehouse::ui {

class ElidedLabel;
class Pill;

/// The state of the server, where it listens, the filter of the page that is shown, and the lockdown.
class TopBar : public QFrame {
    Q_OBJECT
public:
    explicit TopBar(QWidget* parent = nullptr);

    void setState(const GateStats& stats);
    /// Says that the clients are made up.
    void setSimulated(bool simulated);
    void setListeners(const std::vector<ListenerInfo>& listeners);
    /// An empty hint hides the field.
    void setFilter(const QString& hint, const QString& text);
    void focusFilter();
    [[nodiscard]] QWidget* filterField() const;
    /// At rest the only red thing in the window.
    [[nodiscard]] QPushButton* lockdownButton() const { return m_lockdown; }

Q_SIGNALS:
    void filterEdited(const QString& text);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Pill* m_state;
    Pill* m_simulated;
    ElidedLabel* m_listeners;
    QLineEdit* m_filter;
    QPushButton* m_lockdown;
};

/// The figures of the gate at the foot of the window.
class StatusLine : public QFrame {
    Q_OBJECT
public:
    explicit StatusLine(QWidget* parent = nullptr);

    struct Figure {
        QString value; ///< bold
        QString unit;
        bool alarming = false;

        friend bool operator==(const Figure&, const Figure&) = default;
    };
    void setFigures(std::vector<Figure> figures);
    void setAudit(AuditState state, std::uint64_t newest);
    /// What is wrong with the gate; one whose text is empty is left out. The last is the last to give way.
    struct Alarm {
        QString text;
        bool alarming = false; ///< else a warning

        friend bool operator==(const Alarm&, const Alarm&) = default;
    };
    void setAlarms(std::vector<Alarm> alarms);
    void setLag(std::chrono::milliseconds lag);
    void setTime(const QString& time);
    [[nodiscard]] const std::vector<Figure>& figures() const { return m_figures; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void updateWords();

    std::vector<Figure> m_figures;
    AuditState m_audit = AuditState::Good;
    QString m_auditText;
    std::vector<Alarm> m_alarms;
    QString m_lag;
    QString m_time;
    bool m_lagging = false;
};

} // namespace gatehouse::ui
