// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/sessionpanel.h"

#include "pages/connectionsdelegate.h"
#include "pages/measurescard.h"
#include "pages/panelparts.h"
#include "style/elidedlabel.h"
#include "style/emptystate.h"
#include "style/focusedge.h"
#include "style/gatehousestyle.h"
#include "text/format.h"

#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QScrollArea>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

/// A line from edge to edge between sections.
class Rule : public QFrame {
public:
    explicit Rule(QWidget* parent)
        : QFrame(parent)
    {
        setFixedHeight(1);
        setAutoFillBackground(true);
        setBackgroundRole(QPalette::Mid);
    }
};

QString joined(const std::vector<std::string>& words)
{
    QStringList list;
    for (const std::string& word : words)
        list += plainText(word);
    return list.join(QStringLiteral(", "));
}

QString timesText(std::uint64_t count)
{
    return count == 0 ? QString() : SessionPanel::tr("%1 times").arg(countText(count));
}

std::vector<FactGrid::Fact> factsOf(const Connection& connection, WallTime now)
{
    const SessionInfo& info = connection.info();
    const SessionActivity& activity = connection.activity();
    const QString issuer = plainText(info.issuer);
    const QString key = info.keyId.empty() ? issuer : SessionPanel::tr("%1, key %2").arg(issuer, plainText(info.keyId));
    const QString address = QStringLiteral("%1:%2").arg(plainText(info.address)).arg(info.port);
    QString tls = info.tlsVersion.empty() ? SessionPanel::tr("none") : plainText(info.tlsVersion);
    if (!info.tlsCipher.empty())
        tls += QStringLiteral(", ") + plainText(info.tlsCipher);
    return {
        {SessionPanel::tr("Issuer"), key},
        {SessionPanel::tr("Roles"), joined(info.roles)},
        {SessionPanel::tr("Token"), tokenText(info.tokenId), true},
        {SessionPanel::tr("Token ends"), info.tokenExpires ? relativeText(*info.tokenExpires, now) : QString()},
        {SessionPanel::tr("Origin"), info.origin.empty() ? SessionPanel::tr("none sent") : plainText(info.origin),
         !info.origin.empty()},
        {SessionPanel::tr("Address"), address, true},
        {SessionPanel::tr("Path"), plainText(info.path), true},
        {SessionPanel::tr("Upstream"), plainText(info.upstream), true},
        {SessionPanel::tr("Channels"), joined(info.channels)},
        {SessionPanel::tr("Client"), plainText(info.userAgent)},
        {SessionPanel::tr("TLS"), tls},
        {SessionPanel::tr("Compression"), plainText(info.compression)},
        {SessionPanel::tr("Open for"), durationText(now - info.since)},
        {SessionPanel::tr("Throttled"), timesText(activity.throttled)},
        {SessionPanel::tr("Dropped"),
         activity.dropped == 0 ? QString()
                               : SessionPanel::tr("%1 messages to the client").arg(countText(activity.dropped))},
    };
}

double share(std::uint64_t part, std::uint64_t whole)
{
    return whole == 0 ? 0 : static_cast<double>(std::min(part, whole)) / static_cast<double>(whole);
}

std::vector<LimitGrid::Limit> limitsOf(const Connection& connection)
{
    const SessionInfo& info = connection.info();
    const SessionActivity& activity = connection.activity();
    std::vector<LimitGrid::Limit> limits;
    const auto ofText = [](const QString& left, const QString& all) {
        return SessionPanel::tr("%1 of %2").arg(left, all);
    };
    if (activity.rateLeft && info.rateBurst > 0)
        limits.push_back({SessionPanel::tr("Messages"), share(*activity.rateLeft, info.rateBurst),
                          ofText(countText(*activity.rateLeft), countText(info.rateBurst))});
    if (info.sessionsPerUser) {
        const std::uint64_t all = *info.sessionsPerUser;
        const std::uint64_t left = all - std::min<std::uint64_t>(activity.userSessions, all);
        limits.push_back({SessionPanel::tr("Sessions"), share(left, all), ofText(countText(left), countText(all))});
    }
    if (info.sendBufferLimit > 0) {
        const std::uint64_t left = info.sendBufferLimit - std::min(activity.backlog, info.sendBufferLimit);
        limits.push_back(
            {SessionPanel::tr("Send buffer"), share(left, info.sendBufferLimit),
             ofText(bytesText(static_cast<double>(left)), bytesText(static_cast<double>(info.sendBufferLimit)))});
    }
    return limits;
}

