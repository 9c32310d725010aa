// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feedbridge/feedbridge.h"

#include <QTimer>

namespace gatehouse::ui {

/// Has the server check a text once nothing was typed for a while: one question at a time, and what was asked of an
/// older text is dropped.
class PolicyChecker : public QObject {
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds typingPause{400};

    explicit PolicyChecker(FeedBridge& bridge, QObject* parent = nullptr);

    void check(const QString& text);
    /// Whatever is under way is of no interest any more.
    void stop();

Q_SIGNALS:
    void started();
    void checked(const gatehouse::PolicyCheckResult& result);
    void failed(const QString& why);

private:
    void ask();

    FeedBridge& m_bridge;
    QTimer m_pause;
    QString m_text;
    quint64 m_wanted = 0; ///< number of the text
    bool m_inFlight = false;
};

} // namespace gatehouse::ui
