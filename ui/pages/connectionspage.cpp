// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/connectionspage.h"

#include "pages/banning.h"
#include "pages/connectionshead.h"
#include "pages/connectionstable.h"
#include "pages/outcomebar.h"
#include "pages/pendingbar.h"
#include "pages/sessionactions.h"
#include "pages/sessionmeasures.h"
#include "pages/sessionpanel.h"
#include "style/card.h"
#include "style/emptystate.h"
#include "text/format.h"

#include <QAction>
#include <QBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;
using Column = ConnectionColumn;

constexpr int panelWidth = 328;
constexpr std::uint32_t timelineLength = 20;
constexpr auto timelineInterval = 3s;

QString splitterKey()
{
    return QStringLiteral("connections/splitter");
}

} // namespace

ConnectionsPage::ConnectionsPage(FeedBridge& bridge, QSettings& settings, QWidget* parent)
    : Page(parent)
    , m_bridge(bridge)
    , m_settings(settings)
{
    setObjectName(QStringLiteral("connections"));
    // In the order of the Tab key.
    m_head = new ConnectionsHead(title(), this);
    m_pending = new PendingBar(this);
    m_outcome = new OutcomeBar(this);
    makeBody();
    makeActions();
    connectParts();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::l, space::l, space::l, space::l);
    layout->setSpacing(space::m);
    layout->addWidget(m_head);
    layout->addWidget(m_pending);
    layout->addWidget(m_outcome);
    layout->addWidget(m_splitter, 1);

    connect(&m_model, &ConnectionsModel::countsChanged, this, &ConnectionsPage::updateCounts);
    m_table->restore(settings);
    if (!m_splitter->restoreState(settings.value(splitterKey()).toByteArray()))
        m_splitter->setSizes({10 * panelWidth, panelWidth});
    fillColumnsMenu();
    updateCounts();
    updatePanel();
}

void ConnectionsPage::makeBody()
{
    m_splitter = new QSplitter(this);
    m_splitter->setChildrenCollapsible(false);
    auto* card = new Card(m_splitter);
    m_stack = new QStackedWidget(card);
    m_table = new ConnectionsTable(m_model, m_stack);
    m_empty = new EmptyState(m_stack);
    m_stack->addWidget(m_table);
    m_stack->addWidget(m_empty);
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(1, metric::cardRadius / 2, 1, metric::cardRadius / 2);
    inside->addWidget(m_stack);
    m_panel = new SessionPanel(m_splitter);
    m_splitter->addWidget(card);
    m_splitter->addWidget(m_panel);
    m_splitter->setStretchFactor(0, 1);
}

void ConnectionsPage::makeActions()
{
    QPushButton* holdButton = m_head->holdButton();
    m_hold = addPageAction(*this, "hold", Icon::Pause, tr("Hold"), Qt::CTRL | Qt::Key_H);
    m_hold->setCheckable(true);
    m_hold->setToolTip(holdButton->toolTip());
    connect(m_hold, &QAction::toggled, this, &ConnectionsPage::updateHeld);
    connect(m_hold, &QAction::toggled, holdButton, &QPushButton::setChecked);
    connect(holdButton, &QPushButton::toggled, m_hold, &QAction::setChecked);
    connect(&m_table->hand(), &Hand::changed, this, &ConnectionsPage::updateHeld);
    m_measures = new SessionMeasures(m_bridge, *m_pending, *m_outcome, m_model, *m_table, *this);
    m_actions =
        new SessionActions(m_bridge, *new Banning(m_bridge, *m_outcome, *this), *m_measures, m_model, *m_table, *this);
    connect(m_actions, &SessionActions::kicked, m_head, &ConnectionsHead::say);
    connect(m_actions, &SessionActions::filterWanted, this,
            [this](const QString& text) { Q_EMIT filterRequested(objectName(), text); });
    connect(m_head->kickButton(), &QPushButton::clicked, m_actions->kick(), &QAction::trigger);
    connect(m_head, &ConnectionsHead::waitingWanted, this, [this] { m_model.settleNow(); });
}

