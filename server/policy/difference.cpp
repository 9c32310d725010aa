// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/difference.h"

#include "policy/decide.h"
#include "policy/documenttext.h"
#include "policy/load.h"
#include "policy/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Members = std::unordered_map<std::string_view, const JsonValue*>;

constexpr std::size_t longestShown = 1024; // bytes of a value in a change
constexpr std::string_view rateObject = "rate";
constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

/// A document with the text that its numbers stand in.
struct Side {
    std::string_view text;
    JsonValue root;
};

std::optional<Side> read(std::string_view text)
{
    if (text.size() > largestDocument)
        return std::nullopt;
    auto parsed = parseJson(text, deepestDocument);
    if (!parsed || !parsed->root.is(Kind::Object))
        return std::nullopt;
    Side side{text, std::move(parsed->root)};
    arrangeDocument(side.root, rootObject);
    return side;
}

/// A rule's pointers in both documents, and its name.
struct Place {
    std::string before;
    std::string after;
    std::string name;

    [[nodiscard]] Place key(std::string_view key, std::string_view shown) const
    {
        const std::string step = "/" + pointerStep(key);
        return {before + step, after + step, (name.empty() ? "" : name + " › ").append(shown)};
    }
};

/// JSON text with what would not show, or would change how the rest shows, escaped.
std::string visible(const std::string& json)
{
    if (isPlainText(json))
        return json;
    std::string shown;
    for (std::size_t at = 0; at < json.size();) {
        const std::size_t begin = at;
        const auto point = nextCodePoint(json, at);
        if (!point)
            break;
        const std::string character = json.substr(begin, at - begin);
        if (isPlainText(character)) {
            shown += character;
            continue;
        }
        constexpr std::string_view digits = "0123456789abcdef";
        shown += "\\u";
        for (const unsigned shift : {12U, 8U, 4U, 0U})
            shown += digits[(*point >> shift) & 0xfU];
    }
    return shown;
}

/// Text for people: as it is, or quoted where it holds what would not show.
std::string shownText(const std::string& text)
{
    return isPlainText(text) ? text : visible(jsonQuoted(text));
}

std::optional<Rate> rateOf(const JsonValue& value)
{
    const JsonValue* count = value.find("count");
    const JsonValue* per = value.find("per");
    const JsonValue* burst = value.find("burst");
    const auto duration = parseDuration(per && per->is(Kind::String) ? std::string_view(per->text) : "");
    const bool explicitBurst = burst && !burst->is(Kind::Null);
    if (!count || !count->whole || !duration || (explicitBurst && !burst->whole))
        return std::nullopt;
    return Rate{*count->whole, duration.value_or(std::chrono::milliseconds(1)),
                explicitBurst ? *burst->whole : *count->whole};
}

/// The places of a longest run of rising numbers: what stands outside of it has moved.
std::vector<bool> risingRun(const std::vector<std::size_t>& numbers)
{
    std::vector<std::size_t> ends; // of the run of each length with the lowest last number
    std::vector<std::size_t> previous(numbers.size(), nowhere);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto at = std::lower_bound(ends.begin(), ends.end(), numbers[i],
                                         [&](std::size_t end, std::size_t number) { return numbers[end] < number; });
        if (at != ends.begin())
            previous[i] = *std::prev(at);
        if (at == ends.end())
            ends.push_back(i);
        else
            *at = i;
    }
    std::vector<bool> inRun(numbers.size(), false);
    for (std::size_t i = ends.empty() ? nowhere : ends.back(); i != nowhere; i = previous[i])
        inRun[i] = true;
    return inRun;
}

/// Something that stands in a list, or under a name that the document gives.
struct Entry {
    const JsonValue* value = nullptr;
    std::string key;  ///< what tells it from the others
    std::string step; ///< of its pointer
    std::string name; ///< empty: that of the list
};

class Comparison {
public:
    Comparison(const Side& before, const Side& after)
        : m_before(before)
        , m_after(after)
    {
    }

    [[nodiscard]] std::vector<PolicyChange> take()
    {
        compare(&m_before.root, &m_after.root, rootObject, {});
        return std::move(m_changes);
    }

private:
    void compare(const JsonValue* before, const JsonValue* after, std::string_view object, const Place& place);
    void compareMembers(const JsonValue& before, const JsonValue& after, const DocumentObject& object,
                        const Place& place);
    void compareRates(const JsonValue& before, const JsonValue& after, const Place& place);
    void compareEntries(const std::vector<Entry>& before, const std::vector<Entry>& after, std::string_view object,
                        const Place& place, bool named);
    void compareLists(const JsonValue& before, const JsonValue& after, std::string_view object, const Place& place);
    void compareMaps(const JsonValue& before, const JsonValue& after, const DocumentObject& object, const Place& place);

