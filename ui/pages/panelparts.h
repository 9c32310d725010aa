// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditquery.h"
#include "models/connection.h"
#include "style/pill.h"

#include <QWidget>

#include <vector>

class QGridLayout;
class QLabel;

namespace gatehouse::ui {

class ElidedLabel;

/// Names and values in two columns. The rows are made once and only change their words.
class FactGrid : public QWidget {
    Q_OBJECT
public:
    struct Fact {
        QString name;
        QString value; ///< empty: the row is left out
        bool mono = false;
    };
    explicit FactGrid(QWidget* parent = nullptr);
    void set(const std::vector<Fact>& facts);

private:
    struct Row {
        ElidedLabel* name;
        ElidedLabel* value;
    };
    QGridLayout* m_layout;
    std::vector<Row> m_rows;
};

/// What is left of limits, each as a bar with words.
class LimitGrid : public QWidget {
    Q_OBJECT
public:
    struct Limit {
        QString name;
        double left = 1; ///< 0…1
        QString words;   ///< "0 of 100"
    };
    explicit LimitGrid(QWidget* parent = nullptr);
    void set(std::vector<Limit> limits);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<Limit> m_limits;
};

/// The rule that decided, what it met and what it allows.
class WhyCard : public QWidget {
    Q_OBJECT
public:
    explicit WhyCard(QWidget* parent = nullptr);
    /// Hides itself where there is nothing to explain.
    void explain(const Connection& connection);
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void recolour();

    Tone m_tone = Tone::Warning;
    QLabel* m_question;
    QWidget* m_box;
    QLabel* m_heading;
    QLabel* m_lines;
};

/// What the audit log has of a session, newest first.
class Timeline : public QWidget {
    Q_OBJECT
public:
    explicit Timeline(QWidget* parent = nullptr);
    void set(const std::vector<AuditEntry>& entries);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Line {
        QString time;
        Icon symbol = Icon::Info;
        Tone tone = Tone::Neutral;
        QString words;

        friend bool operator==(const Line&, const Line&) = default;
    };
    static Line lineOf(const AuditRecord& record);

    std::vector<Line> m_lines;
};

/// What a decision met, what it allows, which rule it was and whose, a line each.
[[nodiscard]] QStringList explanationLines(const Explanation& why);

/// A section's heading in the panel.
[[nodiscard]] QLabel* sectionHeading(const QString& text, QWidget* parent);

} // namespace gatehouse::ui
