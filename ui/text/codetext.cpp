// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/codetext.h"

#include "domain/statusphrase.h"

#include <QCoreApplication>

namespace gatehouse::ui {
namespace {

const char* closeCodeWord(std::uint16_t code)
{
    switch (code) {
    case 1000:
        return QT_TRANSLATE_NOOP("CloseCode", "normal");
    case 1001:
        return QT_TRANSLATE_NOOP("CloseCode", "going away");
    case 1002:
        return QT_TRANSLATE_NOOP("CloseCode", "protocol error");
    case 1003:
        return QT_TRANSLATE_NOOP("CloseCode", "message type not taken");
    case 1005:
        return QT_TRANSLATE_NOOP("CloseCode", "no code given");
    case 1006:
        return QT_TRANSLATE_NOOP("CloseCode", "connection lost");
    case 1007:
        return QT_TRANSLATE_NOOP("CloseCode", "not UTF-8");
    case 1008:
        return QT_TRANSLATE_NOOP("CloseCode", "policy violated");
    case 1009:
        return QT_TRANSLATE_NOOP("CloseCode", "message too big");
    case 1010:
        return QT_TRANSLATE_NOOP("CloseCode", "extension missing");
    case 1011:
        return QT_TRANSLATE_NOOP("CloseCode", "internal error");
    case 1012:
        return QT_TRANSLATE_NOOP("CloseCode", "restarting");
    case 1013:
        return QT_TRANSLATE_NOOP("CloseCode", "try again later");
    case 1014:
        return QT_TRANSLATE_NOOP("CloseCode", "upstream lost");
    case 3001:
        return QT_TRANSLATE_NOOP("CloseCode", "shutting down");
    case 3004:
        return QT_TRANSLATE_NOOP("CloseCode", "internal error");
    case 3005:
        return QT_TRANSLATE_NOOP("CloseCode", "expired");
    case 3008:
    case 4008:
        return QT_TRANSLATE_NOOP("CloseCode", "slow consumer");
    case 3010:
        return QT_TRANSLATE_NOOP("CloseCode", "insufficient state");
    case 3012:
        return QT_TRANSLATE_NOOP("CloseCode", "no pong");
    case 3013:
        return QT_TRANSLATE_NOOP("CloseCode", "too many requests");
    case 3014:
        return QT_TRANSLATE_NOOP("CloseCode", "token revoked");
    case 3500:
        return QT_TRANSLATE_NOOP("CloseCode", "invalid token");
    case 3501:
        return QT_TRANSLATE_NOOP("CloseCode", "bad request");
    case 3502:
        return QT_TRANSLATE_NOOP("CloseCode", "no token");
    case 3503:
        return QT_TRANSLATE_NOOP("CloseCode", "sent away");
    case 3504:
        return QT_TRANSLATE_NOOP("CloseCode", "too many sessions");
    case 3507:
        return QT_TRANSLATE_NOOP("CloseCode", "permission denied");
    case 3509:
        return QT_TRANSLATE_NOOP("CloseCode", "too many errors");
    case 4013:
        return QT_TRANSLATE_NOOP("CloseCode", "try again later");
    case 4401:
        return QT_TRANSLATE_NOOP("CloseCode", "not authenticated");
    case 4403:
        return QT_TRANSLATE_NOOP("CloseCode", "not allowed");
    case 4408:
        return QT_TRANSLATE_NOOP("CloseCode", "timed out");
    case 4503:
        return QT_TRANSLATE_NOOP("CloseCode", "locked down");
    case 4508:
        return QT_TRANSLATE_NOOP("CloseCode", "idle");
    default:
        return "";
    }
}

} // namespace

QString closeCodeName(std::uint16_t code)
{
    const char* const name = closeCodeWord(code);
    return *name == '\0' ? QString() : QCoreApplication::translate("CloseCode", name);
}

QString httpStatusName(std::uint16_t status)
{
    return QString::fromLatin1(statusPhrase(status));
}

QString codeText(std::uint16_t code)
{
    const QString name = code < 1000 ? httpStatusName(code) : closeCodeName(code);
    return name.isEmpty() ? QString::number(code) : QStringLiteral("%1 %2").arg(code).arg(name);
}

} // namespace gatehouse::ui
