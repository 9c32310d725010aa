// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/dialog.h"

#include <functional>

class QPlainTextEdit;
class QSpinBox;

namespace gatehouse::ui {

/// What came of making a configuration.
struct FirstRunOutcome {
    QString failure;    ///< empty: it was made
    QString firstSteps; ///< how to connect a first client
};

/// Shown where there is no configuration yet: asks what cannot be guessed, makes it, and shows how a first client
/// connects. accepted() means that the configuration is there.
class FirstRunDialog : public Dialog {
    Q_OBJECT
public:
    using Make = std::function<FirstRunOutcome(quint16 port)>;

    FirstRunDialog(const QString& folder, Make make, QWidget* parent = nullptr);

private:
    void proceed();
    void showSteps(const QString& steps);

    Make m_make;
    QSpinBox* m_port;
    QPlainTextEdit* m_steps = nullptr;
};

} // namespace gatehouse::ui
