// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/gatehousestyle.h"

#include <QDialog>

class QLabel;
class QPushButton;
class QHBoxLayout;
class QVBoxLayout;

namespace gatehouse::ui {

/// The frame of every dialog: a heading, a line that says what will happen, a body, and a foot where failures are shown
/// beside the buttons that caused them. Opened with open(), never with a nested event loop; deletes itself when closed.
class Dialog : public QDialog {
    Q_OBJECT
public:
    explicit Dialog(QWidget* parent = nullptr);

    void setHeading(const QString& heading, const QString& explanation = {});
    [[nodiscard]] QVBoxLayout* body() const { return m_body; }

    /// The main action; setBusy() disables it while a command is under way.
    void setAction(const QString& text, ButtonLook look = ButtonLook::Primary);
    [[nodiscard]] QPushButton* actionButton() const { return m_action; }
    [[nodiscard]] QPushButton* cancelButton() const { return m_cancel; }
    /// Another way out, after the main action.
    QPushButton* addChoice(const QString& text, ButtonLook look);
    void setActionEnabled(bool enabled);
    void setBusy(bool busy);

    /// Shown until the next try; empty hides it.
    void showFailure(const QString& text);
    [[nodiscard]] QString failure() const;

    /// A field's name above the field, as every dialog shows it; makes the name the field's accessible name and buddy.
    void addField(const QString& name, QWidget* field, const QString& hint = {});
    /// Two fields side by side.
    void addFields(const QString& name, QWidget* field, const QString& secondName, QWidget* second);

Q_SIGNALS:
    /// The main action was chosen.
    void actionTriggered();

protected:
    /// Grows with what appears in it later: where labels wrap, Qt would squeeze the fields instead.
    bool event(QEvent* event) override;

private:
    QVBoxLayout* makeField(const QString& name, QWidget* field, const QString& hint);

    QLabel* m_heading;
    QLabel* m_explanation;
    QVBoxLayout* m_body;
    QWidget* m_failureBox;
    QLabel* m_failure;
    QHBoxLayout* m_foot;
    QPushButton* m_cancel;
    QPushButton* m_action;
    bool m_enabled = true;
    bool m_busy = false;
};

} // namespace gatehouse::ui
