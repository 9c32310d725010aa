// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feedbridge/feedbridge.h"
#include "models/authfailuresmodel.h"
#include "models/gatefigures.h"
#include "pages/page.h"

#include <QTimeZone>
#include <QTimer>

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

class QBoxLayout;
class QSettings;

namespace gatehouse::ui {

class ChartCard;
class OverviewList;
class OverviewTile;
class UpstreamsCard;

/// The gate at a glance: tiles, charts over one time axis, and who stands out.
class OverviewPage : public Page {
    Q_OBJECT
public:
    enum class Tile { Sessions, Messages, Refused, AuthFailures, Load };
    static constexpr std::size_t tileCount = 5;

    OverviewPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Overview"); }
    [[nodiscard]] Icon pageIcon() const override { return Icon::LayoutDashboard; }
    void setActive(bool active) override;
    void applyBatch(const FeedBatch& batch) override;

    [[nodiscard]] OverviewTile& tile(Tile which) const { return *m_tiles[static_cast<std::size_t>(which)]; }
    [[nodiscard]] const std::vector<ChartCard*>& charts() const { return m_charts; }
    [[nodiscard]] UpstreamsCard& upstreams() const { return *m_upstreams; }

Q_SIGNALS:
    /// To drain it, or to take that back.
    void upstreamOrderWanted(const gatehouse::UpstreamStatus& upstream);

private:
    struct UserShare {
        std::string user;
        double share = 0;
    };

    QWidget* makeContent();
    QBoxLayout* makeTitle();
    QBoxLayout* makeTiles();
    QWidget* makeUpstreams();
    QLayout* makeCharts();
    QBoxLayout* makeLists();
    void noteRows(const FeedBatch& batch);
    void refresh();
    void showTiles();
    void showFailureTile();
    void showUsers();
    void showFailures();
    void showNotices();
    void showUpstreams();
    [[nodiscard]] QString certificateTip() const;
    void askInfo();
    void askAudit();
    void showAudit(const AuditPage& page);

    FeedBridge& m_bridge;
    const GateFigures& m_figures;
    AuthFailuresModel* m_failures; ///< no view: its groups alone are read
    std::unordered_map<SessionId, UserShare> m_shares;
    std::array<OverviewTile*, tileCount> m_tiles{};
    std::vector<ChartCard*> m_charts;
    UpstreamsCard* m_upstreams = nullptr;
    OverviewList* m_userList = nullptr;
    OverviewList* m_failureList = nullptr;
    OverviewList* m_auditList = nullptr;
    Pill* m_upstreamNotice = nullptr;
    Pill* m_keySets = nullptr;
    Pill* m_policy = nullptr;
    Pill* m_clock = nullptr;
    Pill* m_certificate = nullptr;
    Pill* m_audit = nullptr;
    Info m_info;
    QTimer m_refresh; ///< shows a new second once all have heard of it
    bool m_active = false;
    bool m_askedAudit = false;
    std::optional<std::uint64_t> m_auditShown; ///< newest record's number when the list was asked for
    WallTime m_infoAt{};
    std::optional<WallTime> m_infoEnd; ///< of the certificates when the info was asked for
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
