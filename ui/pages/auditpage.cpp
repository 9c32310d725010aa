// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/auditpage.h"

#include "models/copytext.h"
#include "pages/marks.h"
#include "pages/recorddelegate.h"
#include "pages/recordpanel.h"
#include "pages/recordtable.h"
#include "style/emptystate.h"
#include "style/gatehousestyle.h"
#include "style/theme.h"
#include "text/codetext.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;
using Column = AuditModel::Column;
constexpr auto typingPause = 200ms;
constexpr int anyKind = -1;

std::vector<RecordColumn> columnWidths()
{
    return {{static_cast<int>(Column::Number), 72, 0}, {static_cast<int>(Column::Time), 92, 0},
            {static_cast<int>(Column::Kind), 96, 0},   {static_cast<int>(Column::Reason), 140, 1},
            {static_cast<int>(Column::User), 92, 2},   {static_cast<int>(Column::Address), 112, 3},
            {static_cast<int>(Column::Route), 64, 7},  {static_cast<int>(Column::Actor), 64, 4},
            {static_cast<int>(Column::Code), 52, 6},   {static_cast<int>(Column::Detail), 126, 0, true}};
}

} // namespace

AuditPage::AuditPage(FeedBridge& bridge, QSettings&, const GateFigures& figures, QWidget* parent)
    : Page(parent)
    , m_bridge(bridge)
    , m_figures(figures)
    , m_model(new AuditModel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::l, space::m, space::l, space::l);
    column->setSpacing(space::m);
    column->addLayout(makeTitle());
    QWidget* table = makeTable();
    makePanel();
    m_split = new RecordSplit(table, m_panel);
    column->addWidget(m_split, 1);
    m_typing.setSingleShot(true);
    m_typing.setInterval(typingPause);
    connect(&m_typing, &QTimer::timeout, this, &AuditPage::startQuery);
    connect(m_model, &AuditModel::wanted, this, &AuditPage::ask);
    connect(m_model, &AuditModel::stateChanged, this, &AuditPage::showState);
    connect(m_model, &QAbstractItemModel::rowsInserted, this, &AuditPage::showState);
    connect(m_model, &AuditModel::waitingChanged, this, &AuditPage::showWaiting);
    connect(&m_figures, &GateFigures::advanced, this, [this] {
        if (!m_active)
            return;
        m_model->setNow(m_figures.stats().time);
        m_model->noteNewest(m_figures.stats().auditRecords);
        showAuditState();
    });
    showState();
    showWaiting();
}

QLayout* AuditPage::makeTitle()
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
    m_state = new Pill;
    m_new = new QPushButton;
    m_new->setObjectName(QStringLiteral("showNew"));
    m_new->setIcon(icon(Icon::ChevronUp));
    setLook(*m_new, ButtonLook::Plain, ButtonSize::Small);
    connect(m_new, &QPushButton::clicked, this, [this] {
        m_model->showWaiting();
        m_table->scrollToTop();
    });
    m_kind = new QComboBox;
    m_kind->setAccessibleName(tr("What happened"));
    m_kind->addItem(icon(Icon::ListFilter), tr("Everything"), anyKind);
    for (int kind = 0; kind <= static_cast<int>(AuditKind::Upstream); ++kind)
        m_kind->addItem(icon(auditIcon(static_cast<AuditKind>(kind))), auditKindText(static_cast<AuditKind>(kind)),
                        kind);
    connect(m_kind, &QComboBox::activated, this, [this](int) {
        const int kind = m_kind->currentData().toInt();
        m_wanted.kind = kind == anyKind ? std::nullopt : std::optional(static_cast<AuditKind>(kind));
        startQuery();
    });
    row->addWidget(name);
    row->addWidget(m_count);
    row->addWidget(m_state);
    row->addStretch(1);
    row->addWidget(m_new);
    row->addWidget(m_kind);
    return row;
}

QWidget* AuditPage::makeTable()
{
    m_table = new RecordTable;
    m_table->setAccessibleName(title());
    m_table->setItemDelegate(
        new RecordDelegate([](int kind) { return auditIcon(static_cast<AuditKind>(kind)); }, m_table));
    m_table->setModel(m_model);
    m_table->setColumns(columnWidths());
    connect(m_table, &RecordTable::rowChosen, this, &AuditPage::choose);
    connect(m_table, &QAbstractItemView::clicked, this, [this] { m_split->setOpen(true); });
    connect(m_table, &QAbstractItemView::activated, this, [this] { m_split->setOpen(true); });
    connect(m_table, &QWidget::customContextMenuRequested, this, &AuditPage::openMenu);
    m_stack = new QStackedWidget;
    m_stack->addWidget(m_table);
    m_message = new EmptyState;
    connect(m_message, &EmptyState::actionTriggered, m_model, &AuditModel::reload);
    m_stack->addWidget(m_message);
    auto* card = new Card;
    auto* inside = new QVBoxLayout(card);
    inside->setContentsMargins(0, metric::cardRadius / 2, 0, metric::cardRadius);
    inside->addWidget(m_stack);
    return card;
}

