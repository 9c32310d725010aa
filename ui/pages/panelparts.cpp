// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/panelparts.h"

#include "style/elidedlabel.h"
#include "style/painting.h"
#include "text/codetext.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int lineHeight = 24;
constexpr int nameWidth = 104;
constexpr int barWidth = 64;

QLabel* wrapped(QWidget* parent, QFont::Weight weight)
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setFont(font(Type::Small, weight));
    return label;
}

const Explanation* explanationOf(const Connection& connection)
{
    if (connection.closed)
        return &connection.closed->why;
    if (connection.state == ConnectionState::Limited && connection.activity().lastRefusal)
        return &*connection.activity().lastRefusal;
    return nullptr;
}

QString question(const Connection& connection)
{
    switch (connection.state) {
    case ConnectionState::NearLimit:
        return WhyCard::tr("Why is it near its limit?");
    case ConnectionState::Limited:
        return WhyCard::tr("Why is it limited?");
    case ConnectionState::Closed:
        return WhyCard::tr("Why was it closed?");
    case ConnectionState::Open:
    case ConnectionState::Idle:
    case ConnectionState::Quarantined:
    case ConnectionState::Closing:
        return {};
    }
    return {};
}

QString limitWords(const Connection& connection)
{
    const SessionInfo& info = connection.info();
    const std::optional<TemporaryLimit>& limit = connection.activity().temporaryLimit;
    if (limit && rateAllowed(connection) != info.rateLimit)
        return bucketText(limit->rate);
    return WhyCard::tr("%1, burst %2").arg(rateText(info.rateLimit), countText(info.rateBurst));
}

} // namespace

QStringList explanationLines(const Explanation& why)
{
    QStringList lines;
    if (!why.decision.met.empty())
        lines += plainText(why.decision.met);
    if (!why.decision.limit.empty())
        lines += WhyCard::tr("Allowed: %1").arg(plainText(why.decision.limit));
    if (!why.decision.rule.name.empty())
        lines += WhyCard::tr("%1, policy v%2").arg(plainText(why.decision.rule.name)).arg(why.policyVersion);
    if (!why.actor.empty())
        lines += WhyCard::tr("By %1").arg(plainText(why.actor));
    return lines;
}

QLabel* sectionHeading(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setFont(font(Type::Small, QFont::Bold));
    return label;
}

FactGrid::FactGrid(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QGridLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setVerticalSpacing(0);
    m_layout->setHorizontalSpacing(space::s);
    m_layout->setColumnMinimumWidth(0, nameWidth);
    m_layout->setColumnStretch(1, 1);
}

void FactGrid::set(const std::vector<Fact>& facts)
{
    while (m_rows.size() < facts.size()) {
        const Row row{new ElidedLabel(this), new ElidedLabel(this)};
        row.name->setMuted(true);
        row.name->setFont(ui::font(Type::Small));
        row.name->setFixedWidth(nameWidth);
        for (ElidedLabel* label : {row.name, row.value})
            label->setFixedHeight(lineHeight);
        const int at = static_cast<int>(m_rows.size());
        m_layout->addWidget(row.name, at, 0);
        m_layout->addWidget(row.value, at, 1);
        m_rows.push_back(row);
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const bool used = i < facts.size() && !facts[i].value.isEmpty();
        m_rows[i].name->setVisible(used);
        m_rows[i].value->setVisible(used);
        if (!used)
            continue;
        m_rows[i].name->setText(facts[i].name);
        m_rows[i].value->setText(facts[i].value);
        m_rows[i].value->setFont(ui::font(facts[i].mono ? Type::Mono : Type::Small));
        m_rows[i].value->setAccessibleName(QStringLiteral("%1: %2").arg(facts[i].name, facts[i].value));
    }
}

