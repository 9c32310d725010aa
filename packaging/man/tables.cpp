// SPDX-License-Identifier: GPL-3.0-or-later
// Fills a manual page's template with what the code knows: reasons, close codes, exit codes, version.
//   gatehouse_man_tables TEMPLATE OUTPUT
#include "common/exitcodes.h"
#include "domain/reason.h"
#include "policy/closecodes.h"
#include "text/codetext.h"
#include "text/reasontext.h"

#include <QFile>
#include <QString>
#include <QTextStream>

#include <cstdio>
#include <map>
#include <set>

using namespace gatehouse;

namespace {

/// Text that groff prints as it is: no request at a line's start, no escape, minus signs that copy as such.
QString roff(const QString& text)
{
    QString out;
    for (const char32_t c : text.toUcs4()) {
        if (c == U'\\')
            out += QStringLiteral("\\e");
        else if (c == U'-')
            out += QStringLiteral("\\-");
        else if ((c == U'.' || c == U'\'') && out.isEmpty())
            out += QStringLiteral("\\&") + QChar(static_cast<char16_t>(c));
        else if (c < 0x80)
            out += QChar(static_cast<char16_t>(c));
        else
            out += QStringLiteral("\\[u%1]").arg(QString::number(c, 16).toUpper().rightJustified(4, QLatin1Char('0')));
    }
    return out;
}

QString word(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString cell(const std::optional<std::uint16_t>& code)
{
    return code ? QString::number(*code) : QStringLiteral("\\-");
}

/// A table whose last column wraps.
QString table(const QString& columns, const QString& head, const QStringList& rows)
{
    return QStringLiteral(".TS\n%1.\n%2\n_\n%3\n.TE\n").arg(columns, head, rows.join(QLatin1Char('\n')));
}

QString wrapped(const QString& text)
{
    return QStringLiteral("T{\n%1\nT}").arg(roff(text));
}

QString reasonTable()
{
    QStringList rows;
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        rows << QStringList{roff(word(reasonWord(reason))), cell(httpStatus(reason)), cell(closeCode(reason)),
                            wrapped(ui::reasonSentence(reason))}
                    .join(QLatin1Char('\t'));
    }
    return table(QStringLiteral("lb r r lx"), QStringLiteral("Reason\tHTTP\tClose\tMeaning"), rows);
}

/// Of routes of this kind; on centrifuge routes those alone that others do not send.
QString closeCodeTable(RouteKind kind)
{
    std::map<std::uint16_t, QStringList> reasonsOf;
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        const auto plain = closeCode(reason);
        const std::uint16_t code = plain ? routeCloseCode(kind, reason, *plain) : std::uint16_t(0);
        if (plain && (kind != RouteKind::Centrifuge || code != *plain))
            reasonsOf[code] << word(reasonWord(reason));
    }
    QStringList rows;
    for (const auto& [code, reasons] : reasonsOf)
        rows << QStringList{QString::number(code), wrapped(ui::closeCodeName(code)),
                            wrapped(reasons.join(QStringLiteral(", ")))}
                    .join(QLatin1Char('\t'));
    return table(QStringLiteral("rb lw(22n) lx"), QStringLiteral("Code\tName\tReasons"), rows);
}

QString exitCodeList()
{
    QString out;
    for (const ExitCode code : exitCodes)
        out += QStringLiteral(".TP\n.B %1\n%2\n").arg(static_cast<int>(code)).arg(roff(word(exitCodeMeaning(code))));
    return out;
}

bool fill(const QString& from, const QString& to)
{
    QFile in(from);
    if (!in.open(QIODevice::ReadOnly)) {
        std::fprintf(stderr, "%s: %s\n", qPrintable(from), qPrintable(in.errorString()));
        return false;
    }
    QString page = QString::fromUtf8(in.readAll());
    page.replace(QStringLiteral("@VERSION@"), QStringLiteral(GATEHOUSE_VERSION));
    page.replace(QStringLiteral("@REASONS@\n"), reasonTable());
    page.replace(QStringLiteral("@CLOSE_CODES@\n"), closeCodeTable(RouteKind::Plain));
    page.replace(QStringLiteral("@CENTRIFUGE_CODES@\n"), closeCodeTable(RouteKind::Centrifuge));
    page.replace(QStringLiteral("@EXIT_CODES@\n"), exitCodeList());
    QFile out(to);
    const QByteArray bytes = page.toUtf8();
    if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size() || !out.flush()) {
        std::fprintf(stderr, "%s: %s\n", qPrintable(to), qPrintable(out.errorString()));
        return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s TEMPLATE OUTPUT\n", argv[0]);
        return exitUsage;
    }
    const bool done = fill(QString::fromLocal8Bit(argv[1]), QString::fromLocal8Bit(argv[2]));
    return done ? exitOk : exitFailure;
}
