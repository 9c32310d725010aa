// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/jsonplace.h"

#include <vector>

namespace gatehouse::ui {
namespace {

enum class Wants { Key, Colon, Value, Comma };

struct Frame {
    bool object = false;
    Wants wants = Wants::Value;
    int index = 0;
    QString key;
    QStringList keys;
};

bool endsLiteral(QChar c)
{
    return c.isSpace() || QStringView(u"{}[]:,\"").contains(c);
}

class Reader {
public:
    Reader(QStringView text, qsizetype cursor)
        : m_text(text)
        , m_cursor(cursor)
    {
    }

    JsonPlace read()
    {
        while (skipSpace() && !m_found)
            step();
        if (!m_found)
            noteEmpty(m_text.size());
        collectRest();
        return m_place;
    }

private:
    [[nodiscard]] Frame& top() { return m_frames.back(); }

    /// Also finds a cursor that stands where nothing is.
    bool skipSpace()
    {
        while (m_at < m_text.size() && m_text[m_at].isSpace())
            ++m_at;
        if (!m_found && m_at < m_text.size() && m_cursor <= m_at && (m_cursor < m_at || !opensToken(m_text[m_at])))
            noteEmpty(m_at);
        return m_at < m_text.size();
    }

    static bool opensToken(QChar c) { return !QStringView(u"{}[]:,").contains(c); }

    void step()
    {
        const QChar c = m_text[m_at];
        if (c == QLatin1Char('{') || c == QLatin1Char('[')) {
            const bool object = c == QLatin1Char('{');
            m_frames.push_back({object, object ? Wants::Key : Wants::Value, 0, {}, {}});
            ++m_at;
        } else if (c == QLatin1Char('}') || c == QLatin1Char(']')) {
            if (m_frames.size() > 1)
                m_frames.pop_back();
            top().wants = Wants::Comma;
            ++m_at;
        } else if (c == QLatin1Char(',')) {
            top().wants = top().object ? Wants::Key : Wants::Value;
            ++top().index;
            ++m_at;
        } else if (c == QLatin1Char(':')) {
            top().wants = Wants::Value;
            ++m_at;
        } else {
            token();
        }
    }

    void token()
    {
        const qsizetype from = m_at;
        const bool quoted = m_text[from] == QLatin1Char('"');
        bool closed = false;
        ++m_at;
        while (m_at < m_text.size()) {
            const QChar c = m_text[m_at];
            if (quoted ? c == QLatin1Char('\n') : endsLiteral(c))
                break;
            m_at += quoted && c == QLatin1Char('\\') ? 2 : 1;
            if (quoted && c == QLatin1Char('"')) {
                closed = true;
                break;
            }
        }
        m_at = std::min(m_at, m_text.size());
        const bool inside = quoted ? m_cursor > from && (m_cursor < m_at || (m_cursor == m_at && !closed))
                                   : m_cursor >= from && m_cursor <= m_at;
        const QStringView name = m_text.mid(from, m_at - from);
        const QString inner = name.mid(1, std::max<qsizetype>(0, name.size() - 2)).toString();
        // Who writes a key above another has not come to its colon, value and comma: that other is one all the same.
        const bool key = top().object && (top().wants == Wants::Key || (closed && colonFollows(m_at)));
        if (inside && !m_found)
            note(from, m_at, m_text.mid(from, m_cursor - from));
        else if (key)
            top().keys += inner;
        if (key) {
            top().key = inner;
            top().wants = Wants::Colon;
        } else if (top().wants == Wants::Value) {
            top().wants = Wants::Comma;
        }
    }

    [[nodiscard]] bool colonFollows(qsizetype at) const
    {
        while (at < m_text.size() && m_text[at].isSpace())
            ++at;
        return at < m_text.size() && m_text[at] == QLatin1Char(':');
    }

    void noteEmpty(qsizetype) { note(m_cursor, m_cursor, {}); }

    void note(qsizetype from, qsizetype to, QStringView typed)
    {
        m_found = true;
        m_place.from = from;
        m_place.to = to;
        m_place.typed = (typed.startsWith(QLatin1Char('"')) ? typed.mid(1) : typed).toString();
        const Wants wants = top().wants;
        m_place.at = wants == Wants::Key     ? JsonPlace::At::Key
                     : wants == Wants::Value ? JsonPlace::At::Value
                                             : JsonPlace::At::Nothing;
        for (std::size_t i = 1; i < m_frames.size(); ++i) {
            const bool last = i + 1 == m_frames.size();
            if (last && (m_place.at == JsonPlace::At::Key || (m_frames[i].object && wants == Wants::Comma)))
                break;
            m_place.path += m_frames[i].object ? m_frames[i].key : QString::number(m_frames[i].index);
        }
        m_depth = m_frames.size();
    }

    /// The keys that follow in the object around the cursor, and whether a colon does.
    void collectRest()
    {
        m_place.colon = colonFollows(m_place.to);
        if (m_place.at != JsonPlace::At::Key)
            return;
        QStringList keys = top().keys;
        while (skipSpace()) {
            const QChar c = m_text[m_at];
            if (m_frames.size() == m_depth && (c == QLatin1Char('}') || c == QLatin1Char(']')))
                break;
            step();
            if (m_frames.size() == m_depth)
                keys = top().keys;
        }
        m_place.keys = keys;
    }

    QStringView m_text;
    qsizetype m_cursor;
    qsizetype m_at = 0;
    std::vector<Frame> m_frames{Frame{}}; ///< the first is the text as a whole
    std::size_t m_depth = 0;
    bool m_found = false;
    JsonPlace m_place;
};

} // namespace

QString JsonPlace::pointer() const
{
    QString text;
    for (const QString& step : path)
        text += QLatin1Char('/') + QString(step)
                                       .replace(QLatin1Char('~'), QStringLiteral("~0"))
                                       .replace(QLatin1Char('/'), QStringLiteral("~1"));
    return text;
}

JsonPlace jsonPlace(QStringView text, qsizetype cursor)
{
    return Reader(text, std::clamp<qsizetype>(cursor, 0, text.size())).read();
}

} // namespace gatehouse::ui