LimitGrid::LimitGrid(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void LimitGrid::set(std::vector<Limit> limits)
{
    m_limits = std::move(limits);
    QStringList words;
    for (const Limit& limit : m_limits)
        words += QStringLiteral("%1: %2").arg(limit.name, limit.words);
    setAccessibleName(words.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

QSize LimitGrid::sizeHint() const
{
    return {240, lineHeight * static_cast<int>(m_limits.size())};
}

void LimitGrid::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(ui::font(Type::Small));
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const auto place = [&](int x, int y, int width) {
        return QRect(mirrored ? this->width() - x - width : x, y, width, lineHeight);
    };
    int y = 0;
    for (const Limit& limit : m_limits) {
        painter.setPen(theme.muted);
        const int side = mirrored ? Qt::AlignRight : Qt::AlignLeft;
        painter.drawText(place(0, y, nameWidth), side | Qt::AlignVCenter, limit.name);
        const QRect bar = place(nameWidth + space::s, y, barWidth);
        painter.setPen(Qt::NoPen);
        const QRectF ground(bar.x(), bar.center().y() - 2, barWidth, 6);
        painter.setBrush(theme.neutralGround);
        painter.drawRoundedRect(ground, 3, 3);
        painter.setBrush(paint::shareColor(theme, 1 - limit.left));
        const double width = barWidth * std::clamp(limit.left, 0.0, 1.0);
        if (width >= 2)
            painter.drawRoundedRect(QRectF(mirrored ? ground.right() - width : ground.x(), ground.y(), width, 6), 3, 3);
        const QRect words =
            place(nameWidth + barWidth + 2 * space::s, y, this->width() - nameWidth - barWidth - 2 * space::s);
        const bool nothing = limit.left <= 0.001;
        painter.setPen(nothing ? theme.bad : theme.text);
        if (nothing)
            paintIcon(painter, QRectF(mirrored ? ground.right() - 13 : ground.x() - 1, ground.y() - 4, 14, 14),
                      Icon::TriangleAlert, theme.bad);
        painter.drawText(words, side | Qt::AlignVCenter, limit.words);
        y += lineHeight;
    }
}

WhyCard::WhyCard(QWidget* parent)
    : QWidget(parent)
    , m_question(sectionHeading({}, this))
    , m_box(new QWidget(this))
    , m_heading(wrapped(m_box, QFont::Bold))
    , m_lines(wrapped(m_box, QFont::Normal))
{
    auto* inside = new QVBoxLayout(m_box);
    inside->setContentsMargins(space::m, space::s, space::m, space::s);
    inside->setSpacing(2);
    inside->addWidget(m_heading);
    inside->addWidget(m_lines);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::m, space::m, space::m, space::m);
    layout->setSpacing(space::s);
    layout->addWidget(m_question);
    layout->addWidget(m_box);
    recolour();
}

void WhyCard::explain(const Connection& connection)
{
    const Explanation* why = explanationOf(connection);
    const SessionInfo& info = connection.info();
    QStringList lines;
    QString heading;
    if (why) {
        heading = reasonSentence(why->decision.reason);
        lines = explanationLines(*why);
    } else if (connection.state == ConnectionState::NearLimit || connection.state == ConnectionState::Limited) {
        heading = tr("%1 of its rate").arg(percentText(shareOfLimit(connection).value_or(0)));
        lines +=
            tr("%1 come, allowed are %2").arg(rateText(connection.activity().messagesInRate), limitWords(connection));
    }
    if (connection.closed) {
        lines.prepend(tr("Close code %1").arg(codeText(connection.closed->code)));
        if (!connection.closed->detail.empty())
            lines += tr("Told the client: %1").arg(plainText(connection.closed->detail));
    } else if (!heading.isEmpty() && info.violationsAllowed > 0) {
        lines +=
            tr("%1 of %2 violations, then it closes").arg(connection.activity().violations).arg(info.violationsAllowed);
    }
    m_tone = connection.closed ? Tone::Neutral : Tone::Warning;
    m_question->setText(question(connection));
    m_heading->setText(heading);
    m_heading->setVisible(!heading.isEmpty());
    m_lines->setText(lines.join(QLatin1Char('\n')));
    setVisible(!m_question->text().isEmpty() && !(heading.isEmpty() && lines.isEmpty()));
    recolour();
    update();
}

QString WhyCard::text() const
{
    return isHidden() ? QString() : m_heading->text() + QLatin1Char('\n') + m_lines->text();
}

void WhyCard::recolour()
{
    const QColor wanted = m_tone == Tone::Neutral ? Theme::of(palette()).text : toneText(Theme::of(palette()), m_tone);
    for (QLabel* label : {m_heading, m_lines}) {
        QPalette colours = label->palette();
        if (colours.color(QPalette::WindowText) == wanted)
            continue;
        colours.setColor(QPalette::WindowText, wanted);
        label->setPalette(colours);
    }
}

void WhyCard::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        recolour();
    QWidget::changeEvent(event);
}

