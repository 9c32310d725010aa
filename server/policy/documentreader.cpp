// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/documentreader.h"

#include "policy/text.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::uint64_t largestCount = 1'000'000'000'000;

/// Levenshtein's distance.
std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

std::string nearest(std::string_view key, const DocumentObject& object)
{
    constexpr std::size_t longestCompared = 64;
    if (key.size() > longestCompared)
        return {};
    std::string_view best;
    std::size_t bestDistance = std::max<std::size_t>(1, std::min<std::size_t>(3, key.size() / 3)) + 1;
    for (const DocumentKey& known : object.keys)
        if (const std::size_t distance = editDistance(key, known.name); distance < bestDistance)
            std::tie(best, bestDistance) = std::tie(known.name, distance);
    return std::string(best);
}

std::string range(std::uint64_t least, std::uint64_t most)
{
    return "from " + std::to_string(least) + " to " + std::to_string(most);
}

void sortByPlace(std::vector<PolicyError>& errors)
{
    std::stable_sort(errors.begin(), errors.end(), [](const PolicyError& a, const PolicyError& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
}

} // namespace

DocumentReader::DocumentReader(std::string_view text)
    : m_text(text)
    , m_lines{0}
{
    for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1))
        m_lines.push_back(i + 1);
}

std::optional<Node> DocumentReader::parse()
{
    auto document = parseJson(m_text, deepestDocument);
    if (!document) {
        const JsonError& e = document.error();
        collect(m_errors, Code::Syntax, e.pointer, e.offset, e.detail);
        return std::nullopt;
    }
    for (JsonError& e : document->duplicates)
        collect(m_errors, Code::DuplicateKey, std::move(e.pointer), e.offset, std::move(e.detail));
    m_root = std::move(document->root);
    const Node root{&m_root, {}, m_root.offset};
    if (m_root.is(Kind::Object))
        return root;
    unexpected(Code::WrongType, root, "an object");
    return std::nullopt;
}

void DocumentReader::collect(std::vector<PolicyError>& list, Code code, std::string pointer, std::size_t offset,
                             std::string detail) const
{
    if (list.size() < mostPolicyErrors)
        list.push_back(made(code, std::move(pointer), offset, std::move(detail)));
}

PolicyError DocumentReader::made(Code code, std::string pointer, std::size_t offset, std::string detail) const
{
    const auto line = std::prev(std::upper_bound(m_lines.begin(), m_lines.end(), offset));
    const std::string_view before = m_text.substr(*line, offset - *line);
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    const auto points =
        before.size() - static_cast<std::size_t>(std::count_if(before.begin(), before.end(), continues));
    return {code, std::move(pointer), static_cast<unsigned>(line - m_lines.begin() + 1),
            static_cast<unsigned>(points + 1), std::move(detail)};
}

void DocumentReader::error(Code code, const Node& at, std::string detail)
{
    collect(m_errors, code, at.pointer, at.offset, std::move(detail));
}

void DocumentReader::warn(Code code, const Node& at, std::string detail)
{
    collect(m_warnings, code, at.pointer, at.offset, std::move(detail));
}

void DocumentReader::unexpected(Code code, const Node& at, std::string_view expected)
{
    error(code, at, "expected " + std::string(expected) + ", found " + (at ? found(*at.value) : "nothing"));
}

std::string DocumentReader::found(const JsonValue& value) const
{
    constexpr std::size_t longest = 40;
    switch (value.kind) {
    case Kind::Null:
        return "null";
    case Kind::Bool:
        return value.boolean ? "true" : "false";
    case Kind::Number:
        return clipped(jsonNumberText(m_text, value), longest);
    case Kind::String:
        return jsonQuoted(clipped(value.text, longest));
    case Kind::Array:
        return "a list";
    case Kind::Object:
        return "an object";
    }
    return {};
}

bool DocumentReader::object(const Node& at, std::string_view object)
{
    if (!at.is(Kind::Object)) {
        if (at)
            unexpected(Code::WrongType, at, "an object");
        return false;
    }
    static constexpr DocumentObject without{};
    const DocumentObject* keys = documentObject(object);
    for (const JsonMember& member : at.value->members)
        checkKey(at, member, keys ? *keys : without);
    return true;
}

void DocumentReader::checkKey(const Node& at, const JsonMember& member, const DocumentObject& object)
{
    const Node place{&member.value, at.pointer + "/" + pointerStep(member.key), member.keyOffset};
    const DocumentKey* known = object.find(member.key);
    if (known && known->built)
        return;
    if (member.key == noteKey) {
        if (!member.value.is(Kind::String) && !member.value.is(Kind::Null))
            unexpected(Code::WrongType, {&member.value, place.pointer, member.value.offset}, "a text");
    } else if (known) {
        error(Code::NotBuiltYet, place, "this part is not built yet");
    } else {
        const std::string suggestion = m_errors.size() < mostPolicyErrors ? nearest(member.key, object) : std::string();
        error(Code::UnknownKey, place,
              "unknown key" + (suggestion.empty() ? std::string() : "; did you mean \"" + suggestion + "\"?"));
    }
}

