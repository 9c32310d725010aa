// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/ids.h"
#include "style/card.h"

#include <QString>

#include <vector>

namespace gatehouse::ui {

/// A session as a question about it names it.
struct SessionTarget {
    SessionId id;
    QString user;
    QString address;
    QString route;
};

/// The sessions that a command is for, as they were when the question opened.
class TargetList : public Card {
    Q_OBJECT
public:
    TargetList(const std::vector<SessionTarget>& targets, const QString& objectName, const QString& accessibleName,
               QWidget* parent = nullptr);
    /// That long names are not cut.
    [[nodiscard]] int wantedWidth() const { return m_wantedWidth; }

private:
    int m_wantedWidth = 0;
};

[[nodiscard]] std::vector<SessionId> idsOf(const std::vector<SessionTarget>& targets);

} // namespace gatehouse::ui
