// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/recordpanel.h"

#include "style/focusedge.h"
#include "style/notice.h"
#include "style/theme.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>
#include <QVBoxLayout>

namespace gatehouse::ui {

namespace {

constexpr int nameWidth = 104;
constexpr int wideEnough = 1000; // of the page: a window of 1,280 with the rail open

QLabel* plainLabel(const QFont& face, bool muted = false)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setFont(face);
    if (muted)
        label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QWidget* line()
{
    auto* rule = new QFrame;
    rule->setFrameShape(QFrame::NoFrame);
    rule->setFixedHeight(1);
    rule->setAutoFillBackground(true);
    rule->setBackgroundRole(QPalette::Mid);
    return rule;
}

} // namespace

RecordPanel::RecordPanel(const QString& emptyText, QWidget* parent)
    : Card(parent)
{
    m_empty = plainLabel(ui::font(Type::Body), true);
    m_empty->setText(emptyText);
    m_empty->setWordWrap(true);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setContentsMargins(space::xl, space::xl, space::xl, space::xl);
    m_content = new QWidget;
    auto* column = new QVBoxLayout(m_content);
    column->setContentsMargins({});
    column->setSpacing(0);
    column->addWidget(makeHead());
    column->addWidget(line());
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    new FocusEdge(*scroll);
    scroll->setAccessibleName(tr("Details"));
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(makeFacts());
    scroll->viewport()->setAutoFillBackground(false);
    scroll->widget()->setAutoFillBackground(false);
    column->addWidget(scroll, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, metric::cardRadius);
    all->addWidget(m_empty);
    all->addWidget(m_content);
    showEmpty();
}

QWidget* RecordPanel::makeHead()
{
    auto* head = new QWidget;
    auto* column = new QVBoxLayout(head);
    column->setContentsMargins(space::m, space::m, space::m, space::m);
    column->setSpacing(10);
    auto* titles = new QHBoxLayout;
    titles->setSpacing(space::s);
    m_heading = plainLabel(ui::font(Type::Title, QFont::Bold));
    m_heading->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_aside = plainLabel(ui::font(Type::Small), true);
    m_pill = new Pill;
    titles->addWidget(m_heading);
    titles->addWidget(m_aside);
    titles->addStretch(1);
    titles->addWidget(m_pill);
    m_buttons = new QHBoxLayout;
    m_buttons->setSpacing(space::s);
    m_buttons->addStretch(1);
    column->addLayout(titles);
    column->addLayout(m_buttons);
    return head;
}

QWidget* RecordPanel::makeFacts()
{
    auto* body = new QWidget;
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(space::m, space::m, space::m, space::m);
    column->setSpacing(space::s);
    m_explanationTitle = plainLabel(ui::font(Type::Small, QFont::Bold));
    m_explanation = new Notice(Tone::Warning, Icon::Info);
    m_whyTitle = plainLabel(ui::font(Type::Small, QFont::Bold));
    m_why = new Notice(Tone::Warning, Icon::Info);
    m_whyTitle->hide();
    m_why->hide();
    m_factsTitle = plainLabel(ui::font(Type::Small, QFont::Bold));
    column->addWidget(m_explanationTitle);
    column->addWidget(m_explanation);
    column->addSpacing(space::xs);
    column->addWidget(m_whyTitle);
    column->addWidget(m_why);
    column->addSpacing(space::xs);
    column->addWidget(m_factsTitle);
    m_grid = new QGridLayout;
    m_grid->setHorizontalSpacing(space::s);
    m_grid->setVerticalSpacing(6);
    m_grid->setColumnMinimumWidth(0, nameWidth);
    m_grid->setColumnStretch(1, 1);
    column->addLayout(m_grid);
    column->addStretch(1);
    return body;
}

void RecordPanel::showEmpty()
{
    m_isEmpty = true;
    m_content->hide();
    m_empty->show();
}

void RecordPanel::showRecord(const QString& heading, const QString& aside)
{
    m_isEmpty = false;
    m_empty->hide();
    m_content->show();
    m_heading->setText(heading);
    m_aside->setText(aside);
    setAccessibleName(heading);
}

void RecordPanel::setPill(Tone tone, std::optional<Icon> symbol, const QString& text)
{
    m_pill->setVisible(!text.isEmpty());
    m_pill->set(tone, symbol, text);
}

void RecordPanel::setExplanation(const QString& title, Tone tone, Icon symbol, const QString& text)
{
    m_explanationTitle->setVisible(!text.isEmpty());
    m_explanation->setVisible(!text.isEmpty());
    m_explanationTitle->setText(title);
    m_explanation->set(tone, symbol);
    m_explanation->setText(text);
}

void RecordPanel::setWhy(const QString& title, Tone tone, const QString& text)
{
    m_whyTitle->setVisible(!text.isEmpty());
    m_why->setVisible(!text.isEmpty());
    m_whyTitle->setText(title);
    m_why->set(tone, Icon::ShieldAlert);
    m_why->setText(text);
}

QString RecordPanel::whyText() const
{
    return m_why->isHidden() ? QString() : m_why->label()->text();
}

void RecordPanel::setFacts(const QString& title, const std::vector<Fact>& facts)
{
    m_factsTitle->setText(title);
    while (m_rows.size() < facts.size()) {
        QLabel* name = plainLabel(ui::font(Type::Small), true);
        QLabel* text = plainLabel(ui::font(Type::Small));
        text->setWordWrap(true);
        text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        const int row = static_cast<int>(m_rows.size());
        m_grid->addWidget(name, row, 0, Qt::AlignTop | Qt::AlignLeft);
        m_grid->addWidget(text, row, 1, Qt::AlignTop);
        m_rows.emplace_back(name, text);
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        auto [name, text] = m_rows[i];
        const bool used = i < facts.size();
        name->setVisible(used);
        text->setVisible(used);
        if (!used)
            continue;
        name->setText(facts[i].name);
        text->setFont(ui::font(facts[i].mono ? Type::Mono : Type::Small));
        text->setText(facts[i].text);
        text->setAccessibleName(facts[i].name);
    }
}

QString RecordPanel::factText(const QString& name) const
{
    for (const auto& [label, text] : m_rows) {
        if (!label->isHidden() && label->text() == name)
            return text->text();
    }
    return {};
}

void RecordPanel::addButton(QPushButton* button)
{
    m_buttons->insertWidget(m_buttons->count() - 1, button);
}

void RecordPanel::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT closed();
    else
        Card::keyPressEvent(event);
}

RecordSplit::RecordSplit(QWidget* main, RecordPanel* panel, QWidget* parent)
    : QWidget(parent)
    , m_main(main)
    , m_panel(panel)
{
    m_main->setParent(this);
    m_panel->setParent(this);
    m_panel->raise();
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumHeight(200);
    connect(panel, &RecordPanel::closed, this, [this] { setOpen(false); });
}

void RecordSplit::setOpen(bool open)
{
    m_open = open;
    place();
}

bool RecordSplit::isWide() const
{
    return width() >= wideEnough;
}

void RecordSplit::place()
{
    constexpr int panel = RecordPanel::panelWidth;
    const bool beside = isWide();
    const QRect left(0, 0, beside ? width() - panel - space::m : width(), height());
    const QRect right(width() - panel, 0, panel, height());
    m_main->setGeometry(QStyle::visualRect(layoutDirection(), rect(), left));
    m_panel->setGeometry(QStyle::visualRect(layoutDirection(), rect(), right));
    m_panel->setVisible(beside || m_open);
}

void RecordSplit::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    place();
}

} // namespace gatehouse::ui
