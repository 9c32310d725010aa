// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/overviewpage.h"

#include "charts/chartcard.h"
#include "models/auditmodel.h"
#include "models/hinttext.h"
#include "models/refusalgroup.h"
#include "pages/marks.h"
#include "pages/overviewcharts.h"
#include "pages/overviewlist.h"
#include "pages/overviewtile.h"
#include "pages/upstreamscard.h"
#include "style/theme.h"
#include "text/certificatetext.h"
#include "text/format.h"
#include "text/gatenotices.h"
#include "text/reasontext.h"
#include "text/upstreamtext.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace gatehouse::ui {

namespace {

using namespace std::chrono_literals;
constexpr auto infoInterval = 10min;

QString wordOf(Reason reason)
{
    const std::string_view word = reasonWord(reason);
    return QString::fromLatin1(word.data(), static_cast<qsizetype>(word.size()));
}

QString auditLine(const AuditRecord& record)
{
    const std::string& who = !record.user.empty() ? record.user : record.address;
    QStringList parts{plainText(who, 40), auditKindText(record.kind)};
    const QString why = reasonLabel(record.decision.reason);
    if (!why.isEmpty())
        parts.append(why);
    else if (!record.detail.empty())
        parts.append(plainText(record.detail, 80));
    if (!record.actor.empty())
        parts.append(OverviewPage::tr("by %1").arg(plainText(record.actor, 40)));
    parts.removeAll(QString());
    parts.removeDuplicates();
    return parts.join(QStringLiteral(" · "));
}

} // namespace