QVBoxLayout* section(QVBoxLayout* into, QWidget* parent)
{
    into->addWidget(new Rule(parent));
    auto* layout = new QVBoxLayout;
    layout->setContentsMargins(space::m, space::m, space::m, space::m);
    layout->setSpacing(space::xs);
    into->addLayout(layout);
    return layout;
}

} // namespace

SessionPanel::SessionPanel(QWidget* parent)
    : Card(parent)
    , m_stack(new QStackedLayout(this))
{
    setObjectName(QStringLiteral("sessionPanel"));
    setAccessibleName(tr("Chosen session"));
    m_stack->setContentsMargins(1, 1, 1, metric::cardRadius / 2); // what scrolls keeps off the round corners
    auto* nothing = new EmptyState(this);
    nothing->set(Icon::Plug, tr("No session chosen"),
                 tr("Choose a row to see who it is, why it is in its state and what it did."));
    auto* content = new QWidget(this);
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeHead());
    layout->addWidget(makeBody(), 1);
    m_stack->addWidget(nothing);
    m_stack->addWidget(content);
    nothing->setTextWidth(240);
    setMinimumWidth(280);
}

QWidget* SessionPanel::makeHead()
{
    auto* head = new QWidget(this);
    m_user = new ElidedLabel(head);
    m_user->setFont(ui::font(Type::Title, QFont::Bold));
    m_id = new ElidedLabel(head);
    m_id->setFont(ui::font(Type::Mono));
    m_id->setMuted(true);
    m_state = new Pill(head);
    m_kick = new QPushButton(icon(Icon::UserX), tr("Kick…"), head);
    m_kick->setObjectName(QStringLiteral("panelKick"));
    m_ban = new QPushButton(icon(Icon::Ban), tr("Ban…"), head);
    m_ban->setObjectName(QStringLiteral("panelBan"));
    m_quarantine = new QPushButton(icon(Icon::CirclePause), tr("Quarantine…"), head);
    m_quarantine->setObjectName(QStringLiteral("panelQuarantine"));
    connect(m_quarantine, &QPushButton::clicked, this,
            [this] { m_quarantined ? Q_EMIT releaseWanted() : Q_EMIT quarantineWanted(); });
    m_more = new QPushButton(icon(Icon::Ellipsis), {}, head);
    m_more->setAccessibleName(tr("More actions"));
    m_close = new QPushButton(icon(Icon::X), {}, head);
    m_close->setAccessibleName(tr("Close the panel"));
    m_close->hide();
    for (QPushButton* button : {m_kick, m_ban, m_quarantine, m_more})
        setLook(*button, ButtonLook::Plain, ButtonSize::Small);
    setLook(*m_close, ButtonLook::Quiet, ButtonSize::Small);
    connect(m_close, &QPushButton::clicked, this, &SessionPanel::closeRequested);

    auto* title = new QHBoxLayout;
    title->setSpacing(space::s);
    title->addWidget(m_user, 0);
    title->addWidget(m_id, 0);
    title->addStretch(1);
    title->addWidget(m_state);
    title->addWidget(m_close);
    auto* actions = new QHBoxLayout;
    actions->setSpacing(space::s);
    actions->addWidget(m_kick);
    actions->addWidget(m_ban);
    actions->addWidget(m_quarantine);
    actions->addWidget(m_more);
    actions->addStretch();
    auto* layout = new QVBoxLayout(head);
    layout->setContentsMargins(space::m, space::m, space::m, space::m);
    layout->setSpacing(space::s + 2);
    layout->addLayout(title);
    layout->addLayout(actions);
    return head;
}

