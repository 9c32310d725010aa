// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/fields.h"
#include "control/jsonbounds.h"
#include "control/jsonslices.h"
#include "control/jsonwords.h"
#include "policy/load.h"
#include "policy/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <limits>
#include <set>
#include <type_traits>

namespace gatehouse {

/// Reads fields from an object and keeps the first thing that was wrong, with the path to it.
class JsonReader {
public:
    template <class T> using Ref = T&;
    using Json = nlohmann::json;

    /// `source`: the text of the object, for what is handed on as it is written; empty: it is written anew.
    JsonReader(const Json& object, std::string_view source, std::string path, std::string& error)
        : m_object(object)
        , m_source(source)
        , m_path(std::move(path))
        , m_error(error)
    {
        if (!object.is_object())
            fail(m_path, "must be an object");
    }

    template <class T> void operator()(const char* key, T& field) { read(key, field, false); }
    template <class T> void need(const char* key, T& field) { read(key, field, true); }
    template <class T> void need(const char* key, T& field, const char* alias)
    {
        const bool given = has(key);
        if (given && has(alias))
            fail(below(alias), "is " + std::string(key) + " by another name: give one of them");
        m_known.insert(key);
        read(given || !has(alias) ? key : alias, field, true);
    }
    /// A policy document: its text, or the object itself.
    void document(const char* key, std::string& text)
    {
        const auto found = m_object.find(key);
        if (found == m_object.end() || !found->is_object())
            return need(key, text);
        m_known.insert(key);
        if (blanksInLines(*found) > largestDocument)
            return fail(below(key), "is over " + formatSize(largestDocument) + " in lines");
        text = found->dump(2, ' ', false, Json::error_handler_t::replace);
    }
    void parsed(const char* key, const std::string&) { m_known.insert(key); }
    /// A token bucket as in the policy: {"count": 20, "per": "1s", "burst": 40}.
    void rate(const char* key, Rate& rate)
    {
        m_known.insert(key);
        if (!m_error.empty())
            return;
        if (!has(key))
            return fail(below(key), "is missing");
        JsonReader reader(m_object.at(key), {}, below(key), m_error);
        std::optional<Milliseconds> per = Milliseconds(0);
        reader.need("count", rate.count);
        reader.need("per", per);
        rate.burst = rate.count;
        reader("burst", rate.burst);
        reader.refuseUnknown();
        if (rate.count < 1 || rate.burst < 1 || !per || *per < Milliseconds(1) || *per > std::chrono::hours(24))
            return fail(below(key), "must be a rate like {\"count\": 20, \"per\": \"1s\"}");
        rate.per = *per;
    }
    /// A value of any kind as it is written.
    void json(const char* key, std::string& text)
    {
        m_known.insert(key);
        if (!has(key))
            return;
        const std::string_view written = sourceOf(key);
        text = written.empty() ? m_object.at(key).dump() : std::string(written);
    }
    void needJson(const char* key, std::string& text)
    {
        json(key, text);
        if (!has(key))
            fail(below(key), "is missing");
    }
    template <class T> void unlessEmpty(const char* key, T& field) { read(key, field, false); }
    template <class T> void byName(const char* key, std::vector<T>& values)
    {
        m_known.insert(key);
        if (!m_error.empty() || !has(key))
            return;
        const Json& object = m_object.at(key);
        if (!object.is_object())
            return fail(below(key), "must be an object");
        values.clear();
        const std::string_view source = sourceOf(key);
        const std::string text = source.empty() ? object.dump() : std::string(source);
        for (const JsonSlice& member : jsonMembers(text)) {
            T& value = values.emplace_back();
            decode(object.at(member.name), member.value, below(key) + '.' + member.name, value);
            nameOf(value) = member.name;
        }
    }
    void commands(const char* key, std::vector<HubCommand>& commands);
    void replies(const char* key, std::vector<Result<PublishResult, ControlError>>& replies);
    void replies(const char* key, std::vector<BatchReply>& replies);
    void shared(std::shared_ptr<const SessionInfo>& info)
    {
        auto read = std::make_shared<SessionInfo>();
        describe(*this, *read);
        info = std::move(read);
    }
    /// The first key that no field asked for.
    void refuseUnknown()
    {
        if (!m_object.is_object())
            return;
        for (const auto& [key, value] : m_object.items())
            if (!m_known.contains(key))
                fail(below(key), "is not a parameter of this method");
    }

private:
    using Milliseconds = std::chrono::milliseconds;
    using Refusals = std::vector<std::pair<Reason, std::uint64_t>>;
    static constexpr std::uint64_t lastSecond = 253'402'300'799; // of the year 9999

