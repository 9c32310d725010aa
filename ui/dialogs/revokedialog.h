// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/dialog.h"

#include <optional>
#include <vector>

class QComboBox;
class QLineEdit;

namespace gatehouse::ui {

class Notice;

/// Whose token is to be worth nothing any more.
struct RevokeOffer {
    RevocationSubject subject = RevocationSubject::Token;
    std::string tokenId; ///< of a token
    std::string user;    ///< of all tokens of a user; of a token for its heading
    std::string issuer;
};

/// Asks how long and why a token, or all tokens of a user, are revoked, and says which open sessions that would end.
/// Sends nothing itself: confirmed() carries the command, and its sender calls accept() or showFailure().
class RevokeDialog : public Dialog {
    Q_OBJECT
public:
    explicit RevokeDialog(RevokeOffer offer, QWidget* parent = nullptr);

    /// Lets the dialog say how many sessions would end; before, it says nothing of them.
    void setSessions(const std::vector<SessionRow>& sessions);
    [[nodiscard]] Command command() const;
    [[nodiscard]] QString effectText() const;

Q_SIGNALS:
    void confirmed(const gatehouse::Command& command);

private:
    RevokeOffer m_offer;
    QLineEdit* m_reason;
    QComboBox* m_until;
    Notice* m_effect;
};

} // namespace gatehouse::ui
