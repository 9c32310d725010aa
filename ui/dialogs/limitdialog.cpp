// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/limitdialog.h"

#include "dialogs/durationchoice.h"
#include "dialogs/typedcount.h"
#include "style/notice.h"
#include "style/theme.h"
#include "text/format.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr int longestReason = 200;
constexpr qsizetype longestName = 40;
constexpr int mostMessages = 1'000'000;
constexpr int usualCount = 5;

enum Whom { Sessions, User };

QSpinBox* messages(const char* name, int value, QWidget* parent)
{
    auto* box = new QSpinBox(parent);
    box->setObjectName(QLatin1StringView(name));
    box->setRange(1, mostMessages);
    box->setValue(value);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    box->setGroupSeparatorShown(true);
    return box;
}

} // namespace

LimitDialog::LimitDialog(LimitOffer offer, QWidget* parent)
    : Dialog(parent)
    , m_offer(std::move(offer))
    , m_whom(new QButtonGroup(this))
    , m_count(messages("limitCount", usualCount, this))
    , m_per(new QComboBox(this))
    , m_burst(messages("limitBurst", 2 * usualCount, this))
    , m_duration(new DurationChoice({10min, 1h, 4h}, tr("Until somebody lifts it"), this))
    , m_reason(new QLineEdit(this))
    , m_effect(new Notice(Tone::Neutral, Icon::Gauge, this))
    , m_typed(new TypedCount(QStringLiteral("limitTyped"), this))
{
    setObjectName(QStringLiteral("limitDialog"));
    const int count = static_cast<int>(m_offer.sessions.size());
    setHeading(count == 1 ? tr("Limit %1").arg(m_offer.sessions.front().user)
                          : tr("Limit %n session(s)", nullptr, count),
               tr("Messages over the rate are treated as the route says: refused, delayed or answered with a close. "
                  "The policy's own limits go on."));
    addWhom();
    addRate();
    addRest();
    setAction(tr("Limit"), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("limitConfirm"));
    connect(this, &Dialog::actionTriggered, this, [this] {
        setBusy(true);
        Q_EMIT confirmed(command());
    });
    refresh();
    m_count->setFocus();
    m_count->selectAll();
}

void LimitDialog::addWhom()
{
    const int count = static_cast<int>(m_offer.sessions.size());
    if (count > 1 || m_offer.user.empty()) {
        auto* list = new TargetList(m_offer.sessions, QStringLiteral("limitTargets"), tr("Sessions to limit"), this);
        setMinimumWidth(std::max(minimumWidth(), list->wantedWidth()));
        body()->addWidget(list);
    }
    auto* box = new QWidget(this);
    auto* row = new QVBoxLayout(box);
    row->setContentsMargins({});
    row->setSpacing(space::s);
    const auto add = [&](Whom which, const QString& text, const char* name) {
        auto* choice = new QRadioButton(text, box);
        choice->setObjectName(QLatin1StringView(name));
        choice->setChecked(which == Sessions);
        m_whom->addButton(choice, which);
        row->addWidget(choice);
    };
    add(Sessions,
        count == 1 ? tr("This &session, %1").arg(m_offer.sessions.front().id.value)
                   : tr("Each of these %n &session(s)", nullptr, count),
        "limitSessions");
    if (!m_offer.user.empty())
        add(User,
            tr("All sessions of &user %1, together")
                .arg(plainText(m_offer.user, longestName).replace(QLatin1Char('&'), QStringLiteral("&&"))),
            "limitUser");
    box->setVisible(!m_offer.user.empty());
    if (!m_offer.user.empty())
        addField(tr("Whom"), box);
    connect(m_whom, &QButtonGroup::idClicked, this, &LimitDialog::refresh);
}

void LimitDialog::addRate()
{
    m_per->setObjectName(QStringLiteral("limitPer"));
    m_per->addItem(tr("a second"), 1);
    m_per->addItem(tr("a minute"), 60);
    m_per->setAccessibleName(tr("Per"));
    auto* rate = new QWidget(this);
    auto* row = new QHBoxLayout(rate);
    row->setContentsMargins({});
    row->setSpacing(space::s);
    row->addWidget(m_count, 1);
    row->addWidget(m_per, 1);
    rate->setFocusProxy(m_count);
    addFields(tr("Messages"), rate, tr("At once, at most"), m_burst);
    m_count->setAccessibleName(tr("Messages"));
    // As long as nobody typed a burst, it goes along with the count.
    connect(m_count, &QSpinBox::valueChanged, this, [this](int value) {
        if (!m_burstTyped) {
            const QSignalBlocker blocker(m_burst);
            m_burst->setValue(std::min(2 * value, mostMessages));
        }
        refresh();
    });
    connect(m_burst, &QSpinBox::valueChanged, this, [this] {
        m_burstTyped = true;
        refresh();
    });
    connect(m_per, &QComboBox::currentIndexChanged, this, &LimitDialog::refresh);
}

void LimitDialog::addRest()
{
    m_duration->setObjectName(QStringLiteral("limitDuration"));
    addField(tr("For how long"), m_duration);
    m_reason->setObjectName(QStringLiteral("limitReason"));
    m_reason->setMaxLength(longestReason);
    m_reason->setPlaceholderText(tr("For example: floods the floor's channel"));
    addField(tr("Reason"), m_reason, tr("Kept with the limit and in the audit log."));
    body()->addWidget(m_effect);
    body()->addWidget(m_typed);
    body()->addStretch(1);
    connect(m_typed, &TypedCount::edited, this, &LimitDialog::refresh);
}

bool LimitDialog::ofUser() const
{
    return m_whom->checkedId() == User;
}

LimitCommand LimitDialog::command() const
{
    LimitCommand limit;
    if (ofUser()) {
        limit.user = m_offer.user;
        limit.issuer = m_offer.issuer;
    } else {
        limit.sessions = idsOf(m_offer.sessions);
    }
    limit.rate = {static_cast<std::uint64_t>(m_count->value()), std::chrono::seconds(m_per->currentData().toInt()),
                  static_cast<std::uint64_t>(m_burst->value())};
    limit.duration = m_duration->duration();
    limit.reason = m_reason->text().trimmed().toStdString();
    return limit;
}

void LimitDialog::refresh()
{
    showFailure({});
    const double perSecond = static_cast<double>(m_count->value()) / m_per->currentData().toInt();
    const bool idle = m_offer.routeRate > 0 && !ofUser() && perSecond >= m_offer.routeRate;
    m_effect->setVisible(m_offer.routeRate > 0);
    m_effect->set(idle ? Tone::Warning : Tone::Neutral, idle ? Icon::TriangleAlert : Icon::Gauge);
    m_effect->setText(idle ? tr("This changes nothing: the route allows %1 already.").arg(rateText(m_offer.routeRate))
                           : tr("The route allows a session %1.").arg(rateText(m_offer.routeRate)));
    m_typed->setCount(ofUser() ? 0 : m_offer.sessions.size());
    setActionEnabled(m_typed->isRight());
}

QString LimitDialog::effectText() const
{
    return m_effect->isHidden() ? QString() : m_effect->label()->text();
}

} // namespace gatehouse::ui
