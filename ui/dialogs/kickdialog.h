// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/dialog.h"
#include "dialogs/targetlist.h"
#include "feedbridge/feedbridge.h"

#include <vector>

class QComboBox;
class QLineEdit;

namespace gatehouse::ui {

class TypedCount;

/// Ends the sessions that were chosen when it opened, whatever the table shows by then.
class KickDialog : public Dialog {
    Q_OBJECT
public:
    KickDialog(FeedBridge& bridge, std::vector<SessionTarget> targets, QWidget* parent = nullptr);

Q_SIGNALS:
    void kicked(int count, int missing);

private:
    void addFields();
    void updateAction();
    void kick();
    void finish(const Reply& reply);

    FeedBridge& m_bridge;
    std::vector<SessionTarget> m_targets;
    QLineEdit* m_reason = nullptr;
    QComboBox* m_cooldown = nullptr;
    TypedCount* m_typed = nullptr;
};

} // namespace gatehouse::ui
