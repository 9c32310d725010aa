// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/authfailurespage.h"

#include "models/copytext.h"
#include "models/hinttext.h"
#include "pages/banning.h"
#include "pages/marks.h"
#include "pages/outcomebar.h"
#include "pages/panelparts.h"
#include "pages/recorddelegate.h"
#include "pages/recordpanel.h"
#include "pages/recordtable.h"
#include "style/emptystate.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;
using Column = AuthFailuresModel::Column;
constexpr auto settleInterval = 1s;
constexpr auto shortBan = 10min;
constexpr const char* sortKey = "authFailures/sort";
constexpr const char* orderKey = "authFailures/descending";

std::vector<RecordColumn> columnWidths()
{
    return {{static_cast<int>(Column::Address), 132, 0, true},
            {static_cast<int>(Column::Reason), 150, 0},
            {static_cast<int>(Column::Hint), 150, 0},
            {static_cast<int>(Column::Count), 68, 0},
            {static_cast<int>(Column::Rate), 76, 4},
            {static_cast<int>(Column::Minutes), 126, 3},
            {static_cast<int>(Column::Route), 74, 5},
            {static_cast<int>(Column::User), 118, 6},
            {static_cast<int>(Column::Origin), 150, 9},
            {static_cast<int>(Column::First), 92, 8},
            {static_cast<int>(Column::Last), 92, 1}};
}

} // namespace

AuthFailuresPage::AuthFailuresPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent)
    : Page(parent)
    , m_bridge(bridge)
    , m_settings(settings)
    , m_figures(figures)
    , m_model(new AuthFailuresModel(this))
{
    makeActions();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::l, space::m, space::l, space::l);
    column->setSpacing(space::m);
    column->addLayout(makeTitle());
    m_outcome = new OutcomeBar;
    m_banning = new Banning(m_bridge, *m_outcome, *this);
    column->addWidget(m_outcome);
    QWidget* table = makeTable();
    makePanel();
    m_split = new RecordSplit(table, m_panel);
    column->addWidget(m_split, 1);
    m_settle.setInterval(settleInterval);
    connect(&m_settle, &QTimer::timeout, this, &AuthFailuresPage::settle);
    connect(m_model, &AuthFailuresModel::waitingChanged, this, &AuthFailuresPage::showTotals);
    connect(m_model, &AuthFailuresModel::totalsChanged, this, &AuthFailuresPage::showTotals);
    connect(m_model, &QAbstractItemModel::modelReset, this,
            [this] { choose(m_chosen ? m_model->rowOf(*m_chosen) : -1); });
    connect(m_model, &QAbstractItemModel::dataChanged, this, &AuthFailuresPage::showPanel);
    connect(&m_figures, &GateFigures::advanced, this, [this] {
        const std::uint64_t lately = m_figures.authFailuresLately();
        Q_EMIT badgeChanged(lately == 0 ? QString() : countText(lately), Tone::Bad);
    });
    showTotals();
}

