// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace gatehouse::ui {

/// Where a cursor stands in a JSON text, which need not be valid.
struct JsonPlace {
    enum class At {
        Nothing, ///< between things: after a value, at a colon
        Key,     ///< at or in a key
        Value    ///< at or in a value that is no object and no list
    };

    At at = At::Nothing;
    QStringList path;   ///< keys and indexes of the object around (Key), or of the value itself (Value)
    QStringList keys;   ///< that the object around has, besides the one at the cursor
    qsizetype from = 0; ///< the token at the cursor: [from, to)
    qsizetype to = 0;
    QString typed;      ///< of that token up to the cursor, without its quote
    bool colon = false; ///< one follows the token

    /// "/routes/0/messages"
    [[nodiscard]] QString pointer() const;
    friend bool operator==(const JsonPlace&, const JsonPlace&) = default;
};

/// Reads the text once, from its start to the end of the object around the cursor.
[[nodiscard]] JsonPlace jsonPlace(QStringView text, qsizetype cursor);

} // namespace gatehouse::ui
