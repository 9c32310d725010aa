// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/mainwindow.h"

#include "mainwindow/closedialog.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/lockdowncontrol.h"
#include "mainwindow/rail.h"
#include "mainwindow/topbar.h"
#include "mainwindow/upstreamcontrol.h"
#include "pages/auditpage.h"
#include "pages/authfailurespage.h"
#include "pages/connectionspage.h"
#include "pages/outcomebar.h"
#include "pages/overviewpage.h"
#include "pages/policypage.h"
#include "pages/provisionalbanner.h"
#include "text/certificatetext.h"
#include "text/format.h"
#include "text/gatenotices.h"
#include "text/upstreamtext.h"

#include <QAction>
#include <QActionGroup>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QSystemTrayIcon>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

QString geometryKey()
{
    return QStringLiteral("window/geometry");
}
QString pageKey()
{
    return QStringLiteral("window/page");
}

std::vector<StatusLine::Figure> statusFigures(const Figures& figures)
{
    const auto tr = [](const char* text) { return MainWindow::tr(text); };
    const QString bytes = bytesText(figures.bytes());
    const qsizetype cut = bytes.lastIndexOf(QLatin1Char(' '));
    return {
        {countText(figures.sessions), tr("sessions")},
        {figureText(figures.messages()), tr("messages/s")},
        {bytes.left(cut), tr("%1/s").arg(bytes.mid(cut + 1))},
        {figureText(figures.refused), tr("refused/s"), figures.refused > 0},
    };
}

} // namespace

QStringList statusWords(const Figures& figures)
{
    QStringList words;
    for (const StatusLine::Figure& figure : statusFigures(figures))
        words += figure.value + QLatin1Char(' ') + figure.unit;
    return words;
}

MainWindow::MainWindow(ServerControl& control, QSettings& settings, Appearance& appearance, MainWindowOptions options)
    : m_settings(settings)
    , m_appearance(appearance)
    , m_options(std::move(options))
    , m_bridge(control, m_options.actor)
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowTitle(m_options.simulated ? tr("Gatehouse (SIMULATED)") : tr("Gatehouse"));
    setWindowIcon(icon(Icon::BrickWall, Theme::light().accent));
    setMinimumSize(880, 520);
    makeFrame();
    makePages();
    makeActions();
    orderTabs();
    connect(&m_bridge, &FeedBridge::batchReady, this, &MainWindow::applyBatch);
    connect(&m_bridge, &FeedBridge::lagMeasured, m_statusLine, &StatusLine::setLag);
    connect(&m_figures, &GateFigures::advanced, this, &MainWindow::showFigures);
    connect(&m_figures, &GateFigures::stateChanged, this, &MainWindow::showState);
    restore();
    showFigures();
    m_bridge.start();
}

MainWindow::~MainWindow() = default;

void MainWindow::makeFrame()
{
    auto* central = new QWidget(this);
    m_rail = new Rail(central);
    m_topBar = new TopBar(central);
    m_topBar->setSimulated(m_options.simulated);
    m_stack = new QStackedWidget(central);
    m_statusLine = new StatusLine(central);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    m_provisional = new ProvisionalBanner(m_bridge, m_figures, central);
    m_provisional->setContentsMargins(space::l, space::m, space::l, 0);
    column->addWidget(m_topBar);
    column->addWidget(m_provisional);
    m_outcome = new OutcomeBar(central);
    m_outcome->setObjectName(QStringLiteral("gateOutcome"));
    m_outcome->setContentsMargins(space::l, space::m, space::l, 0);
    column->addWidget(m_outcome);
    column->addWidget(m_stack, 1);
    column->addWidget(m_statusLine);
    auto* layout = new QHBoxLayout(central);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_rail);
    layout->addLayout(column, 1);
    setCentralWidget(central);
    connect(m_rail, &Rail::pageChosen, this, &MainWindow::showIndex);
    connect(m_topBar, &TopBar::filterEdited, this, &MainWindow::setFilter);
}

void MainWindow::makePages()
{
    auto* overview = new OverviewPage(m_bridge, m_settings, m_figures, m_stack);
    m_upstreams = new UpstreamControl(m_bridge, *m_outcome, *this);
    connect(overview, &OverviewPage::upstreamOrderWanted, m_upstreams, &UpstreamControl::ask);
    addPage(QStringLiteral("overview"), overview);
    addPage(QStringLiteral("connections"), new ConnectionsPage(m_bridge, m_settings, m_stack));
    addPage(QStringLiteral("authFailures"), new AuthFailuresPage(m_bridge, m_settings, m_figures, m_stack));
    addPage(QStringLiteral("audit"), new AuditPage(m_bridge, m_settings, m_figures, m_stack));
    addPage(QStringLiteral("policy"), new PolicyPage(m_bridge, m_settings, m_figures, m_stack));
}

