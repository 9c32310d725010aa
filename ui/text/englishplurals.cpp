// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/englishplurals.h"

namespace gatehouse::ui {

QString EnglishPlurals::translate(const char*, const char* source, const char*, int n) const
{
    const QString text = QString::fromUtf8(source);
    const QString mark = QStringLiteral("(s)");
    if (n < 0 || !text.contains(mark))
        return {};
    return QString(text).replace(mark, n == 1 ? QString() : QStringLiteral("s"));
}

} // namespace gatehouse::ui