void WhyCard::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneGround(Theme::of(palette()), m_tone));
    painter.drawRoundedRect(m_box->geometry(), metric::radius, metric::radius);
    painter.fillRect(QRect(0, 0, width(), 1), Theme::of(palette()).line);
}

Timeline::Timeline(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

Timeline::Line Timeline::lineOf(const AuditRecord& record)
{
    Line line;
    line.time = clockText(record.time, QTimeZone::systemTimeZone());
    QStringList words;
    switch (record.kind) {
    case AuditKind::Open:
        line.symbol = Icon::LogIn;
        words += tr("accepted on %1").arg(plainText(record.route));
        break;
    case AuditKind::Close:
        line.symbol = Icon::LogOut;
        words += tr("closed %1").arg(codeText(record.code));
        break;
    case AuditKind::Refuse:
    case AuditKind::Limit:
        line.symbol = Icon::TriangleAlert;
        line.tone = Tone::Warning;
        words += reasonLabel(record.decision.reason);
        break;
    case AuditKind::Kick:
        line.symbol = Icon::UserX;
        words += tr("kicked by %1").arg(plainText(record.actor));
        break;
    case AuditKind::Ban:
        line.symbol = Icon::Ban;
        line.tone = Tone::Bad;
        words += tr("banned by %1").arg(plainText(record.actor));
        break;
    case AuditKind::Start:
    case AuditKind::Stop:
    case AuditKind::Unban:
    case AuditKind::Revoke:
    case AuditKind::Unrevoke:
    case AuditKind::Reload:
    case AuditKind::Drain:
    case AuditKind::Certificate:
    case AuditKind::Command:
    case AuditKind::Policy:
    case AuditKind::Lockdown:
    case AuditKind::TemporaryLimit:
    case AuditKind::Quarantine:
    case AuditKind::Publish:
    case AuditKind::Upstream:
        words += auditKindText(record.kind);
        break;
    }
    if (!record.detail.empty())
        words += plainText(record.detail);
    if (record.suppressed > 0)
        words += tr("%n more", nullptr, static_cast<int>(record.suppressed));
    line.words = words.join(QStringLiteral(", "));
    return line;
}

void Timeline::set(const std::vector<AuditEntry>& entries)
{
    std::vector<Line> lines;
    for (const AuditEntry& entry : entries)
        lines.push_back(lineOf(entry.record));
    if (lines == m_lines)
        return;
    m_lines = std::move(lines);
    QStringList words;
    for (const Line& line : m_lines)
        words += line.time + QLatin1Char(' ') + line.words;
    setAccessibleName(words.join(QLatin1Char('\n')));
    setToolTip(words.join(QLatin1Char('\n')).toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")));
    updateGeometry();
    update();
}

QSize Timeline::sizeHint() const
{
    return {240, lineHeight * std::max(1, static_cast<int>(m_lines.size()))};
}

void Timeline::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(ui::font(Type::Small));
    painter.setPen(theme.muted);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int side = mirrored ? Qt::AlignRight : Qt::AlignLeft;
    if (m_lines.empty()) {
        painter.drawText(rect(), side | Qt::AlignVCenter, tr("Nothing is in the audit log yet."));
        return;
    }
    const int timeWidth = QFontMetrics(ui::font(Type::Mono)).horizontalAdvance(QStringLiteral("00:00:00")) + space::s;
    const auto place = [&](int x, int y, int width) {
        return QRect(mirrored ? this->width() - x - width : x, y, width, lineHeight);
    };
    int y = 0;
    for (const Line& line : m_lines) {
        painter.setFont(ui::font(Type::Mono));
        painter.setPen(theme.muted);
        painter.drawText(place(0, y, timeWidth), side | Qt::AlignVCenter, line.time);
        paintIcon(painter, QRectF(place(timeWidth, y, 14)).adjusted(0, 5, 0, -5), line.symbol,
                  toneText(theme, line.tone));
        painter.setFont(ui::font(Type::Small));
        painter.setPen(theme.text);
        const int x = timeWidth + 14 + 6;
        const QString shown = painter.fontMetrics().elidedText(line.words, Qt::ElideRight, width() - x);
        painter.drawText(place(x, y, width() - x), side | Qt::AlignVCenter, shown);
        y += lineHeight;
    }
}

} // namespace gatehouse::ui
