// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feedbridge/feedbridge.h"
#include "models/gatefigures.h"
#include "style/actionnotice.h"

namespace gatehouse::ui {

/// While the policy is provisional: what it returns to and when, with a way to confirm it and one to return at once.
/// Any console sees it, whoever applied the policy. Hides itself while there is nothing to say.
class ProvisionalBanner : public QWidget {
    Q_OBJECT
public:
    ProvisionalBanner(FeedBridge& bridge, const GateFigures& figures, QWidget* parent = nullptr);

    /// Out of sight whatever the policy is.
    void setSuppressed(bool suppressed);
    [[nodiscard]] QString text() const { return m_notice->text(); }
    [[nodiscard]] QString failure() const { return m_failure->text(); }
    void confirm();
    void returnNow();

Q_SIGNALS:
    /// A command of this banner went through.
    void settled(const gatehouse::PolicyApplied& applied);

private:
    void advance();
    void ask();
    void run(Command command, const QString& failure);

    FeedBridge& m_bridge;
    const GateFigures& m_figures;
    ActionNotice* m_notice;
    ActionNotice* m_failure;
    QPushButton* m_confirm;
    QPushButton* m_return;
    std::uint64_t m_asked = 0; ///< the version that the two below belong to
    std::uint64_t m_returnsTo = 0;
    std::string m_hash;
    bool m_suppressed = false;
    bool m_busy = false;
};

} // namespace gatehouse::ui