    [[nodiscard]] static std::vector<Entry> entriesOf(const JsonValue& list, const DocumentObject* object,
                                                      std::string_view text, std::string_view name);
    [[nodiscard]] static std::vector<Entry> entriesOf(const JsonValue& map, std::string_view name);
    static void distinguish(std::vector<Entry>& entries);

    void add(PolicyChange change)
    {
        if (m_changes.size() < mostPolicyChanges)
            m_changes.push_back(std::move(change));
    }
    void changed(const JsonValue& before, const JsonValue& after, std::string_view object, const Place& place);
    [[nodiscard]] static std::string shown(const JsonValue& value, std::string_view text, std::string_view object);

    const Side& m_before;
    const Side& m_after;
    std::vector<PolicyChange> m_changes;
};

void Comparison::compare(const JsonValue* before, const JsonValue* after, std::string_view object, const Place& place)
{
    using Change = PolicyChange::Kind;
    if (!before && !after)
        return;
    if (!before || !after) {
        add({before ? Change::Removed : Change::Added, before ? place.before : place.after, place.name,
             before ? shown(*before, m_before.text, object) : std::string(),
             after ? shown(*after, m_after.text, object) : std::string()});
        return;
    }
    const DocumentObject* known = documentObject(object);
    if (before->is(Kind::Array) && after->is(Kind::Array))
        return compareLists(*before, *after, object, place);
    if (!known || !before->is(Kind::Object) || !after->is(Kind::Object))
        return changed(*before, *after, object, place);
    if (object == rateObject)
        return compareRates(*before, *after, place);
    if (!known->entries.empty())
        return compareMaps(*before, *after, *known, place);
    compareMembers(*before, *after, *known, place);
}

void Comparison::changed(const JsonValue& before, const JsonValue& after, std::string_view object, const Place& place)
{
    const std::string from = jsonLine(before, m_before.text);
    const std::string to = jsonLine(after, m_after.text);
    if (from == to)
        return;
    std::string shownFrom = shown(before, m_before.text, object);
    std::string shownTo = shown(after, m_after.text, object);
    if (shownFrom == shownTo) {
        shownFrom = clipped(visible(from), longestShown);
        shownTo = clipped(visible(to), longestShown);
    }
    add({PolicyChange::Kind::Changed, place.after, place.name, std::move(shownFrom), std::move(shownTo)});
}

Members membersOf(const JsonValue& object)
{
    Members members;
    for (const JsonMember& member : object.members)
        members.emplace(member.key, &member.value);
    return members;
}

const JsonValue* find(const Members& members, std::string_view key)
{
    const auto found = members.find(key);
    return found == members.end() ? nullptr : found->second;
}

void Comparison::compareMembers(const JsonValue& before, const JsonValue& after, const DocumentObject& object,
                                const Place& place)
{
    const Members old = membersOf(before);
    const Members now = membersOf(after);
    const auto at = [&](std::string_view key) { return place.key(key, shownText(std::string(key))); };
    const auto both = [&](std::string_view key, std::string_view inner) {
        compare(find(old, key), find(now, key), inner, at(key));
    };
    both(noteKey, {});
    for (const DocumentKey& key : object.keys)
        both(key.name, key.object);
    const auto known = [&](const JsonMember& member) { return member.key == noteKey || object.find(member.key); };
    for (const JsonMember& member : before.members)
        if (!known(member) && !now.contains(member.key))
            both(member.key, {});
    for (const JsonMember& member : after.members)
        if (!known(member))
            both(member.key, {});
}

void Comparison::compareRates(const JsonValue& before, const JsonValue& after, const Place& place)
{
    compare(before.find(noteKey), after.find(noteKey), {}, place.key(noteKey, noteKey));
    const auto withoutNote = [](JsonValue rate) {
        std::erase_if(rate.members, [](const JsonMember& member) { return member.key == noteKey; });
        return rate;
    };
    changed(withoutNote(before), withoutNote(after), rateObject, place);
}

void Comparison::compareLists(const JsonValue& before, const JsonValue& after, std::string_view object,
                              const Place& place)
{
    const DocumentObject* known = documentObject(object);
    const bool named = known && !known->identity.empty();
    const std::size_t met = m_changes.size();
    const auto old = entriesOf(before, named ? known : nullptr, m_before.text, place.name);
    const auto now = entriesOf(after, named ? known : nullptr, m_after.text, place.name);
    compareEntries(old, now, object, place, named);
    if (!named && m_changes.size() == met)
        changed(before, after, {}, place); // the same values in another order
}