void ConnectionsPage::connectParts()
{
    m_more = new QMenu(this);
    connect(m_more, &QMenu::aboutToShow, this, [this] {
        m_more->clear();
        m_actions->fillMenu(*m_more, {});
    });
    m_panel->setMenu(m_more);
    connect(m_panel->kickButton(), &QPushButton::clicked, this, [this] { m_actions->askKick({m_chosen}); });
    connect(m_panel->banButton(), &QPushButton::clicked, m_actions->ban(), &QAction::trigger);
    connect(m_panel, &SessionPanel::quarantineWanted, this, [this] { m_measures->askQuarantine({m_chosen}); });
    connect(m_panel, &SessionPanel::releaseWanted, this, [this] { m_measures->release({m_chosen}); });
    connect(m_panel, &SessionPanel::liftWanted, this, [this] { m_measures->lift({m_chosen}); });
    connect(m_panel, &SessionPanel::closeRequested, this, [this] {
        m_panelWanted = false;
        placePanel();
        m_table->setFocus();
    });
    connect(m_table, &ConnectionsTable::selectionMoved, this, &ConnectionsPage::selectionMoved);
    connect(m_table, &QWidget::customContextMenuRequested, this, &ConnectionsPage::openContextMenu);
    connect(m_table, &QAbstractItemView::activated, this, [this] {
        m_panelWanted = true;
        placePanel();
    });
    connect(m_empty, &EmptyState::actionTriggered, this, [this] { Q_EMIT filterRequested(objectName(), {}); });
    connect(&m_model, &QAbstractItemModel::modelReset, this, [this] { m_table->select(m_chosen); });
}

void ConnectionsPage::fillColumnsMenu()
{
    QMenu* menu = m_head->columns();
    menu->clear();
    for (int i = 0; i < connectionColumns; ++i) {
        const auto column = static_cast<Column>(i);
        QAction* action = menu->addAction(columnTitle(column));
        action->setCheckable(true);
        action->setChecked(m_table->columns().wanted[static_cast<std::size_t>(i)]);
        // These three say which row is which.
        action->setEnabled(column != Column::Id && column != Column::User && column != Column::State);
        connect(action, &QAction::toggled, this, [this, column](bool on) {
            m_table->setWanted(column, on);
            saveState();
        });
    }
    menu->addSeparator();
    connect(menu->addAction(icon(Icon::RotateCcw), tr("Reset columns")), &QAction::triggered, this,
            &ConnectionsPage::resetLayout);
}

void ConnectionsPage::openContextMenu(const QPoint& position)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    m_actions->fillMenu(*menu, m_table->indexAt(position));
    m_table->hand().holdFor(*menu);
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

void ConnectionsPage::setActive(bool active)
{
    m_active = active;
    if (!active)
        return;
    placePanel();
    updateCounts();
    updatePanel();
}

void ConnectionsPage::applyBatch(const FeedBatch& batch)
{
    m_model.apply(batch);
    if (!m_active)
        return;
    updatePanel();
    const WallTime now = m_model.now();
    if (m_chosen && (now >= m_timelineAsked + timelineInterval || now < m_timelineAsked))
        askTimeline();
}

QString ConnectionsPage::filterHint() const
{
    return tr("Filter by user, address, route, upstream, role, state, id or channel");
}

QWidget* ConnectionsPage::keyboardHome() const
{
    return m_table;
}

void ConnectionsPage::setFilterText(const QString& text)
{
    m_filter = text.trimmed();
    m_model.setFilterText(text);
    updateCounts();
}

void ConnectionsPage::saveState()
{
    m_table->save(m_settings);
    if (m_beside)
        m_settings.setValue(splitterKey(), m_splitter->saveState());
}

void ConnectionsPage::resetLayout()
{
    m_table->resetColumns();
    m_splitter->setSizes({10 * panelWidth, panelWidth});
    saveState();
    fillColumnsMenu();
}

void ConnectionsPage::choose(SessionId id)
{
    m_table->select(id);
}

void ConnectionsPage::updateHeld()
{
    m_model.setHeld(m_hold->isChecked() || m_table->hand().isOn());
}

