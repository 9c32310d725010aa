// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <string>
#include <vector>

namespace gatehouse::test {

/// A command line as its words; none holds a space.
inline std::vector<std::string> words(const QByteArray& line)
{
    std::vector<std::string> result;
    for (const QByteArray& word : line.split(' '))
        if (!word.isEmpty())
            result.push_back(word.toStdString());
    return result;
}

/// What a run of gatehousectl left.
struct Outcome {
    int code = 0;
    std::string out;
    std::string error;
};

} // namespace gatehouse::test
