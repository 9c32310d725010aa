// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "editor/schemabook.h"
#include "editor/scintilla.h"

#include <QTimer>

#include <vector>

namespace gatehouse::ui {

class CompletionList;

/// Something to mark in a text. Lines and columns count from 1, columns in code points.
struct TextMark {
    int line = 0; ///< 0: it has no place
    int column = 0;
    bool error = true; ///< else a warning
    QString detail;

    friend bool operator==(const TextMark&, const TextMark&) = default;
};

/// An editor of JSON: colours, folding, line numbers, brackets that belong together, undo, marks with tool tips, and
/// what a schema lets stand at the cursor. Escape leaves it, since Tab indents.
class JsonEditor : public QsciScintilla {
    Q_OBJECT
public:
    /// Marks beyond these are not drawn.
    static constexpr std::size_t mostMarks = 500;

    explicit JsonEditor(QWidget* parent = nullptr);
    ~JsonEditor() override;

    /// The text as it was loaded, with nothing to undo.
    void load(const QString& text);
    /// Another text, which undo takes back.
    void replaceAll(const QString& text);

    void setSchema(SchemaBook schema);
    void setMarks(std::vector<TextMark> marks);
    [[nodiscard]] const std::vector<TextMark>& marks() const { return m_marks; }
    void goTo(int line, int column);
    /// To the next mark behind the cursor, or before it; around the end. False where there is none.
    bool goToNextMark(bool forward);
    /// False where the text does not hold it.
    bool find(const QString& what, bool forward);
    void complete();
    [[nodiscard]] CompletionList& completion() { return *m_completion; }
    [[nodiscard]] QString markTip(const QPoint& viewportPosition) const;

Q_SIGNALS:
    /// Where the cursor came to rest: line and column from 1, and the JSON pointer there.
    void placeChanged(int line, int column, const QString& pointer);
    /// Of the keyboard, by Escape.
    void left();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void setUp();
    void recolour();
    void drawMarks();
    void drawMark(const TextMark& mark);
    [[nodiscard]] int markEnd(const QString& line, int from) const;
    [[nodiscard]] JsonPlace placeHere() const;
    void offerCompletion(bool asked);
    void takeCompletion();
    void tellPlace();
    void fitLineNumbers();

    QsciLexerJSON* m_lexer;
    CompletionList* m_completion;
    SchemaBook m_schema;
    std::vector<TextMark> m_marks;
    QTimer m_resting;
    bool m_colouring = false;
};

} // namespace gatehouse::ui