    [[nodiscard]] std::string below(std::string_view key) const
    {
        return m_path.empty() ? std::string(key) : m_path + '.' + std::string(key);
    }
    [[nodiscard]] bool has(const char* key) const
    {
        const auto found = m_object.find(key);
        return found != m_object.end() && !found->is_null();
    }
    void fail(const std::string& path, std::string_view what)
    {
        if (m_error.empty())
            m_error = (path.empty() ? std::string("the parameters") : clipped(path, 80)) + ' ' + std::string(what);
    }

    template <class T> void read(const char* key, T& field, bool needed)
    {
        m_known.insert(key);
        if (!m_error.empty())
            return;
        const auto found = m_object.find(key);
        if (found != m_object.end() && !found->is_null())
            decode(*found, holdsParts<T> ? sourceOf(key) : std::string_view(), below(key), field);
        else if (needed)
            fail(below(key), "is missing");
    }

    /// Whether parts of it may be handed on as they are written.
    template <class T>
    static constexpr bool holdsParts = !std::is_enum_v<T> && !std::is_arithmetic_v<T> && !std::same_as<T, std::string>;

    /// The text of a field; empty where that of the object is not known.
    [[nodiscard]] std::string_view sourceOf(std::string_view key)
    {
        if (m_source.empty())
            return {};
        if (!m_members)
            m_members = jsonMembers(m_source);
        const auto found = std::find_if(m_members->rbegin(), m_members->rend(),
                                        [key](const JsonSlice& member) { return member.name == key; });
        return found == m_members->rend() ? std::string_view() : found->value; // the last one, as in m_object
    }
    /// The elements of a list with their texts: work(element, text, path).
    template <class Work> void forEach(const char* key, Work work)
    {
        m_known.insert(key);
        if (!m_error.empty() || !has(key))
            return;
        const Json& list = m_object.at(key);
        if (!list.is_array())
            return fail(below(key), "must be a list");
        const auto texts = jsonElements(sourceOf(key));
        for (std::size_t i = 0; i < list.size() && m_error.empty(); ++i)
            work(list[i], i < texts.size() ? texts[i] : std::string_view(), below(key) + '[' + std::to_string(i) + ']');
    }

