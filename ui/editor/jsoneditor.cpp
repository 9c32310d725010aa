// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/jsoneditor.h"

#include "editor/completionlist.h"
#include "style/icon.h"
#include "style/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QToolTip>

#include <algorithm>
#include <array>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;

enum Margin { Numbers, Marks, Folds };
enum Marker { ErrorMarker = 1, WarningMarker = 2 };
enum Indicator { ErrorLine = 8, WarningLine = 9 };
constexpr int step = 2; ///< of indentation, in columns
constexpr int markSide = 14;
constexpr auto restPause = 150ms;

long scintillaColor(const QColor& color)
{
    return static_cast<long>(color.red() | color.green() << 8 | color.blue() << 16);
}

} // namespace

JsonEditor::JsonEditor(QWidget* parent)
    : QsciScintilla(parent)
    , m_lexer(new QsciLexerJSON(this))
    , m_completion(new CompletionList(this))
{
    setUp();
    recolour();
    m_resting.setSingleShot(true);
    m_resting.setInterval(restPause);
    connect(&m_resting, &QTimer::timeout, this, &JsonEditor::tellPlace);
    connect(this, &QsciScintilla::cursorPositionChanged, &m_resting, qOverload<>(&QTimer::start));
    connect(this, &QsciScintilla::linesChanged, this, &JsonEditor::fitLineNumbers);
    connect(m_completion, &CompletionList::taken, this, &JsonEditor::takeCompletion);
}

JsonEditor::~JsonEditor() = default;

void JsonEditor::setUp()
{
    setFrameShape(QFrame::NoFrame);
    setUtf8(true);
    setEolMode(QsciScintilla::EolUnix);
    setLexer(m_lexer);
    m_lexer->setHighlightComments(false);
    setIndentationsUseTabs(false);
    setIndentationWidth(step);
    setTabWidth(step);
    setAutoIndent(true);
    setIndentationGuides(true);
    setBraceMatching(QsciScintilla::SloppyBraceMatch);
    setAutoCompletionSource(QsciScintilla::AcsNone);
    setCaretWidth(2);
    setCaretLineVisible(true);
    setScrollWidth(1);
    setScrollWidthTracking(true);
    setMarginType(Numbers, QsciScintilla::NumberMargin);
    setMarginType(Marks, QsciScintilla::SymbolMargin);
    setMarginMarkerMask(Marks, 1 << ErrorMarker | 1 << WarningMarker);
    setMarginWidth(Marks, markSide + 4);
    setFolding(QsciScintilla::PlainFoldStyle, Folds);
    SendScintilla(SCI_MARKERDEFINE, SC_MARKNUM_FOLDEROPEN, SC_MARK_ARROWDOWN);
    SendScintilla(SCI_MARKERDEFINE, SC_MARKNUM_FOLDER, SC_MARK_ARROW);
    SendScintilla(SCI_SETMARGINLEFT, 0UL, 6L);
    SendScintilla(SCI_SETEXTRAASCENT, 2UL);
    SendScintilla(SCI_SETEXTRADESCENT, 2UL);
    indicatorDefine(QsciScintilla::SquiggleIndicator, ErrorLine);
    indicatorDefine(QsciScintilla::SquiggleIndicator, WarningLine);
    // The keys of page and window: the editor would keep them wherever it has a command of its own for them.
    for (const int key : {int(Qt::Key_L), int(Qt::Key_K), int(Qt::Key_H), int(Qt::Key_F), int(Qt::Key_Return)})
        if (QsciCommand* own = standardCommands()->boundTo(int(Qt::CTRL) | key))
            own->setKey(0);
    SendScintilla(SCI_CLEARCMDKEY, 'L' + (SCMOD_CTRL << 16));
    SendScintilla(SCI_CLEARCMDKEY, SCK_RETURN + (SCMOD_CTRL << 16));
    setAccessibleDescription(tr("Escape leaves the editor; Ctrl+Space says what may stand at the cursor."));
}

