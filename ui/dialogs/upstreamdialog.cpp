// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/upstreamdialog.h"

#include "dialogs/typedcount.h"
#include "style/notice.h"
#include "style/theme.h"
#include "text/codetext.h"
#include "text/format.h"
#include "text/upstreamtext.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr int longestReason = 200;
constexpr qsizetype longestUrl = 44; // of the heading's type, in the dialog's width
constexpr std::array<std::chrono::seconds, 4> times{30s, 2min, 10min, 1h};

enum Choice { Stay, End };

int countOf(std::uint64_t sessions)
{
    return static_cast<int>(std::min<std::uint64_t>(sessions, 1'000'000'000));
}

} // namespace

DrainUpstreamDialog::DrainUpstreamDialog(UpstreamStatus upstream, const GateStats& stats, QWidget* parent)
    : Dialog(parent)
    , m_upstream(std::move(upstream))
    , m_choice(new QButtonGroup(this))
    , m_within(new QComboBox(this))
    , m_reason(new QLineEdit(this))
    , m_effect(new Notice(Tone::Neutral, Icon::Info, this))
    , m_typed(new TypedCount(QStringLiteral("upstreamTyped"), this))
{
    setObjectName(QStringLiteral("drainUpstreamDialog"));
    setMinimumWidth(480);
    setHeading(tr("Drain %1").arg(plainText(m_upstream.url, longestUrl)),
               tr("Route %1 opens no new sessions there until somebody takes it back, or the server starts anew.")
                   .arg(plainText(m_upstream.route, 60)));
    addFields();
    setAction(tr("Drain"), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("drainUpstreamConfirm"));
    connect(m_choice, &QButtonGroup::idClicked, this, &DrainUpstreamDialog::refresh);
    connect(m_typed, &TypedCount::edited, this, &DrainUpstreamDialog::refresh);
    connect(this, &Dialog::actionTriggered, this, [this] {
        setBusy(true);
        Q_EMIT confirmed(command());
    });
    setStats(stats);
    m_choice->checkedButton()->setFocus();
}

QWidget* DrainUpstreamDialog::makeChoices()
{
    auto* box = new QWidget(this);
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins({});
    row->setSpacing(space::l);
    const auto add = [&](Choice which, const QString& text, const char* name) {
        auto* choice = new QRadioButton(text, box);
        choice->setObjectName(QLatin1StringView(name));
        choice->setChecked(which == Stay);
        m_choice->addButton(choice, which);
        row->addWidget(choice);
    };
    add(Stay, tr("&Stay until they end by themselves"), "upstreamStay");
    add(End, tr("&End within"), "upstreamEnd");
    m_within->setObjectName(QStringLiteral("upstreamWithin"));
    m_within->setAccessibleName(tr("Within which time the sessions end"));
    for (const std::chrono::seconds each : times)
        m_within->addItem(durationText(each), static_cast<int>(each.count()));
    row->setSpacing(space::s);
    row->addWidget(m_within);
    row->addStretch(1);
    return box;
}

void DrainUpstreamDialog::addFields()
{
    addField(tr("Its open sessions"), makeChoices());
    m_reason->setObjectName(QStringLiteral("upstreamReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("For example: new firmware"));
    addField(tr("Reason"), m_reason, tr("Kept in the audit log."));
    body()->addWidget(m_effect);
    body()->addWidget(m_typed);
    body()->addStretch(1);
}

void DrainUpstreamDialog::setStats(const GateStats& stats)
{
    m_others = 0;
    for (const UpstreamStatus& each : stats.upstreams) {
        if (each.route == m_upstream.route && each.url != m_upstream.url && each.state == UpstreamState::Up)
            ++m_others;
    }
    refresh();
}

bool DrainUpstreamDialog::ending() const
{
    return m_choice->checkedId() == End;
}

void DrainUpstreamDialog::refresh()
{
    const int sessions = countOf(m_upstream.sessions);
    m_within->setEnabled(ending());
    QString text = m_others > 0
                       ? tr("%n other upstream(s) of the route can take over.", nullptr, static_cast<int>(m_others))
                       : tr("No other upstream of the route is up: nobody comes in until one is.");
    if (ending())
        text += QLatin1Char(' ') + tr("%n session(s) will end with %1.", nullptr, sessions).arg(codeText(1001));
    else
        text += QLatin1Char(' ') + tr("%n session(s) will stay.", nullptr, sessions);
    m_effect->set(m_others > 0 && !ending() ? Tone::Neutral : Tone::Warning,
                  m_others > 0 ? Icon::Info : Icon::TriangleAlert);
    m_effect->setText(text);
    m_typed->setCount(ending() ? static_cast<std::size_t>(sessions) : 0);
    const bool ends = ending() && sessions > 0;
    setAction(ends ? tr("Drain and end %n session(s)", nullptr, sessions) : tr("Drain"),
              ends ? ButtonLook::Danger : ButtonLook::Primary);
    setActionEnabled(m_typed->isRight());
}

UpstreamDrainCommand DrainUpstreamDialog::command() const
{
    UpstreamDrainCommand drain;
    drain.upstream = m_upstream.url;
    drain.route = m_upstream.route;
    if (ending())
        drain.within = std::chrono::seconds(m_within->currentData().toInt());
    drain.reason = m_reason->text().trimmed().toStdString();
    return drain;
}

QString DrainUpstreamDialog::effectText() const
{
    return m_effect->label()->text();
}

UndrainUpstreamDialog::UndrainUpstreamDialog(const UpstreamStatus& upstream, QWidget* parent)
    : Dialog(parent)
{
    setObjectName(QStringLiteral("undrainUpstreamDialog"));
    setMinimumWidth(480);
    setHeading(tr("Undrain %1").arg(plainText(upstream.url, longestUrl)),
               tr("Draining since %1.").arg(absoluteText(upstream.since, QTimeZone::systemTimeZone())));
    auto* after = new Notice(Tone::Neutral, Icon::LogIn, this);
    after->setText(tr("Route %1 opens sessions there again at once. Those that are about to be ended stay.")
                       .arg(plainText(upstream.route, 60)));
    body()->addWidget(after);
    body()->addStretch(1);
    setAction(tr("Undrain"), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("undrainUpstreamConfirm"));
}

} // namespace gatehouse::ui
