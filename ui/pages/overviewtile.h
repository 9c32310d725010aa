// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

namespace gatehouse::ui {

/// One figure in a card: what it is, how much, and one line about it.
class OverviewTile : public QWidget {
    Q_OBJECT
public:
    explicit OverviewTile(const QString& label, QWidget* parent = nullptr);

    void set(const QString& figure, const QString& note, const QString& tip = {});
    [[nodiscard]] const QString& figure() const { return m_figure; }
    [[nodiscard]] const QString& note() const { return m_note; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_label;
    QString m_figure = QStringLiteral("–");
    QString m_note;
};

} // namespace gatehouse::ui
