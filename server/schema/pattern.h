// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace gatehouse {

/// A regular expression (ECMA 262, as far as RE2 can say it: no lookaround, no backreference), matched in time linear
/// in the text. Immutable; shared by all threads.
class Pattern {
public:
    /// Fails with what RE2 says, and where the compiled pattern would be too large.
    [[nodiscard]] static Result<std::unique_ptr<const Pattern>, std::string> compile(std::string_view text);

    ~Pattern();
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    /// Anywhere in the text, unless the pattern is anchored.
    [[nodiscard]] bool matches(std::string_view text) const;

private:
    struct Private;
    explicit Pattern(std::unique_ptr<Private> made);
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
