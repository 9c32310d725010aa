// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/dialog.h"
#include "feedbridge/feedbridge.h"
#include "policy/policy.h"

namespace gatehouse::ui {

/// Asks what becomes of the server when its window is closed.
class CloseDialog : public Dialog {
    Q_OBJECT
public:
    CloseDialog(FeedBridge& bridge, std::uint64_t sessions, bool trayAvailable, QWidget* parent);

Q_SIGNALS:
    void keepServing();
    void drain();

private:
    void addDrainTimes(const DrainTimes& times);

    QString m_explanation;
};

} // namespace gatehouse::ui