void JsonEditor::recolour()
{
    m_colouring = true;
    const Theme& theme = Theme::of(palette());
    // Scintilla reckons in points.
    QFont mono = ui::font(Type::Mono);
    mono.setPointSizeF(mono.pixelSize() * 72.0 / logicalDpiY());
    m_lexer->setDefaultFont(mono);
    m_lexer->setFont(mono);
    m_lexer->setDefaultPaper(theme.card);
    m_lexer->setPaper(theme.card);
    m_lexer->setColor(theme.text);
    m_lexer->setColor(theme.accent, QsciLexerJSON::Property);
    for (const int text :
         {QsciLexerJSON::String, QsciLexerJSON::EscapeSequence, QsciLexerJSON::IRI, QsciLexerJSON::IRICompact})
        m_lexer->setColor(theme.good, text);
    for (const int literal : {QsciLexerJSON::Number, QsciLexerJSON::Keyword, QsciLexerJSON::KeywordLD})
        m_lexer->setColor(theme.warning, literal);
    m_lexer->setColor(theme.muted, QsciLexerJSON::Operator);
    m_lexer->setColor(theme.bad, QsciLexerJSON::Error);
    m_lexer->setColor(theme.bad, QsciLexerJSON::UnclosedString);
    setMarginsFont(mono);
    setMarginsBackgroundColor(theme.card);
    setMarginsForegroundColor(theme.muted);
    setFoldMarginColors(theme.card, theme.card);
    for (int marker = int(SC_MARKNUM_FOLDEREND); marker <= int(SC_MARKNUM_FOLDEROPEN); ++marker) {
        for (const auto part : {SCI_MARKERSETFORE, SCI_MARKERSETBACK})
            SendScintilla(part, static_cast<unsigned long>(marker), scintillaColor(theme.faint));
    }
    setCaretForegroundColor(theme.text);
    setCaretLineBackgroundColor(theme.neutralGround);
    setCaretLineFrameWidth(1);
    setSelectionBackgroundColor(theme.accentGround);
    resetSelectionForegroundColor();
    SendScintilla(SCI_SETSELFORE, 0UL, 0L);
    setMatchedBraceBackgroundColor(theme.accentGround);
    setMatchedBraceForegroundColor(theme.accent);
    setUnmatchedBraceForegroundColor(theme.bad);
    setUnmatchedBraceBackgroundColor(theme.card);
    setIndentationGuidesForegroundColor(theme.line);
    setIndentationGuidesBackgroundColor(theme.card);
    SendScintilla(SCI_STYLESETFORE, STYLE_INDENTGUIDE, scintillaColor(theme.line));
    setIndicatorForegroundColor(theme.bad, ErrorLine);
    setIndicatorForegroundColor(theme.warningMark, WarningLine);
    const auto symbol = [](Icon name, const QColor& color) {
        return icon(name, color).pixmap(QSize(markSide, markSide), 1.0);
    };
    markerDefine(symbol(Icon::CircleX, theme.bad), ErrorMarker);
    markerDefine(symbol(Icon::TriangleAlert, theme.warningMark), WarningMarker);
    fitLineNumbers();
    m_colouring = false;
}

void JsonEditor::fitLineNumbers()
{
    setMarginWidth(Numbers, QString(QString::number(std::max(lines(), 99)).size() + 2, QLatin1Char('0')));
}

void JsonEditor::load(const QString& text)
{
    m_marks.clear();
    setText(text);
    SendScintilla(SCI_EMPTYUNDOBUFFER);
    setModified(false);
    drawMarks();
    tellPlace();
}

void JsonEditor::replaceAll(const QString& text)
{
    beginUndoAction();
    selectAll();
    replaceSelectedText(text);
    endUndoAction();
    setCursorPosition(0, 0);
}

void JsonEditor::setSchema(SchemaBook schema)
{
    m_schema = std::move(schema);
}

