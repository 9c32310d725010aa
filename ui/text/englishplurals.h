// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTranslator>

namespace gatehouse::ui {

/// The plural forms of the source language: "%n session(s)" becomes "%n session" for one and "%n sessions" for others.
/// A translation that is installed after it goes first.
class EnglishPlurals : public QTranslator {
public:
    using QTranslator::QTranslator;

    [[nodiscard]] QString translate(const char* context, const char* source, const char* disambiguation,
                                    int n) const override;
    [[nodiscard]] bool isEmpty() const override { return false; }
};

} // namespace gatehouse::ui