void MainWindow::addPage(const QString& name, Page* page)
{
    page->setObjectName(name);
    RailButton* button = m_rail->addPage(page->pageIcon(), page->title());
    connect(page, &Page::badgeChanged, button, &RailButton::setBadge);
    connect(page, &Page::filterRequested, this, [this](const QString& target, const QString& text) {
        showPage(target);
        setFilter(text);
        m_topBar->setFilter(currentPage()->filterHint(), text);
    });
    m_stack->addWidget(page);
    m_pages.push_back(page);
}

QAction* MainWindow::addWindowAction(const QString& name, Icon symbol, const QString& text, const QKeySequence& keys,
                                     std::function<void()> run)
{
    auto* action = new QAction(icon(symbol), text, this);
    action->setObjectName(name);
    action->setShortcut(keys);
    connect(action, &QAction::triggered, this, std::move(run));
    addAction(action);
    return action;
}

void MainWindow::makeActions()
{
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        const Page& page = *m_pages[i];
        addWindowAction(QStringLiteral("show-") + page.objectName(), page.pageIcon(), tr("Go to %1").arg(page.title()),
                        QKeySequence(Qt::CTRL | Qt::Key(int(Qt::Key_1) + static_cast<int>(i))),
                        [this, i] { showIndex(static_cast<int>(i)); });
    }
    m_filterAction = addWindowAction(QStringLiteral("filter"), Icon::ListFilter, tr("Filter this page"),
                                     QKeySequence::Find, [this] { m_topBar->focusFilter(); });
    addWindowAction(QStringLiteral("resetLayout"), Icon::RotateCcw, tr("Reset layout"), {}, [this] { resetLayout(); });
    QAction* drain = addWindowAction(QStringLiteral("drain"), Icon::DoorOpen, tr("Drain and stop…"), {},
                                     [this] { askHowToClose(); });
    setCommandLine(*drain, QStringLiteral("gatehousectl drain"));
    QAction* lockdown = addWindowAction(QStringLiteral("lockdown"), Icon::Lock, {}, Qt::CTRL | Qt::Key_L, [] {});
    m_lockdown = new LockdownControl(m_bridge, *m_topBar->lockdownButton(), *lockdown, *m_outcome, *this);
    QAction* palette = addWindowAction(QStringLiteral("palette"), Icon::Command, tr("Commands"), Qt::CTRL | Qt::Key_K,
                                       [this] { openPalette(); });

    auto* look = new QMenu(this);
    auto* group = new QActionGroup(look);
    struct Choice {
        SchemeChoice choice;
        Icon symbol;
        QString text;
        const char* name;
    };
    for (const Choice& choice :
         {Choice{SchemeChoice::System, Icon::Monitor, tr("Appearance: as the system"), "lookSystem"},
          Choice{SchemeChoice::Light, Icon::Sun, tr("Appearance: light"), "lookLight"},
          Choice{SchemeChoice::Dark, Icon::Moon, tr("Appearance: dark"), "lookDark"}}) {
        QAction* action = addWindowAction(QLatin1StringView(choice.name), choice.symbol, choice.text, {},
                                          [this, wanted = choice.choice] { m_appearance.setChoice(wanted); });
        action->setCheckable(true);
        action->setChecked(m_appearance.choice() == choice.choice);
        group->addAction(action);
        look->addAction(action);
    }
    RailButton* appearance = m_rail->addFoot(Icon::Sun, tr("Appearance"), {});
    connect(appearance, &QAbstractButton::clicked, look, [look, appearance] {
        look->popup(appearance->mapToGlobal(QPoint(appearance->width() - space::s, -look->sizeHint().height() / 2)));
    });
    RailButton* commands =
        m_rail->addFoot(Icon::Command, tr("Commands"), palette->shortcut().toString(QKeySequence::NativeText));
    connect(commands, &QAbstractButton::clicked, palette, &QAction::trigger);
}

/// Rail, top bar, page, in reading order; the rail's buttons are made after the pages that they name.
void MainWindow::orderTabs()
{
    QWidget* before = nullptr;
    for (QWidget* button : m_rail->buttons()) {
        if (before)
            setTabOrder(before, button);
        before = button;
    }
    setTabOrder(before, m_topBar->filterField());
    setTabOrder(m_topBar->filterField(), m_topBar->lockdownButton());
}

void MainWindow::restore()
{
    if (!restoreGeometry(m_settings.value(geometryKey()).toByteArray()))
        resize(1440, 900);
    showIndex(0);
    showPage(m_settings.value(pageKey()).toString());
}

void MainWindow::save()
{
    m_settings.setValue(geometryKey(), saveGeometry());
    if (const Page* page = currentPage())
        m_settings.setValue(pageKey(), page->objectName());
    for (Page* page : m_pages)
        page->saveState();
}

void MainWindow::resetLayout()
{
    resize(1440, 900);
    for (Page* page : m_pages)
        page->resetLayout();
    save();
}

Page* MainWindow::currentPage() const
{
    return qobject_cast<Page*>(m_stack->currentWidget());
}

Page* MainWindow::page(const QString& name) const
{
    const auto found =
        std::find_if(m_pages.begin(), m_pages.end(), [&](const Page* page) { return page->objectName() == name; });
    return found == m_pages.end() ? nullptr : *found;
}