QWidget* SessionPanel::makeBody()
{
    m_scroll = new QScrollArea(this);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFrameShape(QFrame::NoFrame);
    new FocusEdge(*m_scroll);
    m_scroll->setAccessibleName(tr("Details of the session"));
    m_scroll->viewport()->setBackgroundRole(QPalette::Base);
    auto* body = new QWidget(m_scroll);
    body->setBackgroundRole(QPalette::Base);
    body->setAutoFillBackground(true);
    auto* layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, space::s);
    layout->setSpacing(0);

    m_measures = new MeasuresCard(body);
    connect(m_measures, &MeasuresCard::releaseWanted, this, &SessionPanel::releaseWanted);
    connect(m_measures, &MeasuresCard::liftWanted, this, &SessionPanel::liftWanted);
    m_why = new WhyCard(body);
    m_identity = new FactGrid(body);
    m_limits = new LimitGrid(body);
    m_timeline = new Timeline(body);
    layout->addWidget(m_measures);
    layout->addWidget(m_why);
    QVBoxLayout* identity = section(layout, body);
    identity->addWidget(sectionHeading(tr("Identity"), body));
    identity->addWidget(m_identity);
    QVBoxLayout* limits = section(layout, body);
    limits->addWidget(sectionHeading(tr("What is left"), body));
    limits->addWidget(m_limits);
    QVBoxLayout* timeline = section(layout, body);
    timeline->addWidget(sectionHeading(tr("Timeline"), body));
    timeline->addWidget(m_timeline);
    layout->addStretch();
    m_scroll->setWidget(body);
    return m_scroll;
}

void SessionPanel::show(const Connection& connection, WallTime now)
{
    const StateLook look = lookOf(connection.state);
    m_user->setText(userText(connection.info()));
    m_id->setText(QString::number(connection.id().value));
    if (look.symbol)
        m_state->set(look.tone, look.symbol, stateText(connection, now));
    else
        m_state->set(Tone::Good, Icon::CircleCheck, stateText(connection, now));
    m_measures->show(connection, now);
    m_why->explain(connection);
    m_identity->set(factsOf(connection, now));
    m_limits->set(limitsOf(connection));
    m_kick->setEnabled(!connection.closed);
    m_quarantine->setEnabled(!connection.closed);
    m_quarantined = connection.state == ConnectionState::Quarantined;
    m_quarantine->setIcon(icon(m_quarantined ? Icon::Play : Icon::CirclePause));
    fitActions();
    m_stack->setCurrentIndex(1);
}

void SessionPanel::setTimeline(const std::vector<AuditEntry>& entries)
{
    m_timeline->set(entries);
}

void SessionPanel::clear()
{
    m_stack->setCurrentIndex(0);
}

void SessionPanel::setClosable(bool closable)
{
    m_close->setVisible(closable);
}

void SessionPanel::setMenu(QMenu* menu)
{
    connect(m_more, &QPushButton::clicked, menu,
            [this, menu] { menu->popup(m_more->mapToGlobal(QPoint(0, m_more->height() + 2))); });
}

QString SessionPanel::whyText() const
{
    return m_why->text();
}

QString SessionPanel::measuresText() const
{
    return m_measures->text();
}

/// Where its words do not fit, the button keeps its symbol; the menu behind "…" has the words.
void SessionPanel::fitActions()
{
    const QString words = m_quarantined ? tr("Release") : tr("Quarantine…");
    m_quarantine->setAccessibleName(words);
    m_quarantine->setToolTip(words);
    m_quarantine->setText(words);
    int wanted = 2 * space::m + 3 * space::s;
    for (const QPushButton* button : {m_kick, m_ban, m_quarantine, m_more})
        wanted += button->sizeHint().width();
    if (wanted > width())
        m_quarantine->setText({});
}

void SessionPanel::resizeEvent(QResizeEvent* event)
{
    Card::resizeEvent(event);
    fitActions();
}

void SessionPanel::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && m_close->isVisible())
        Q_EMIT closeRequested();
    else
        Card::keyPressEvent(event);
}

} // namespace gatehouse::ui
