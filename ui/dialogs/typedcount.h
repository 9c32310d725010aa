// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace gatehouse::ui {

/// Has the number of targets typed before a command that meets many; hidden while they are few.
class TypedCount : public QWidget {
    Q_OBJECT
public:
    /// Over this many targets, their number has to be typed.
    static constexpr std::size_t typedFrom = 10;

    /// The object name is that of the field.
    explicit TypedCount(const QString& name, QWidget* parent = nullptr);

    void setCount(std::size_t count);
    /// True where nothing has to be typed.
    [[nodiscard]] bool isRight() const;

Q_SIGNALS:
    void edited();

private:
    std::size_t m_count = 0;
    QLabel* m_label;
    QLineEdit* m_field;
};

} // namespace gatehouse::ui