Node DocumentReader::member(const Node& object, std::string_view key)
{
    Node node{nullptr, object.pointer + "/" + pointerStep(key), object.offset};
    const JsonValue* value = object.is(Kind::Object) ? object.value->find(key) : nullptr;
    if (value && !value->is(Kind::Null)) {
        node.value = value;
        node.offset = value->offset;
    }
    return node;
}

Node DocumentReader::required(const Node& object, std::string_view key)
{
    Node node = member(object, key);
    if (!node && object.is(Kind::Object))
        error(Code::Missing, node, "this key is required");
    return node;
}

std::vector<Node> DocumentReader::items(const Node& at)
{
    std::vector<Node> nodes;
    if (at && !at.is(Kind::Array))
        unexpected(Code::WrongType, at, "a list");
    if (at.is(Kind::Array))
        for (const JsonValue& item : at.value->items)
            nodes.push_back({&item, at.pointer + "/" + std::to_string(nodes.size()), item.offset});
    return nodes;
}

void DocumentReader::read(const Node& at, bool& target)
{
    if (at.is(Kind::Bool))
        target = at.value->boolean;
    else if (at)
        unexpected(Code::WrongType, at, "true or false");
}

void DocumentReader::read(const Node& at, std::string& target, std::size_t longest)
{
    if (!at)
        return;
    if (!at.is(Kind::String))
        unexpected(Code::WrongType, at, "a text");
    else if (at.value->text.empty() || at.value->text.size() > longest || !isPlainText(at.value->text))
        unexpected(Code::BadValue, at,
                   "a text of 1 to " + std::to_string(longest) + " bytes without control characters");
    else
        target = at.value->text;
}

void DocumentReader::readWhole(const Node& at, std::uint64_t& target, std::uint64_t least, std::uint64_t most)
{
    if (!at)
        return;
    const bool inRange = at.value->whole && *at.value->whole >= least && *at.value->whole <= most;
    if (inRange)
        target = *at.value->whole;
    else
        unexpected(at.is(Kind::Number) ? Code::BadValue : Code::WrongType, at, "a whole number " + range(least, most));
}

void DocumentReader::readSize(const Node& at, std::uint64_t& target, std::uint64_t least, std::uint64_t most)
{
    if (!at)
        return;
    const std::string expected = "a size like \"64KiB\" from " + formatSize(least) + " to " + formatSize(most);
    if (!at.is(Kind::String))
        return unexpected(Code::WrongType, at, expected);
    const auto size = parseSize(at.value->text);
    if (size && *size >= least && *size <= most)
        target = *size;
    else
        unexpected(Code::BadValue, at, expected);
}

void DocumentReader::readDuration(const Node& at, std::chrono::milliseconds& target, std::chrono::milliseconds least,
                                  std::chrono::milliseconds most)
{
    if (!at)
        return;
    const std::string expected =
        "a duration like \"30s\" from " + formatDuration(least) + " to " + formatDuration(most);
    if (!at.is(Kind::String))
        return unexpected(Code::WrongType, at, expected);
    const auto duration = parseDuration(at.value->text);
    if (duration && *duration >= least && *duration <= most)
        target = *duration;
    else
        unexpected(Code::BadValue, at, expected);
}

void DocumentReader::readRate(const Node& at, OptionalRate& target)
{
    if (!at)
        return;
    if (at.isOff()) {
        target.reset();
        return;
    }
    if (!at.is(Kind::Object))
        return unexpected(Code::WrongType, at, "a rate like {\"count\": 20, \"per\": \"1s\"} or \"off\"");
    object(at, "rate");
    Rate rate;
    readWhole(required(at, "count"), rate.count, 1, largestCount);
    rate.burst = rate.count;
    readWhole(member(at, "burst"), rate.burst, 1, largestCount);
    std::chrono::milliseconds per{1000};
    readDuration(required(at, "per"), per, std::chrono::milliseconds(1), std::chrono::hours(24));
    rate.per = per;
    target = rate;
}

void DocumentReader::readList(const Node& at, std::vector<std::string>& target)
{
    if (!at)
        return;
    std::vector<std::string> list;
    std::unordered_set<std::string> seen;
    for (const Node& item : items(at)) {
        std::string word;
        read(item, word);
        if (seen.contains(word))
            error(Code::Conflict, item, jsonQuoted(word) + " stands here a second time");
        else if (!word.empty())
            list.push_back(*seen.insert(std::move(word)).first);
    }
    target = std::move(list);
}

std::vector<PolicyError> DocumentReader::takeErrors()
{
    sortByPlace(m_errors);
    return std::move(m_errors);
}

std::vector<PolicyError> DocumentReader::takeWarnings()
{
    sortByPlace(m_warnings);
    return std::move(m_warnings);
}

} // namespace gatehouse
