// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace gatehouse::ui {

class JsonEditor;

/// Looks for words in an editor: Enter and Shift+Enter go on and back, Escape closes it.
class FindBar : public QWidget {
    Q_OBJECT
public:
    explicit FindBar(JsonEditor& editor, QWidget* parent = nullptr);
    void open();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void look(bool forward);

    JsonEditor& m_editor;
    QLineEdit* m_text;
    QLabel* m_nothing;
};

} // namespace gatehouse::ui
