// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/bandialog.h"
#include "dialogs/revokedialog.h"
#include "feedbridge/feedbridge.h"

#include <QTimeZone>

namespace gatehouse::ui {

class OutcomeBar;

/// Bans and revocations from a page: asks whom and for how long, sends the command, says in the page's bar what it came
/// to, and takes the last one back when asked.
class Banning : public QObject {
    Q_OBJECT
public:
    /// All belong to the page and live as long as it does.
    Banning(FeedBridge& bridge, OutcomeBar& outcome, QWidget& page);

    void ask(BanOffer offer);
    /// Without a question.
    void ban(const BanCommand& command);

    void askRevoke(RevokeOffer offer);

private:
    void sendRevocation(const Command& command, RevokeDialog* dialog);
    void showRevoked(const RevocationResult& result);
    void undoRevocation(const Revocation& revocation);
    void send(const BanCommand& command, BanDialog* dialog);
    void showBanned(const BanResult& result);
    void undoBan(const Ban& ban);

    FeedBridge& m_bridge;
    OutcomeBar& m_outcome;
    QWidget& m_page;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