void MainWindow::showPage(const QString& name)
{
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        if (m_pages[i]->objectName() == name)
            showIndex(static_cast<int>(i));
    }
}

void MainWindow::showIndex(int index)
{
    Page* shown = m_pages[static_cast<std::size_t>(index)];
    for (Page* page : m_pages) {
        if (page != shown)
            page->setActive(false);
    }
    m_stack->setCurrentWidget(shown);
    m_rail->setCurrent(index);
    m_topBar->setFilter(shown->filterHint(), m_filters.value(shown));
    // A page without a filter may have another use for the keys.
    m_filterAction->setEnabled(!shown->filterHint().isEmpty());
    m_provisional->setSuppressed(shown->objectName() == QLatin1StringView("policy"));
    shown->setActive(true);
    // The keyboard goes along, unless it walks the rail.
    if (!m_rail->isAncestorOf(focusWidget()))
        (shown->keyboardHome() ? shown->keyboardHome() : m_rail->button(index))->setFocus();
}

void MainWindow::applyBatch(const FeedBatch& batch)
{
    m_figures.apply(batch);
    m_topBar->setState(m_figures.stats());
    m_lockdown->show(m_figures.stats());
    m_upstreams->show(m_figures.stats());
    for (Page* page : m_pages)
        page->applyBatch(batch);
}

void MainWindow::showFigures()
{
    const GateStats& stats = m_figures.stats();
    m_statusLine->setFigures(statusFigures(m_figures.now()));
    m_statusLine->setAudit(stats.audit, stats.auditRecords);
    m_statusLine->setAlarms({{clockStepText(stats), false},
                             {upstreamsText(stats), true},
                             {keySetText(stats), true},
                             {policyProblemText(stats), true},
                             {certificateText(stats), isCertificateAlarm(stats)}});
    const QTimeZone zone = QTimeZone::systemTimeZone();
    if (stats.time != WallTime{})
        m_statusLine->setTime(clockText(stats.time, zone) + QLatin1Char(' ') + zoneText(stats.time, zone));
}

void MainWindow::showState(GateState state)
{
    if (state == GateState::Serving)
        askListeners();
    if (state == GateState::Stopped && m_stopping) {
        m_mayClose = true;
        close();
        Q_EMIT stopped();
    }
}

void MainWindow::askListeners()
{
    m_bridge.call(InfoQuery{}, this, [this](const Reply& reply) {
        if (!reply)
            return;
        if (const auto* info = std::get_if<Info>(&reply.value()))
            m_topBar->setListeners(info->listeners);
    });
}

void MainWindow::setFilter(const QString& text)
{
    if (Page* page = currentPage()) {
        m_filters[page] = text;
        page->setFilterText(text);
    }
}

void MainWindow::openPalette()
{
    QList<QAction*> actions = currentPage()->actions() + this->actions();
    actions.removeIf([](const QAction* action) { return action->objectName() == QLatin1StringView("palette"); });
    (new CommandPalette(actions, this))->open();
}

void MainWindow::drainAndStop()
{
    if (m_stopping)
        return;
    m_stopping = true;
    m_bridge.call(DrainCommand{}, this, [this](const Reply& reply) {
        if (!reply)
            m_stopping = false;
    });
}

void MainWindow::askHowToClose()
{
    auto* dialog = new CloseDialog(m_bridge, m_figures.stats().sessions, m_options.trayAvailable, this);
    connect(dialog, &CloseDialog::keepServing, this, &MainWindow::keepInTray);
    connect(dialog, &CloseDialog::drain, this, [this, dialog] {
        dialog->setBusy(true);
        m_stopping = true;
        m_bridge.call(DrainCommand{}, dialog, [this, dialog](const Reply& reply) {
            if (reply) {
                dialog->accept();
                return;
            }
            m_stopping = false;
            dialog->setBusy(false);
            dialog->showFailure(tr("The server does not drain: %1").arg(plainText(reply.error().message)));
        });
    });
    dialog->open();
}

void MainWindow::keepInTray()
{
    save();
    if (!m_tray) {
        m_tray = new QSystemTrayIcon(windowIcon(), this);
        m_tray->setToolTip(windowTitle());
        auto* menu = new QMenu(this);
        connect(menu->addAction(tr("Open the console")), &QAction::triggered, this, &QWidget::show);
        connect(menu->addAction(tr("Drain and stop")), &QAction::triggered, this, &MainWindow::drainAndStop);
        m_tray->setContextMenu(menu);
        connect(m_tray, &QSystemTrayIcon::activated, this, &QWidget::show);
    }
    m_tray->show();
    hide();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    save();
    const bool stoppedAlready = m_figures.stats().state == GateState::Stopped;
    if (m_mayClose || stoppedAlready) {
        event->accept();
        if (!m_mayClose)
            Q_EMIT stopped();
        return;
    }
    event->ignore();
    if (!m_stopping)
        askHowToClose();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    m_rail->setNarrow(width() < railWide);
    QMainWindow::resizeEvent(event);
}

} // namespace gatehouse::ui
