// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/kickdialog.h"

#include "style/card.h"
#include "style/theme.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

constexpr int shownRows = 6;
constexpr int idWidth = 64;
constexpr int addressWidth = 124;
constexpr int routeWidth = 64;
constexpr int aroundTargets = 2 * space::xl + 2 * space::xs + 3 * space::s + 2; ///< margins, cell sides, scroll bar
/// RFC 6455 §5.5: what fits into a close frame beside its code.
constexpr int reasonBytes = 123;

QTableWidgetItem* item(const QString& text, Type type)
{
    auto* made = new QTableWidgetItem(text);
    made->setFont(font(type));
    made->setFlags(Qt::ItemIsEnabled);
    made->setToolTip(text.toHtmlEscaped());
    return made;
}

} // namespace

KickDialog::KickDialog(FeedBridge& bridge, std::vector<KickTarget> targets, QWidget* parent)
    : Dialog(parent)
    , m_bridge(bridge)
    , m_targets(std::move(targets))
{
    setObjectName(QStringLiteral("kickDialog"));
    const int count = static_cast<int>(m_targets.size());
    setHeading(count == 1 ? tr("Kick %1").arg(m_targets.front().user) : tr("Kick %n session(s)", nullptr, count),
               tr("The connection is closed with %1. Nothing else of the user is touched.").arg(codeText(4403)));
    addTargets();
    addFields();
    setAction(count == 1 ? tr("Kick") : tr("Kick %n session(s)", nullptr, count), ButtonLook::Primary);
    actionButton()->setObjectName(QStringLiteral("kickAction"));
    connect(this, &Dialog::actionTriggered, this, &KickDialog::kick);
    updateAction();
    m_reason->setFocus();
}

void KickDialog::addTargets()
{
    auto* card = new Card(this);
    auto* table = new QTableWidget(static_cast<int>(m_targets.size()), 4, card);
    table->setObjectName(QStringLiteral("kickTargets"));
    table->setAccessibleName(tr("Sessions to kick"));
    table->horizontalHeader()->hide();
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(metric::row);
    table->verticalHeader()->setDefaultSectionSize(metric::row);
    table->setShowGrid(false);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->setFocusPolicy(m_targets.size() > shownRows ? Qt::TabFocus : Qt::NoFocus);
    table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table->setWordWrap(false);
    table->horizontalHeader()->setMinimumSectionSize(40);
    int row = 0;
    int longest = 0;
    for (const KickTarget& target : m_targets) {
        longest = std::max(longest, QFontMetrics(ui::font(Type::Body)).horizontalAdvance(target.user));
        table->setItem(row, 0, item(QString::number(target.id.value), Type::Mono));
        table->setItem(row, 1, item(target.user, Type::Body));
        table->setItem(row, 2, item(target.address, Type::Mono));
        table->setItem(row, 3, item(target.route, Type::Body));
        ++row;
    }
    if (row > 0)
        table->setCurrentCell(0, 1);
    table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    table->setColumnWidth(0, idWidth);
    table->setColumnWidth(2, addressWidth);
    table->setColumnWidth(3, routeWidth);
    setMinimumWidth(std::clamp(longest + idWidth + addressWidth + routeWidth + aroundTargets, minimumWidth(), 640));
    table->setFixedHeight(std::min(row, shownRows) * metric::row);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(space::xs, space::xs, space::xs, space::xs);
    layout->addWidget(table);
    body()->addWidget(card);
}

void KickDialog::addFields()
{
    m_reason = new QLineEdit(this);
    m_reason->setObjectName(QStringLiteral("kickReason"));
    m_reason->setMaxLength(reasonBytes);
    m_reason->setPlaceholderText(tr("For example: maintenance"));
    addField(tr("Public reason"), m_reason, tr("The client is told this. Leave it empty to say nothing."));

    m_cooldown = new QComboBox(this);
    m_cooldown->setObjectName(QStringLiteral("kickCooldown"));
    m_cooldown->addItem(tr("None, may return at once"), 0);
    m_cooldown->addItem(tr("1 minute"), 60);
    m_cooldown->addItem(tr("5 minutes"), 300);
    m_cooldown->addItem(tr("1 hour"), 3600);
    m_cooldown->setCurrentIndex(1);
    addField(tr("Cooldown"), m_cooldown, tr("Until then, the user is refused with 403 and told when to try again."));

    if (m_targets.size() > typedFrom) {
        m_typed = new QLineEdit(this);
        m_typed->setObjectName(QStringLiteral("kickTyped"));
        addField(tr("Type %1 to confirm").arg(m_targets.size()), m_typed);
        connect(m_typed, &QLineEdit::textChanged, this, &KickDialog::updateAction);
    }
    connect(m_reason, &QLineEdit::textChanged, this, &KickDialog::updateAction);
}

void KickDialog::updateAction()
{
    const bool typed = !m_typed || m_typed->text().trimmed() == QString::number(m_targets.size());
    const bool fits = m_reason->text().toUtf8().size() <= reasonBytes;
    showFailure(fits ? QString()
                     : tr("The reason is longer than the %1 bytes that a close frame holds.").arg(reasonBytes));
    setActionEnabled(typed && fits && !m_targets.empty());
}

void KickDialog::kick()
{
    KickCommand command;
    for (const KickTarget& target : m_targets)
        command.sessions.push_back(target.id);
    command.reason = m_reason->text().trimmed().toStdString();
    const std::chrono::seconds cooldown(m_cooldown->currentData().toInt());
    command.cooldown = cooldown > 0s ? std::optional<std::chrono::milliseconds>(cooldown) : std::nullopt;
    setBusy(true);
    m_bridge.call(std::move(command), this, [this](const Reply& reply) { finish(reply); });
}

void KickDialog::finish(const Reply& reply)
{
    setBusy(false);
    if (!reply) {
        showFailure(tr("Nobody was kicked: %1").arg(plainText(reply.error().message)));
        return;
    }
    const auto* result = std::get_if<KickResult>(&reply.value());
    if (!result) {
        showFailure(tr("The server gave an answer that does not belong to a kick."));
        return;
    }
    Q_EMIT kicked(static_cast<int>(result->kicked.size()), static_cast<int>(result->missing.size()));
    accept();
}

} // namespace gatehouse::ui