    template <class T> void decode(const Json& value, std::string_view source, const std::string& path, T& field)
    {
        if constexpr (std::is_enum_v<T>)
            decodeWord(value, path, field);
        else if constexpr (std::same_as<T, bool>)
            decodePlain(value, path, field, value.is_boolean(), "must be true or false");
        else if constexpr (std::floating_point<T>)
            decodePlain(value, path, field, value.is_number(), "must be a number");
        else if constexpr (std::unsigned_integral<T>)
            decodeInteger(value, path, field);
        else if constexpr (std::same_as<T, std::int64_t>)
            decodePlain(value, path, field, value.is_number_integer(), "must be a whole number");
        else if constexpr (std::same_as<T, std::string>)
            decodePlain(value, path, field, value.is_string(), "must be a string");
        else {
            JsonReader reader(value, source, path, m_error);
            describe(reader, field);
        }
    }
    template <class T>
    void decodePlain(const Json& value, const std::string& path, T& field, bool fits, std::string_view expected)
    {
        if (fits)
            field = value.get<T>();
        else
            fail(path, expected);
    }
    template <class T> void decodeInteger(const Json& value, const std::string& path, T& field)
    {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<T>::max())
            return fail(path, "must be a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max()));
        field = static_cast<T>(value.get<std::uint64_t>());
    }
    template <class E> void decodeWord(const Json& value, const std::string& path, E& field)
    {
        const auto known = value.is_string() ? Words<E>::value(value.get_ref<const std::string&>()) : std::nullopt;
        if (!known)
            return fail(path, "is not a word that is known here");
        field = *known;
    }
    template <class Tag> void decode(const Json& value, std::string_view, const std::string& path, StrongId<Tag>& field)
    {
        decodeInteger(value, path, field.value);
    }
    void decode(const Json& value, std::string_view, const std::string& path, Network& field)
    {
        const auto network = value.is_string() ? Network::parse(value.get_ref<const std::string&>()) : std::nullopt;
        if (!network)
            return fail(path, "must be an address or a network like 10.0.0.0/8");
        field = *network;
    }
    void decode(const Json& value, std::string_view, const std::string& path, WallTime& field)
    {
        const auto time = value.is_string() ? parseTime(value.get_ref<const std::string&>()) : std::nullopt;
        if (!time)
            return fail(path, "must be a time like 2026-11-22T09:30:00Z");
        field = *time;
    }
    void decode(const Json& value, std::string_view, const std::string& path, std::chrono::sys_seconds& field)
    {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > lastSecond)
            return fail(path, "must be a time in whole seconds since 1970");
        field = std::chrono::sys_seconds(std::chrono::seconds(value.get<std::int64_t>()));
    }
    void decode(const Json& value, std::string_view, const std::string& path, std::optional<Milliseconds>& field)
    {
        const std::string text = value.is_string() ? value.get<std::string>() : std::string();
        const auto duration = parseDuration(text);
        if (!duration && text != noDurationWord)
            return fail(path, "must be a duration like \"500ms\", \"30s\" or \"5m\", or \"none\"");
        field = duration;
    }
    template <class T>
    void decode(const Json& value, std::string_view source, const std::string& path, std::optional<T>& field)
    {
        decode(value, source, path, field.emplace());
    }
    template <class T>
    void decode(const Json& value, std::string_view source, const std::string& path, std::vector<T>& field)
    {
        if (!value.is_array())
            return fail(path, "must be a list");
        field.clear();
        field.reserve(value.size());
        const auto texts = holdsParts<T> ? jsonElements(source) : std::vector<std::string_view>();
        for (const Json& element : value) {
            const std::size_t index = field.size();
            const std::string place = path + '[' + std::to_string(index) + ']';
            decode(element, index < texts.size() ? texts[index] : std::string_view(), place, field.emplace_back());
        }
    }
    void decode(const Json& value, std::string_view, const std::string& path, Tags& field)
    {
        if (!value.is_object())
            return fail(path, "must be an object of strings");
        field.clear();
        for (const auto& [key, text] : value.items()) {
            if (!text.is_string())
                return fail(path + '.' + key, "must be a string");
            field.emplace_back(key, text.get<std::string>());
        }
    }
    void decode(const Json& value, std::string_view, const std::string& path, Refusals& field)
    {
        if (!value.is_object())
            return fail(path, "must be an object");
        field.clear();
        for (const auto& [key, count] : value.items()) {
            // A newer server may count what this client has no word for.
            const auto reason = reasonFromWord(key);
            if (reason)
                decodeInteger(count, path + '.' + key, field.emplace_back(*reason, 0).second);
        }
        std::sort(field.begin(), field.end());
    }

    const Json& m_object;
    const std::string_view m_source;
    std::optional<std::vector<JsonSlice>> m_members; ///< of m_source, once they are asked for
    std::string m_path;
    std::string& m_error;
    std::set<std::string, std::less<>> m_known;
};

} // namespace gatehouse
