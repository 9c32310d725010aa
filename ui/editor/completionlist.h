// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "editor/schemabook.h"

#include <QFrame>

class QLabel;
class QListWidget;

namespace gatehouse::ui {

/// What may be written at the cursor, with what it means. A child of the editor: the keyboard stays there, and the
/// editor passes on the keys that move in the list.
class CompletionList : public QFrame {
    Q_OBJECT
public:
    explicit CompletionList(QWidget* parent);

    /// Places itself at `below`, a point of the parent, or above the line of `lineHeight` where there is no room.
    void offer(const std::vector<Proposal>& proposals, const QPoint& below, int lineHeight);
    /// Up, Down, Page Up and Page Down; false for other keys.
    bool move(int key);
    [[nodiscard]] std::optional<Proposal> chosen() const;
    [[nodiscard]] QStringList names() const;

Q_SIGNALS:
    void taken();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showAbout();

    std::vector<Proposal> m_proposals;
    QListWidget* m_list;
    QLabel* m_about;
};

} // namespace gatehouse::ui
