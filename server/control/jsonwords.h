// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

// The words of enumerations in JSON.
namespace gatehouse {

inline constexpr std::string_view noDurationWord = "none";

template <class E> struct Words;
template <> struct Words<Reason> {
    static std::string_view word(Reason reason) { return reasonWord(reason); }
    static std::optional<Reason> value(std::string_view word)
    {
        return word.empty() ? std::optional(Reason::None) : reasonFromWord(word);
    }
};
template <> struct Words<AuditKind> {
    static std::string_view word(AuditKind kind) { return auditKindWord(kind); }
    static std::optional<AuditKind> value(std::string_view word) { return auditKindFromWord(word); }
};

template <class E, std::size_t Count> struct ListedWords {
    static std::optional<E> valueIn(const std::array<std::string_view, Count>& words, std::string_view word)
    {
        const auto found = std::find(words.begin(), words.end(), word);
        if (found == words.end())
            return std::nullopt;
        return static_cast<E>(found - words.begin());
    }
};
#define GATEHOUSE_WORDS(TYPE, COUNT, ...)                                                                              \
    template <> struct Words<TYPE> : ListedWords<TYPE, COUNT> {                                                        \
        static constexpr std::array<std::string_view, COUNT> words{__VA_ARGS__};                                       \
        static std::string_view word(TYPE value) { return words.at(static_cast<std::size_t>(value)); }                 \
        static std::optional<TYPE> value(std::string_view word) { return valueIn(words, word); }                       \
    };
GATEHOUSE_WORDS(BanSubject, 4, "user", "address", "network", "token")
GATEHOUSE_WORDS(RevocationSubject, 2, "token", "user")
GATEHOUSE_WORDS(SessionPhase, 3, "open", "closing", "quarantined")
GATEHOUSE_WORDS(PolicyOrigin, 5, "file", "apply", "provisional", "rollback", "returned")
GATEHOUSE_WORDS(PolicyChange::Kind, 3, "added", "removed", "changed")
GATEHOUSE_WORDS(GateState, 4, "starting", "serving", "draining", "stopped")
GATEHOUSE_WORDS(AuditState, 2, "good", "failing")
GATEHOUSE_WORDS(UpstreamState, 3, "up", "ejected", "draining")
GATEHOUSE_WORDS(CertificateState, 3, "good", "expires_soon", "reload_failed")
GATEHOUSE_WORDS(KeySetState, 2, "good", "failing")
#undef GATEHOUSE_WORDS

} // namespace gatehouse
