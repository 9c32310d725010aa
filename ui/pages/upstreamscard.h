// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "style/card.h"
#include "style/pill.h"

#include <QAbstractButton>
#include <QTimeZone>

#include <string>
#include <vector>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace gatehouse::ui {

/// An upstream as one route uses it: its state, its figures, and a button that drains it or takes that back. Chosen
/// itself, it leads to its sessions.
class UpstreamRow : public QAbstractButton {
    Q_OBJECT
public:
    explicit UpstreamRow(QWidget* parent = nullptr);

    void set(const UpstreamStatus& status, const QTimeZone& zone);
    void setOrdersAllowed(bool allowed);
    [[nodiscard]] const UpstreamStatus& status() const { return m_status; }
    /// What stands in it, from the leading edge on.
    [[nodiscard]] QString text() const;
    [[nodiscard]] QPushButton* orderButton() const { return m_order; }
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void orderWanted();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void placeOrder();

    UpstreamStatus m_status;
    QString m_name; ///< "ws://127.0.0.1:1880/"
    QString m_route;
    QString m_detail;
    QPushButton* m_order;
};

/// The health of the applications behind the gate. Hides itself where no route of the policy is a gateway.
class UpstreamsCard : public Card {
    Q_OBJECT
public:
    /// While more are there, those in trouble stand first, and the rest is shown when it is asked for.
    static constexpr std::size_t shownAtOnce = 6;

    explicit UpstreamsCard(QWidget* parent = nullptr);

    /// `allowed`: orders may be given now.
    void set(const std::vector<UpstreamStatus>& upstreams, bool allowed);
    [[nodiscard]] std::vector<UpstreamRow*> rows() const;
    [[nodiscard]] QString summary() const;

Q_SIGNALS:
    void chosen(const QString& url);
    void orderWanted(const gatehouse::UpstreamStatus& upstream);

private:
    void makeHead();
    UpstreamRow* addRow();
    void showRows();

    std::vector<UpstreamStatus> m_upstreams;
    bool m_allowed = false;
    bool m_all = false;
    std::vector<UpstreamRow*> m_rows;
    QVBoxLayout* m_column;
    QLabel* m_summary = nullptr;
    QPushButton* m_more = nullptr;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
