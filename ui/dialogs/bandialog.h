// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/dialog.h"

#include <optional>
#include <vector>

class QButtonGroup;
class QLineEdit;
class QHBoxLayout;

namespace gatehouse::ui {

class Notice;

/// What the place that opens the dialog knows of the one to be banned; empty: unknown.
struct BanOffer {
    std::string address;
    std::string user;
    std::string issuer;
    std::string reason; ///< proposed words
    BanSubject first = BanSubject::Address;
    std::string tokenId = {};
};

/// Asks whom to ban, how long and why, and says which open sessions that would end. Sends nothing itself: confirmed()
/// carries the command, and its sender calls done() or showFailure().
class BanDialog : public Dialog {
    Q_OBJECT
public:
    explicit BanDialog(BanOffer offer, QWidget* parent = nullptr);

    /// Lets the dialog say how many sessions would end; before, it says nothing of them.
    void setSessions(std::vector<SessionRow> sessions);
    /// The command as it stands; unset while a field is not right.
    [[nodiscard]] std::optional<BanCommand> command() const;
    [[nodiscard]] QString effectText() const;

Q_SIGNALS:
    void confirmed(const gatehouse::BanCommand& command);

private:
    QWidget* makeSubjects();
    QWidget* makeDurations();
    [[nodiscard]] BanSubject subject() const;
    [[nodiscard]] QString proposal(BanSubject subject) const;
    void subjectChosen();
    void refresh();

    BanOffer m_offer;
    QButtonGroup* m_subjects;
    QButtonGroup* m_durations;
    QLineEdit* m_value;
    QLineEdit* m_reason;
    Notice* m_effect;
    std::optional<std::vector<SessionRow>> m_sessions;
};

} // namespace gatehouse::ui
