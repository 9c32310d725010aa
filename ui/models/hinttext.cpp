// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hinttext.h"

#include <QCoreApplication>

namespace gatehouse::ui {

namespace {

QString tr(const char* source)
{
    return QCoreApplication::translate("AuthHint", source);
}

} // namespace

QString hintLabel(AuthHint hint)
{
    switch (hint) {
    case AuthHint::None:
        return {};
    case AuthHint::BruteForce:
        return tr("brute force");
    case AuthHint::WholeNetwork:
        return tr("whole network");
    case AuthHint::ClockSkew:
        return tr("clock skew");
    case AuthHint::UnknownKey:
        return tr("unknown key");
    }
    return {};
}

QString hintSentence(AuthHint hint)
{
    switch (hint) {
    case AuthHint::None:
        return {};
    case AuthHint::BruteForce:
        return tr(
            "Many guessed or forged tokens came from this one address. Ban it; the gate does so by itself after a "
            "second full window.");
    case AuthHint::WholeNetwork:
        return tr(
            "Guessed or forged tokens came from several addresses of one network. Consider a ban of the network.");
    case AuthHint::ClockSkew:
        return tr(
            "Several addresses sent tokens outside their time. Compare the clocks of this machine and of the issuer.");
    case AuthHint::UnknownKey:
        return tr("The tokens name a key that no issuer of the policy has. Its key set may have been renewed.");
    }
    return {};
}

} // namespace gatehouse::ui