void ConnectionsPage::updateCounts()
{
    const int open = m_model.openCount();
    Q_EMIT badgeChanged(open > 0 ? countText(static_cast<std::uint64_t>(open)) : QString(), Tone::Neutral);
    if (!m_active)
        return;
    const auto all = countText(static_cast<std::uint64_t>(open));
    const std::vector<SessionId> matching = m_model.isFiltered() ? m_model.openMatching() : std::vector<SessionId>();
    m_head->setCounts(m_model.isFiltered() ? tr("%1 of %2 match").arg(countText(matching.size()), all)
                                           : tr("%1 open").arg(all));
    m_head->setWaiting(m_model.isHeld() ? m_model.waitingCount() : 0);

    const std::size_t chosen = m_table->selectedIds().size();
    const auto many = static_cast<int>(chosen > 1 ? chosen : matching.size());
    const bool bulk = chosen > 1 || (chosen == 0 && m_model.isFiltered() && many > 0);
    m_head->setKick(bulk ? tr("Kick %n open session(s)…", nullptr, many) : tr("Kick…"), bulk || chosen == 1);
    m_actions->setChosen(m_chosen);
    m_measures->setChosen(chosen == 1 ? m_chosen : SessionId{}, bulk);
    updateEmptyState();
}

void ConnectionsPage::updateEmptyState()
{
    const bool empty = m_model.rowCount() == 0;
    QWidget* shown = empty ? static_cast<QWidget*>(m_empty) : m_table;
    if (m_stack->currentWidget() != shown)
        m_stack->setCurrentWidget(shown);
    placePanel();
    if (!empty)
        return;
    if (m_model.isFiltered() && m_model.openCount() > 0) {
        m_empty->set(
            Icon::ListFilter, tr("No connection matches"),
            tr("None of the %1 open sessions has “%2” in its user, address, route, upstream, role, state, id or channels.")
                .arg(countText(static_cast<std::uint64_t>(m_model.openCount())), plainText(m_filter.toStdString(), 60)),
            tr("Clear the filter"));
    } else {
        m_empty->set(Icon::Plug, tr("Nobody is connected"),
                     tr("Sessions appear here as soon as clients open them. To connect a first one, mint a token with "
                        "“gatehousectl token \u2011\u2011user\u00a0NAME” and open the listener's URL with it."));
    }
}

void ConnectionsPage::selectionMoved()
{
    const std::vector<SessionId> ids = m_table->selectedIds();
    const SessionId chosen = ids.empty() ? SessionId{} : ids.front();
    if (chosen != m_chosen && (chosen || !m_model.find(m_chosen))) {
        m_chosen = chosen;
        m_panel->setTimeline({});
        m_panelWanted = bool(chosen);
        if (m_chosen)
            askTimeline();
        placePanel();
    }
    updatePanel();
    updateCounts();
}

void ConnectionsPage::updatePanel()
{
    if (const Connection* connection = m_model.find(m_chosen))
        m_panel->show(*connection, m_model.now());
    else
        m_panel->clear();
}

void ConnectionsPage::askTimeline()
{
    m_timelineAsked = m_model.now();
    AuditQuery query;
    query.session = m_chosen;
    query.limit = timelineLength;
    m_bridge.call(query, this, [this, asked = m_chosen](const Reply& reply) {
        if (asked != m_chosen || !reply)
            return;
        if (const auto* page = std::get_if<AuditPage>(&reply.value()))
            m_panel->setTimeline(page->entries);
    });
}

void ConnectionsPage::placePanel()
{
    const bool beside = window()->width() >= panelBeside;
    if (beside != m_beside) {
        m_beside = beside;
        if (beside)
            m_splitter->addWidget(m_panel);
        else
            m_panel->setParent(this);
    }
    m_panel->setClosable(!beside);
    if (!beside) {
        const QRect area = m_splitter->geometry();
        const int width = std::min(panelWidth, area.width());
        const int x = layoutDirection() == Qt::RightToLeft ? area.x() : area.right() - width + 1;
        m_panel->setGeometry(x, area.y(), width, area.height());
        m_panel->raise();
    }
    // Where nobody is connected, there is nothing to choose.
    const bool anything = m_model.rowCount() > 0 || m_model.openCount() > 0;
    m_panel->setVisible((beside && anything) || (m_panelWanted && m_model.find(m_chosen)));
}

void ConnectionsPage::resizeEvent(QResizeEvent* event)
{
    Page::resizeEvent(event);
    placePanel();
}

} // namespace gatehouse::ui