void JsonEditor::setMarks(std::vector<TextMark> marks)
{
    std::erase_if(marks, [](const TextMark& mark) { return mark.line <= 0; });
    if (marks.size() > mostMarks)
        marks.resize(mostMarks);
    if (marks == m_marks)
        return;
    m_marks = std::move(marks);
    drawMarks();
}

void JsonEditor::drawMarks()
{
    const int last = lines() - 1;
    for (const int indicator : {ErrorLine, WarningLine})
        clearIndicatorRange(0, 0, last, lineLength(last), indicator);
    markerDeleteAll(ErrorMarker);
    markerDeleteAll(WarningMarker);
    for (const TextMark& mark : m_marks)
        drawMark(mark);
}

void JsonEditor::drawMark(const TextMark& mark)
{
    const int line = mark.line - 1;
    if (line >= lines())
        return;
    markerAdd(line, mark.error ? ErrorMarker : WarningMarker);
    const int from = std::max(0, mark.column - 1);
    fillIndicatorRange(line, from, line, markEnd(text(line), from), mark.error ? ErrorLine : WarningLine);
}

/// Where what begins at `from` ends, in code points of the line.
int JsonEditor::markEnd(const QString& line, int from) const
{
    const QList<uint> points = line.toUcs4();
    const auto at = [&](qsizetype i) { return i < points.size() ? points[i] : uint('\n'); };
    qsizetype end = from + 1;
    if (at(from) == '"') {
        while (at(end) != '\n' && at(end) != '"')
            end += at(end) == '\\' ? 2 : 1;
        ++end;
    } else {
        while (at(end) != '\n' && !QChar::isSpace(at(end)) && at(end) != ',' && at(end) != '}' && at(end) != ']')
            ++end;
    }
    return static_cast<int>(std::min(end, std::max<qsizetype>(from + 1, points.size())));
}

void JsonEditor::goTo(int line, int column)
{
    const int target = std::clamp(line - 1, 0, lines() - 1);
    ensureLineVisible(target);
    setCursorPosition(target, std::max(0, column - 1));
    const int shown = static_cast<int>(SendScintilla(SCI_LINESONSCREEN));
    setFirstVisibleLine(std::max(0, static_cast<int>(SendScintilla(SCI_VISIBLEFROMDOCLINE, target)) - shown / 3));
    setFocus(Qt::OtherFocusReason);
    tellPlace();
}

bool JsonEditor::goToNextMark(bool forward)
{
    if (m_marks.empty())
        return false;
    std::vector<std::pair<int, int>> places;
    for (const TextMark& mark : m_marks)
        places.emplace_back(mark.line, std::max(1, mark.column));
    std::ranges::sort(places);
    int line = 0;
    int index = 0;
    getCursorPosition(&line, &index);
    const std::pair here(line + 1, index + 1);
    auto next = forward ? std::ranges::upper_bound(places, here) : std::ranges::lower_bound(places, here);
    if (forward)
        next = next == places.end() ? places.begin() : next;
    else
        next = next == places.begin() ? std::prev(places.end()) : std::prev(next);
    goTo(next->first, next->second);
    return true;
}

bool JsonEditor::find(const QString& what, bool forward)
{
    if (what.isEmpty())
        return true;
    int line = 0;
    int index = 0;
    int toLine = 0;
    int toIndex = 0;
    if (hasSelectedText())
        getSelection(&line, &index, &toLine, &toIndex);
    else
        getCursorPosition(&toLine, &toIndex), line = toLine, index = toIndex;
    return forward ? findFirst(what, false, false, false, true, true, toLine, toIndex)
                   : findFirst(what, false, false, false, true, false, line, index);
}

JsonPlace JsonEditor::placeHere() const
{
    int line = 0;
    int index = 0;
    getCursorPosition(&line, &index);
    const auto bytes = SendScintilla(SCI_GETCURRENTPOS);
    const QString before = text(0, static_cast<int>(bytes));
    return jsonPlace(text(), before.size());
}

