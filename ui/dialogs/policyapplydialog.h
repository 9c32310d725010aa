// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/dialog.h"
#include "feedbridge/feedbridge.h"

#include <QString>

class QCheckBox;
class QLineEdit;

namespace gatehouse::ui {

/// What is to be applied, as it was reviewed.
struct PolicyToApply {
    std::string text;
    std::string base; ///< hash of the version that it was edited from
    std::uint64_t baseVersion = 0;
    std::uint64_t restores = 0;         ///< an earlier version; 0: a draft
    std::optional<PolicyImpact> impact; ///< unset: not known
    std::string fileProblem;            ///< why the file as it is now is not taken
};

/// Asks for the reason, names how many sessions end, and applies.
class PolicyApplyDialog : public Dialog {
    Q_OBJECT
public:
    /// Over this many sessions that end, their number has to be typed.
    static constexpr std::size_t typedFrom = 10;

    /// `provisional` unset: for good.
    PolicyApplyDialog(FeedBridge& bridge, PolicyToApply what, std::optional<std::chrono::milliseconds> provisional,
                      QWidget* parent = nullptr);

Q_SIGNALS:
    void applied(const gatehouse::PolicyApplied& applied);
    /// Somebody else came first; the dialog is closed.
    void overtaken(const gatehouse::ControlError& error);
    /// The document has errors; the dialog is closed.
    void invalid(const gatehouse::ControlError& error);

private:
    void describe();
    void addFields();
    void updateAction();
    void apply();
    void finish(const Reply& reply);
    [[nodiscard]] std::size_t ending() const;

    FeedBridge& m_bridge;
    PolicyToApply m_what;
    std::optional<std::chrono::milliseconds> m_provisional;
    QLineEdit* m_reason = nullptr;
    QLineEdit* m_typed = nullptr;
    QCheckBox* m_replace = nullptr;
};

} // namespace gatehouse::ui