void AuthFailuresPage::makeActions()
{
    const auto make = [this](const QString& text, Icon symbol, const QKeySequence& keys, auto slot) {
        auto* action = new QAction(icon(symbol), text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        action->setEnabled(false);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
        return action;
    };
    m_banShort = make(tr("Ban 10 min"), Icon::Ban, Qt::CTRL | Qt::Key_B, &AuthFailuresPage::banForTenMinutes);
    m_ban = make(tr("Ban…"), Icon::Ban, Qt::CTRL | Qt::SHIFT | Qt::Key_B, &AuthFailuresPage::openBanDialog);
    m_copy = make(tr("Copy for fail2ban"), Icon::Copy, Qt::CTRL | Qt::SHIFT | Qt::Key_C, &AuthFailuresPage::copyLine);
    setCommandLine(*m_banShort, QStringLiteral("gatehousectl ban address ADDRESS --for 10m"));
}

QLayout* AuthFailuresPage::makeTitle()
{
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    auto* name = new QLabel(title());
    name->setFont(ui::font(Type::Heading, QFont::Bold));
    name->setMinimumHeight(metric::button);
    m_count = new QLabel;
    m_count->setForegroundRole(QPalette::PlaceholderText);
    for (QLabel* label : {name, m_count})
        label->setTextFormat(Qt::PlainText);
    m_new = new QPushButton;
    m_new->setIcon(icon(Icon::ChevronUp));
    setLook(*m_new, ButtonLook::Plain, ButtonSize::Small);
    m_new->hide();
    connect(m_new, &QPushButton::clicked, m_model, &AuthFailuresModel::settle);
    row->addWidget(name);
    row->addWidget(m_count);
    row->addStretch(1);
    row->addWidget(m_new);
    return row;
}

QWidget* AuthFailuresPage::makeTable()
{
    m_table = new RecordTable;
    m_table->setAccessibleName(title());
    m_table->setItemDelegate(
        new RecordDelegate([](int hint) { return hintIcon(static_cast<AuthHint>(hint)); }, m_table));
    const int sorted = m_settings.value(QLatin1StringView(sortKey), static_cast<int>(Column::Last)).toInt();
    const bool falls = m_settings.value(QLatin1StringView(orderKey), true).toBool();
    m_table->setModel(m_model);
    m_table->horizontalHeader()->setSortIndicator(sorted, falls ? Qt::DescendingOrder : Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    m_table->setColumns(columnWidths());
    connect(m_table, &RecordTable::rowChosen, this, &AuthFailuresPage::choose);
    connect(m_table, &QAbstractItemView::clicked, this, [this] { m_split->setOpen(true); });
    connect(m_table, &QAbstractItemView::activated, this, [this] { m_split->setOpen(true); });
    connect(m_table, &QWidget::customContextMenuRequested, this, &AuthFailuresPage::openMenu);
    m_empty = new EmptyState;
    m_stack = new QStackedWidget;
    m_stack->addWidget(m_table);
    m_stack->addWidget(m_empty);
    auto* card = new Card;
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(0, metric::cardRadius / 2, 0, metric::cardRadius);
    inside->addWidget(m_stack);
    return card;
}

void AuthFailuresPage::makePanel()
{
    m_panel = new RecordPanel(tr("Choose a row to see what was tried, and to ban it."));
    const auto add = [this](QAction* action, const QString& name, const QString& text) {
        auto* button = new QPushButton(action->icon(), text);
        button->setObjectName(name);
        setLook(*button, ButtonLook::Plain, ButtonSize::Small);
        connect(button, &QPushButton::clicked, action, &QAction::trigger);
        m_panel->addButton(button);
    };
    add(m_banShort, QStringLiteral("banShort"), m_banShort->text());
    add(m_ban, QStringLiteral("ban"), m_ban->text());
    add(m_copy, QStringLiteral("copyFail2ban"), tr("fail2ban"));
    m_panel->findChild<QPushButton*>(QStringLiteral("copyFail2ban"))->setToolTip(tr("Copy a line that fail2ban reads"));
}

void AuthFailuresPage::setActive(bool active)
{
    m_active = active;
    if (!active) {
        m_settle.stop();
        return;
    }
    FeedBatch batch = m_lastSeen;
    batch.snapshot = m_hiddenSnapshot;
    for (auto& [key, seen] : m_hidden) {
        using std::chrono::floor;
        using std::chrono::minutes;
        const auto passed = (floor<minutes>(batch.stats.time) - floor<minutes>(seen.at)).count();
        ageMinutes(seen.group.perMinute, static_cast<std::size_t>(std::max<std::int64_t>(0, passed)));
        batch.authFailures.push_back(std::move(seen.group));
    }
    m_hidden.clear();
    m_hiddenSnapshot = false;
    m_model->apply(batch);
    m_model->settle();
    showTotals();
    m_settle.start();
}

void AuthFailuresPage::applyBatch(const FeedBatch& batch)
{
    m_lastSeen.stats = batch.stats;
    if (m_active) {
        m_model->apply(batch);
        return;
    }
    if (batch.snapshot) {
        m_hidden.clear();
        m_hiddenSnapshot = true;
    }
    for (const AuthFailureGroup& group : batch.authFailures)
        m_hidden.insert_or_assign(AuthFailureKey{group.address, group.reason}, Seen{group, batch.stats.time});
}

void AuthFailuresPage::settle()
{
    m_model->setNow(m_figures.stats().time);
    if (!m_table->hand().isOn())
        m_model->settle();
    showTotals();
}

QWidget* AuthFailuresPage::keyboardHome() const
{
    return m_table;
}

void AuthFailuresPage::setFilterText(const QString& text)
{
    m_model->setFilter(text.trimmed());
    showTotals();
}

void AuthFailuresPage::saveState()
{
    m_settings.setValue(QLatin1StringView(sortKey), m_model->sortColumn());
    m_settings.setValue(QLatin1StringView(orderKey), m_model->sortOrder() == Qt::DescendingOrder);
}

void AuthFailuresPage::resetLayout()
{
    m_table->sortByColumn(static_cast<int>(Column::Last), Qt::DescendingOrder);
}

void AuthFailuresPage::showTotals()
{
    const auto shown = static_cast<std::uint64_t>(m_model->rowCount());
    const std::size_t total = m_model->total();
    m_count->setText(m_model->filter().isEmpty() ? tr("%1 in 15 min").arg(countText(m_figures.authFailuresLately()))
                                                 : tr("%1 of %2 match").arg(countText(shown), countText(total)));
    const auto waiting = static_cast<int>(m_model->waiting());
    m_new->setText(tr("%n new", nullptr, waiting));
    m_new->setVisible(waiting > 0);
    if (total == 0)
        m_empty->set(Icon::ShieldAlert, tr("No authentication has failed"),
                     tr("Whoever fails to get in will stand here, by address and reason."));
    else
        m_empty->set(
            Icon::Search, tr("Nothing matches"),
            tr("No failure has “%1” in it. Change the filter.").arg(plainText(m_model->filter().toStdString(), 80)));
    m_stack->setCurrentIndex(shown == 0 && waiting == 0 ? 1 : 0);
}

void AuthFailuresPage::choose(int row)
{
    if (const auto key = m_model->keyAt(row))
        m_chosen = key;
    showPanel();
}

void AuthFailuresPage::showPanel()
{
    const AuthFailureGroup* group = m_chosen ? m_model->group(*m_chosen) : nullptr;
    for (QAction* action : {m_banShort, m_ban, m_copy})
        action->setEnabled(group != nullptr);
    if (!group) {
        m_panel->showEmpty();
        return;
    }
    const AuthHint hint = m_model->hint(*m_chosen);
    const bool hostile = hint == AuthHint::BruteForce || hint == AuthHint::WholeNetwork;
    m_panel->showRecord(plainText(group->address, 60), {});
    m_panel->setPill(group->banned ? Tone::Neutral
                     : hostile     ? Tone::Bad
                                   : Tone::Warning,
                     group->banned ? Icon::Ban : hintIcon(hint), group->banned ? tr("banned") : hintLabel(hint));
    m_panel->setExplanation(tr("What it looks like"), hostile ? Tone::Bad : Tone::Warning, hintIcon(hint),
                            hintSentence(hint));
    m_panel->setWhy(tr("Why was it refused?"), Tone::Warning,
                    explanationLines(group->lastRefusal).join(QLatin1Char('\n')));
    const std::string& pointer = group->lastRefusal.decision.rule.pointer;
    const auto when = [this](WallTime time) {
        return tr("%1, %2").arg(relativeText(time, m_model->now()), clockText(time, m_zone));
    };
    m_panel->setFacts(
        tr("Last failure"),
        {{tr("Reason"), reasonLabel(group->reason)},
         {tr("Means"), reasonSentence(group->reason)},
         {tr("Count"), tr("%1, %2 in 15 min").arg(countText(group->count), countText(recentFailures(*group)))},
         {tr("First"), when(group->first)},
         {tr("Last"), when(group->last)},
         {tr("Route"), group->lastRoute.empty() ? tr("none reached") : plainText(group->lastRoute)},
         {tr("Claimed user"),
          group->lastUser.empty() ? tr("unknown") : tr("%1 (not verified)").arg(plainText(group->lastUser))},
         {tr("Origin"), group->lastOrigin.empty() ? tr("none sent") : plainText(group->lastOrigin),
          !group->lastOrigin.empty()},
         {tr("Network"), plainText(networkOf(group->address)), true},
         {tr("Pointer"), pointer.empty() ? tr("no rule of the policy") : plainText(pointer), !pointer.empty()}});
}

void AuthFailuresPage::openMenu(const QPoint& position)
{
    const auto key = m_model->keyAt(m_table->indexAt(position).row());
    if (!key)
        return;
    choose(m_model->rowOf(*key));
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addActions({m_banShort, m_ban});
    menu->addSeparator();
    menu->addAction(m_copy);
    menu->addAction(icon(Icon::Plug), tr("Show its connections"), this, [this, address = key->address] {
        Q_EMIT filterRequested(QStringLiteral("connections"), QString::fromStdString(address));
    });
    m_table->hand().holdFor(*menu);
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

void AuthFailuresPage::banForTenMinutes()
{
    const AuthFailureGroup* group = m_chosen ? m_model->group(*m_chosen) : nullptr;
    if (!group)
        return;
    BanCommand command;
    command.subject = BanSubject::Address;
    command.value = group->address;
    command.duration = shortBan;
    command.reason = reasonLabel(group->reason).toStdString();
    m_banning->ban(command);
}

void AuthFailuresPage::openBanDialog()
{
    if (const AuthFailureGroup* group = m_chosen ? m_model->group(*m_chosen) : nullptr)
        m_banning->ask({group->address, group->lastUser, {}, reasonLabel(group->reason).toStdString()});
}

void AuthFailuresPage::copyLine()
{
    if (const AuthFailureGroup* group = m_chosen ? m_model->group(*m_chosen) : nullptr)
        QGuiApplication::clipboard()->setText(fail2banLine(*group));
}

} // namespace gatehouse::ui