void JsonEditor::tellPlace()
{
    int line = 0;
    int index = 0;
    getCursorPosition(&line, &index);
    Q_EMIT placeChanged(line + 1, index + 1, placeHere().pointer());
}

void JsonEditor::complete()
{
    offerCompletion(true);
}

void JsonEditor::offerCompletion(bool asked)
{
    const JsonPlace place = placeHere();
    std::vector<Proposal> proposals = m_schema.proposals(place);
    const bool whole = proposals.size() == 1 && proposals.front().name == place.typed;
    if (!asked && whole)
        proposals.clear();
    const auto position = SendScintilla(SCI_GETCURRENTPOS);
    const int line = static_cast<int>(SendScintilla(SCI_LINEFROMPOSITION, position));
    const int height = textHeight(line);
    const QPoint cursor(static_cast<int>(SendScintilla(SCI_POINTXFROMPOSITION, 0UL, position)),
                        static_cast<int>(SendScintilla(SCI_POINTYFROMPOSITION, 0UL, position)));
    m_completion->offer(proposals, viewport()->mapTo(this, cursor) + QPoint(0, height), height);
}

void JsonEditor::takeCompletion()
{
    const auto chosen = m_completion->chosen();
    m_completion->hide();
    if (!chosen)
        return;
    const JsonPlace place = placeHere();
    const QString whole = text();
    const auto bytesTo = [&](qsizetype at) { return static_cast<int>(QStringView(whole).left(at).toUtf8().size()); };
    const bool key = place.at == JsonPlace::At::Key;
    const QString inserted = chosen->text + (key && !place.colon ? QStringLiteral(": ") : QString());
    beginUndoAction();
    SendScintilla(SCI_SETSEL, static_cast<unsigned long>(bytesTo(place.from)), static_cast<long>(bytesTo(place.to)));
    replaceSelectedText(inserted);
    endUndoAction();
    if (key && !place.colon)
        offerCompletion(false);
}

void JsonEditor::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Space && event->modifiers() == Qt::ControlModifier) {
        complete();
        return;
    }
    if (m_completion->isVisible()) {
        if (m_completion->move(key))
            return;
        if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Tab) {
            takeCompletion();
            return;
        }
    }
    if (key == Qt::Key_Escape) {
        if (m_completion->isVisible())
            m_completion->hide();
        else
            Q_EMIT left();
        return;
    }
    QsciScintilla::keyPressEvent(event);
    const QString typed = event->text();
    const bool word =
        typed.size() == 1 && (typed[0].isLetter() || typed[0] == QLatin1Char('_') || typed[0] == QLatin1Char('"'));
    const bool erased = key == Qt::Key_Backspace && m_completion->isVisible();
    if ((word || erased) && !m_schema.isEmpty())
        offerCompletion(false);
    else if (key != Qt::Key_Shift && key != Qt::Key_Control)
        m_completion->hide();
}

QString JsonEditor::markTip(const QPoint& viewportPosition) const
{
    const auto position = SendScintilla(SCI_POSITIONFROMPOINT, static_cast<unsigned long>(viewportPosition.x()),
                                        static_cast<long>(viewportPosition.y()));
    const int line = static_cast<int>(SendScintilla(SCI_LINEFROMPOSITION, position)) + 1;
    QStringList words;
    for (const TextMark& mark : m_marks) {
        if (mark.line == line)
            words += mark.detail;
    }
    return words.join(QLatin1Char('\n'));
}

bool JsonEditor::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const QString tip = markTip(help->pos());
        if (tip.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(),
                               tip.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")), viewport());
        return true;
    }
    return QsciScintilla::viewportEvent(event);
}

void JsonEditor::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange && !m_colouring) {
        recolour();
        drawMarks();
    }
    QsciScintilla::changeEvent(event);
}

void JsonEditor::focusOutEvent(QFocusEvent* event)
{
    m_completion->hide();
    QsciScintilla::focusOutEvent(event);
}

} // namespace gatehouse::ui
