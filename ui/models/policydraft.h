// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"

#include <QString>

class QSettings;

namespace gatehouse::ui {

/// A policy text that somebody works on, with the version that it began from. Kept in the settings, so that it outlives
/// the console.
class PolicyDraft {
public:
    /// Takes up what the settings hold.
    explicit PolicyDraft(QSettings& settings);

    [[nodiscard]] bool exists() const { return m_exists; }
    [[nodiscard]] const QString& text() const { return m_text; }
    [[nodiscard]] const std::string& base() const { return m_base; } ///< hash
    [[nodiscard]] std::uint64_t baseVersion() const { return m_version; }

    /// A new text. One that equals the document is no draft, while the document is the one it began from; a first one
    /// begins from the document.
    void edit(const QString& text, const PolicyDocument& running);
    /// From now on it is as if it had begun from this one; the text stays.
    void rebase(const PolicyDocument& running);
    void clear();
    void save();

private:
    QSettings& m_settings;
    bool m_exists = false;
    bool m_saved = true;
    QString m_text;
    std::string m_base;
    std::uint64_t m_version = 0;
};

} // namespace gatehouse::ui
