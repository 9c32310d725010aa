// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/firstrundialog.h"

#include "style/theme.h"

#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScreen>
#include <QSpinBox>
#include <QTimer>
#include <QVBoxLayout>

namespace gatehouse::ui {

namespace {

constexpr int stepsWidth = 820; // the longest line, a snippet, unwrapped

} // namespace

FirstRunDialog::FirstRunDialog(const QString& folder, Make make, QWidget* parent)
    : Dialog(parent)
    , m_make(std::move(make))
    , m_port(new QSpinBox)
{
    setObjectName(QStringLiteral("firstRunDialog"));
    setWindowTitle(tr("Gatehouse"));
    setHeading(
        tr("Set up Gatehouse"),
        tr("There is no configuration yet. This makes one: a local certificate authority and a certificate for this "
           "machine, a key for tokens, and a policy with a first hub that lets in nobody without a token."));
    m_port->setObjectName(QStringLiteral("firstRunPort"));
    m_port->setRange(1, 65535);
    m_port->setValue(8443);
    m_port->setGroupSeparatorShown(false);
    m_port->setButtonSymbols(QAbstractSpinBox::NoButtons); // nobody steps to a port
    addField(tr("Port for wss"), m_port);
    auto* where = new QLabel(folder);
    where->setTextFormat(Qt::PlainText);
    where->setFont(ui::font(Type::Mono));
    where->setWordWrap(true);
    where->setTextInteractionFlags(Qt::TextSelectableByMouse);
    addField(tr("Folder"), where,
             tr("Keys are readable for you alone. Everything can be changed later in gatehouse.json."));
    setAction(tr("Create and start"));
    actionButton()->setObjectName(QStringLiteral("firstRunAction"));
    cancelButton()->setText(tr("Quit"));
    connect(this, &Dialog::actionTriggered, this, &FirstRunDialog::proceed);
}

void FirstRunDialog::proceed()
{
    if (m_steps) {
        accept();
        return;
    }
    showFailure({});
    const FirstRunOutcome outcome = m_make(static_cast<quint16>(m_port->value()));
    if (outcome.failure.isEmpty())
        showSteps(outcome.firstSteps);
    else
        showFailure(outcome.failure);
}

void FirstRunDialog::showSteps(const QString& steps)
{
    m_port->setEnabled(false);
    setHeading(tr("Gatehouse is set up"), tr("Keep these lines: they connect a first client."));
    m_steps = new QPlainTextEdit(steps.trimmed());
    m_steps->setObjectName(QStringLiteral("firstRunSteps"));
    m_steps->setReadOnly(true);
    m_steps->setFont(ui::font(Type::Mono));
    m_steps->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_steps->setMinimumHeight(300);
    addField(tr("A first client"), m_steps);
    setAction(tr("Open the console"));
    cancelButton()->hide();
    setMinimumWidth(stepsWidth);
    QTimer::singleShot(0, this, [this] { // once the layout has made room
        adjustSize();
        move(screen()->availableGeometry().center() - rect().center());
    });
}

} // namespace gatehouse::ui
