// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/ids.h"

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::ctl {

/// Text of others made safe for a terminal and for one line: control characters (C0, DEL, C1), line separators, bidi
/// controls, invisible format characters and bytes that are not UTF-8 become \n, \x1b or \u{202e}; a backslash becomes
/// \\.
[[nodiscard]] std::string escaped(std::string_view text);

/// The same with line ends left as they are, and backslashes too, so that a difference can still be applied.
[[nodiscard]] std::string escapedLines(std::string_view text);

/// "3 4 5"
[[nodiscard]] std::string idList(const std::vector<SessionId>& ids);

/// Columns aligned by code points, two blanks between them; every cell is escaped. The last column is not padded.
class Table {
public:
    explicit Table(std::vector<std::string> header);
    void add(std::vector<std::string> row);
    [[nodiscard]] bool empty() const { return m_rows.size() == 1; }
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> m_rows;
};

/// "key: value" lines with the values aligned.
[[nodiscard]] std::string fieldList(const std::vector<std::pair<std::string, std::string>>& fields);

} // namespace gatehouse::ctl