void AuditPage::makePanel()
{
    m_panel = new RecordPanel(tr("Choose a record to see the rule that decided, what it met and what it allows."));
    auto* copyButton = new QPushButton(icon(Icon::Copy), tr("Copy…"));
    copyButton->setObjectName(QStringLiteral("copy"));
    setLook(*copyButton, ButtonLook::Plain, ButtonSize::Small);
    makeCopyMenu(copyButton);
    m_panel->addButton(copyButton);
}

void AuditPage::makeCopyMenu(QPushButton* button)
{
    auto* menu = new QMenu(button);
    const auto add = [&](const QString& text, const QKeySequence& keys, auto perform) {
        auto* action = new QAction(icon(Icon::Copy), text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        action->setEnabled(false);
        connect(action, &QAction::triggered, this, perform);
        addAction(action);
        menu->addAction(action);
        m_copyActions.push_back(action);
    };
    add(tr("Copy as text"), QKeySequence::Copy, [this] {
        if (const AuditEntry* entry = m_chosen ? m_model->entry(*m_chosen) : nullptr)
            QGuiApplication::clipboard()->setText(auditAsText({*entry}, m_zone));
    });
    add(tr("Copy as JSON"), Qt::CTRL | Qt::SHIFT | Qt::Key_J, [this] { copy(&auditAsJsonLines); });
    add(tr("Copy as CSV"), Qt::CTRL | Qt::SHIFT | Qt::Key_V, [this] { copy(&auditAsCsv); });
    connect(button, &QPushButton::clicked, menu,
            [button, menu] { menu->popup(button->mapToGlobal(QPoint(0, button->height() + 2))); });
}

void AuditPage::copy(QString (*format)(const std::vector<AuditEntry>&))
{
    if (const AuditEntry* entry = m_chosen ? m_model->entry(*m_chosen) : nullptr)
        QGuiApplication::clipboard()->setText(format({*entry}));
}

void AuditPage::openMenu(const QPoint& position)
{
    const AuditEntry* entry = m_model->entryAt(m_table->indexAt(position).row());
    if (!entry)
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (QAction* action : m_copyActions)
        menu->addAction(action);
    const auto lead = [&](const QString& text, const std::string& value) {
        if (!value.empty())
            menu->addAction(text, this, [this, value] {
                Q_EMIT filterRequested(QStringLiteral("audit"), QString::fromStdString(value));
            });
    };
    menu->addSeparator();
    lead(tr("Only this user"), entry->record.user);
    lead(tr("Only this address"), entry->record.address);
    menu->popup(m_table->viewport()->mapToGlobal(position));
}

void AuditPage::setActive(bool active)
{
    m_active = active;
    if (!active)
        return;
    m_model->setNow(m_figures.stats().time);
    showAuditState();
    if (!m_loaded)
        startQuery();
    else
        m_model->noteNewest(m_figures.stats().auditRecords);
}

void AuditPage::applyBatch(const FeedBatch&)
{
    // The figures tell the newest record's number; records themselves are asked for.
}

QWidget* AuditPage::keyboardHome() const
{
    return m_table;
}

void AuditPage::setFilterText(const QString& text)
{
    m_wanted.text = text.trimmed().toStdString();
    if (m_active)
        m_typing.start();
    else
        m_loaded = false;
}

void AuditPage::startQuery()
{
    m_typing.stop();
    m_loaded = true;
    m_chosen.reset();
    m_model->setFilter(m_wanted);
    showPanel();
}

void AuditPage::ask(std::uint64_t ticket, const AuditQuery& query)
{
    m_bridge.call(query, this, [this, ticket](const Reply& reply) {
        if (reply.ok() && std::holds_alternative<gatehouse::AuditPage>(*reply))
            m_model->accept(ticket, std::get<gatehouse::AuditPage>(*reply));
        else if (reply.ok())
            m_model->fail(ticket, {ControlErrorCode::Internal, "unexpected answer"});
        else
            m_model->fail(ticket, reply.error());
    });
}

void AuditPage::showState()
{
    const auto rows = static_cast<std::uint64_t>(m_model->rowCount());
    const bool failed = m_model->state() == AuditModel::State::Failed;
    if (failed)
        m_message->set(Icon::TriangleAlert, tr("The audit log could not be read"),
                       plainText(m_model->errorText().toStdString()), tr("Try again"));
    else if (m_model->state() != AuditModel::State::Ready)
        m_message->set(Icon::Hourglass, tr("Reading the audit log…"), {});
    else if (m_model->filtered())
        m_message->set(Icon::Search, tr("No record matches"), tr("Change the filter, or choose “Everything”."));
    else
        m_message->set(Icon::ScrollText, tr("Nothing has been recorded yet"),
                       tr("Every refusal, open, close, kick and ban will stand here."));
    m_stack->setCurrentIndex(rows == 0 || failed ? 1 : 0);
    const std::uint64_t newest = m_figures.stats().auditRecords;
    m_count->setText(m_model->filtered() || newest == 0 ? tr("%1 shown").arg(countText(rows))
                                                        : tr("%1 in all").arg(countText(newest)));
}

void AuditPage::showWaiting()
{
    const auto waiting = static_cast<int>(m_model->waiting());
    m_new->setVisible(waiting > 0);
    m_new->setText(m_model->waitingIncomplete() ? tr("%1+ new").arg(waiting) : tr("%n new", nullptr, waiting));
}

void AuditPage::showAuditState()
{
    const GateStats& stats = m_figures.stats();
    if (stats.audit == AuditState::Failing)
        m_state->set(Tone::Bad, Icon::OctagonAlert, tr("cannot be written"));
    else if (stats.auditDropped > 0)
        m_state->set(Tone::Warning, Icon::TriangleAlert,
                     tr("%n record(s) lost", nullptr, static_cast<int>(stats.auditDropped)));
    else
        m_state->set(Tone::Good, Icon::CircleCheck, tr("good"));
    showState();
}

void AuditPage::choose(int row)
{
    if (const AuditEntry* entry = m_model->entryAt(row))
        m_chosen = entry->number;
    showPanel();
}

void AuditPage::showPanel()
{
    const AuditEntry* entry = m_chosen ? m_model->entry(*m_chosen) : nullptr;
    for (QAction* action : m_copyActions)
        action->setEnabled(entry != nullptr);
    if (!entry) {
        m_panel->showEmpty();
        return;
    }
    const AuditRecord& record = entry->record;
    const Decision& why = record.decision;
    const Tone tone = toneOf(auditTone(record));
    m_panel->showRecord(auditKindText(record.kind), tr("No. %1").arg(countText(entry->number)));
    const std::string_view word = reasonWord(why.reason);
    m_panel->setPill(tone, auditIcon(record.kind),
                     QString::fromLatin1(word.data(), static_cast<qsizetype>(word.size())));
    QStringList lines{reasonSentence(why.reason)};
    if (!why.met.empty())
        lines.append(tr("Met: %1").arg(plainText(why.met)));
    if (!why.limit.empty())
        lines.append(tr("Allowed: %1").arg(plainText(why.limit)));
    if (!why.rule.name.empty())
        lines.append(tr("%1, policy v%2").arg(plainText(why.rule.name), QString::number(record.policyVersion)));
    lines.removeAll(QString());
    m_panel->setExplanation(tr("Why?"), tone, auditIcon(record.kind),
                            why.allowed() ? QString() : lines.join(QLatin1Char('\n')));
    std::vector<Fact> facts{
        {tr("Time"), absoluteText(record.time, m_zone)},
        {tr("Who"), record.actor.empty() ? tr("the gate, by rule") : plainText(record.actor)},
        {tr("Detail"), plainText(record.detail)},
        {tr("User"), plainText(record.user)},
        {tr("Issuer"), plainText(record.issuer)},
        {tr("Address"), plainText(record.address), true},
        {tr("Route"), plainText(record.route)},
        {tr("Origin"), plainText(record.origin), true},
        {tr("Session"), record.session ? QString::number(record.session.value) : QString()},
        {tr("Code"), record.code == 0 ? QString() : codeText(record.code)},
        {tr("Pointer"), plainText(why.rule.pointer), true},
        {tr("Policy"), record.policyVersion == 0 ? QString() : tr("version %1").arg(record.policyVersion)}};
    if (record.suppressed > 0)
        facts.push_back({tr("Left out"), tr("%n like it before", nullptr, static_cast<int>(record.suppressed))});
    std::erase_if(facts, [](const Fact& fact) { return fact.text.isEmpty(); });
    m_panel->setFacts(tr("Record"), facts);
}

} // namespace gatehouse::ui