void Comparison::compareMaps(const JsonValue& before, const JsonValue& after, const DocumentObject& object,
                             const Place& place)
{
    const auto note = [](const JsonValue& map) {
        const JsonValue* found = map.find(noteKey);
        return found && (found->is(Kind::String) || found->is(Kind::Null)) ? found : nullptr;
    };
    compare(note(before), note(after), {}, place.key(noteKey, noteKey));
    compareEntries(entriesOf(before, place.name), entriesOf(after, place.name), object.entries, place, true);
}

void Comparison::compareEntries(const std::vector<Entry>& before, const std::vector<Entry>& after,
                                std::string_view object, const Place& place, bool named)
{
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < before.size(); ++i)
        places.emplace(before[i].key, i);
    std::vector<std::size_t> kept; // places in `before`, in the order of `after`
    std::vector<bool> stays(before.size(), false);
    for (const Entry& entry : after)
        if (const auto found = places.find(entry.key); found != places.end()) {
            kept.push_back(found->second);
            stays[found->second] = true;
        }
    const auto at = [&](const Entry* old, const Entry* now) {
        const Entry& entry = now ? *now : *old;
        return Place{old ? place.before + "/" + old->step : std::string(),
                     now ? place.after + "/" + now->step : std::string(), entry.name.empty() ? place.name : entry.name};
    };
    for (std::size_t i = 0; i < before.size(); ++i)
        if (!stays[i])
            compare(before[i].value, nullptr, object, at(&before[i], nullptr));
    const std::vector<bool> inOrder = risingRun(kept);
    std::size_t met = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const auto found = places.find(after[i].key);
        if (found == places.end()) {
            compare(nullptr, after[i].value, object, at(nullptr, &after[i]));
            continue;
        }
        const Place here = at(&before[found->second], &after[i]);
        if (named && !inOrder[met])
            add({PolicyChange::Kind::Changed, here.after, here.name, "place " + std::to_string(found->second + 1),
                 "place " + std::to_string(i + 1)});
        ++met;
        if (named)
            compare(before[found->second].value, after[i].value, object, here);
    }
}

std::vector<Entry> Comparison::entriesOf(const JsonValue& list, const DocumentObject* object, std::string_view text,
                                         std::string_view name)
{
    std::vector<Entry> entries;
    for (const JsonValue& item : list.items) {
        Entry entry{&item, {}, std::to_string(entries.size()), {}};
        const JsonValue* identity = object ? item.find(object->identity) : nullptr;
        if (identity && identity->is(Kind::String)) {
            const std::string shownIdentity = clipped(shownText(identity->text), longestShown);
            entry.key = "=" + identity->text;
            entry.name = (object->prefix ? std::string(*object->prefix) : std::string(name) + " › ") + shownIdentity;
        } else {
            entry.key = " " + jsonLine(item, text);
        }
        entries.push_back(std::move(entry));
    }
    distinguish(entries);
    return entries;
}

std::vector<Entry> Comparison::entriesOf(const JsonValue& map, std::string_view name)
{
    std::vector<Entry> entries;
    for (const JsonMember& member : map.members)
        if (member.key != noteKey || (!member.value.is(Kind::String) && !member.value.is(Kind::Null)))
            entries.push_back({&member.value, member.key, pointerStep(member.key),
                               std::string(name) + " › " + clipped(shownText(member.key), longestShown)});
    return entries;
}

/// The second of two that are alike is another one.
void Comparison::distinguish(std::vector<Entry>& entries)
{
    std::unordered_map<std::string, std::size_t> count;
    for (Entry& entry : entries)
        if (const std::size_t earlier = count[entry.key]++; earlier > 0)
            entry.key = "#" + std::to_string(earlier) + entry.key;
}

std::string Comparison::shown(const JsonValue& value, std::string_view text, std::string_view object)
{
    if (value.is(Kind::String))
        return clipped(shownText(value.text), longestShown);
    if (object == rateObject && value.is(Kind::Object))
        if (const auto rate = rateOf(value))
            return describeRate(*rate);
    return clipped(visible(jsonLine(value, text)), longestShown);
}

} // namespace

std::vector<PolicyChange> policyChanges(std::string_view before, std::string_view after)
{
    const auto old = read(before);
    const auto now = read(after);
    if (!old || !now)
        return {};
    return Comparison(*old, *now).take();
}

} // namespace gatehouse
