// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentkeys.h"
#include "policy/json.h"
#include "policy/load.h"

namespace gatehouse {

/// A place in the policy document: its pointer, and its value where one other than null stands there.
struct Node {
    const JsonValue* value = nullptr;
    std::string pointer;
    std::size_t offset = 0; ///< of the value; of the object around it where there is none

    explicit operator bool() const { return value != nullptr; }
    [[nodiscard]] bool is(JsonValue::Kind kind) const { return value && value->kind == kind; }
    /// The word that switches a limit off.
    [[nodiscard]] bool isOff() const { return is(JsonValue::Kind::String) && value->text == "off"; }
};

/// Reads typed values out of a document and collects what is wrong with them, up to mostPolicyErrors. A value that is
/// absent or wrong leaves the target as it was, which is the default.
class DocumentReader {
public:
    explicit DocumentReader(std::string_view text);

    /// Unset where the text is no JSON object; the error is collected.
    [[nodiscard]] std::optional<Node> parse();

    void error(PolicyErrorCode code, const Node& at, std::string detail);
    void warn(PolicyErrorCode code, const Node& at, std::string detail);
    /// `WrongType` or `BadValue`: "expected …, found …".
    void unexpected(PolicyErrorCode code, const Node& at, std::string_view expected);

    /// True for an object. `object` is a DocumentObject::name; keys that it has not, but for "note", are unknown.
    bool object(const Node& at, std::string_view object);
    [[nodiscard]] static Node member(const Node& object, std::string_view key);
    /// As member(), with an error where it is absent.
    [[nodiscard]] Node required(const Node& object, std::string_view key);
    /// The entries of a list; none, with an error, where it is no list.
    [[nodiscard]] std::vector<Node> items(const Node& at);

    void read(const Node& at, bool& target);
    /// Text of 1 to `longest` bytes without control characters.
    void read(const Node& at, std::string& target, std::size_t longest = 255);
    void readWhole(const Node& at, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
    void readSize(const Node& at, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
    void readDuration(const Node& at, std::chrono::milliseconds& target, std::chrono::milliseconds least,
                      std::chrono::milliseconds most);
    void readRate(const Node& at, OptionalRate& target);
    /// Texts, none twice.
    void readList(const Node& at, std::vector<std::string>& target);

    [[nodiscard]] bool failed() const { return !m_errors.empty(); }
    /// In the order of the text.
    [[nodiscard]] std::vector<PolicyError> takeErrors();
    [[nodiscard]] std::vector<PolicyError> takeWarnings();

private:
    void collect(std::vector<PolicyError>& list, PolicyErrorCode code, std::string pointer, std::size_t offset,
                 std::string detail) const;
    [[nodiscard]] PolicyError made(PolicyErrorCode code, std::string pointer, std::size_t offset,
                                   std::string detail) const;
    void checkKey(const Node& at, const JsonMember& member, const DocumentObject& object);
    [[nodiscard]] std::string found(const JsonValue& value) const;

    std::string_view m_text;
    std::vector<std::size_t> m_lines; ///< offset of the first byte of each line
    JsonValue m_root;
    std::vector<PolicyError> m_errors;
    std::vector<PolicyError> m_warnings;
};

} // namespace gatehouse
