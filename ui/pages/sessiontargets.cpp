// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/sessiontargets.h"

#include "models/connectionsmodel.h"
#include "pages/connectionstable.h"
#include "text/format.h"

namespace gatehouse::ui {

std::vector<SessionId> openTargets(const ConnectionsModel& model, const ConnectionsTable& table)
{
    std::vector<SessionId> chosen;
    for (const SessionId id : table.selectedIds()) {
        if (const Connection* connection = model.find(id); connection && !connection->closed)
            chosen.push_back(id);
    }
    return chosen.empty() && model.isFiltered() ? model.openMatching() : chosen;
}

std::vector<SessionTarget> sessionTargets(const ConnectionsModel& model, const std::vector<SessionId>& ids)
{
    std::vector<SessionTarget> targets;
    for (const SessionId id : ids) {
        const Connection* connection = model.find(id);
        if (!connection || connection->closed)
            continue;
        const SessionInfo& info = connection->info();
        targets.push_back({info.id, userText(info), plainText(info.address), plainText(info.route)});
    }
    return targets;
}

} // namespace gatehouse::ui