OverviewPage::OverviewPage(FeedBridge& bridge, QSettings&, const GateFigures& figures, QWidget* parent)
    : Page(parent)
    , m_bridge(bridge)
    , m_figures(figures)
    , m_failures(new AuthFailuresModel(this))
{
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(makeContent());
    scroll->viewport()->setAutoFillBackground(false);
    scroll->widget()->setAutoFillBackground(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(scroll);
    m_refresh.setSingleShot(true);
    connect(&m_refresh, &QTimer::timeout, this, &OverviewPage::refresh);
    connect(&m_figures, &GateFigures::advanced, this, [this] {
        if (m_active)
            m_refresh.start(0);
    });
}

QWidget* OverviewPage::makeContent()
{
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(space::l, space::m, space::l, space::l);
    column->setSpacing(space::m);
    column->addLayout(makeTitle());
    column->addLayout(makeTiles());
    column->addWidget(makeUpstreams());
    column->addLayout(makeCharts(), 1);
    column->addLayout(makeLists());
    column->addStretch(0);
    return content;
}

QBoxLayout* OverviewPage::makeTitle()
{
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    auto* name = new QLabel(title());
    name->setFont(ui::font(Type::Heading, QFont::Bold));
    auto* scope = new QLabel(tr("all routes"));
    scope->setForegroundRole(QPalette::PlaceholderText);
    for (QLabel* label : {name, scope})
        label->setTextFormat(Qt::PlainText);
    m_certificate = new Pill;
    m_certificate->setObjectName(QStringLiteral("certificateNotice"));
    m_audit = new Pill;
    m_certificate->hide();
    m_audit->hide();
    m_upstreamNotice = new Pill;
    m_upstreamNotice->setObjectName(QStringLiteral("upstreamNotice"));
    m_upstreamNotice->hide();
    m_keySets = new Pill;
    m_keySets->setObjectName(QStringLiteral("keySetNotice"));
    m_keySets->hide();
    m_policy = new Pill;
    m_policy->setObjectName(QStringLiteral("policyNotice"));
    m_policy->hide();
    m_clock = new Pill;
    m_clock->setObjectName(QStringLiteral("clockNotice"));
    m_clock->hide();
    row->addWidget(name);
    row->addWidget(scope);
    row->addStretch(1);
    row->addWidget(m_audit);
    row->addWidget(m_upstreamNotice);
    row->addWidget(m_keySets);
    row->addWidget(m_policy);
    row->addWidget(m_clock);
    row->addWidget(m_certificate);
    // The row keeps its height whether or not a notice stands in it.
    row->addSpacing(0);
    name->setMinimumHeight(metric::button);
    return row;
}

QBoxLayout* OverviewPage::makeTiles()
{
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    const std::array<QString, tileCount> labels{tr("Sessions"), tr("Messages"), tr("Refused"),
                                                tr("Auth failures in 15 min"), tr("Loop load")};
    for (std::size_t i = 0; i < tileCount; ++i) {
        m_tiles[i] = new OverviewTile(labels[i]);
        row->addWidget(m_tiles[i], 1);
    }
    return row;
}

QWidget* OverviewPage::makeUpstreams()
{
    m_upstreams = new UpstreamsCard;
    connect(m_upstreams, &UpstreamsCard::chosen, this,
            [this](const QString& url) { Q_EMIT filterRequested(QStringLiteral("connections"), url); });
    connect(m_upstreams, &UpstreamsCard::orderWanted, this, &OverviewPage::upstreamOrderWanted);
    return m_upstreams;
}

QLayout* OverviewPage::makeCharts()
{
    auto* grid = new QGridLayout;
    grid->setSpacing(space::m);
    int place = 0;
    for (ChartOptions& options : overviewCharts()) {
        auto* chart = new ChartCard(m_figures, std::move(options));
        connect(chart, &ChartCard::probed, this, [this](std::optional<WallTime> time) {
            for (ChartCard* each : m_charts)
                each->setProbe(time);
        });
        grid->addWidget(chart, place / 3, place % 3);
        grid->setColumnStretch(place % 3, 1);
        m_charts.push_back(chart);
        ++place;
    }
    return grid;
}

QBoxLayout* OverviewPage::makeLists()
{
    auto* row = new QHBoxLayout;
    row->setSpacing(space::m);
    m_userList =
        new OverviewList(tr("Busiest users"), tr("share of limit"),
                         tr("Users who send will stand here, with the share of their rate limit that they use."));
    m_failureList = new OverviewList(tr("Auth failures by address"), tr("15 min"),
                                     tr("No authentication failed in the last 15 minutes."));
    m_auditList = new OverviewList(tr("Latest"), tr("audit"), tr("Nothing has been recorded yet."));
    for (OverviewList* list : {m_userList, m_failureList, m_auditList})
        row->addWidget(list, 1);
    const auto leadTo = [this](OverviewList* list, const QString& page) {
        connect(list, &OverviewList::chosen, this,
                [this, page](const QString& key) { Q_EMIT filterRequested(page, key); });
    };
    leadTo(m_userList, QStringLiteral("connections"));
    leadTo(m_failureList, QStringLiteral("authFailures"));
    leadTo(m_auditList, QStringLiteral("audit"));
    return row;
}

void OverviewPage::setActive(bool active)
{
    m_active = active;
    if (!active) {
        m_refresh.stop();
        return;
    }
    askInfo();
    refresh();
}

void OverviewPage::applyBatch(const FeedBatch& batch)
{
    m_failures->apply(batch);
    noteRows(batch);
}

void OverviewPage::noteRows(const FeedBatch& batch)
{
    if (batch.snapshot)
        m_shares.clear();
    for (const SessionRow& row : batch.rows) {
        if (row.info->rateLimit <= 0 || row.info->user.empty())
            continue;
        m_shares[row.info->id] = {row.info->user, row.activity.messagesInRate / row.info->rateLimit};
    }
    for (const ClosedSession& closed : batch.closed)
        m_shares.erase(closed.id);
}

void OverviewPage::refresh()
{
    showTiles();
    showFailureTile();
    showUsers();
    showFailures();
    showNotices();
    showUpstreams();
    askAudit();
    // Another end of certificates is that of another certificate, which the info names.
    if (m_figures.now().time - m_infoAt > infoInterval || m_figures.stats().certificatesEnd != m_infoEnd)
        askInfo();
}

void OverviewPage::showTiles()
{
    const Figures& now = m_figures.now();
    const std::int64_t growth = m_figures.sessionsGrowth();
    const QString sign = growth < 0 ? QStringLiteral("−") : QStringLiteral("+");
    tile(Tile::Sessions)
        .set(countText(now.sessions),
             growth == 0 ? tr("as many as 15 min ago")
                         : tr("%1%2 in 15 min").arg(sign, countText(static_cast<std::uint64_t>(std::abs(growth)))));
    tile(Tile::Messages)
        .set(rateText(now.messages()),
             tr("%1 in, %2 out").arg(figureText(now.messagesIn), figureText(now.messagesOut)));
    QStringList reasons;
    for (const auto& [reason, rate] : topRefusals(now, 2))
        reasons.append(wordOf(reason) + QLatin1Char(' ') + figureText(rate));
    tile(Tile::Refused)
        .set(rateText(now.refused),
             reasons.isEmpty() ? tr("nothing in the last second") : reasons.join(QStringLiteral(", ")));
    tile(Tile::Load).set(percentText(now.loopLoad), tr("backlog %1").arg(bytesText(static_cast<double>(now.backlog))));
}

void OverviewPage::showFailureTile()
{
    std::map<std::string, std::uint64_t> byAddress;
    std::map<std::string, std::pair<std::uint64_t, std::size_t>> byNetwork; // failures, addresses
    for (const AuthFailureGroup* group : m_failures->groups()) {
        const std::uint64_t recent = recentFailures(*group);
        if (recent == 0)
            continue;
        if (byAddress[group->address] == 0)
            ++byNetwork[networkOf(group->address)].second;
        byAddress[group->address] += recent;
        byNetwork[networkOf(group->address)].first += recent;
    }
    QString note = tr("none from any address");
    std::uint64_t most = 0;
    for (const auto& [address, count] : byAddress) {
        if (count > most) {
            most = count;
            note = tr("%1 from %2").arg(countText(count), plainText(address, 45));
        }
    }
    // A network is named only where more than one of its addresses fails.
    for (const auto& [network, counts] : byNetwork) {
        if (counts.second > 1 && counts.first > most && !network.empty()) {
            most = counts.first;
            note = tr("%1 from %2").arg(countText(counts.first), plainText(network, 50));
        }
    }
    tile(Tile::AuthFailures).set(countText(m_figures.authFailuresLately()), note);
}

void OverviewPage::showUsers()
{
    std::unordered_map<std::string, double> best;
    for (const auto& [id, share] : m_shares)
        best[share.user] = std::max(best[share.user], share.share);
    std::vector<std::pair<std::string, double>> users(best.begin(), best.end());
    std::erase_if(users, [](const auto& user) { return user.second < 0.005; });
    const auto busier = [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    };
    const std::size_t shown = std::min(users.size(), OverviewList::lines);
    std::partial_sort(users.begin(), users.begin() + static_cast<std::ptrdiff_t>(shown), users.end(), busier);
    std::vector<OverviewEntry> entries;
    for (std::size_t i = 0; i < shown; ++i) {
        OverviewEntry entry;
        entry.key = QString::fromStdString(users[i].first);
        entry.text = plainText(users[i].first, 128);
        entry.share = users[i].second;
        entry.ofLimit = true;
        entry.value = percentText(users[i].second);
        entry.tip = tr("%1 uses %2 of the session's message rate").arg(entry.text, entry.value);
        entries.push_back(entry);
    }
    m_userList->set(entries);
}

void OverviewPage::showFailures()
{
    struct Sum {
        std::uint64_t count = 0;
        AuthHint hint = AuthHint::None;
        bool banned = false;
    };
    std::map<std::string, Sum> byAddress;
    for (const AuthFailureGroup* group : m_failures->groups()) {
        Sum& sum = byAddress[group->address];
        sum.count += recentFailures(*group);
        sum.banned |= group->banned;
        const AuthHint hint = m_failures->hint({group->address, group->reason});
        if (sum.hint == AuthHint::None || hint == AuthHint::BruteForce)
            sum.hint = hint;
    }
    std::vector<std::pair<std::string, Sum>> order(byAddress.begin(), byAddress.end());
    std::erase_if(order, [](const auto& item) { return item.second.count == 0; });
    std::ranges::stable_sort(order, std::ranges::greater{}, [](const auto& item) { return item.second.count; });
    order.resize(std::min(order.size(), OverviewList::lines));
    std::vector<OverviewEntry> entries;
    for (const auto& [address, sum] : order) {
        OverviewEntry entry;
        entry.key = QString::fromStdString(address);
        entry.text = plainText(address, 60);
        entry.share = static_cast<double>(sum.count) / static_cast<double>(order.front().second.count);
        entry.value = countText(sum.count);
        if (sum.banned || sum.hint != AuthHint::None) {
            entry.pill = sum.banned ? tr("banned") : hintLabel(sum.hint);
            entry.symbol = sum.banned ? Icon::Ban : hintIcon(sum.hint);
            const bool hostile = sum.hint == AuthHint::BruteForce || sum.hint == AuthHint::WholeNetwork;
            entry.tone = sum.banned ? Tone::Neutral : hostile ? Tone::Bad : Tone::Warning;
            entry.tip = hintSentence(sum.hint);
        }
        entries.push_back(entry);
    }
    m_failureList->set(entries);
}

void OverviewPage::showNotices()
{
    const GateStats& stats = m_figures.stats();
    const bool failing = stats.audit == AuditState::Failing;
    m_audit->setVisible(failing || stats.auditDropped > 0);
    m_audit->set(Tone::Bad, Icon::OctagonAlert,
                 failing ? tr("Audit log cannot be written")
                         : tr("%n audit record(s) lost", nullptr, static_cast<int>(stats.auditDropped)));
    const QString certificate = certificateText(stats);
    m_certificate->setVisible(!certificate.isEmpty());
    m_certificate->set(isCertificateAlarm(stats) ? Tone::Bad : Tone::Warning, Icon::TriangleAlert, certificate);
    m_certificate->setToolTip(certificateTip().toHtmlEscaped());
    const QString upstreams = upstreamsText(stats);
    m_upstreamNotice->setVisible(!upstreams.isEmpty());
    m_upstreamNotice->set(Tone::Bad, Icon::Unlink, upstreams);
    m_upstreamNotice->setToolTip(upstreamsTip(stats, m_zone).toHtmlEscaped());
    const QString keySets = keySetText(stats);
    m_keySets->setVisible(!keySets.isEmpty());
    m_keySets->set(Tone::Bad, Icon::KeyRound, keySets);
    m_keySets->setToolTip(keySetTip(stats).toHtmlEscaped());
    const QString policy = policyProblemText(stats);
    m_policy->setVisible(!policy.isEmpty());
    m_policy->set(Tone::Bad, Icon::FileText, policy);
    m_policy->setToolTip(policyProblemTip(stats).toHtmlEscaped());
    const QString clock = clockStepText(stats);
    m_clock->setVisible(!clock.isEmpty());
    m_clock->set(Tone::Warning, Icon::Clock, clock);
    m_clock->setToolTip(clockStepTip().toHtmlEscaped());
}

void OverviewPage::showUpstreams()
{
    const GateStats& stats = m_figures.stats();
    m_upstreams->set(stats.upstreams, stats.state == GateState::Serving);
}

/// Which listener it is, and what to do.
QString OverviewPage::certificateTip() const
{
    const GateStats& stats = m_figures.stats();
    QStringList lines;
    if (stats.certificates == CertificateState::ReloadFailed)
        lines.append(tr("A new certificate could not be used, and the one before it goes on serving. The audit log and "
                        "gatehousectl certificate status say why."));
    for (const ListenerInfo& listener : m_info.listeners)
        if (listener.certificateExpires)
            lines.append(tr("Listener %1: %2")
                             .arg(plainText(listener.name), absoluteText(*listener.certificateExpires, m_zone)));
    return lines.join(QLatin1Char('\n'));
}

void OverviewPage::askInfo()
{
    m_infoAt = m_figures.now().time;
    m_infoEnd = m_figures.stats().certificatesEnd;
    m_bridge.call(InfoQuery{}, this, [this](const Reply& reply) {
        if (!reply.ok() || !std::holds_alternative<Info>(*reply))
            return;
        m_info = std::get<Info>(*reply);
        showNotices();
    });
}

void OverviewPage::askAudit()
{
    const std::uint64_t newest = m_figures.stats().auditRecords;
    if (m_askedAudit || newest == m_auditShown)
        return;
    m_askedAudit = true;
    m_auditShown = newest;
    AuditQuery query;
    query.limit = OverviewList::lines;
    m_bridge.call(query, this, [this](const Reply& reply) {
        m_askedAudit = false;
        if (reply.ok() && std::holds_alternative<AuditPage>(*reply))
            showAudit(std::get<AuditPage>(*reply));
    });
}

void OverviewPage::showAudit(const AuditPage& page)
{
    std::vector<OverviewEntry> entries;
    for (const AuditEntry& audit : page.entries) {
        OverviewEntry entry;
        entry.key = QString::fromStdString(!audit.record.user.empty() ? audit.record.user : audit.record.address);
        entry.lead = clockText(audit.record.time, m_zone);
        entry.symbol = auditIcon(audit.record.kind);
        entry.tone = toneOf(auditTone(audit.record));
        entry.text = auditLine(audit.record);
        entry.tip = absoluteText(audit.record.time, m_zone) + QLatin1Char(' ') + entry.text;
        entries.push_back(entry);
    }
    m_auditList->set(entries);
}

} // namespace gatehouse::ui
