// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/dialog.h"
#include "feedbridge/feedbridge.h"

#include <QString>

#include <vector>

class QComboBox;
class QLineEdit;

namespace gatehouse::ui {

struct KickTarget {
    SessionId id;
    QString user;
    QString address;
    QString route;
};

/// Ends the sessions that were chosen when it opened, whatever the table shows by then.
class KickDialog : public Dialog {
    Q_OBJECT
public:
    /// Over this many targets, their number has to be typed.
    static constexpr std::size_t typedFrom = 10;

    KickDialog(FeedBridge& bridge, std::vector<KickTarget> targets, QWidget* parent = nullptr);

Q_SIGNALS:
    void kicked(int count, int missing);

private:
    void addTargets();
    void addFields();
    void updateAction();
    void kick();
    void finish(const Reply& reply);

    FeedBridge& m_bridge;
    std::vector<KickTarget> m_targets;
    QLineEdit* m_reason = nullptr;
    QComboBox* m_cooldown = nullptr;
    QLineEdit* m_typed = nullptr;
};

} // namespace gatehouse::ui
