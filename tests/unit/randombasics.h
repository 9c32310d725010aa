// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace gatehouse::test {

/// Numbers, texts, times and lists at random.
class RandomBasics {
public:
    explicit RandomBasics(std::uint32_t seed)
        : m_engine(seed)
    {
    }

    std::uint64_t upTo(std::uint64_t largest)
    {
        return std::uniform_int_distribution<std::uint64_t>(0, largest)(m_engine);
    }
    bool flag() { return upTo(1) == 1; }
    /// Small values and the whole range alike.
    template <class T> T whole() { return static_cast<T>(upTo(flag() ? 9 : std::numeric_limits<T>::max())); }
    std::uint64_t u64() { return whole<std::uint64_t>(); }
    std::uint32_t u32() { return whole<std::uint32_t>(); }
    std::uint16_t u16() { return whole<std::uint16_t>(); }
    double real() { return std::uniform_real_distribution<double>(-1e9, 1e9)(m_engine); }
    std::string text()
    {
        static const std::vector<std::string> parts{"a", "Z9",     "\"", "\\",   "\n\r\x1b[31m",
                                                    "é", "\u202e", "😀",  "</b>", "/~1"};
        std::string result;
        for (std::uint64_t i = upTo(4); i > 0; --i)
            result += parts.at(upTo(parts.size() - 1));
        return result;
    }
    WallTime time() { return WallTime(std::chrono::milliseconds(upTo(250'000'000'000'000))); }
    std::chrono::milliseconds duration()
    {
        return std::chrono::milliseconds(upTo(flag() ? 100 : 1'000'000'000) * (flag() ? 1 : 1000));
    }
    template <class E> E oneOf(E last) { return static_cast<E>(upTo(static_cast<std::uint64_t>(last))); }
    Reason reason() { return oneOf(Reason::Internal); }
    template <class F> auto maybe(F fill) -> std::optional<decltype(fill())>
    {
        return flag() ? std::optional(fill()) : std::nullopt;
    }
    template <class F> auto list(F fill) -> std::vector<decltype(fill())>
    {
        std::vector<decltype(fill())> result;
        for (std::uint64_t i = upTo(3); i > 0; --i)
            result.push_back(fill());
        return result;
    }
    std::vector<std::string> texts()
    {
        return list([this] { return text(); });
    }
    std::vector<SessionId> sessionIds()
    {
        return list([this] { return SessionId{u64()}; });
    }
    std::optional<std::uint64_t> maybeU64()
    {
        return maybe([this] { return u64(); });
    }
    std::optional<WallTime> maybeTime()
    {
        return maybe([this] { return time(); });
    }
    std::optional<std::chrono::milliseconds> maybeDuration()
    {
        return maybe([this] { return duration(); });
    }

    Decision decision() { return Decision{reason(), Rule{text(), text()}, text(), text()}; }
    Explanation explanation() { return Explanation{decision(), u64(), time(), text()}; }

private:
    std::mt19937 m_engine;
};

} // namespace gatehouse::test
